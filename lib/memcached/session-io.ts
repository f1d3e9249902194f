/**
 * What a session's protocol handler works with: the input that has arrived, the replies that wait, and the bounds of
 * this turn. They belong to the session; the items are shared by all.
 */

import type { Credentials } from './auth/credentials.js';
import { ByteCollector } from './byte-collector.js';
import type { CommandContext, ItemStore } from './item-store.js';
import { KEYS_MAX_PER_TURN } from './limits.js';
import type { ReplyBuffer } from './reply-buffer.js';
import type { UnfinishedRequest } from './unfinished-requests.js';

export const NOTHING: Buffer = Buffer.alloc(0);

/** From here on commands are logged: memcached's `-vv`. */
export const TRACE_VERBOSITY = 2;
const TRACED_MAX_BYTES = 300;

/** Fewer bytes are copied in less time than it takes to read them apart from what follows. */
const PLACED_MIN_BYTES = 4096;

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
  /** The bytes of `from` are to be found in `to`, at the same positions. */
  inputMoved(from: Buffer, to: Buffer): void;
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
  /** What has arrived of a line, a header or a value that is not yet complete. */
  readonly incomplete: ByteCollector = new ByteCollector();
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

  /** Bytes to come of the value that is being collected; 0 for none. */
  #awaitedBytes = 0;

  readonly onAuthFailure: () => void;
  readonly #leavePlace: () => void;
  readonly #trace: ((command: string) => void) | undefined;

  constructor(items: ItemStore, out: ReplyBuffer, options: SessionIoOptions) {
    this.items = items;
    this.out = out;
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
    this.#awaitedBytes = total - incomplete.length;
    if (this.#awaitedBytes === 0) return this.takeIncomplete();
    this.noteIncomplete();
    return null;
  }

  /** Where the next bytes of a large value are best read; null for anywhere. */
  get place(): Buffer | null {
    const awaited = this.#awaitedBytes;
    return awaited < PLACED_MIN_BYTES ? null : this.incomplete.room(awaited);
  }

  /** So many bytes have been read to `place`. */
  advance(bytes: number): void {
    this.incomplete.length += bytes;
    this.#awaitedBytes -= bytes;
    this.noteIncomplete();
  }

  /** All that was to be collected has come by way of `place`. */
  get isCollected(): boolean {
    return this.#awaitedBytes === 0 && this.incomplete.length > 0;
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
    this.incomplete.giveUp();
  }

  /** The client is gone. */
  close(): void {
    this.closed = true;
    this.#awaitedBytes = 0;
    this.items.unfinished.release(this);
    this.incomplete.clear();
  }

  /** Discards input; returns how many of `bytes` are still to come. */
  skip(bytes: number): number {
    const skipped = Math.min(bytes, this.chunk.length - this.position);
    this.position += skipped;
    return bytes - skipped;
  }
}
