/**
 * What entries may take and what they do take: bytes of keys and values, overhead for each entry, slack of the
 * structure, and their number. Without byte limits nothing is weighed, and everything weighs 0.
 */

import { HotsetError, rejectUnknownOptions } from '../errors.js';
import { bytesOption } from './byte-size.js';
import { checkedLimit } from './options.js';

/** Limits that `resize` can change. */
export interface Limits {
  /** As the option `maxBytes`: a number of bytes, `'64MiB'` or `'25%'`. */
  maxBytes?: number | string;
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
  /** What the tables' indexes have allocated beyond that, and memory that several entries share. */
  slackBytes = 0;
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
    this.overheadBytes += bytes;
  }

  /** Bytes that `entries` entries with the present content take. */
  bytes(entries: number): number {
    return this.weighs ? this.contentBytes + this.slackBytes + entries * this.overheadBytes : 0;
  }

  /** Whether `entries` entries, with `bytes` more than now beside their overhead, would break a limit. */
  exceededBy(bytes: number, entries: number): boolean {
    return entries > this.maxEntries || (this.weighs && this.bytes(entries) + bytes > this.maxBytes);
  }

  /** What an entry with `bytes` of key and value counts, slack aside. */
  entryBytes(bytes: number): number {
    return this.weighs ? bytes + this.overheadBytes : 0;
  }

  /** Whether an entry with `bytes` of key and value can never fit. */
  neverFits(bytes: number): boolean {
    const weight = this.entryBytes(bytes);
    return weight > this.maxBytes || weight > this.#maxEntryBytes;
  }

  /** Throws `HOTSET_INVALID_OPTION`, and then nothing has changed. */
  resize(limits: Limits): void {
    rejectUnknownOptions(limits, LIMITS);
    const maxBytes = bytesOption('maxBytes', limits.maxBytes, this.maxBytes);
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
