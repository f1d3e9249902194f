/**
 * The LRU list: circular, doubly linked through the records, anchored at slot 0, so that no operation tests for the
 * ends. All operations are O(1), and O(walks under way) where a walk stands.
 *
 * Walks are in the store's memory too: the slot that comes next (-1 when the walk is not under way), the direction, and the slot
 * that a walk from the oldest end visits last: what enters behind it is not part of the walk, which would not end otherwise. A
 * record says whether a walk stands or ends at it.
 */

import type { Direction } from '../engine/types.js';
import { HotsetError } from '../errors.js';
import { HELD, type Header, WALKS, wordsOf } from './header.js';
import { CURSORS, type Memory } from './memory.js';
import { NEWER, OLDER, RECORD_SHIFT, REST, type Records, WALKED } from './records.js';

/** What walks take while any is under way. */
export const CURSORS_BYTES = 8192;
const MAX_WALKS = CURSORS_BYTES / 16;
const UNUSED = -1;
// The words of a walk.
const WALK_SHIFT = 2;
const TOWARDS = 1;
/** 0 for the end of the list. */
const LAST = 2;

export class LruList {
  private readonly records: Records;
  private readonly memory: Memory;
  private readonly ints: Int32Array;
  private readonly nums: Float64Array;
  private ownCursors: Int32Array | null = null;

  constructor(header: Header, memory: Memory, records: Records) {
    this.records = records;
    this.memory = memory;
    this.ints = header.ints;
    this.nums = header.nums;
  }

  get oldest(): number {
    return this.records.pages[0]![NEWER]!;
  }

  get newest(): number {
    return this.records.pages[0]![OLDER]!;
  }

  link(slot: number): void {
    const { records } = this;
    const anchor = records.pages[0]!;
    const newest = anchor[OLDER]!;
    const page = records.pages[slot >>> records.shift]!;
    const at = (slot & records.mask) << RECORD_SHIFT;
    page[at | OLDER] = newest;
    page[at | NEWER] = 0;
    records.put(newest, NEWER, slot);
    anchor[OLDER] = slot;
  }

  unlink(slot: number): void {
    const { records } = this;
    const page = records.pages[slot >>> records.shift]!;
    const at = (slot & records.mask) << RECORD_SHIFT;
    const older = page[at | OLDER]!;
    const newer = page[at | NEWER]!;
    if ((page[at | REST]! & WALKED) !== 0) {
      page[at | REST]! &= ~WALKED;
      this.redirect(slot, older, newer);
    }
    records.put(newer, OLDER, older);
    records.put(older, NEWER, newer);
  }

  /** What `unlink` and `link` do, in one go: every hit comes here. */
  promote(slot: number): void {
    const { pages, shift, mask } = this.records;
    const anchor = pages[0]!;
    const newest = anchor[OLDER]!;
    if (newest === slot) return;
    const page = pages[slot >>> shift]!;
    const at = (slot & mask) << RECORD_SHIFT;
    if ((page[at | REST]! & WALKED) !== 0) {
      this.unlink(slot);
      this.link(slot);
      return;
    }
    const older = page[at | OLDER]!;
    const newer = page[at | NEWER]!;
    pages[newer >>> shift]![((newer & mask) << RECORD_SHIFT) | OLDER] = older;
    pages[older >>> shift]![((older & mask) << RECORD_SHIFT) | NEWER] = newer;
    pages[newest >>> shift]![((newest & mask) << RECORD_SHIFT) | NEWER] = slot;
    page[at | OLDER] = newest;
    page[at | NEWER] = 0;
    anchor[OLDER] = slot;
  }

  /** An item, whose record has been copied, has another slot now. */
  move(from: number, to: number): void {
    const { records } = this;
    records.put(records.get(to, OLDER), NEWER, to);
    records.put(records.get(to, NEWER), OLDER, to);
    if ((records.get(to, REST) & WALKED) !== 0) this.redirect(from, to, to);
  }

  /** Slots in the order of use. It visits no removed item and none twice; it may miss one that moves before its turn. */
  *walk(direction: Direction): Generator<number, void, undefined> {
    const walk = this.start(direction === 'oldest-first' ? NEWER : OLDER);
    try {
      for (let slot = this.next(walk); slot !== 0; slot = this.next(walk)) yield slot;
    } finally {
      this.end(walk);
    }
  }

  /** Makes room for walks once and for all: one that begins must not exceed the budget. */
  begin(): void {
    this.memory.obtain(CURSORS, 0, CURSORS_BYTES);
    this.cursors.fill(UNUSED);
    this.nums[HELD]! += CURSORS_BYTES;
  }

  private start(towards: number): number {
    const { cursors } = this;
    let walk = 0;
    while (walk < MAX_WALKS && cursors[walk << WALK_SHIFT] !== UNUSED) walk++;
    if (walk === MAX_WALKS)
      throw new HotsetError('HOTSET_TOO_MANY', `at most ${MAX_WALKS} walks can be under way`);
    this.ints[WALKS]!++;
    const at = walk << WALK_SHIFT;
    cursors[at | TOWARDS] = towards;
    this.put(at, this.records.get(0, towards));
    this.put(at | LAST, towards === NEWER ? this.newest : 0);
    return at;
  }

  private get cursors(): Int32Array {
    this.ownCursors ??= wordsOf(this.memory.at(CURSORS, 0));
    return this.ownCursors;
  }

  /** A word of a walk names a slot now. */
  private put(at: number, slot: number): void {
    this.cursors[at] = slot;
    if (slot !== 0) this.records.put(slot, REST, this.records.get(slot, REST) | WALKED);
  }

  private next(walk: number): number {
    const { cursors } = this;
    const slot = cursors[walk]!;
    if (slot > 0)
      this.put(walk, slot === cursors[walk | LAST] ? 0 : this.records.get(slot, cursors[walk | TOWARDS]!));
    return Math.max(slot, 0);
  }

  private end(walk: number): void {
    this.cursors[walk] = UNUSED;
    this.ints[WALKS]!--;
  }

  /** Walks that stand at a slot go on at another one, by their direction; those that end there end at the older one. */
  private redirect(from: number, older: number, newer: number): void {
    let left = this.ints[WALKS]!;
    if (left === 0) return;
    const { cursors } = this;
    for (let walk = 0; left > 0; walk += 1 << WALK_SHIFT) {
      const slot = cursors[walk]!;
      if (slot === UNUSED) continue;
      left--;
      const isLast = cursors[walk | LAST] === from;
      if (isLast) this.put(walk | LAST, older);
      // A slot that has moved as it was has itself on both sides.
      if (slot !== from) continue;
      if (isLast && older !== newer) this.put(walk, 0);
      else this.put(walk, cursors[walk | TOWARDS] === NEWER ? newer : older);
    }
  }

  /** Forgets all items; walks under way end. The records are new. */
  clear(): void {
    if (this.ints[WALKS] === 0) return;
    const { cursors } = this;
    for (let walk = 0; walk < cursors.length; walk += 1 << WALK_SHIFT)
      if (cursors[walk] !== UNUSED) cursors[walk] = 0;
  }

  /** What is inconsistent; `size` slots must be linked. O(n). */
  verify(size: number): string[] {
    const { records } = this;
    const problems: string[] = [];
    let linked = 0;
    let older = 0;
    for (let slot = this.oldest; slot !== 0; slot = records.get(slot, NEWER)) {
      if (++linked > size) return [...problems, `the order of use has more than ${size} items`];
      if (!records.isUsed(slot)) return [...problems, `slot ${slot} is linked but free`];
      if (records.get(slot, OLDER) !== older) problems.push(`the links around slot ${slot} disagree`);
      older = slot;
    }
    if (this.newest !== older) problems.push('the newest item is not the last of the order of use');
    if (linked !== size) problems.push(`the order of use has ${linked} items, the store ${size}`);
    for (let walk = 0; this.ints[WALKS] !== 0 && walk < MAX_WALKS << WALK_SHIFT; walk += 1 << WALK_SHIFT) {
      const { cursors } = this;
      if (cursors[walk]! <= 0) continue;
      for (const slot of [cursors[walk]!, cursors[walk | LAST]!])
        if (slot !== 0 && (!records.isUsed(slot) || (records.get(slot, REST) & WALKED) === 0))
          problems.push(`a walk stands or ends at slot ${slot}, which does not know`);
    }
    return problems;
  }
}
