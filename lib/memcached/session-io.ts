/**
 * What a session's protocol handler works with: the input that has arrived, the replies that wait, and what this turn
 * may still do before others have theirs. Both belong to the session; the items are shared by all.
 */

import type { Credentials } from './auth/credentials.js';
import { ByteCollector } from './byte-collector.js';
import type { CommandContext, ItemStore } from './item-store.js';
import type { ReplyBuffer } from './reply-buffer.js';

export const NOTHING: Buffer = Buffer.alloc(0);

/** From here on commands are logged: memcached's `-vv`. */
export const TRACE_VERBOSITY = 2;
const TRACED_MAX_BYTES = 300;

/** What the session's owner says of it: see SessionOptions. */
export interface SessionIoOptions {
  readonly id?: number;
  readonly credentials?: Credentials | null;
  readonly wake?: () => void;
  readonly trace?: (command: string) => void;
  readonly onAuthFailure?: () => void;
}

/** One protocol's side of a conversation. */
export interface ProtocolHandler {
  /** Works on what has arrived, one request or a part of one at a time. */
  step(): void;
  /** There is something to do without further input. */
  readonly hasWork: boolean;
  /** No request is half read or half answered. */
  readonly idle: boolean;
  /** The data of a storage command is being received. */
  readonly receivingData: boolean;
  /** The client watches the log, and sends no more commands. */
  readonly watching: boolean;
  /** Lets go of what the conversation holds: the client is gone. */
  close(): void;
}

export class SessionIo implements CommandContext {
  readonly items: ItemStore;
  readonly out: ReplyBuffer;
  readonly id: number;
  /** Who may use the server; null for everybody. */
  readonly credentials: Credentials | null;
  /** Tells the transport that replies have come up while nothing was fed. */
  readonly wake: () => void;

  /** Input that is being worked on: bytes [position, chunk.length). */
  chunk: Buffer = NOTHING;
  position = 0;
  /** What has arrived of a line, a header or a value that is not yet complete. */
  readonly incomplete: ByteCollector = new ByteCollector();
  /** The turn has been ended by slow work, which goes on in slices. */
  slicing = false;
  bytesCopied = 0;
  /** The conversation is over. */
  closed = false;

  /** Requests and keys that this turn may still begin. */
  requestsLeft = 0;
  keysLeft = 0;

  readonly onAuthFailure: () => void;
  readonly #trace: ((command: string) => void) | undefined;

  constructor(items: ItemStore, out: ReplyBuffer, options: SessionIoOptions) {
    this.items = items;
    this.out = out;
    this.id = options.id ?? 0;
    this.credentials = options.credentials ?? null;
    this.wake = options.wake ?? (() => {});
    this.onAuthFailure = options.onAuthFailure ?? (() => {});
    this.#trace = options.trace;
  }

  /** Whether commands are to be logged: check this before `trace`. */
  get traces(): boolean {
    return this.#trace !== undefined && this.items.verbosity >= TRACE_VERBOSITY;
  }

  /** Logs the beginning of the command in `bytes[start, end)`. */
  trace(bytes: Buffer, start: number, end: number): void {
    this.#trace?.(bytes.toString('latin1', start, Math.min(end, start + TRACED_MAX_BYTES)));
  }

  /**
   * Puts input together until there are `total` bytes, which it hands over; null while some are missing. What is
   * allocated grows with what arrives, from `firstBytes` on.
   */
  collect(total: number, firstBytes: number): Buffer | null {
    const { chunk, position, incomplete } = this;
    const taken = Math.min(total - incomplete.length, chunk.length - position);
    incomplete.append(chunk, position, position + taken, firstBytes, total);
    this.position = position + taken;
    return incomplete.length < total ? null : incomplete.take();
  }

  /** Passes over input; returns how many of `bytes` are still to come. */
  skip(bytes: number): number {
    const skipped = Math.min(bytes, this.chunk.length - this.position);
    this.position += skipped;
    return bytes - skipped;
  }

  get hasInput(): boolean {
    return this.position < this.chunk.length;
  }
}
