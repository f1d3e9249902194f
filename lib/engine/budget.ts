/**
 * What entries may take, and what they take. The budget counts keys and values, buffers that several values share,
 * and the engine's structure: an average for each entry, or what has been allocated where that is more. Without
 * byte limits nothing is weighed and everything weighs 0.
 */

import { HotsetError, rejectUnknownOptions } from '../errors.js';
import { limitOption } from '../options.js';
import { bytesOption } from './byte-size.js';
import { type Columns, columnBytes, PAIR_BYTES } from './columns.js';
import type { KeyIndex } from './key-index.js';
import type { ResolvedOptions } from './options.js';

/** Limits that `resize` can change. */
export interface Limits {
  /** As the option `maxBytes`: a number of bytes, `'64MiB'` or `'25%'`. */
  maxBytes?: number | string | undefined;
  /** As the option `maxEntries`. */
  maxEntries?: number | undefined;
}

const LIMITS: ReadonlySet<string> = new Set<keyof Limits>(['maxBytes', 'maxEntries']);

/** Columns that grow by a quarter at a time have an eighth of slack on average. */
export const COLUMN_SLACK = 1.12;
/** A key's share of the index: 4 bytes for each chain, of which there are between 0.66 and 1.33. */
const CHAIN_BYTES = 4;
/** The structure of an empty engine, and what a small one has allocated ahead. */
const UNCOUNTED_BYTES = 8192;

/** What an entry takes beside its key and value, before any column is in use. Whole bytes, so that sums are exact. */
export const ENTRY_OVERHEAD_BYTES: number =
  Math.round((columnBytes('links') + PAIR_BYTES) * COLUMN_SLACK) + CHAIN_BYTES;

/** The same in an engine with a budget in bytes. */
export const WEIGHED_OVERHEAD_BYTES: number =
  ENTRY_OVERHEAD_BYTES + Math.round(columnBytes('weights') * COLUMN_SLACK);

export class Budget {
  maxBytes: number;
  maxEntries: number;
  /** Keys and values of all entries. */
  contentBytes = 0;
  /** Buffers that several entries keep alive, and their records. */
  sharedBytes = 0;
  /** Where bytes beside values are. */
  sideBytes = 0;
  /** What the eviction policy has allocated. */
  policyBytes = 0;
  /** What it would allocate in addition if there were not too much of other structure. */
  policyWants = 0;
  /** What an entry takes beside key and value, with the columns and the policy that are in use. */
  overheadBytes: number = ENTRY_OVERHEAD_BYTES;
  readonly weighs: boolean;
  /** Whether a policy measures what entries take in bytes, and not in entries. */
  readonly countsBytes: boolean;
  private readonly maxEntryBytes: number;
  private readonly columns: Columns;
  private readonly index: KeyIndex;

  constructor(
    limits: Pick<ResolvedOptions<never, never>, 'maxBytes' | 'maxEntries' | 'maxEntryBytes'>,
    columns: Columns,
    index: KeyIndex,
  ) {
    this.maxBytes = limits.maxBytes;
    this.maxEntries = limits.maxEntries;
    this.maxEntryBytes = limits.maxEntryBytes;
    this.weighs =
      limits.maxBytes !== Number.POSITIVE_INFINITY || limits.maxEntryBytes !== Number.POSITIVE_INFINITY;
    this.countsBytes = limits.maxBytes !== Number.POSITIVE_INFINITY;
    this.columns = columns;
    this.index = index;
  }

  /** Counts a column that comes into use. */
  addColumn(name: Parameters<typeof columnBytes>[0]): void {
    this.overheadBytes += Math.round(columnBytes(name) * COLUMN_SLACK);
  }

  /** Counts what a policy keeps for each entry. */
  addPolicy(bytes: number): void {
    this.overheadBytes += bytes;
  }

  /** Bytes of `entries` entries with the present content, if the structure took `more` bytes than it does. */
  bytes(entries: number, more = 0): number {
    if (!this.weighs) return 0;
    const average = entries * this.overheadBytes;
    const allocated = this.columns.bytes + this.index.bytes + this.policyBytes + (more - UNCOUNTED_BYTES);
    return (
      this.contentBytes + this.sharedBytes + this.sideBytes + (average > allocated ? average : allocated)
    );
  }

  /** Whether what entries count for structure pays for so many bytes more of it. */
  pays(bytes: number, entries: number): boolean {
    const allocated = this.columns.bytes + this.index.bytes + this.policyBytes - UNCOUNTED_BYTES;
    return !this.weighs || allocated + bytes <= entries * this.overheadBytes;
  }

  /** Bytes of `entries` entries with the present content, once the structure has no slack. */
  tightBytes(entries: number): number {
    return this.weighs
      ? this.contentBytes + this.sharedBytes + this.sideBytes + entries * this.overheadBytes
      : 0;
  }

  /** Whether more has been allocated than the average, or the policy wants that. Then removing an entry frees no structure. */
  hasSlack(entries: number): boolean {
    const allocated = this.columns.bytes + this.index.bytes + this.policyBytes - UNCOUNTED_BYTES;
    return this.weighs && allocated + this.policyWants > entries * this.overheadBytes;
  }

  /** Whether `entries` entries, with `bytes` more than now beside their overhead, would break a limit; `more` as above. */
  exceededBy(bytes: number, entries: number, more = 0): boolean {
    return entries > this.maxEntries || (this.weighs && this.bytes(entries, more) + bytes > this.maxBytes);
  }

  /** What an entry with `bytes` of key and value counts. */
  entryBytes(bytes: number): number {
    return this.weighs ? bytes + this.overheadBytes : 0;
  }

  /** Whether an entry with `bytes` of key and value can never fit. */
  neverFits(bytes: number): boolean {
    if (!this.weighs) return false;
    const weight = bytes + this.overheadBytes;
    return weight > this.maxBytes || weight > this.maxEntryBytes;
  }

  /** Throws `HOTSET_INVALID_OPTION` and changes nothing. */
  resize(limits: Limits): void {
    rejectUnknownOptions(limits, LIMITS);
    const maxBytes = bytesOption('maxBytes', limits.maxBytes, this.maxBytes);
    const maxEntries = limitOption('maxEntries', limits.maxEntries, this.maxEntries);
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
