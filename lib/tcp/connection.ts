/**
 * One client's socket and its session. Owns the flow of bytes both ways: replies of one read go out with one
 * write, and a client that does not read its replies is not read from until it does.
 */

import type { Socket } from 'node:net';
import type { ConnectionState } from '../memcached/admin/transport.js';
import type { ItemStore } from '../memcached/item-store.js';
import type { ReplyBuffer } from '../memcached/reply-buffer.js';
import { Session, type SessionOptions, type SessionState } from '../memcached/session.js';
import type { CloseReason, Peer } from '../memcached/watch/lines.js';
import { readDirectly } from './direct-reads.js';

/** With so many bytes of replies not yet taken by the operating system, the client is not read from. */
export const UNSENT_MAX_BYTES: number = 512 * 1024;

/** What the server wants to know of its connections. */
export interface ConnectionObserver {
  bytesRead: number;
  bytesWritten: number;
  yields: number;
  onClose(connection: Connection): void;
  onError(error: unknown): void;
  onCommand(connection: Connection, command: string): void;
  onAuthFailure(connection: Connection): void;
}

export class Connection {
  readonly id: number;
  readonly socket: Socket;
  /** Kept: a socket that is closed no longer tells. */
  readonly peer: Peer;
  lastActiveMs: number;
  /** Why it will have been closed, as the log tells it. */
  closeReason: CloseReason = 'normal';

  readonly #items: ItemStore;
  readonly #session: Session;
  readonly #out: ReplyBuffer;
  readonly #observer: ConnectionObserver;
  readonly #stopReading: () => void;
  #state: SessionState = 'ready';
  /** The client has sent all that it will. */
  #ended = false;
  /** The server wants to end the connection as soon as no request is half read. */
  #draining = false;
  /** The session is at work: its replies have not been written yet. */
  #working = false;
  /** Reading is off until the client has read. */
  #stalled = false;
  /** What was written last has not all gone to the operating system, or had not when it was last looked at. */
  #backlogged = false;

  constructor(
    socket: Socket,
    id: number,
    items: ItemStore,
    out: ReplyBuffer,
    observer: ConnectionObserver,
    options: Pick<SessionOptions, 'protocol' | 'credentials'> = {},
  ) {
    this.id = id;
    this.socket = socket;
    this.peer =
      socket.remotePort === undefined
        ? { address: 'unix', port: 0, transport: 'local' }
        : { address: socket.remoteAddress ?? '', port: socket.remotePort, transport: 'tcp' };
    this.#items = items;
    this.#out = out;
    this.#observer = observer;
    this.#session = new Session(items, out, {
      ...options,
      id,
      wake: () => this.#wake(),
      trace: (command) => observer.onCommand(this, command),
      onAuthFailure: () => observer.onAuthFailure(this),
    });
    this.lastActiveMs = items.clock.now();
    socket.setNoDelay(true);
    // A client that vanished without a word does not hold its place for ever.
    socket.setKeepAlive(true);
    this.#stopReading = readDirectly(socket, (chunk) => this.#onData(chunk));
    socket.on('drain', () => this.#onDrain());
    socket.on('end', () => this.#onEnd());
    // A reset is followed by `close`; there is nobody left to tell.
    socket.on('error', () => {
      this.closeReason = 'error';
      socket.destroy();
    });
    socket.on('close', () => {
      this.#session.close();
      observer.onClose(this);
    });
  }

  /** As `stats conns` names it. */
  get state(): ConnectionState {
    if (this.#session.watching) return 'conn_watch';
    if (this.#working) return 'conn_parse_cmd';
    if (this.#stalled || this.#state === 'blocked') return 'conn_waiting';
    return this.#session.receivingData ? 'conn_nread' : 'conn_read';
  }

  get watching(): boolean {
    return this.#session.watching;
  }

  /** Ends the connection once the request that is half read, if any, has been answered. */
  drain(): void {
    this.#draining = true;
    this.closeReason = 'shutdown';
    // A command may be what stops the server: its connection ends when the replies before it are written.
    if (!this.#working) this.#endIfDone();
  }

  /** A watcher's lines wait. */
  #wake(): void {
    if (this.#working || this.#stalled || this.#state !== 'ready' || this.#isOver) return;
    this.#work(null);
  }

  #onData(chunk: Buffer): void {
    this.#observer.bytesRead += chunk.length;
    this.#work(chunk);
  }

  /** Lets the session work on `chunk`, or on what it still holds, and sends the replies. */
  #work(chunk: Buffer | null): void {
    this.#working = true;
    try {
      this.#state = chunk === null ? this.#session.resume() : this.#session.feed(chunk);
    } catch (error) {
      // A removal listener threw. Whoever shares the reply buffer must not get this client's replies.
      this.#out.take();
      this.#out.release();
      this.closeReason = 'error';
      this.socket.destroy();
      this.#observer.onError(error);
      return;
    } finally {
      this.#working = false;
    }
    // Lines of the log are not the client's doing.
    if (!this.watching) this.lastActiveMs = this.#items.clock.now();
    this.#writeReplies();
    if (this.#state === 'blocked' && !this.#stalled) this.#yield();
    this.#endIfDone();
  }

  /** More input waits, but other connections have their turn first. */
  #yield(): void {
    if (!this.#session.slicing) this.#observer.yields++;
    this.socket.pause();
    setImmediate(() => this.#goOn());
  }

  #stall(): void {
    this.#stalled = true;
    this.socket.pause();
  }

  /** Nothing can be sent any more. */
  get #isOver(): boolean {
    return this.socket.destroyed || this.socket.writableEnded;
  }

  #onDrain(): void {
    if (!this.#stalled) return;
    this.#stalled = false;
    this.#goOn();
  }

  #goOn(): void {
    if (this.#stalled || this.#isOver) return;
    // Lines of the log may wait since it stalled.
    if (this.#state === 'blocked' || this.watching) this.#work(null);
    if (this.#state === 'ready' && !this.#stalled) this.socket.resume();
  }

  #onEnd(): void {
    this.#ended = true;
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (this.#state === 'blocked') return;
    if (this.#state === 'closed' || this.#ended || (this.#draining && this.#session.idle)) this.#end();
  }

  #end(): void {
    if (this.socket.writableEnded) return;
    // Whatever else the client sends is of no interest, and must not keep the socket open.
    this.#stopReading();
    this.socket.resume();
    this.socket.end(() => this.socket.destroySoon());
  }

  #writeReplies(): void {
    const { socket } = this;
    const out = this.#out;
    if (out.length === 0) return;
    const single = this.#backlogged ? null : out.takeSingle();
    if (single !== null) {
      this.#observer.bytesWritten += single.length;
      socket.write(single);
    } else this.#writePieces();
    // Zero: the operating system has it all, and nothing refers to the reply buffer's block any more.
    const unsent = socket.writableLength;
    this.#backlogged = unsent > 0;
    if (unsent === 0) out.release();
    else out.keep();
    if (unsent > UNSENT_MAX_BYTES) this.#stall();
  }

  #writePieces(): void {
    const { socket } = this;
    const pieces = socket.writableLength > 0 ? this.#out.takeDetached() : this.#out.take();
    if (pieces.length > 1) socket.cork();
    for (const piece of pieces) {
      this.#observer.bytesWritten += piece.length;
      socket.write(piece);
    }
    if (pieces.length > 1) socket.uncork();
  }
}
