/**
 * What a session's protocol handler works with: the input that has arrived, the replies that wait, and the bounds of
 * this turn. They belong to the session; the items are shared by all.
 */

import type { Credentials } from './auth/credentials.js';
import { ByteCollector } from './byte-collector.js';
import type { CommandContext, ItemStore } from './item-store.js';
import { COLLECTED_MAX_BYTES, DATA_FIRST_BYTES, KEYS_MAX_PER_TURN } from './limits.js';
import type { ReplyBuffer } from './reply-buffer.js';
import { Request } from './request.js';
import type { UnfinishedRequest } from './unfinished-requests.js';

export const NOTHING: Buffer = Buffer.alloc(0);

/** From here on commands are logged: memcached's `-vv`. */
export const TRACE_VERBOSITY = 2;
const TRACED_MAX_BYTES = 300;

/** Fewer bytes are copied in less time than it takes to read them apart from what follows. */
const READ_IN_PLACE_MIN_BYTES = 4096;

/** From the session's owner: see SessionOptions. */
export interface SessionIoOptions {
  readonly id?: number;
  readonly credentials?: Credentials | null;
  readonly wake?: () => void;
  readonly leavePlace?: () => void;
  readonly trace?: (command: string) => void;
  readonly onAuthFailure?: () => void;
}

/** Handles one protocol on one connection. */
export interface ProtocolHandler {
  /** Processes what has arrived, one request or a part of one at a time. */
  step(): void;
  /** There is something to do without further input. */
  readonly hasWork: boolean;
  /** No request is half read or half answered. */
  readonly idle: boolean;
  /** The data of a storage command is being received. */
  readonly receivingData: boolean;
  /** The client watches the log, and sends no more commands. */
  readonly watching: boolean;
  /** The client is gone: releases what the handler holds. */
  close(): void;
}

export class SessionIo implements CommandContext, UnfinishedRequest {
  readonly items: ItemStore;
  readonly out: ReplyBuffer;
  readonly id: number;
  /** Who may use the server; null for everybody. */
  readonly credentials: Credentials | null;
  /** Notifies the transport that replies wait although nothing was fed. */
  readonly wake: () => void;

  /** Input that is being worked on: bytes [position, chunk.length). */
  chunk: Buffer = NOTHING;
  position = 0;
  /** Refilled for each request. */
  readonly request: Request;
  /** What has arrived of a line, a header or a value that is not yet complete. */
  readonly incomplete: ByteCollector = new ByteCollector();
  /** How much has arrived of data that has its place in the store already, its end included. */
  #placed = 0;
  /** How much of the request's data is still to come, its end included; 0 while none is awaited. */
  #awaited = 0;
  /** The last of the awaited data has been read to `place`. */
  hasReadData = false;
  /** A long task has ended the turn, and continues in slices. */
  slicing = false;
  bytesCopied = 0;
  /** The session has ended. */
  closed = false;
  /** It has ended because the client broke the protocol, which the log shows. */
  failed = false;

  /** Requests and keys that this turn may still begin. */
  requestsLeft: number;
  keysLeft: number = KEYS_MAX_PER_TURN;
  /** Requests that turns before this one could begin. */
  requestsAllowed: number;

  readonly onAuthFailure: () => void;
  readonly #leavePlace: () => void;
  readonly #trace: ((command: string) => void) | undefined;

  constructor(items: ItemStore, out: ReplyBuffer, options: SessionIoOptions) {
    this.items = items;
    this.out = out;
    this.request = new Request(items.entries.hashSeed);
    this.id = options.id ?? 0;
    this.credentials = options.credentials ?? null;
    this.wake = options.wake ?? (() => {});
    this.onAuthFailure = options.onAuthFailure ?? (() => {});
    this.#leavePlace = options.leavePlace ?? (() => {});
    this.#trace = options.trace;
    this.requestsLeft = items.requestsPerTurn;
    this.requestsAllowed = items.requestsPerTurn;
  }

  /** Ends the session: the client broke the protocol. */
  fail(): void {
    this.failed = true;
    this.closed = true;
  }

  /** Whether commands are to be logged: check this before `trace`. */
  get traces(): boolean {
    return this.#trace !== undefined && this.items.verbosity >= TRACE_VERBOSITY;
  }

  /** Logs the beginning of the command in `bytes[start, end)`. */
  trace(bytes: Buffer, start: number, end: number): void {
    this.#trace?.(bytes.toString('latin1', start, Math.min(end, start + TRACED_MAX_BYTES)));
  }

  /** Other connections have had their turn: the bounds start again. */
  beginTurn(): void {
    const { requestsPerTurn } = this.items;
    this.requestsAllowed += requestsPerTurn - this.requestsLeft;
    this.requestsLeft = requestsPerTurn;
    this.keysLeft = KEYS_MAX_PER_TURN;
    this.bytesCopied = 0;
  }

  /**
   * Puts input together until there are `total` bytes, which it hands over; null while some are missing. What is
   * allocated grows with what arrives, from `firstBytes` on. `GIVEN_UP` is returned instead of bytes that there was no room for.
   */
  collect(total: number, firstBytes: number): Buffer | null {
    const { chunk, position, incomplete } = this;
    const taken = Math.min(total - incomplete.length, chunk.length - position);
    incomplete.append(chunk, position, position + taken, firstBytes, total);
    this.position = position + taken;
    if (incomplete.length === total) return this.takeIncomplete();
    this.noteIncomplete();
    return null;
  }

  /** The request's data is still to come, in part: what is kept of the request must not be in the chunk any more. */
  beginData(bytes: number, endBytes: number): void {
    const { key, data } = this.request;
    key.keep();
    this.#placed = 0;
    this.#awaited = bytes + endBytes;
    if (bytes > COLLECTED_MAX_BYTES && this.items.entries.reserve(bytes, data))
      this.items.unfinished.hold(this, bytes, true);
  }

  /**
   * Puts the request's data together, and the `endBytes` that come behind it. Null while some are missing; then what holds
   * all of it, or `GIVEN_UP` for data that there was no room for.
   */
  collectData(bytes: number, endBytes: number): Buffer | null {
    this.hasReadData = false;
    const { data } = this.request;
    if (data.place === 0) {
      const whole = this.collect(bytes + endBytes, DATA_FIRST_BYTES);
      this.#awaited = whole === null ? bytes + endBytes - this.incomplete.length : 0;
      if (whole !== null) data.set(whole, 0, bytes, true);
      return whole;
    }
    const { chunk, position } = this;
    const taken = Math.min(this.#awaited, chunk.length - position);
    chunk.copy(data.bytes, data.start + this.#placed, position, position + taken);
    this.#placed += taken;
    this.#awaited -= taken;
    this.position = position + taken;
    if (this.#awaited > 0) return null;
    this.items.unfinished.release(this);
    return data.bytes;
  }

  /**
   * Where the next bytes of large data are best read; null for anywhere. What a blocked session holds comes before them. In the
   * store it is a byte longer than the data: a read that it ends before its place is full is the last of a turn.
   */
  get place(): Buffer | null {
    const awaited = this.#awaited;
    if (awaited < READ_IN_PLACE_MIN_BYTES || this.position < this.chunk.length) return null;
    const { data } = this.request;
    if (data.place === 0) return this.incomplete.room(awaited, DATA_FIRST_BYTES);
    const at = data.start + this.#placed;
    return data.bytes.subarray(at, at + awaited + 1);
  }

  /** So many bytes have been read to `place`. Returns those behind the data, which are to be fed. */
  advance(bytes: number): Buffer {
    const { data } = this.request;
    const taken = Math.min(bytes, this.#awaited);
    this.#awaited -= taken;
    this.hasReadData = this.#awaited === 0;
    if (data.place === 0) {
      this.incomplete.length += taken;
      this.noteIncomplete();
      return NOTHING;
    }
    this.#placed += taken;
    return taken === bytes ? NOTHING : Buffer.of(data.bytes[data.start + this.#placed]!);
  }

  /** The request has had its data: gives back what it has not stored. */
  endData(): void {
    const { data } = this.request;
    if (data.place !== 0) this.items.entries.release(data);
    data.set(NOTHING, 0, 0);
  }

  /** Counts the bytes held of an incomplete request, which may have to be discarded at once. */
  noteIncomplete(): void {
    const { incomplete } = this;
    if (!incomplete.isGivenUp) this.items.unfinished.hold(this, incomplete.length);
  }

  takeIncomplete(): Buffer {
    this.items.unfinished.release(this);
    return this.incomplete.take();
  }

  giveUp(): void {
    this.#leavePlace();
    if (this.request.data.place !== 0) {
      this.incomplete.length += this.#placed;
      this.endData();
    }
    this.incomplete.giveUp();
  }

  /** The client is gone. */
  close(): void {
    this.closed = true;
    this.#awaited = 0;
    this.items.unfinished.release(this);
    this.endData();
    this.incomplete.clear();
  }

  /** The chunk is about to be overwritten, and input in it waits. */
  keepChunk(): void {
    const { chunk, request } = this;
    this.chunk = Buffer.from(chunk);
    if (request.line === chunk) request.line = this.chunk;
  }

  /** Discards input; returns how many of `bytes` are still to come. */
  skip(bytes: number): number {
    const skipped = Math.min(bytes, this.chunk.length - this.position);
    this.position += skipped;
    return bytes - skipped;
  }
}
