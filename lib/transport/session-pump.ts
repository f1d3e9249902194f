/**
 * Moves bytes between one client and its session, over whatever carries them: reads, lets the session work in bounded
 * turns, writes the replies, and ends the connection when the session has ended.
 *
 * The pump stops reading from a client that does not read its replies. A client with many requests yields to others: it
 * continues in a later turn of the event loop, and what arrives meanwhile waits in order.
 */

import type { Credentials } from '../memcached/auth/credentials.js';
import type { ReplyBuffer } from '../memcached/reply-buffer.js';
import { Session, type SessionState } from '../memcached/session.js';
import type { UnreadReply } from '../memcached/unread-replies.js';
import { Queue } from '../structures.js';
import type { ConnectionState, ProtocolChoice } from '../transport.js';
import type { ConnectionRegistry } from './connection-registry.js';
import { RequestWindow } from './liveness.js';

/**
 * - `quit`: the client has ended the session;
 * - `error`: the client broke the protocol;
 * - `drained`: the server shuts down, and every request has been answered;
 * - `unread`: the client does not read, and its replies keep too much alive; they are lost;
 * - `fault`: a listener of the engine threw; replies that were not written are lost.
 */
export type EndCause = 'quit' | 'error' | 'drained' | 'unread' | 'fault';

/** Where one client's replies go. */
export interface ByteSink {
  readonly id: number;
  /** Bytes written that the operating system has not taken. */
  readonly unsentBytes: number;
  write(bytes: Buffer): void;
  /** Writes these in order; they do not change until they are sent. */
  writeAll(chunks: readonly Buffer[]): void;
  /** Pauses reading; chunks already in flight may still arrive. */
  pause(): void;
  resume(): void;
  /** No read goes to the pump's `place` any more when this has returned. */
  leavePlace?(): void;
  /** The client sent a wrong user or password. */
  onAuthFailure?(): void;
  /** Ends the connection once everything is written; at once after a fault, or where replies are not read. */
  end(cause: EndCause): void;
}

/** What the pumps of one transport share. */
export interface PumpContext {
  readonly registry: ConnectionRegistry;
  /** One for all: each pump drains it before another one writes. */
  readonly out: ReplyBuffer;
  /** Reading from a client pauses while more bytes than this are unsent. */
  readonly maxUnsentBytes: number;
  readonly protocol?: ProtocolChoice;
  readonly credentials?: Credentials | null;
}

const NONE = -1;
/** Fewer bytes of unread replies are not counted: the number of connections bounds them. */
const COUNTED_FROM_BYTES = 64 * 1024;

export class SessionPump implements UnreadReply {
  /** How long the request that is half read may still take. */
  readonly window: RequestWindow = new RequestWindow();

  /** Which request is unfinished, its line and its data apart. */
  #unfinished = NONE;
  readonly #sink: ByteSink;
  readonly #context: PumpContext;
  readonly #session: Session;
  readonly #waiting = new Queue<Buffer>();
  /** Bytes read to `place` since the session was last fed. */
  #placedBytes = 0;
  #state: SessionState = 'ready';
  #lastCommandMs: number;
  #requestsBegun = 0;
  /** Chunks left before other connections get their turn. */
  #chunksLeft: number;
  /** The session is at work: its replies have not been written yet. */
  #working = false;
  /** Other connections have their turn. */
  #yielding = false;
  #paused = false;
  /** Input waits until the client has read its replies. */
  #stalled = false;
  /** The operating system had not taken all of the last write when this was last checked. */
  #backlogged = false;
  /** The client has shut down its side. */
  #inputEnded = false;
  /** The server ends the connection as soon as no request is half read. */
  #draining = false;
  #over = false;

  constructor(sink: ByteSink, context: PumpContext) {
    const { registry, out, protocol, credentials } = context;
    const { id } = sink;
    this.#sink = sink;
    this.#context = context;
    this.#lastCommandMs = registry.clock.now();
    this.#chunksLeft = registry.items.requestsPerTurn;
    this.#session = new Session(registry.items, out, {
      ...(protocol === undefined ? {} : { protocol }),
      ...(credentials === undefined ? {} : { credentials }),
      id,
      wake: () => this.#wake(),
      leavePlace: () => sink.leavePlace?.(),
      trace: (command) => registry.log.write('command', `<${id} ${command}`),
      onAuthFailure: () => sink.onAuthFailure?.(),
    });
  }

  /** As `stats conns` names it. */
  get state(): ConnectionState {
    if (this.#session.watching) return 'conn_watch';
    if (this.#working) return 'conn_parse_cmd';
    if (this.#stalled || this.#yielding) return 'conn_waiting';
    return this.#session.receivingData ? 'conn_nread' : 'conn_read';
  }

  /** When a command line or a header last came to its end: now, for the command that asks. */
  get lastCommandMs(): number {
    return this.#working ? this.#context.registry.clock.now() : this.#lastCommandMs;
  }

  /** Works on what the client has sent, which may be overwritten when this has returned. */
  receive(chunk: Buffer): void {
    if (this.#over) return;
    if (!this.#isHeld()) this.#feed(chunk);
    else {
      this.#waiting.enqueue(Buffer.from(chunk));
      this.#pause();
    }
  }

  /** Where the next bytes are best read; null for anywhere. What waits comes before them. */
  get place(): Buffer | null {
    return this.#over || this.#waiting.size > 0 ? null : this.#session.place;
  }

  /** So many bytes have been read to `place`. */
  receivePlaced(bytes: number): void {
    if (this.#over) return;
    const rest = this.#session.advance(bytes);
    this.#placedBytes += bytes - rest.length;
    this.receive(rest);
  }

  /** The client will send no more. */
  onInputEnd(): void {
    this.#inputEnded = true;
    this.#endIfDone();
  }

  /** Everything written has been taken by the operating system. */
  onDrain(): void {
    this.#context.registry.items.unread.release(this);
    if (!this.#stalled) return;
    this.#stalled = false;
    this.#goOn();
  }

  /** Some of what was written has been taken by the client. */
  onProgress(): void {
    this.#context.registry.items.unread.advance(this);
  }

  giveUp(): void {
    const { registry } = this.#context;
    registry.log.write('unread-replies', `connection ${this.#sink.id} did not read its replies`);
    this.#end('unread');
  }

  /** Ends the connection once the request that is half read, if any, has been answered. */
  drain(): void {
    this.#draining = true;
    // A command may stop the server: its connection ends once the replies before it are written.
    if (!this.#working) this.#endIfDone();
  }

  /** The connection is gone: releases everything. */
  close(): void {
    this.#over = true;
    this.#waiting.clear();
    this.#context.registry.items.unread.release(this);
    this.#session.close();
  }

  #isHeld(): boolean {
    return this.#working || this.#yielding || this.#stalled;
  }

  /** A watcher's lines wait. */
  #wake(): void {
    if (!this.#isHeld() && !this.#over) this.#work(null);
  }

  #feed(chunk: Buffer): void {
    this.#chunksLeft--;
    this.#work(chunk);
    const now = this.#context.registry.clock.now();
    const { requestsBegun } = this.#session;
    if (requestsBegun !== this.#requestsBegun) {
      this.#requestsBegun = requestsBegun;
      this.#lastCommandMs = now;
    }
    const bytes = chunk.length + this.#placedBytes;
    this.#placedBytes = 0;
    if (!this.#session.idle && !this.#over) this.#noteUnfinished(bytes, now);
    else if (this.#unfinished !== NONE) {
      this.#unfinished = NONE;
      this.window.close();
    }
  }

  #noteUnfinished(bytes: number, nowMs: number): void {
    const request = this.#requestsBegun * 2 + (this.#session.receivingData ? 1 : 0);
    this.window.extend(bytes, nowMs, request !== this.#unfinished);
    this.#unfinished = request;
  }

  /** Lets the session work on `chunk`, or on what it still holds, and writes the replies. */
  #work(chunk: Buffer | null): void {
    this.#working = true;
    try {
      this.#state = chunk === null ? this.#session.resume() : this.#session.feed(chunk);
    } catch (error) {
      // A removal listener threw. The next user of the reply buffer must not get this client's replies.
      this.#context.out.take();
      this.#context.out.release();
      this.#end('fault');
      this.#context.registry.onError(error);
      return;
    } finally {
      this.#working = false;
    }
    this.#writeReplies();
    if (this.#state === 'blocked' || this.#chunksLeft <= 0) this.#yield();
    this.#endIfDone();
  }

  #writeReplies(): void {
    const { out, maxUnsentBytes, registry } = this.#context;
    if (out.length === 0) return;
    const sink = this.#sink;
    const single = this.#backlogged ? null : out.takeSingle();
    const chunks = single !== null ? null : sink.unsentBytes > 0 ? out.takeDetached() : out.take();
    if (single !== null) sink.write(single);
    else sink.writeAll(chunks!);
    // Zero: the operating system has everything, and nothing refers to the reply buffer's block any more.
    const unsent = sink.unsentBytes;
    this.#backlogged = unsent > 0;
    if (unsent === 0) out.release();
    else out.keep();
    if (unsent > COUNTED_FROM_BYTES) registry.items.unread.hold(this, chunks ?? [single!]);
    if (unsent <= maxUnsentBytes) return;
    this.#stalled = true;
    this.#pause();
  }

  /** Pausing costs system calls: a client that waits for its replies before it sends more is never paused. */
  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#sink.pause();
  }

  /** More input waits, but other connections go first. */
  #yield(): void {
    if (this.#yielding || this.#stalled || this.#over) return;
    const { registry } = this.#context;
    if (!this.#session.slicing) registry.yields++;
    this.#yielding = true;
    setImmediate(() => {
      this.#yielding = false;
      this.#chunksLeft = registry.items.requestsPerTurn;
      this.#session.beginTurn();
      this.#goOn();
    });
  }

  /** Works on waiting input until the pump is held again or nothing waits. */
  #goOn(): void {
    if (this.#over || this.#isHeld()) return;
    // Lines of the log may wait since it was held.
    if (this.#state === 'blocked' || this.#session.watching) this.#work(null);
    while (!this.#over && !this.#isHeld()) {
      const chunk = this.#waiting.dequeue();
      if (chunk === undefined) break;
      this.#feed(chunk);
    }
    if (!this.#paused || this.#over || this.#isHeld()) return;
    this.#paused = false;
    this.#sink.resume();
  }

  #endIfDone(): void {
    if (this.#state === 'closed') this.#end(this.#session.failed ? 'error' : 'quit');
    else if (this.#state === 'blocked' || this.#waiting.size > 0) return;
    else if (this.#inputEnded) this.#end('quit');
    else if (this.#draining && this.#session.idle) this.#end('drained');
  }

  #end(cause: EndCause): void {
    if (this.#over) return;
    this.#over = true;
    this.#waiting.clear();
    this.#sink.end(cause);
  }
}
