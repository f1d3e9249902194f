/**
 * One connection's protocol state, without any I/O: bytes in by `feed`, replies out through a ReplyBuffer.
 *
 * It never waits, never throws on input, and holds at most one incomplete request: a line (bounded by
 * limits.ts) or data (bounded by the item limit before any of it arrives). When it has done enough for one
 * turn (requests, replies, keys, bytes copied: limits.ts) it stops, also in the middle of a get or a dump, and
 * goes on in `resume`; until then the transport must not feed it. So a client that does not read is not read
 * from, and one that asks for much does not hold up the others.
 *
 * The first byte chooses the protocol, once and for all, as in memcached; the handlers speak it.
 */

import type { ProtocolChoice } from './admin/transport.js';
import type { Credentials } from './auth/credentials.js';
import { BinaryHandler } from './binary/binary-handler.js';
import type { ItemStore } from './item-store.js';
import { COPIED_MAX_BYTES_PER_TURN, KEYS_MAX_PER_TURN, REPLIES_MAX_BYTES } from './limits.js';
import type { ReplyBuffer } from './reply-buffer.js';
import { NOTHING, type ProtocolHandler, SessionIo } from './session-io.js';
import { TextAuthHandler } from './text/text-auth-handler.js';
import { TextHandler } from './text/text-handler.js';

/** The first byte of a connection that speaks memcached's binary protocol. */
const BINARY_REQUEST = 0x80;

/**
 * - `ready`: everything fed has been worked on.
 * - `blocked`: input waits until replies have been taken; call `resume`, feed nothing.
 * - `closed`: the conversation is over; write what replies wait, then end the connection.
 */
export type SessionState = 'ready' | 'blocked' | 'closed';

/** What the transport knows of the connection. */
export interface SessionOptions {
  /** Which protocols the first byte may choose. Default: `auto`. */
  readonly protocol?: ProtocolChoice;
  /** Given, nothing is served before the client has authenticated. */
  readonly credentials?: Credentials | null;
  /** The connection's number, as `stats conns` and the log show it. Default: 0. */
  readonly id?: number;
  /** Called when replies have come up while nothing was fed: the transport should call `resume`. */
  readonly wake?: () => void;
  /** Called when the client has named a user and not that user's password. */
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
    return !this.#io.hasInput && (this.#handler === null || this.#handler.idle);
  }

  /** True while the data of a storage command is being received. */
  get receivingData(): boolean {
    return this.#handler?.receivingData === true;
  }

  /** True when `blocked` means that slow work goes on in slices, and not that the client asks for much. */
  get slicing(): boolean {
    return this.#io.slicing;
  }

  /** True once the client watches the log. */
  get watching(): boolean {
    return this.#handler?.watching === true;
  }

  /** Works on `chunk`, which the session may keep until it has returned `ready`. */
  feed(chunk: Buffer): SessionState {
    if (this.#handler === null && chunk.length > 0) this.#handler = this.#begin(chunk[0]!);
    this.#io.chunk = chunk;
    this.#io.position = 0;
    return this.resume();
  }

  /** Goes on with the input that a `blocked` session holds. */
  resume(): SessionState {
    const io = this.#io;
    const handler = this.#handler;
    if (handler !== null) {
      this.#beginTurn();
      while (!io.closed && (io.position < io.chunk.length || handler.hasWork)) {
        if (turnIsOver(io)) return 'blocked';
        handler.step();
        if (handler !== this.#handler) return this.resume();
      }
    }
    io.chunk = NOTHING;
    io.position = 0;
    return io.closed ? 'closed' : 'ready';
  }

  /** Lets go of what the conversation holds, a dump or a place at the log: the client is gone. */
  close(): void {
    this.#io.closed = true;
    this.#handler?.close();
  }

  #beginTurn(): void {
    const io = this.#io;
    io.items.beginTurn();
    io.requestsLeft = io.items.requestsPerTurn;
    io.keysLeft = KEYS_MAX_PER_TURN;
    io.bytesCopied = 0;
    io.slicing = false;
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

/** True when enough has been done, and what is left should wait until others have had their turn. */
function turnIsOver(io: SessionIo): boolean {
  return (
    io.out.length >= REPLIES_MAX_BYTES ||
    io.requestsLeft <= 0 ||
    io.keysLeft <= 0 ||
    io.slicing ||
    io.bytesCopied >= COPIED_MAX_BYTES_PER_TURN
  );
}
