/**
 * Moves bytes between one client and its session, over whatever carries them: reads, lets the session work in bounded
 * turns, writes the replies, and ends the connection when the conversation is over.
 *
 * A client that does not read its replies is not read from until it does. One that asks for much yields to the others:
 * it goes on in a later turn of the event loop, and what arrives meanwhile waits in order.
 */

import { Queue } from 'mnemonist';
import type { Credentials } from '../memcached/auth/credentials.js';
import type { ReplyBuffer } from '../memcached/reply-buffer.js';
import { Session, type SessionState } from '../memcached/session.js';
import type { ConnectionRegistry } from './connection-registry.js';
import { RequestWindow } from './liveness.js';
import type { ConnectionState, ProtocolChoice } from './transport.js';

/**
 * - `quit`: the conversation is over;
 * - `error`: so it is, because the client made no sense;
 * - `drained`: the server stops, and nothing is left to answer;
 * - `fault`: a listener of the engine threw; whatever was not written is lost.
 */
export type EndCause = 'quit' | 'error' | 'drained' | 'fault';

/** The way to one client. */
export interface ByteSink {
  readonly id: number;
  /** Bytes written that the operating system has not taken. */
  readonly unsentBytes: number;
  write(bytes: Buffer): void;
  /** Writes these in order; nobody changes them until they are gone. */
  writeAll(chunks: readonly Buffer[]): void;
  /** Stops and goes on with reading; what is on its way may still come. */
  pause(): void;
  resume(): void;
  /** The client has named a user and not that user's password. */
  onAuthFailure?(): void;
  /** Ends the connection once everything written has gone; at once after a fault. */
  end(cause: EndCause): void;
}

/** What the pumps of one transport share. */
export interface PumpContext {
  readonly registry: ConnectionRegistry;
  /** One for all: each pump drains it before another one writes. */
  readonly out: ReplyBuffer;
  /** With so many bytes not taken by the operating system, a client is not read from. */
  readonly maxUnsentBytes: number;
  readonly protocol?: ProtocolChoice;
  readonly credentials?: Credentials | null;
}

export class SessionPump {
  /** How long the request that is half read may still take. */
  readonly window: RequestWindow = new RequestWindow();

  readonly #sink: ByteSink;
  readonly #context: PumpContext;
  readonly #session: Session;
  readonly #waiting = new Queue<Buffer>();
  #state: SessionState = 'ready';
  #lastCommandMs: number;
  /** Chunks that may come before others have their turn. */
  #chunksLeft: number;
  /** The session is at work: its replies have not been written yet. */
  #working = false;
  /** Others have their turn. */
  #yielding = false;
  /** Reading is off until the client has read. */
  #stalled = false;
  /** What was written last has not all gone to the operating system, or had not when it was last looked at. */
  #backlogged = false;
  /** The client has sent all that it will. */
  #inputEnded = false;
  /** The server wants to end the connection as soon as no request is half read. */
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

  /** Works on what the client has sent. */
  receive(chunk: Buffer): void {
    if (this.#over) return;
    if (this.#isHeld) this.#waiting.enqueue(chunk);
    else this.#feed(chunk);
  }

  /** The client will send no more. */
  onInputEnd(): void {
    this.#inputEnded = true;
    this.#endIfDone();
  }

  /** Everything written has been taken by the operating system. */
  onDrain(): void {
    if (!this.#stalled) return;
    this.#stalled = false;
    this.#goOn();
  }

  /** Ends the connection once the request that is half read, if any, has been answered. */
  drain(): void {
    this.#draining = true;
    // A command may be what stops the server: its connection ends when the replies before it are written.
    if (!this.#working) this.#endIfDone();
  }

  /** The connection is gone: lets go of everything. */
  close(): void {
    this.#over = true;
    this.#waiting.clear();
    this.#session.close();
  }

  get #isHeld(): boolean {
    return this.#working || this.#yielding || this.#stalled;
  }

  /** A watcher's lines wait. */
  #wake(): void {
    if (!this.#isHeld && !this.#over) this.#work(null);
  }

  #feed(chunk: Buffer): void {
    const session = this.#session;
    const { requestsBegun, receivingData } = session;
    this.#chunksLeft--;
    this.#work(chunk);
    const now = this.#context.registry.clock.now();
    const hasBegun = requestsBegun !== session.requestsBegun;
    if (hasBegun) this.#lastCommandMs = now;
    if (session.idle || this.#over) this.window.close();
    else this.window.extend(chunk.length, now, hasBegun || receivingData !== session.receivingData);
  }

  /** Lets the session work on `chunk`, or on what it still holds, and writes the replies. */
  #work(chunk: Buffer | null): void {
    this.#working = true;
    try {
      this.#state = chunk === null ? this.#session.resume() : this.#session.feed(chunk);
    } catch (error) {
      // A removal listener threw. Whoever shares the reply buffer must not get this client's replies.
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
    const { out, maxUnsentBytes } = this.#context;
    if (out.length === 0) return;
    const sink = this.#sink;
    const single = this.#backlogged ? null : out.takeSingle();
    if (single !== null) sink.write(single);
    else sink.writeAll(sink.unsentBytes > 0 ? out.takeDetached() : out.take());
    // Zero: the operating system has it all, and nothing refers to the reply buffer's block any more.
    const unsent = sink.unsentBytes;
    this.#backlogged = unsent > 0;
    if (unsent === 0) out.release();
    else out.keep();
    if (unsent <= maxUnsentBytes) return;
    this.#stalled = true;
    sink.pause();
  }

  /** More input waits, but other connections have their turn first. */
  #yield(): void {
    if (this.#yielding || this.#stalled || this.#over) return;
    const { registry } = this.#context;
    if (!this.#session.slicing) registry.yields++;
    this.#yielding = true;
    this.#sink.pause();
    setImmediate(() => {
      this.#yielding = false;
      this.#chunksLeft = registry.items.requestsPerTurn;
      this.#session.beginTurn();
      this.#goOn();
    });
  }

  /** Works on what waits, until it is held again or nothing does. */
  #goOn(): void {
    if (this.#over || this.#isHeld) return;
    // Lines of the log may wait since it was held.
    if (this.#state === 'blocked' || this.#session.watching) this.#work(null);
    while (!this.#over && !this.#isHeld) {
      const chunk = this.#waiting.dequeue();
      if (chunk === undefined) {
        this.#sink.resume();
        return;
      }
      this.#feed(chunk);
    }
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
