/**
 * A record for each item: eight 32-bit words, half a cache line, in pages. Slot 0 is the anchor of the LRU list. Free
 * records form a list; those at the end are given up, so that pages can go back.
 *
 * | word   | in use                                                                                  | free         |
 * |--------|-----------------------------------------------------------------------------------------|--------------|
 * | NEXT   | the next record of the chain, 28 bits, and the tag of its key, 4 bits (key-index.ts)     |              |
 * | OLDER  | neighbours in the LRU list                                                              | next free    |
 * | NEWER  |                                                                                         | previous free |
 * | PLACE  | where key and value lie (arena.ts)                                                      | 0            |
 * | CAS    | the version, lower 32 bits                                                              |              |
 * | USED   | last use in ms since the epoch, lower 32 bits                                           |              |
 * | DUE    | time of expiry in ms since the epoch, lower 32 bits                                     |              |
 * | REST   | fetched 1, adapter's bits 7, a walk stands here 1, due 10, used 4, version 9            |              |
 */

import {
  FREE_RECORD,
  FREE_RECORDS,
  HELD,
  type Header,
  RECORD_PAGES,
  RECORDS_END,
  RECORDS_TOUCHED,
  wordsOf,
} from './header.js';
import { type Memory, RECORDS } from './memory.js';

export const NEXT = 0;
export const OLDER = 1;
export const NEWER = 2;
export const PLACE = 3;
export const CAS = 4;
export const USED = 5;
export const DUE = 6;
export const REST = 7;

/** Words of a record, and bytes. */
export const RECORD_SHIFT = 3;
export const RECORD_BYTES = 32;

export const SLOT_MASK = 0x0fffffff;
/** 2^28 slots, without the anchor and one that means "reserved" (arena.ts). */
export const MAX_SLOTS: number = SLOT_MASK - 1;

// The bits of REST.
export const FETCHED = 1;
export const BITS_SHIFT = 1;
export const BITS_MASK = 0xfe;
/** A walk stands here. */
export const WALKED = 0x100;
export const DUE_SHIFT = 9;
export const DUE_MASK: number = 0x3ff << DUE_SHIFT;
export const USED_SHIFT = 19;
export const USED_MASK: number = 0xf << USED_SHIFT;
export const CAS_SHIFT = 23;
/** The upper part of a version that is in the item's block. */
export const CAS_ELSEWHERE = 0x1ff;
/** A due time that never comes. */
export const NO_DUE: number = DUE_MASK;

export class Records {
  readonly pages: Int32Array[] = [];
  readonly shift: number;
  readonly mask: number;
  private readonly ints: Int32Array;
  private readonly nums: Float64Array;
  private readonly memory: Memory;

  /** `pageBytes` is a power of two. */
  constructor(header: Header, memory: Memory, pageBytes: number) {
    this.ints = header.ints;
    this.nums = header.nums;
    this.memory = memory;
    this.shift = 31 - Math.clz32(pageBytes / RECORD_BYTES);
    this.mask = (1 << this.shift) - 1;
  }

  /** Begins with the anchor alone. */
  begin(): void {
    const { ints } = this;
    ints[RECORDS_END] = 0;
    ints[RECORDS_TOUCHED] = 0;
    ints[FREE_RECORD] = 0;
    ints[FREE_RECORDS] = 0;
    ints[RECORD_PAGES] = 0;
    this.pages.length = 0;
    this.take();
    this.put(0, OLDER, 0);
    this.put(0, NEWER, 0);
  }

  /** Another thread may have added pages, taken some away, and put others in their place. */
  refresh(): void {
    this.pages.length = 0;
    for (let page = 0; page < this.ints[RECORD_PAGES]!; page++)
      this.pages[page] = wordsOf(this.memory.at(RECORDS, page));
  }

  get(slot: number, word: number): number {
    return this.pages[slot >>> this.shift]![((slot & this.mask) << RECORD_SHIFT) | word]!;
  }

  put(slot: number, word: number, value: number): void {
    this.pages[slot >>> this.shift]![((slot & this.mask) << RECORD_SHIFT) | word] = value;
  }

  isUsed(slot: number): boolean {
    return slot > 0 && slot < this.ints[RECORDS_END]! && this.get(slot, PLACE) !== 0;
  }

  /** Bytes that the next `take` adds to what is held. */
  get growthBytes(): number {
    const { ints } = this;
    return ints[FREE_RECORD] !== 0 || ints[RECORDS_END]! < ints[RECORDS_TOUCHED]! ? 0 : RECORD_BYTES;
  }

  /** A slot whose record holds anything; 0 when there can be no more (and for the anchor). */
  take(): number {
    const { ints } = this;
    const free = ints[FREE_RECORD]!;
    if (free !== 0) {
      this.unlist(free);
      return free;
    }
    const slot = ints[RECORDS_END]!;
    if (slot >= MAX_SLOTS) return 0;
    const page = slot >>> this.shift;
    if (page === ints[RECORD_PAGES]!) {
      const memory = this.memory.obtain(RECORDS, page, (1 << this.shift) * RECORD_BYTES);
      if (memory === null) return 0;
      this.pages[page] = wordsOf(memory);
      ints[RECORD_PAGES] = page + 1;
    }
    ints[RECORDS_END] = slot + 1;
    if (slot === ints[RECORDS_TOUCHED]) {
      ints[RECORDS_TOUCHED] = slot + 1;
      this.nums[HELD]! += RECORD_BYTES;
    }
    return slot;
  }

  release(slot: number): void {
    const { ints } = this;
    const first = ints[FREE_RECORD]!;
    this.put(slot, PLACE, 0);
    this.put(slot, OLDER, first);
    this.put(slot, NEWER, 0);
    if (first !== 0) this.put(first, NEWER, slot);
    ints[FREE_RECORD] = slot;
    ints[FREE_RECORDS]!++;
  }

  private unlist(slot: number): void {
    const { ints } = this;
    const after = this.get(slot, OLDER);
    const before = this.get(slot, NEWER);
    if (before === 0) ints[FREE_RECORD] = after;
    else this.put(before, OLDER, after);
    if (after !== 0) this.put(after, NEWER, before);
    ints[FREE_RECORDS]!--;
  }

  /** Gives up the topmost record, which must be free, and its page once that is empty. */
  dropTop(): void {
    const { ints } = this;
    const top = ints[RECORDS_END]! - 1;
    this.unlist(top);
    ints[RECORDS_END] = top;
    const page = ints[RECORD_PAGES]! - 1;
    if (top !== page << this.shift) return;
    this.nums[HELD]! -= (ints[RECORDS_TOUCHED]! - top) * RECORD_BYTES;
    ints[RECORDS_TOUCHED] = top;
    ints[RECORD_PAGES] = page;
    this.pages.length = page;
    this.memory.release(RECORDS, page, false);
  }

  /** Gives all pages back. */
  clear(): void {
    for (let page = this.ints[RECORD_PAGES]! - 1; page >= 0; page--)
      this.memory.release(RECORDS, page, false);
    this.nums[HELD]! -= this.ints[RECORDS_TOUCHED]! * RECORD_BYTES;
    this.begin();
  }

  /** What is inconsistent. O(slots). */
  verify(size: number): string[] {
    const { ints } = this;
    const problems: string[] = [];
    let free = 0;
    let before = 0;
    for (let slot = ints[FREE_RECORD]!; slot !== 0; slot = this.get(slot, OLDER)) {
      if (++free > ints[FREE_RECORDS]!)
        return [`the list of free records has more than ${ints[FREE_RECORDS]}`];
      if (slot >= ints[RECORDS_END]! || this.get(slot, PLACE) !== 0)
        return [`slot ${slot} is in the list of free records, but is not free`];
      if (this.get(slot, NEWER) !== before) problems.push(`the free records around slot ${slot} disagree`);
      before = slot;
    }
    if (free !== ints[FREE_RECORDS])
      problems.push(`${free} records are free, ${ints[FREE_RECORDS]} are counted`);
    if (ints[RECORDS_END]! - 1 - free !== size)
      problems.push(`${ints[RECORDS_END]! - 1 - free} records are in use by ${size} items`);
    if (ints[RECORDS_TOUCHED]! < ints[RECORDS_END]!)
      problems.push('records are in use that count as untouched');
    if (ints[RECORD_PAGES]! << this.shift < ints[RECORDS_TOUCHED]!)
      problems.push('records lie behind their pages');
    return problems;
  }
}
