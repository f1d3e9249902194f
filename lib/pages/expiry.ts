/**
 * Which items have expired. Each record has a due time, and all of them a lower bound: before it, nothing can be due. After it,
 * a pass checks a bounded number of records at a time and continues where it stopped; after a full round, the earliest
 * due time that it saw is the new bound. Setting a time is O(1), whatever the clock shows.
 *
 * Due times are whole milliseconds since the epoch, a fixed time before the store began: 42 bits, 139 years.
 */

import { HAND, type Header, NEXT_DUE, RECORDS_END, SEEN_DUE } from './header.js';
import { DUE, DUE_MASK, DUE_SHIFT, NO_DUE, PLACE, RECORD_SHIFT, REST, type Records } from './records.js';

export const NEVER: number = Number.POSITIVE_INFINITY;
const WORD = 0x100000000;
/** From here on a due time is never. */
const TOO_FAR = (DUE_MASK >>> DUE_SHIFT) * WORD;

export class Expiry {
  private readonly ints: Int32Array;
  private readonly nums: Float64Array;
  private readonly records: Records;

  constructor(header: Header, records: Records) {
    this.ints = header.ints;
    this.nums = header.nums;
    this.records = records;
  }

  /** False means that nothing is due; true that something may be. */
  mayHaveDue(now: number): boolean {
    return now >= this.nums[NEXT_DUE]!;
  }

  /** When the item expires; `NEVER`. */
  dueAt(slot: number): number {
    const { records } = this;
    const page = records.pages[slot >>> records.shift]!;
    const at = (slot & records.mask) << RECORD_SHIFT;
    const due = page[at | REST]! & DUE_MASK;
    return due === NO_DUE ? NEVER : (due >>> DUE_SHIFT) * WORD + (page[at | DUE]! >>> 0);
  }

  isDue(slot: number, now: number): boolean {
    return this.dueAt(slot) <= now;
  }

  /** Gives a record, which must be in use, a due time of 0 or more. */
  set(slot: number, due: number): void {
    const { records, nums } = this;
    const page = records.pages[slot >>> records.shift]!;
    const at = (slot & records.mask) << RECORD_SHIFT;
    if (due >= TOO_FAR) {
      page[at | REST]! |= NO_DUE;
      return;
    }
    page[at | DUE] = due | 0;
    page[at | REST] = (page[at | REST]! & ~DUE_MASK) | ((due / WORD) << DUE_SHIFT);
    this.note(due, nums);
  }

  private note(due: number, nums: Float64Array): void {
    if (due < nums[NEXT_DUE]!) nums[NEXT_DUE] = due;
    if (due < nums[SEEN_DUE]!) nums[SEEN_DUE] = due;
  }

  /** An item has another slot now. */
  moved(slot: number): void {
    this.note(this.dueAt(slot), this.nums);
  }

  /**
   * Checks at most `limit` records, at most once round, and calls `expire` for those that are due, which must remove the
   * item. Returns how many have expired.
   */
  sweep(now: number, limit: number, expire: (slot: number) => void): number {
    const { ints, nums, records } = this;
    let expired = 0;
    for (let looks = Math.min(limit, ints[RECORDS_END]!); looks >= 1 && now >= nums[NEXT_DUE]!; looks--) {
      const slot = ints[HAND]!;
      // Removing items may have moved others down, and dropped records.
      if (slot >= ints[RECORDS_END]!) {
        nums[NEXT_DUE] = nums[SEEN_DUE]!;
        nums[SEEN_DUE] = NEVER;
        ints[HAND] = 1;
        continue;
      }
      ints[HAND] = slot + 1;
      if (records.get(slot, PLACE) === 0) continue;
      const due = this.dueAt(slot);
      if (due <= now) {
        expire(slot);
        expired++;
      } else if (due < nums[SEEN_DUE]!) nums[SEEN_DUE] = due;
    }
    return expired;
  }

  begin(): void {
    this.nums[NEXT_DUE] = NEVER;
    this.nums[SEEN_DUE] = NEVER;
    this.ints[HAND] = 1;
  }

  /** What is inconsistent. O(slots). */
  verify(): string[] {
    const problems: string[] = [];
    for (let slot = 1; slot < this.ints[RECORDS_END]!; slot++) {
      if (this.records.get(slot, PLACE) === 0) continue;
      const due = this.dueAt(slot);
      if (due < this.nums[NEXT_DUE]!) problems.push(`slot ${slot} is due before the next due time`);
      if (slot < this.ints[HAND]! && due < this.nums[SEEN_DUE]!)
        problems.push(`slot ${slot} is due before what the pass has seen`);
    }
    return problems;
  }
}
