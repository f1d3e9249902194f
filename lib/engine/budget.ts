/**
 * What entries may take and what they do take: bytes of keys and values, overhead for each entry, and their
 * number. Without byte limits nothing is weighed, and everything weighs 0.
 */

import { HotsetError, rejectUnknownOptions } from '../errors.js';
import { checkedLimit } from './options.js';

/** Limits that `resize` can change. */
export interface Limits {
  maxBytes?: number;
  maxEntries?: number;
}

const LIMITS: ReadonlySet<string> = new Set<keyof Limits>(['maxBytes', 'maxEntries']);

export class Budget {
  maxBytes: number;
  maxEntries: number;
  /** Keys and values of all entries. */
  contentBytes = 0;
  /** What an entry takes beside key and value, with the columns that are in use. */
  overheadBytes = 0;
  readonly weighs: boolean;
  readonly #maxEntryBytes: number;

  constructor(limits: { maxBytes: number; maxEntries: number; maxEntryBytes: number }) {
    this.maxBytes = limits.maxBytes;
    this.maxEntries = limits.maxEntries;
    this.#maxEntryBytes = limits.maxEntryBytes;
    this.weighs =
      limits.maxBytes !== Number.POSITIVE_INFINITY || limits.maxEntryBytes !== Number.POSITIVE_INFINITY;
  }

  addOverhead(bytes: number): void {
    if (this.weighs) this.overheadBytes += bytes;
  }

  /** Bytes that `entries` entries with the present content take. */
  bytes(entries: number): number {
    return this.contentBytes + entries * this.overheadBytes;
  }

  /** Whether `entries` entries, with `bytes` of keys and values more than now, would break a limit. */
  exceededBy(bytes: number, entries: number): boolean {
    return this.bytes(entries) + bytes > this.maxBytes || entries > this.maxEntries;
  }

  /** Whether an entry with `bytes` of key and value can never fit. */
  neverFits(bytes: number): boolean {
    const weight = bytes + this.overheadBytes;
    return weight > this.maxBytes || weight > this.#maxEntryBytes;
  }

  /** Throws `HOTSET_INVALID_OPTION`, and then nothing has changed. */
  resize(limits: Limits): void {
    rejectUnknownOptions(limits, LIMITS);
    const maxBytes = checkedLimit('maxBytes', limits.maxBytes, this.maxBytes);
    const maxEntries = checkedLimit('maxEntries', limits.maxEntries, this.maxEntries);
    if ((maxBytes === Number.POSITIVE_INFINITY) !== (this.maxBytes === Number.POSITIVE_INFINITY))
      throw new HotsetError(
        'HOTSET_INVALID_OPTION',
        'maxBytes cannot change between Infinity and a number of bytes',
      );
    if (maxBytes === Number.POSITIVE_INFINITY && maxEntries === Number.POSITIVE_INFINITY)
      throw new HotsetError('HOTSET_INVALID_OPTION', 'maxBytes: Infinity needs a finite maxEntries');
    this.maxBytes = maxBytes;
    this.maxEntries = maxEntries;
  }
}
