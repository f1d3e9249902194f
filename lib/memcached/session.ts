/**
 * One connection's protocol state, without any I/O: bytes in by `feed`, replies out through a ReplyBuffer.
 *
 * It never waits, never throws on input, and holds at most one incomplete request: a line (bounded by
 * limits.ts) or data (bounded by the item limit before any of it arrives). When it has done enough for one
 * turn (requests, replies, keys, bytes copied: limits.ts) it stops, also in the middle of a get or a dump, and
 * continues in `resume`; until then the transport must not feed it. So the server does not read from a client that does
 * not read, and a client with many requests does not block others.
 *
 * The first byte chooses the protocol for the whole connection, as in memcached; the handlers implement it.
 */

import type { ProtocolChoice } from '../transport.js';
import type { Credentials } from './auth/credentials.js';
import { BinaryHandler } from './binary/binary-handler.js';
import type { ItemStore } from './item-store.js';
import { COPIED_MAX_BYTES_PER_TURN, REPLIES_MAX_BYTES } from './limits.js';
import type { ReplyBuffer } from './reply-buffer.js';
import { NOTHING, type ProtocolHandler, SessionIo } from './session-io.js';
import { TextAuthHandler } from './text/text-auth-handler.js';
import { TextHandler } from './text/text-handler.js';

/** The first byte of a connection that speaks memcached's binary protocol. */
const BINARY_REQUEST = 0x80;

/**
 * - `ready`: all input has been processed.
 * - `blocked`: input waits until replies have been taken; call `resume`, feed nothing.
 * - `closed`: the session has ended; write the waiting replies, then end the connection.
 */
export type SessionState = 'ready' | 'blocked' | 'closed';

/** What the transport knows of the connection. */
export interface SessionOptions {
  /** Which protocols the first byte may choose. Default: `auto`. */
  readonly protocol?: ProtocolChoice;
  /** If set, nothing is served before the client has authenticated. */
  readonly credentials?: Credentials | null;
  /** The connection's number, as `stats conns` and the log show it. Default: 0. */
  readonly id?: number;
  /** Called when replies wait although nothing was fed: the transport should call `resume`. */
  readonly wake?: () => void;
  /** Called before the memory of `place` is given back although bytes were still to come. */
  readonly leavePlace?: () => void;
  /** Called when the client sent a wrong user or password. */
  readonly onAuthFailure?: () => void;
  /** Takes the beginning of each command while `verbosity` is 2 or more. */
  readonly trace?: (command: string) => void;
}

export class Session {
  readonly #io: SessionIo;
  readonly #protocol: ProtocolChoice;
  #handler: ProtocolHandler | null = null;

  constructor(items: ItemStore, out: ReplyBuffer, options: SessionOptions = {}) {
    this.#protocol = options.protocol ?? 'auto';
    this.#io = new SessionIo(items, out, options);
  }

  /** True when no request is half read and none waits: a good moment to end the connection. */
  get idle(): boolean {
    const io = this.#io;
    return io.position === io.chunk.length && (this.#handler === null || this.#handler.idle);
  }

  /** True while the data of a storage command is being received. */
  get receivingData(): boolean {
    return this.#handler?.receivingData === true;
  }

  /** True when the reason for `blocked` is a long task in slices, and not the number of the client's requests. */
  get slicing(): boolean {
    return this.#io.slicing;
  }

  /** Counts requests that the client has begun: it changes when one line or header has come to its end. */
  get requestsBegun(): number {
    const { requestsAllowed, requestsLeft } = this.#io;
    return requestsAllowed - requestsLeft;
  }

  /** True when the session has ended because the client broke the protocol. */
  get failed(): boolean {
    return this.#io.failed;
  }

  /** True once the client watches the log. */
  get watching(): boolean {
    return this.#handler?.watching === true;
  }

  /**
   * Works on `chunk`, which may be overwritten when this has returned. Several chunks may come in one turn: together
   * they get what one turn may do.
   */
  feed(chunk: Buffer): SessionState {
    const io = this.#io;
    if (this.#handler === null && chunk.length > 0) this.#handler = this.#begin(chunk[0]!);
    io.chunk = chunk;
    io.position = 0;
    const state = this.#work();
    if (state === 'blocked') io.keepChunk();
    return state;
  }

  /**
   * Where the next bytes of a large value are best read, in place of being fed; null for anywhere. Then `advance` counts
   * them, and `feed` of what it returns works on them.
   */
  get place(): Buffer | null {
    return this.receivingData ? this.#io.place : null;
  }

  /** So many bytes have been read to `place`. Returns those behind the value, mostly none. */
  advance(bytes: number): Buffer {
    return this.#io.advance(bytes);
  }

  /** Other connections have had their turn: the bounds of a turn start again. */
  beginTurn(): void {
    this.#io.beginTurn();
  }

  /** Begins another turn, with the input that a `blocked` session holds. */
  resume(): SessionState {
    this.beginTurn();
    return this.#work();
  }

  #work(): SessionState {
    try {
      return this.#process();
    } finally {
      this.#io.items.endTurn();
    }
  }

  #process(): SessionState {
    const io = this.#io;
    const handler = this.#handler;
    if (handler !== null) {
      // Time moves between batches of requests, not within one.
      io.items.beginTurn();
      io.slicing = false;
      while (!io.closed && (io.position < io.chunk.length || handler.hasWork)) {
        if (turnIsOver(io)) return 'blocked';
        handler.step();
        if (handler !== this.#handler) return this.#process();
      }
    }
    // An idle connection keeps no chunk alive.
    if (handler?.receivingData === false) {
      io.request.key.bytes = NOTHING;
      io.request.data.bytes = NOTHING;
    }
    io.chunk = NOTHING;
    io.position = 0;
    return io.closed ? 'closed' : 'ready';
  }

  /** The client is gone: releases what the session holds, such as a dump or a watcher. */
  close(): void {
    this.#io.close();
    this.#handler?.close();
  }

  #begin(firstByte: number): ProtocolHandler {
    const io = this.#io;
    const binary = this.#protocol === 'auto' ? firstByte === BINARY_REQUEST : this.#protocol === 'binary';
    if (binary) return new BinaryHandler(io);
    if (io.credentials === null) return new TextHandler(io);
    return new TextAuthHandler(io, () => {
      this.#handler = new TextHandler(io);
    });
  }
}

/** True when this turn's bounds are reached, and the remaining work should wait for the next. */
function turnIsOver(io: SessionIo): boolean {
  return (
    io.out.length >= REPLIES_MAX_BYTES ||
    io.requestsLeft <= 0 ||
    io.keysLeft <= 0 ||
    io.slicing ||
    io.bytesCopied >= COPIED_MAX_BYTES_PER_TURN
  );
}
