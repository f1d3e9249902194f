/**
 * From the bytes of a key to its record: linear hashing (Litwin 1980). Buckets are added one at a time, each by splitting one,
 * and taken away one at a time, so that no call rehashes more than a bucket. There is about one bucket for each item.
 *
 * A bucket is a word: the first record of its chain and four bits of the hash, the tag; records go on in the same way.
 * Only where the tag is the same are bytes compared. A chain has `MAX_CHAIN` records at most: honest hashes come nowhere
 * near that, and colliding ones (hash.ts) push each other out.
 */

import { hashOf } from '../items/key.js';
import type { KeyBytes } from '../items.js';
import type { Arena } from './arena.js';
import { mixed } from './hash.js';
import {
  BUCKETS,
  HASH_SEED,
  HEAD_PAGES,
  HEADS_TOUCHED,
  HELD,
  type Header,
  MIX_SEED,
  SIZE,
  wordsOf,
} from './header.js';
import { HEADS, type Memory } from './memory.js';
import { NEXT, PLACE, RECORD_SHIFT, type Records, SLOT_MASK } from './records.js';

export const MAX_CHAIN = 64;
const MIN_BUCKETS = 64;
const TAG_SHIFT = 28;
/** Groups of buckets: their power of two. */
const GROUPS_SHIFT = 11;
/** Fewer items are inserted in any order. */
const SORTED_MIN = 1 << GROUPS_SHIFT;
/** Buckets in a cache line. */
const LINE_BUCKETS = 16;

export class KeyIndex {
  private readonly pages: Int32Array[] = [];
  /** Records that the last `find` looked at. */
  looks = 0;
  private readonly ints: Int32Array;
  private readonly nums: Float64Array;
  private readonly memory: Memory;
  private readonly records: Records;
  private readonly arena: Arena;
  private readonly shift: number;
  private readonly mask: number;

  constructor(header: Header, memory: Memory, records: Records, arena: Arena, pageBytes: number) {
    this.ints = header.ints;
    this.nums = header.nums;
    this.memory = memory;
    this.records = records;
    this.arena = arena;
    this.shift = 31 - Math.clz32(pageBytes / 4);
    this.mask = (1 << this.shift) - 1;
  }

  begin(): void {
    this.ints[BUCKETS] = 0;
    this.ints[HEADS_TOUCHED] = 0;
    this.ints[HEAD_PAGES] = 0;
    this.pages.length = 0;
    while (this.ints[BUCKETS]! < MIN_BUCKETS) this.addBucket();
  }

  /** Another thread may have added pages, and taken some away. */
  refresh(): void {
    this.pages.length = 0;
    for (let page = 0; page < this.ints[HEAD_PAGES]!; page++)
      this.pages[page] = wordsOf(this.memory.at(HEADS, page));
  }

  /** The hash under which a key is found, from the one that comes with it. */
  hash(fnv: number): number {
    return mixed(fnv, this.ints[MIX_SEED]!);
  }

  private bucketOf(hash: number): number {
    const buckets = this.ints[BUCKETS]!;
    // The lowest bits of the hash: as many as number all buckets, or one less where that bucket is not there yet.
    const mask = -1 >>> Math.clz32(buckets);
    const bucket = hash & mask;
    return bucket < buckets ? bucket : bucket & (mask >>> 1);
  }

  private head(bucket: number): number {
    return this.pages[bucket >>> this.shift]![bucket & this.mask]!;
  }

  private putHead(bucket: number, entry: number): void {
    this.pages[bucket >>> this.shift]![bucket & this.mask] = entry;
  }

  /** The slot under a key, or 0. */
  find(key: KeyBytes, hash: number): number {
    const { records, arena } = this;
    const tag = hash >>> TAG_SHIFT;
    let looks = 0;
    for (let entry = this.head(this.bucketOf(hash)); entry !== 0; looks++) {
      const slot = entry & SLOT_MASK;
      const page = records.pages[slot >>> records.shift]!;
      const at = (slot & records.mask) << RECORD_SHIFT;
      if (entry >>> TAG_SHIFT === tag && arena.hasKey(page[at | PLACE]!, key)) return slot;
      entry = page[at | NEXT]!;
    }
    this.looks = looks;
    return 0;
  }

  /** The slot of another item with the key of an item that is not in the index yet, or 0. */
  private findSame(slot: number, hash: number): number {
    const { records, arena } = this;
    const tag = hash >>> TAG_SHIFT;
    let looks = 0;
    for (let entry = this.head(this.bucketOf(hash)); entry !== 0; looks++) {
      const other = entry & SLOT_MASK;
      if (
        entry >>> TAG_SHIFT === tag &&
        arena.haveSameKey(records.get(other, PLACE), records.get(slot, PLACE))
      )
        return other;
      entry = records.get(other, NEXT);
    }
    this.looks = looks;
    return 0;
  }

  /** While items are restored: which tags a bucket's chain has, a bit each; null where that is not known. */
  private tags: Uint16Array | null = null;

  /**
   * Inserts items that are restored: `pairs` has the slot and the hash of each, and their records have no NEXT. Calls `remove`
   * for an item that has to go before: one with the same key, or the last of a chain that is too long.
   *
   * Takes group of buckets by group, because the processor waits for one that lies far away: where a group's buckets are all
   * read first, one behind the other, it does not.
   */
  insertRestored(
    pairs: Int32Array,
    count: number,
    remove: (slot: number, hash: number, isSame: boolean) => void,
  ): void {
    const { records } = this;
    const groupShift = Math.max(0, 32 - Math.clz32(this.ints[BUCKETS]!) - GROUPS_SHIFT);
    const isSorted = count >= SORTED_MIN;
    const sorted = isSorted ? this.sortedByBucket(pairs, count, groupShift) : pairs;
    let group = -1;
    for (let i = 0; i < count * 2; i += 2) {
      const slot = sorted[i]!;
      const hash = sorted[i + 1]!;
      const tag = hash >>> TAG_SHIFT;
      let bucket = this.bucketOf(hash);
      if (isSorted && bucket >>> groupShift !== group) {
        group = bucket >>> groupShift;
        this.readGroup(group << groupShift, (group + 1) << groupShift);
      }
      if (this.head(bucket) !== 0) {
        // The records of other items, which would have to come from far away, are mostly of no interest.
        if (this.tags === null || (this.tags[bucket]! & (1 << tag)) !== 0) {
          const same = this.findSame(slot, hash);
          if (same !== 0) remove(same, hash, true);
          else if (this.looks >= MAX_CHAIN) remove(this.lastOf(hash), hash, false);
          bucket = this.bucketOf(hash);
        }
        records.put(slot, NEXT, this.head(bucket));
      }
      if (this.tags !== null) this.tags[bucket]! |= 1 << tag;
      this.putHead(bucket, slot | (tag << TAG_SHIFT));
    }
  }

  /** Pairs of a slot and its hash in the order of groups of buckets. */
  private sortedByBucket(pairs: Int32Array, count: number, groupShift: number): Int32Array {
    const starts = new Int32Array((1 << GROUPS_SHIFT) + 1);
    for (let i = 1; i < count * 2; i += 2) starts[(this.bucketOf(pairs[i]!) >>> groupShift) + 1]!++;
    for (let group = 1; group < starts.length; group++) starts[group]! += starts[group - 1]!;
    const sorted = new Int32Array(count * 2);
    for (let i = 0; i < count * 2; i += 2) {
      const hash = pairs[i + 1]!;
      const at = starts[this.bucketOf(hash) >>> groupShift]!++ * 2;
      sorted[at] = pairs[i]!;
      sorted[at + 1] = hash;
    }
    return sorted;
  }

  /** What the buckets of the last group hold together: with no use for it, the optimizer would leave the reading out. */
  inGroup = 0;
  private readGroup(from: number, to: number): void {
    const end = Math.min(to, this.ints[BUCKETS]!);
    const { tags } = this;
    let all = 0;
    for (let bucket = from; bucket < end; bucket += LINE_BUCKETS)
      all |= this.head(bucket) | (tags === null ? 0 : tags[bucket]!);
    this.inGroup = all;
  }

  /** The last record of the chain of a hash. */
  lastOf(hash: number): number {
    let slot = 0;
    for (let entry = this.head(this.bucketOf(hash)); entry !== 0; entry = this.records.get(slot, NEXT))
      slot = entry & SLOT_MASK;
    return slot;
  }

  /** Bytes that the next `insert` adds to what is held. */
  get growthBytes(): number {
    const { ints } = this;
    return ints[SIZE]! < ints[BUCKETS]! || ints[BUCKETS]! < ints[HEADS_TOUCHED]! ? 0 : 4;
  }

  /** Gives an absent key's record its place; `mayGrow`: there is room for a bucket. */
  insert(slot: number, hash: number, mayGrow: boolean): void {
    if (mayGrow && this.ints[SIZE]! > this.ints[BUCKETS]!) this.split();
    const bucket = this.bucketOf(hash);
    this.records.put(slot, NEXT, this.head(bucket));
    this.putHead(bucket, slot | ((hash >>> TAG_SHIFT) << TAG_SHIFT));
  }

  remove(slot: number, hash: number): void {
    this.replaceEntry(slot, hash, this.records.get(slot, NEXT));
    const { ints } = this;
    if (ints[BUCKETS]! > MIN_BUCKETS && ints[SIZE]! < ints[BUCKETS]! - (ints[BUCKETS]! >>> 3)) this.merge();
  }

  /** The record, which has been copied, has another slot now. */
  move(from: number, to: number, hash: number): void {
    this.replaceEntry(from, hash, to | ((hash >>> TAG_SHIFT) << TAG_SHIFT));
  }

  private replaceEntry(slot: number, hash: number, by: number): void {
    const { records } = this;
    const bucket = this.bucketOf(hash);
    let entry = this.head(bucket);
    if ((entry & SLOT_MASK) === slot) {
      this.putHead(bucket, by);
      return;
    }
    for (;;) {
      const at = entry & SLOT_MASK;
      entry = records.get(at, NEXT);
      if ((entry & SLOT_MASK) === slot) {
        records.put(at, NEXT, by);
        return;
      }
    }
  }

  /** The hash of the key that a record has. O(bytes). */
  hashAt(slot: number): number {
    const { arena } = this;
    const place = this.records.get(slot, PLACE);
    const start = arena.keyStart(place);
    return this.hash(
      hashOf(this.ints[HASH_SEED]!, arena.bytesOf(place), start, start + arena.keyBytes(place)),
    );
  }

  /** Adds or takes away buckets until there are so many: before items are restored, none is split then. O(buckets + items). */
  prepare(buckets: number, isBefore: boolean): void {
    const isEmpty = this.ints[SIZE] === 0;
    while (this.ints[BUCKETS]! < buckets && (isEmpty ? this.addBucket() : this.split()));
    while (this.ints[BUCKETS]! > Math.max(buckets, MIN_BUCKETS)) this.merge();
    this.tags = isBefore && isEmpty ? new Uint16Array(this.ints[BUCKETS]!) : null;
  }

  private addBucket(): boolean {
    const { ints } = this;
    const bucket = ints[BUCKETS]!;
    const page = bucket >>> this.shift;
    if (page === ints[HEAD_PAGES]!) {
      const memory = this.memory.obtain(HEADS, page, 4 << this.shift);
      if (memory === null) return false;
      this.pages[page] = wordsOf(memory);
      ints[HEAD_PAGES] = page + 1;
    }
    ints[BUCKETS] = bucket + 1;
    if (bucket === ints[HEADS_TOUCHED]) {
      ints[HEADS_TOUCHED] = bucket + 1;
      this.nums[HELD]! += 4;
    }
    this.putHead(bucket, 0);
    return true;
  }

  /** Splits a bucket where they are fewer than the items; false when none was split. */
  grow(): boolean {
    return this.ints[SIZE]! > this.ints[BUCKETS]! && this.split();
  }

  private split(): boolean {
    const { records } = this;
    const added = this.ints[BUCKETS]!;
    if (!this.addBucket()) return false;
    this.tags = null;
    const from = added - (1 << (31 - Math.clz32(added)));
    let stays = 0;
    let goes = 0;
    let next = 0;
    for (let entry = this.head(from); entry !== 0; entry = next) {
      const slot = entry & SLOT_MASK;
      next = records.get(slot, NEXT);
      if (this.bucketOf(this.hashAt(slot)) === from) {
        records.put(slot, NEXT, stays);
        stays = entry;
      } else {
        records.put(slot, NEXT, goes);
        goes = entry;
      }
    }
    this.putHead(from, stays);
    this.putHead(added, goes);
    return true;
  }

  /** Takes the last bucket away: its chain goes behind that of the bucket that it was split from. */
  private merge(): void {
    const { ints, records } = this;
    this.tags = null;
    const last = ints[BUCKETS]! - 1;
    const chain = this.head(last);
    ints[BUCKETS] = last;
    const to = last - (1 << (31 - Math.clz32(last)));
    const entry = this.head(to);
    if (entry === 0) this.putHead(to, chain);
    else if (chain !== 0) {
      let at = entry & SLOT_MASK;
      for (let next = records.get(at, NEXT); next !== 0; next = records.get(at, NEXT)) at = next & SLOT_MASK;
      records.put(at, NEXT, chain);
    }
    const page = ints[HEAD_PAGES]! - 1;
    if (last !== page << this.shift) return;
    this.nums[HELD]! -= (ints[HEADS_TOUCHED]! - last) * 4;
    ints[HEADS_TOUCHED] = last;
    ints[HEAD_PAGES] = page;
    this.pages.length = page;
    this.memory.release(HEADS, page, false);
  }

  /** Gives all pages back. */
  clear(): void {
    for (let page = this.ints[HEAD_PAGES]! - 1; page >= 0; page--) this.memory.release(HEADS, page, false);
    this.nums[HELD]! -= this.ints[HEADS_TOUCHED]! * 4;
    this.begin();
  }

  /** What is inconsistent. O(n). */
  verify(size: number): string[] {
    const { ints, records } = this;
    const problems: string[] = [];
    let found = 0;
    for (let bucket = 0; bucket < ints[BUCKETS]!; bucket++) {
      let chain = 0;
      for (let entry = this.head(bucket); entry !== 0; ) {
        const slot = entry & SLOT_MASK;
        if (++found > size || ++chain > MAX_CHAIN * 2)
          return [...problems, `bucket ${bucket} has too long a chain`];
        if (!records.isUsed(slot)) return [...problems, `bucket ${bucket} leads to the free slot ${slot}`];
        const hash = this.hashAt(slot);
        if (this.bucketOf(hash) !== bucket)
          problems.push(`slot ${slot} is in bucket ${bucket}, which is not its own`);
        if (hash >>> TAG_SHIFT !== entry >>> TAG_SHIFT)
          problems.push(`slot ${slot} is found under another tag`);
        entry = records.get(slot, NEXT);
      }
    }
    if (found !== size) problems.push(`the index leads to ${found} items of ${size}`);
    if (ints[HEADS_TOUCHED]! < ints[BUCKETS]!) problems.push('buckets are in use that count as untouched');
    return problems;
  }
}
