/**
 * The `memcached` subprotocol: the byte stream of the memcached port in binary frames, whose borders mean nothing.
 * What one frame of the client brings out is answered in one message.
 *
 * As over TCP, a client that does not read is not read from until it does, and one that asks for much lets others
 * have their turn. While it waits for either, frames that were on their way already wait in order: no more than
 * one read of a socket brings.
 */

import { Queue } from 'mnemonist';
import type { ConnectionState } from '../memcached/admin/transport.js';
import type { ItemStore } from '../memcached/item-store.js';
import type { ReplyBuffer } from '../memcached/reply-buffer.js';
import { Session, type SessionState } from '../memcached/session.js';
import type { FrameSink, SubprotocolHandler } from './subprotocol.js';

/** What the conversations of an endpoint share. */
export interface MemcachedContext {
  readonly items: ItemStore;
  /** One for all: each conversation drains it before another one writes. */
  readonly out: ReplyBuffer;
  /** With so many bytes not yet taken by the operating system, the client is not read from. */
  readonly maxUnsentBytes: number;
  onYield(): void;
  onCommand(connectionId: number, command: string): void;
  /** Takes what a listener of the engine threw; the connection has been ended. */
  onError(error: unknown): void;
}

export class MemcachedHandler implements SubprotocolHandler {
  lastActiveMs: number;

  readonly #outlet: FrameSink;
  readonly #context: MemcachedContext;
  readonly #session: Session;
  readonly #waiting = new Queue<Buffer>();
  #sessionState: SessionState = 'ready';
  /** Frames after which others have their turn. */
  #framesLeft: number;
  /** The session is at work: its replies have not been sent yet. */
  #working = false;
  /** Others have their turn. */
  #yielding = false;
  /** Reading is off until the client has read. */
  #stalled = false;
  /** The endpoint wants to end the connection as soon as no request is half read. */
  #draining = false;
  #over = false;

  constructor(outlet: FrameSink, context: MemcachedContext) {
    this.#outlet = outlet;
    this.#context = context;
    const { items, out } = context;
    this.#framesLeft = items.requestsPerTurn;
    this.lastActiveMs = items.clock.now();
    this.#session = new Session(items, out, {
      id: outlet.id,
      wake: () => this.#wake(),
      trace: (command) => context.onCommand(outlet.id, command),
    });
  }

  get state(): ConnectionState {
    if (this.#session.watching) return 'conn_watch';
    if (this.#working) return 'conn_parse_cmd';
    if (this.#stalled || this.#yielding) return 'conn_waiting';
    return this.#session.receivingData ? 'conn_nread' : 'conn_read';
  }

  receive(frame: Buffer, isBinary: boolean): void {
    if (this.#over) return;
    if (!isBinary) this.#end(1003, 'memcached is spoken in binary frames');
    else if (this.#isHeld) this.#waiting.enqueue(frame);
    else this.#work(frame);
  }

  onDrain(): void {
    if (!this.#stalled) return;
    this.#stalled = false;
    this.#goOn();
  }

  drain(): void {
    this.#draining = true;
    // A command may be what stops the server: its connection ends when its reply has been sent.
    if (!this.#working) this.#endIfDone();
  }

  onClose(): void {
    this.#over = true;
    this.#waiting.clear();
    this.#session.close();
  }

  get #isHeld(): boolean {
    return this.#working || this.#yielding || this.#stalled;
  }

  /** A watcher's lines wait. */
  #wake(): void {
    if (!this.#over && !this.#isHeld) this.#work(null);
  }

  /** Lets the session work on `frame`, or on what it still holds, and sends the replies. */
  #work(frame: Buffer | null): void {
    this.#working = true;
    try {
      this.#sessionState = frame === null ? this.#session.resume() : this.#session.feed(frame);
    } catch (error) {
      // A removal listener threw. Whoever shares the reply buffer must not get this client's replies.
      this.#context.out.take();
      this.#context.out.release();
      this.#end(1011, 'a fault of the server');
      this.#context.onError(error);
      return;
    } finally {
      this.#working = false;
    }
    // Lines of the log are not the client's doing.
    if (!this.#session.watching) this.lastActiveMs = this.#context.items.clock.now();
    this.#sendReplies();
    if (this.#sessionState === 'blocked' || --this.#framesLeft <= 0) this.#yield();
    this.#endIfDone();
  }

  #sendReplies(): void {
    const { out, maxUnsentBytes } = this.#context;
    if (out.length === 0) return;
    const outlet = this.#outlet;
    outlet.sendBinary(outlet.unsentBytes > 0 ? out.takeDetached() : out.take());
    const unsent = outlet.unsentBytes;
    if (unsent === 0) out.release();
    else out.keep();
    if (unsent <= maxUnsentBytes) return;
    this.#stalled = true;
    outlet.pause();
  }

  #yield(): void {
    if (this.#yielding) return;
    if (!this.#session.slicing) this.#context.onYield();
    this.#framesLeft = this.#context.items.requestsPerTurn;
    this.#yielding = true;
    this.#outlet.pause();
    setImmediate(() => {
      this.#yielding = false;
      this.#goOn();
    });
  }

  /** Works on what waits, until it is held again or nothing does. */
  #goOn(): void {
    if (this.#over || this.#isHeld) return;
    // Lines of the log may wait since it was held.
    if (this.#sessionState === 'blocked' || this.#session.watching) this.#work(null);
    while (!this.#over && !this.#isHeld) {
      const frame = this.#waiting.dequeue();
      if (frame === undefined) {
        this.#outlet.resume();
        return;
      }
      this.#work(frame);
    }
  }

  #endIfDone(): void {
    if (this.#sessionState === 'closed') this.#end(1000, '');
    else if (
      this.#draining &&
      this.#sessionState === 'ready' &&
      this.#waiting.size === 0 &&
      this.#session.idle
    )
      this.#end(1001, 'the server stops');
  }

  #end(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#waiting.clear();
    this.#outlet.end(code, reason);
  }
}
