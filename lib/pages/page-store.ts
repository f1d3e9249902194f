/**
 * PageStore: items outside V8's heap. The only file that coordinates the parts below it; all of their state is in pages of a
 * `Memory`, so that nothing is left for the collector to scan.
 *
 * Invariants, after every public call: held memory is within `maxBytes`; index, LRU list, records and blocks hold the same items;
 * every removal is counted under its cause and reported once. Slots move: they are valid until the next call that may store or
 * remove.
 *
 * `private` is TypeScript's here and in the parts, as in the engine's store: with #names V8 inlines less.
 */

import { type Clock, monotonicClock, Timekeeper } from '../engine/clock.js';
import { barOf, bars } from '../engine/eviction-ages.js';
import { HitRatioWindow } from '../engine/hit-ratio-window.js';
import { Listeners } from '../engine/listeners.js';
import { type CurveQuery, checkQuery, curveOf, type MissRatioCurve } from '../engine/miss-ratio/curve.js';
import { MissRatioEstimator, type Variant } from '../engine/miss-ratio/estimator.js';
import { variantsBeside } from '../engine/miss-ratio/miniature-cache.js';
import { curveOption, type MissRatioCurveOptions } from '../engine/options.js';
import * as count from '../engine/stats.js';
import type { ChangeListener, Direction, DumpedEntry, RemovalCause, StoreResult } from '../engine/types.js';
import { invalidArgument, invalidOption, rejectUnknownOptions } from '../errors.js';
import { dumped } from '../items/dump.js';
import { Key } from '../items/key.js';
import type { ItemData, Items, KeyBytes } from '../items.js';
import { Arena, copyBytes, MAX_KEY_BYTES, RESERVED_SLOT } from './arena.js';
import { Budget, limitOf } from './budget.js';
import { Expiry, NEVER } from './expiry.js';
import {
  BUCKETS,
  CREDIT,
  EPOCH_MS,
  EVICTION_IDLE_TOTAL,
  FREE_RECORDS,
  GIVES_VERSIONS,
  HASH_SEED,
  HEADS_TOUCHED,
  HELD,
  Header,
  HITS,
  ITEM_BYTES,
  LAST_EVICTION_IDLE,
  LAST_STORED,
  LAST_VERSION,
  MAX_BYTES,
  MIX_SEED,
  PAGE_SHIFT,
  PINNED_SEGMENTS,
  RECORDS_END,
  RECORDS_TOUCHED,
  RESERVED,
  SEGMENT_BYTES_SHIFT,
  SEGMENTS,
  SIZE,
  STORES,
  UNIT_SHIFT,
} from './header.js';
import { KeyIndex, MAX_CHAIN } from './key-index.js';
import { LostKeys } from './lost-keys.js';
import { CURSORS_BYTES, LruList } from './lru-list.js';
import { type Memory, PlainMemory } from './memory.js';
import { Packer } from './packer.js';
import { pageSizes } from './page-sizes.js';
import {
  BITS_MASK,
  BITS_SHIFT,
  CAS,
  CAS_ELSEWHERE,
  CAS_SHIFT,
  DUE_MASK,
  FETCHED,
  NEWER,
  NEXT,
  NO_DUE,
  PLACE,
  RECORD_BYTES,
  RECORD_SHIFT,
  REST,
  Records,
  USED,
  USED_MASK,
  USED_SHIFT,
  WALKED,
} from './records.js';

/** What an item takes beside its block: a record, and a bucket. */
const ITEM_OVERHEAD_BYTES = RECORD_BYTES + 4;
/** Records checked for an expired item before a live one is evicted. */
const RECLAIM_LOOKS = 64;
/** Records that are given up for each item that is removed, while too many are free. */
const DROPPED_PER_ITEM = 2;
/** Free records that are kept: so many, and a sixteenth of the items. */
const SPARE_RECORDS = 256;
const SPARE_RECORDS_SHIFT = 4;
/** Smaller values are copied as they are stored: that costs less than a place of their own. */
const RESERVE_MIN_BYTES = 4096;
/** The share of the budget that may be reserved: a quarter. */
const RESERVED_SHARE = 4;
/** Bytes that each sweep gives back to the system although they could wait for their next use: that takes half a millisecond. */
const SWEPT_PENDING_BYTES = 4 * 1024 * 1024;
/** Items that are restored before the index takes them. */
const APPENDED_MAX = 2 ** 18;
const NO_SLOTS = new Int32Array(0);
/** Steps of `resize` at a time. */
const RESIZE_STEPS = 1024;

const WORD = 0x100000000;
// Indices of `times`.
const NOW = 0;
const DUE = 1;
/** Versions from here on have their upper bits in the item's block. */
const MAX_INLINE_VERSION = CAS_ELSEWHERE * WORD;
/** Times begin so long before the store, since clocks may go back: 34 years. */
const EPOCH_BEFORE_MS = 2 ** 40;
/** The last use has 36 bits: two years. */
const USED_SPAN_MS = 2 ** 36;

/** What a file knows about an item beside key and value. */
export interface ItemState {
  readonly flags: number;
  /** Above 0, or `Infinity`. */
  readonly remainingTtlMs: number;
  readonly idleMs: number;
  readonly fetched: boolean;
  readonly adapterBits: number;
}

/** What has become of an item that was offered: the key has one, had one that clients took away, or there is no room. */
export type OfferResult = 'stored' | 'present' | 'lost' | 'refused';

export interface PageStoreOptions {
  /** The most memory to hold, in bytes. */
  readonly maxBytes: number;
  /** The most bytes that an item may count. Default: `Infinity`. */
  readonly maxItemBytes?: number | undefined;
  /** Measures durations. Default: `monotonicClock`. */
  readonly clock?: Clock | undefined;
  /** Whether a full store evicts. Default: true. */
  readonly evict?: boolean | undefined;
  /** Where memory comes from. Default: this thread's own. */
  readonly memory?: Memory | undefined;
  /** Takes the store that `memory` holds, rather than begin one. Default: false. */
  readonly opens?: boolean | undefined;
  /** Where hashes of keys begin. Default: a random number. */
  readonly hashSeed?: number | undefined;
  /** As the option of `CacheEngine`. It follows what is read through this object. Default: false. */
  readonly missRatioCurve?: boolean | MissRatioCurveOptions | undefined;
}

const OPTIONS: ReadonlySet<string> = new Set<keyof PageStoreOptions>([
  'maxBytes',
  'maxItemBytes',
  'clock',
  'evict',
  'memory',
  'opens',
  'hashSeed',
  'missRatioCurve',
]);

/** What `toString` ends up in: without the detour over the encoding's name, a short text takes 30 ns less. */
type Utf8Slicer = Buffer & { utf8Slice(start: number, end: number): string };

/** What the curve takes of a hash, and at which misses it is asked at rest whether it should go on. */
const SAMPLE_MASK = 0x7fffffff;
const REST_MASK = 0xff;

export class PageStore implements Items {
  readonly clock: Clock;
  readonly evicts: boolean;
  adapter: object | null = null;
  readonly tags = null;
  readonly copiesValues = true;
  onEviction: ((slot: number) => void) | null = null;
  onRead: ((key: string) => void) | null = null;

  private readonly maxItemBytes: number;
  private readonly memory: Memory;
  private readonly ints: Int32Array;
  private readonly nums: Float64Array;
  private readonly counters: count.Counters;
  private readonly idles: Float64Array;
  private readonly budget: Budget;
  private readonly records: Records;
  private readonly arena: Arena;
  private readonly index: KeyIndex;
  private readonly lru: LruList;
  private readonly expiry: Expiry;
  private readonly packer: Packer;
  private readonly window: HitRatioWindow;
  private readonly time: Timekeeper;
  private readonly listeners: Listeners<string, undefined> = new Listeners<string, undefined>(null);
  private hasListeners = false;
  /** Null unless the store is being filled from elsewhere. */
  private lost: LostKeys | null = null;
  /** Of the write under way: as arguments, such numbers would be objects that V8 makes for each call. */
  private readonly times = new Float64Array(2);
  /** Null without a curve. */
  private readonly curve: MissRatioEstimator | null;
  private readonly variants: readonly Variant[];
  /** A key whose block is about to go. */
  private readonly ownKey: Buffer = Buffer.alloc(MAX_KEY_BYTES);
  private readonly ownData: ItemData = { bytes: Buffer.alloc(0), start: 0, end: 0, place: 0, owned: false };

  /** Throws `HOTSET_INVALID_OPTION`. */
  constructor(options: PageStoreOptions) {
    rejectUnknownOptions(options, OPTIONS);
    const { maxBytes, maxItemBytes = NEVER, clock = monotonicClock, evict = true, opens = false } = options;
    if (!Number.isSafeInteger(maxBytes) || maxBytes < 1)
      throw invalidOption('maxBytes', 'a whole number of bytes from 1', maxBytes);
    if (!(maxItemBytes >= 1)) throw invalidOption('maxItemBytes', 'a number of bytes from 1', maxItemBytes);
    const memory = options.memory ?? new PlainMemory();
    const header = new Header(memory, !opens);
    this.clock = clock;
    this.time = new Timekeeper(clock);
    this.evicts = evict;
    this.maxItemBytes = maxItemBytes;
    this.memory = memory;
    this.ints = header.ints;
    this.nums = header.nums;
    this.counters = header.counters;
    this.idles = header.idles;
    if (!opens) {
      const sizes = pageSizes(maxBytes);
      this.ints[PAGE_SHIFT] = sizes.pageShift;
      this.ints[SEGMENT_BYTES_SHIFT] = sizes.segmentShift;
      this.ints[UNIT_SHIFT] = sizes.unitShift;
    }
    const pageBytes = 1 << this.ints[PAGE_SHIFT]!;
    this.window = new HitRatioWindow(header.window);
    this.budget = new Budget(header, memory);
    this.records = new Records(header, memory, pageBytes);
    this.arena = new Arena(header, memory, this.budget, {
      unitShift: this.ints[UNIT_SHIFT]!,
      segmentBytes: 1 << this.ints[SEGMENT_BYTES_SHIFT]!,
    });
    this.index = new KeyIndex(header, memory, this.records, this.arena, pageBytes);
    this.lru = new LruList(header, memory, this.records);
    this.expiry = new Expiry(header, this.records);
    this.packer = new Packer(header, this.arena, this.records, this.budget);
    if (opens) this.refresh();
    else this.begin(maxBytes, options.hashSeed ?? (Math.random() * WORD) | 0);
    const curve = curveOption(options.missRatioCurve);
    this.variants = curve === null ? [] : variantsBeside('lru', 'bytes');
    this.curve = curve === null ? null : new MissRatioEstimator({ ...curve, variants: this.variants });
    const store = this;
    this.curve?.observe({
      get hits() {
        return store.nums[HITS]!;
      },
      get misses() {
        return count.missesOf(store.counters);
      },
      get size() {
        return Math.max(store.budget.itemLimit, 1);
      },
    });
  }

  private begin(maxBytes: number, hashSeed: number): void {
    const { ints, nums } = this;
    ints[HASH_SEED] = hashSeed;
    ints[MIX_SEED] = (Math.random() * WORD) | 0;
    nums[MAX_BYTES] = maxBytes;
    nums[EPOCH_MS] = Math.floor(this.time.now()) - EPOCH_BEFORE_MS;
    nums[HELD] = Header.bytes;
    this.records.begin();
    this.arena.begin();
    this.index.begin();
    this.expiry.begin();
    this.lru.begin();
  }

  /** Takes note of memory that another thread has added or given back. O(pages). */
  refresh(): void {
    this.records.refresh();
    this.arena.refresh();
    this.index.refresh();
  }

  /** Milliseconds since the epoch. */
  private now(): number {
    this.readClock();
    return this.times[NOW]!;
  }

  private readClock(): void {
    this.times[NOW] = Math.floor(this.time.now()) - this.nums[EPOCH_MS]!;
  }

  // What is held

  get hashSeed(): number {
    return this.ints[HASH_SEED]!;
  }

  get size(): number {
    return this.ints[SIZE]!;
  }

  /** What items and reserved values count. */
  get bytes(): number {
    return this.nums[ITEM_BYTES]!;
  }

  /** Memory that is held: `bytes` and holes, and what has not gone back to the system yet. */
  get heldBytes(): number {
    return this.budget.held;
  }

  get maxBytes(): number {
    return this.nums[MAX_BYTES]!;
  }

  get lastVersion(): number {
    return this.nums[LAST_VERSION]!;
  }

  get givesVersions(): boolean {
    return this.ints[GIVES_VERSIONS] !== 0;
  }

  get lastStored(): number {
    return this.ints[LAST_STORED]!;
  }

  get mayHaveExpired(): boolean {
    return this.expiry.mayHaveDue(this.now());
  }

  get oldestIdleMs(): number {
    return this.size === 0 ? 0 : this.idleMsAt(this.lru.oldest);
  }

  // Finding

  peek(key: KeyBytes): number {
    const slot = this.index.find(key, this.index.hash(key.hash));
    return slot === 0 || this.isExpired(slot) ? 0 : slot;
  }

  nextVersion(_key: KeyBytes): number {
    return this.nums[LAST_VERSION]! + 1;
  }

  read(key: KeyBytes): number {
    if (this.onRead !== null) this.onRead(key.text);
    const hash = this.index.hash(key.hash);
    const slot = this.index.find(key, hash);
    if (slot === 0) {
      this.missed(count.MISSES_ABSENT, hash);
      return 0;
    }
    this.readClock();
    const now = this.times[NOW]!;
    const { records } = this;
    const page = records.pages[slot >>> records.shift]!;
    const at = (slot & records.mask) << RECORD_SHIFT;
    const rest = page[at | REST]!;
    if ((rest & DUE_MASK) !== NO_DUE && this.expiry.dueAt(slot) <= now) {
      const freed = this.remove(slot, 'expired', hash);
      this.missed(count.MISSES_EXPIRED, hash);
      this.settle(freed);
      return -1;
    }
    this.nums[HITS]!++;
    if (this.curve !== null && (hash & SAMPLE_MASK) < this.curve.threshold)
      this.curve.hit(hash & SAMPLE_MASK, this.bytesAt(slot), this.expiry.dueAt(slot));
    page[at | USED] = now | 0;
    page[at | REST] = (rest & ~USED_MASK) | usedBits(now) | FETCHED;
    this.lru.promote(slot);
    return slot;
  }

  private missed(counter: number, hash: number): void {
    const misses = count.missesOf(this.counters);
    this.window.beforeMiss(this.nums[HITS]!, misses);
    this.counters[counter]!++;
    const { curve } = this;
    if (curve === null) return;
    if (curve.threshold === 0 && (misses & REST_MASK) === 0) curve.wake();
    if ((hash & SAMPLE_MASK) < curve.threshold) curve.miss(hash & SAMPLE_MASK, this.now());
  }

  private isExpired(slot: number): boolean {
    return (this.records.get(slot, REST) & DUE_MASK) !== NO_DUE && this.expiry.dueAt(slot) <= this.now();
  }

  // What is known about an item

  private placeOf(slot: number): number {
    return this.records.get(slot, PLACE);
  }

  keyAt(slot: number): string {
    const place = this.placeOf(slot);
    const start = this.arena.keyStart(place);
    return this.arena.bytesOf(place).toString('latin1', start, start + this.arena.keyBytes(place));
  }

  keyBytesAt(slot: number): number {
    return this.arena.keyBytes(this.placeOf(slot));
  }

  /** Copies the key to `target`, from `at` on, where there is room for it, and the value behind it where `withValue`. */
  copyItemAt(slot: number, withValue: boolean, target: Buffer, at: number): void {
    this.arena.copyItem(this.placeOf(slot), withValue, target, at);
  }

  valueBytesAt(slot: number): number {
    return this.arena.valueBytes(this.placeOf(slot));
  }

  copyValueAt(slot: number, target: Buffer, at: number): void {
    this.arena.copyValue(this.placeOf(slot), target, at);
  }

  valueAt(slot: number): Buffer {
    const { arena } = this;
    const place = this.placeOf(slot);
    const bytes = arena.bytesOf(place);
    const start = arena.valueStart(place);
    const end = start + arena.valueBytes(place);
    if (place < 0 && this.memory.canLend) {
      arena.large.lend(~place);
      return bytes.subarray(start, end);
    }
    const value = Buffer.allocUnsafe(end - start);
    copyBytes(bytes, start, end, value, 0);
    return value;
  }

  /** The value as text in UTF-8, without a copy of its bytes in between. O(bytes). */
  textAt(slot: number): string {
    const { arena } = this;
    const place = this.placeOf(slot);
    const start = arena.valueStart(place);
    return (arena.bytesOf(place) as Utf8Slicer).utf8Slice(start, start + arena.valueBytes(place));
  }

  flagsAt(slot: number): number {
    return this.arena.flags(this.placeOf(slot));
  }

  versionAt(slot: number): number | bigint {
    const low = this.records.get(slot, CAS) >>> 0;
    const high = this.records.get(slot, REST) >>> CAS_SHIFT;
    if (high !== CAS_ELSEWHERE) return high * WORD + low;
    const version = this.arena.versionHigh(this.placeOf(slot)) * WORD + low;
    if (version <= Number.MAX_SAFE_INTEGER) return version;
    return BigInt(this.arena.versionHigh(this.placeOf(slot))) * BigInt(WORD) + BigInt(low);
  }

  remainingTtlMsAt(slot: number): number {
    const due = this.expiry.dueAt(slot);
    return due === NEVER ? NEVER : due - this.now();
  }

  adapterBitsAt(slot: number): number {
    return (this.records.get(slot, REST) & BITS_MASK) >>> BITS_SHIFT;
  }

  fetchedAt(slot: number): boolean {
    return (this.records.get(slot, REST) & FETCHED) !== 0;
  }

  idleMsAt(slot: number): number {
    return Math.max(0, this.idleAt(slot, this.now()));
  }

  /** Not kept: it would take eight bytes more for each item. */
  ageMsAt(_slot: number): undefined {
    return undefined;
  }

  bytesAt(slot: number): number {
    return this.arena.sizeAt(this.placeOf(slot)) + ITEM_OVERHEAD_BYTES;
  }

  /** Below 0 when the clock has gone back since. */
  private idleAt(slot: number, now: number): number {
    const { records } = this;
    const high = (records.get(slot, REST) & USED_MASK) >>> USED_SHIFT;
    const used = high * WORD + (records.get(slot, USED) >>> 0);
    const idle = (now - used) % USED_SPAN_MS;
    if (idle > USED_SPAN_MS / 2) return idle - USED_SPAN_MS;
    return idle < -USED_SPAN_MS / 2 ? idle + USED_SPAN_MS : idle;
  }

  private setUsed(slot: number, time: number): void {
    const { records } = this;
    records.put(slot, USED, time | 0);
    records.put(slot, REST, (records.get(slot, REST) & ~USED_MASK) | usedBits(time));
  }

  // Changing an item where it is

  promoteAt(slot: number): void {
    this.lru.promote(slot);
  }

  touchAt(slot: number, ttlMs: number): void {
    const due = dueTime(ttlMs, this.now());
    const isSooner = due < this.expiry.dueAt(slot);
    this.expiry.set(slot, due);
    if (!isSooner || !this.hasListeners) return;
    this.reportChange(slot, 'touched');
    this.listeners.deliver();
  }

  setAdapterBitsAt(slot: number, bits: number): void {
    const { records } = this;
    records.put(slot, REST, (records.get(slot, REST) & ~BITS_MASK) | (bits << BITS_SHIFT));
  }

  setVersionAt(slot: number, version: number | bigint, fresh: boolean): void {
    this.ints[GIVES_VERSIONS] = 1;
    if (fresh && this.versionAt(slot) === this.nums[LAST_VERSION]) this.nums[LAST_VERSION]!--;
    this.giveVersion(slot, version, fresh ? 'stored' : 'touched');
  }

  renewVersionAt(slot: number): void {
    this.giveVersion(slot, ++this.nums[LAST_VERSION]!, 'touched');
  }

  beginVersions(above: number): void {
    this.nums[LAST_VERSION] = Math.max(this.nums[LAST_VERSION]!, above);
  }

  private giveVersion(slot: number, version: number | bigint, cause: 'stored' | 'touched'): void {
    if (version >= MAX_INLINE_VERSION && !this.giveExtra(slot)) return;
    this.putVersion(slot, version);
    if (!this.hasListeners) return;
    this.reportChange(slot, cause);
    this.listeners.deliver();
  }

  private putVersion(slot: number, version: number | bigint): void {
    const { records } = this;
    let high: number;
    if (typeof version === 'number') {
      records.put(slot, CAS, version | 0);
      high = Math.floor(version / WORD);
    } else {
      records.put(slot, CAS, Number(version & 0xffffffffn) | 0);
      high = Number(version >> 32n);
    }
    if (high >= CAS_ELSEWHERE) this.arena.setVersionHigh(this.placeOf(slot), high);
    records.put(
      slot,
      REST,
      (records.get(slot, REST) & ((1 << CAS_SHIFT) - 1)) | (Math.min(high, CAS_ELSEWHERE) << CAS_SHIFT),
    );
  }

  /** Gives an item's block room for flags and a version of 64 bits. False when there is none, and the item is gone. */
  private giveExtra(slot: number): boolean {
    const { arena } = this;
    const before = this.placeOf(slot);
    if (arena.hasExtra(before)) return true;
    const keyBytes = arena.keyBytes(before);
    const value = Buffer.from(this.valueAt(slot));
    this.keepKey(before);
    const place = this.exchange(slot, keyBytes, value.length, true, this.now());
    if (place === 0) return false;
    this.fill(place, slot, this.ownKey, 0, keyBytes, value, 0, value.length);
    arena.setFlags(place, 0);
    return true;
  }

  // Writing

  set(key: KeyBytes, data: ItemData, ttlMs: number, flags: number, keepRefused: boolean): StoreResult {
    this.readClock();
    const now = this.times[NOW]!;
    this.times[DUE] = dueTime(ttlMs, now);
    const hash = this.index.hash(key.hash);
    let slot = this.index.find(key, hash);
    if (slot !== 0 && this.expiry.dueAt(slot) <= now) {
      this.remove(slot, 'expired', hash);
      slot = 0;
    }
    return this.write(slot, key, hash, data, flags, 0, keepRefused);
  }

  update(slot: number, data: ItemData, keepRefused: boolean, keepBits: boolean): StoreResult {
    const bits = keepBits ? this.records.get(slot, REST) & (BITS_MASK | FETCHED) : 0;
    this.readClock();
    this.times[DUE] = this.expiry.dueAt(slot);
    return this.write(slot, null, 0, data, this.flagsAt(slot), bits, keepRefused);
  }

  extend(slot: number, data: ItemData, before: boolean, keepRefused: boolean): StoreResult {
    const { arena, ownData } = this;
    const place = this.placeOf(slot);
    const oldBytes = arena.valueBytes(place);
    const addedBytes = data.end - data.start;
    const joined = Buffer.allocUnsafe(oldBytes + addedBytes);
    this.copyValueAt(slot, joined, before ? addedBytes : 0);
    copyBytes(data.bytes, data.start, data.end, joined, before ? 0 : oldBytes);
    if (data.place !== 0) this.release(data);
    ownData.bytes = joined;
    ownData.start = 0;
    ownData.end = joined.length;
    ownData.place = 0;
    try {
      return this.update(slot, ownData, keepRefused, false);
    } finally {
      ownData.bytes = this.ownKey;
    }
  }

  /** The only place where a value enters, at the `times`. `key` is null for an item that is there. */
  private write(
    slotBefore: number,
    key: KeyBytes | null,
    hash: number,
    data: ItemData,
    flags: number,
    bits: number,
    keepRefused: boolean,
  ): StoreResult {
    const { arena, records, ints, nums, times } = this;
    const now = times[NOW]!;
    const due = times[DUE]!;
    const hasExtra = flags !== 0 || nums[LAST_VERSION]! + 1 >= MAX_INLINE_VERSION;
    let slot = slotBefore;
    let changedBytes: number;
    const before = slot === 0 ? 0 : records.get(slot, PLACE);
    if (due > now && this.isAlwaysRoom(before, data) && this.overwrite(before, data, hasExtra)) {
      this.lru.promote(slot);
      changedBytes = this.bytesAt(slot);
    } else {
      const result = this.writeElsewhere(slot, key, hash, data, hasExtra, keepRefused);
      slot = ints[LAST_STORED]!;
      if (result !== 'stored' || slot === 0) return result;
      changedBytes = this.changedBytes;
    }
    const version = ++nums[LAST_VERSION]!;
    const high = Math.floor(version / WORD);
    const page = records.pages[slot >>> records.shift]!;
    const record = (slot & records.mask) << RECORD_SHIFT;
    const place = page[record | PLACE]!;
    if (arena.hasExtra(place)) arena.setFlags(place, flags);
    page[record | CAS] = version | 0;
    page[record | USED] = now | 0;
    page[record | REST] =
      (page[record | REST]! & WALKED) |
      bits |
      NO_DUE |
      usedBits(now) |
      (Math.min(high, CAS_ELSEWHERE) << CAS_SHIFT);
    if (high >= CAS_ELSEWHERE) arena.setVersionHigh(place, high);
    if (due !== NEVER) this.expiry.set(slot, due);
    ints[LAST_STORED] = slot;
    nums[STORES]!++;
    if (this.curve !== null && this.curve.threshold !== 0)
      this.curve.store(this.index.hashAt(slot) & SAMPLE_MASK, this.bytesAt(slot), due);
    if (this.hasListeners) this.reportChange(slot, 'stored');
    this.settle(changedBytes);
    return 'stored';
  }

  /** Whether a value as long as the one at a place can be written there whatever the limits are. */
  private isAlwaysRoom(place: number, data: ItemData): boolean {
    const mayBeFull = !this.evicts && this.nums[ITEM_BYTES]! > this.budget.itemLimit;
    return place > 0 && data.place === 0 && !mayBeFull;
  }

  /** Writes a value where the one before it lies, if it takes just as much. */
  private overwrite(place: number, data: ItemData, hasExtra: boolean): boolean {
    const at = this.arena.reshape(place, data.end - data.start, hasExtra);
    if (at !== 0) this.arena.write(place, at, data.bytes, data.start, data.end);
    return at !== 0;
  }

  /** Bytes that `writeElsewhere` has freed and stored. */
  private changedBytes = 0;

  /** Finds a value its place. The item's slot is in LAST_STORED then, or 0 for a value that has expired at once. */
  private writeElsewhere(
    slotBefore: number,
    key: KeyBytes | null,
    hash: number,
    data: ItemData,
    hasExtra: boolean,
    keepRefused: boolean,
  ): StoreResult {
    const { arena, records, ints } = this;
    const now = this.times[NOW]!;
    let slot = slotBefore;
    const valueBytes = data.end - data.start;
    const before = slot === 0 ? 0 : records.get(slot, PLACE);
    const keyBytes = key === null ? arena.keyBytes(before) : key.end - key.start;
    const itemBytes = this.itemBytes(keyBytes, valueBytes, hasExtra);
    if (itemBytes > this.maxItemBytes || itemBytes > this.budget.itemLimit || keyBytes > MAX_KEY_BYTES)
      return this.refuse(slot, key, 'too-large', keepRefused);
    if (this.times[DUE]! <= now) return this.storeExpired(slot, key, data);
    if (!this.evicts && !this.fits(slot, itemBytes, now, hash))
      return this.refuse(slot, key, 'no-room', keepRefused);

    let freed = 0;
    if (data.place !== 0 && this.isWhole(data))
      slot = this.takeReserved(slot, key, hash, data, keyBytes, now);
    else if (slot !== 0 && this.overwrite(before, data, hasExtra)) this.lru.promote(slot);
    else if (slot !== 0) {
      this.lru.promote(slot);
      if (key === null) this.keepKey(before);
      freed = arena.sizeAt(before);
      const place = this.exchange(slot, keyBytes, valueBytes, hasExtra, now);
      if (place === 0) slot = 0;
      else if (key === null)
        this.fill(place, slot, this.ownKey, 0, keyBytes, data.bytes, data.start, data.end);
      else this.fill(place, slot, key.bytes, key.start, keyBytes, data.bytes, data.start, data.end);
    } else {
      slot = this.takeSlot(hash, itemBytes, now);
      const place = slot === 0 ? 0 : this.allocate(keyBytes, valueBytes, hasExtra, 0, now);
      if (place !== 0) {
        const { bytes, start } = key!;
        this.fill(place, slot, bytes, start, keyBytes, data.bytes, data.start, data.end);
        this.enter(slot, place, hash);
      } else if (slot !== 0) {
        records.release(slot);
        slot = 0;
      }
    }
    if (slot === 0) {
      this.counters[count.REFUSALS]!++;
      this.settle(freed);
      return 'no-room';
    }
    ints[LAST_STORED] = slot;
    this.changedBytes = freed + itemBytes;
    return 'stored';
  }

  // Filling it from elsewhere

  /** From here on the store notes which keys lose their items, so that `offer` brings none of them back. */
  beginOffers(): void {
    this.lost = new LostKeys();
  }

  endOffers(): void {
    this.lost = null;
  }

  /** Whether everything was removed since `beginOffers`: what is still to come is out of date. */
  get hasLostAll(): boolean {
    return this.lost?.all ?? false;
  }

  /** Stores an item from elsewhere as the newest, unless clients have written or removed its key since `beginOffers`. */
  offer(key: KeyBytes, data: ItemData, ttlMs: number, flags: number): OfferResult {
    const hash = this.index.hash(key.hash);
    // One that has expired is newer too, and has gone.
    if (this.index.find(key, hash) !== 0) return 'present';
    if (this.lost?.has(hash)) return 'lost';
    return this.set(key, data, ttlMs, flags, true) === 'stored' ? 'stored' : 'refused';
  }

  /** Fits the index to so many items, as far as they have room: before they are restored, and after. O(items). */
  prepare(items: number, isBefore: boolean): void {
    const most = this.budget.itemLimit / (ITEM_OVERHEAD_BYTES + 16);
    this.index.prepare(Math.max(this.size, Math.floor(Math.min(items, most))), isBefore);
    this.appended = isBefore ? new Int32Array(Math.min(items, APPENDED_MAX) * 2) : NO_SLOTS;
  }

  /** Stores an item of a file. One that is too large, or has no room, is left out. Other calls wait for `endRestore`. */
  restore(key: KeyBytes, data: ItemData, state: ItemState): void {
    if (this.append(key, data, state)) return;
    this.endRestore();
    const result = this.set(key, data, state.remainingTtlMs, state.flags, false);
    if (result === 'stored' && this.lastStored !== 0) this.restoreStateAt(this.lastStored, state);
  }

  private restoreStateAt(
    slot: number,
    { idleMs, fetched, adapterBits }: Omit<DumpedEntry<string, Buffer>, 'key' | 'value'>,
  ): void {
    this.setUsed(slot, this.now() - (idleMs ?? 0));
    if (fetched === true) this.records.put(slot, REST, this.records.get(slot, REST) | FETCHED);
    this.setAdapterBitsAt(slot, adapterBits ?? 0);
  }

  /** Items that have been restored can be found from now on; of two with the same key, the newer one stays. */
  endRestore(): void {
    const count = this.appendedCount;
    if (count === 0) return;
    this.appendedCount = 0;
    while (this.budget.allows(4) && this.index.grow());
    this.index.insertRestored(this.appended, count, this.removeRestored);
  }

  private readonly removeRestored = (slot: number, hash: number, isSame: boolean): void => {
    this.remove(slot, isSame ? 'replaced' : 'evicted', hash, this.now());
  };

  /** Slots that `restore` has filled, and that the index does not have yet, each with its hash. */
  private appended: Int32Array = NO_SLOTS;
  private appendedCount = 0;

  /** Writes what `write` does of a new item behind all blocks, where nothing has to go; false where that does not do. */
  private append(key: KeyBytes, data: ItemData, state: ItemState): boolean {
    const { arena, records, budget, ints, nums } = this;
    const now = this.now();
    const keyBytes = key.end - key.start;
    const valueBytes = data.end - data.start;
    const version = nums[LAST_VERSION]! + 1;
    const hasExtra = state.flags !== 0 || version >= MAX_INLINE_VERSION;
    const bytes = arena.blockBytes(keyBytes, valueBytes, false, hasExtra);
    const units = arena.unitsOf(bytes);
    const itemBytes = (units << arena.unitShift) + ITEM_OVERHEAD_BYTES;
    if (
      this.hasListeners ||
      this.appended.length === 0 ||
      keyBytes > MAX_KEY_BYTES ||
      bytes >= arena.largeFromBytes ||
      itemBytes > this.maxItemBytes ||
      nums[ITEM_BYTES]! + itemBytes > budget.itemLimit ||
      !budget.allows(records.growthBytes)
    )
      return false;
    const slot = records.take();
    const place = slot === 0 ? 0 : arena.takeFresh(units, false);
    if (place === 0) {
      if (slot !== 0) records.release(slot);
      return false;
    }
    arena.describe(place, slot, keyBytes, valueBytes, false, hasExtra);
    const keyAt = arena.keyStart(place);
    // In a file, the value is behind its key.
    const isOnePiece = key.bytes === data.bytes && key.end === data.start;
    arena.write(place, keyAt, key.bytes, key.start, isOnePiece ? data.end : key.end);
    if (!isOnePiece) arena.write(place, keyAt + keyBytes, data.bytes, data.start, data.end);
    const used = now - state.idleMs;
    const high = Math.floor(version / WORD);
    if (hasExtra) {
      arena.setFlags(place, state.flags);
      arena.setVersionHigh(place, high);
    }
    const page = records.pages[slot >>> records.shift]!;
    const record = (slot & records.mask) << RECORD_SHIFT;
    page[record | NEXT] = 0;
    page[record | PLACE] = place;
    page[record | CAS] = version | 0;
    page[record | USED] = used | 0;
    page[record | REST] =
      (state.fetched ? FETCHED : 0) |
      (state.adapterBits << BITS_SHIFT) |
      NO_DUE |
      ((Math.floor(used / WORD) & 0xf) << USED_SHIFT) |
      (Math.min(high, CAS_ELSEWHERE) << CAS_SHIFT);
    if (state.remainingTtlMs !== NEVER) this.expiry.set(slot, dueTime(state.remainingTtlMs, now));
    nums[LAST_VERSION] = version;
    nums[ITEM_BYTES]! += itemBytes;
    nums[STORES]!++;
    ints[SIZE]!++;
    ints[LAST_STORED] = slot;
    this.lru.link(slot);
    this.appended[this.appendedCount * 2] = slot;
    this.appended[this.appendedCount++ * 2 + 1] = this.index.hash(key.hash);
    if (this.appendedCount * 2 === this.appended.length) this.endRestore();
    return true;
  }

  /** What such an item counts. */
  private itemBytes(keyBytes: number, valueBytes: number, hasExtra: boolean): number {
    const { arena } = this;
    const bytes = arena.blockBytes(keyBytes, valueBytes, false, hasExtra);
    if (bytes < arena.largeFromBytes) return (arena.unitsOf(bytes) << arena.unitShift) + ITEM_OVERHEAD_BYTES;
    return (
      arena.large.countedBytes(arena.blockBytes(keyBytes, valueBytes, true, hasExtra)) + ITEM_OVERHEAD_BYTES
    );
  }

  /** Gives a new item its place in index and order. */
  private enter(slot: number, place: number, hash: number): void {
    const { records, ints } = this;
    records.put(slot, PLACE, place);
    records.put(slot, REST, 0);
    ints[SIZE]!++;
    this.index.insert(slot, hash, this.budget.allows(4));
    this.lru.link(slot);
  }

  private keepKey(place: number): void {
    const start = this.arena.keyStart(place);
    this.arena.bytesOf(place).copy(this.ownKey, 0, start, start + this.arena.keyBytes(place));
  }

  /** Writes key and value into a new block, which counts from then on. */
  private fill(
    place: number,
    slot: number,
    key: Uint8Array,
    keyStart: number,
    keyBytes: number,
    value: Buffer,
    start: number,
    end: number,
  ): void {
    const { arena } = this;
    arena.describe(place, slot, keyBytes, end - start, place < 0, this.takesExtra);
    arena.write(place, arena.keyStart(place), key, keyStart, keyStart + keyBytes);
    arena.write(place, arena.valueStart(place), value, start, end);
    this.nums[ITEM_BYTES]! += itemBytesOf(arena, place);
  }

  /** Whether the block that was allocated last has room for flags. */
  private takesExtra = false;

  /** Frees an item's block and allocates another; the item is the newest, so that it stays. 0 when it had to go. */
  private exchange(
    slot: number,
    keyBytes: number,
    valueBytes: number,
    hasExtra: boolean,
    now: number,
  ): number {
    const { records, nums } = this;
    const before = records.get(slot, PLACE);
    const hash = this.index.hashAt(slot);
    nums[ITEM_BYTES]! -= itemBytesOf(this.arena, before);
    this.freeBlock(before);
    records.put(slot, PLACE, 0);
    const place = this.allocate(keyBytes, valueBytes, hasExtra, slot, now);
    if (place === 0) {
      this.takeOut(slot, hash);
      return 0;
    }
    records.put(slot, PLACE, place);
    return place;
  }

  private freeBlock(place: number): void {
    if (place < 0) this.arena.large.free(~place);
    else this.arena.free(place, this.arena.unitsAt(place));
  }

  // Making room

  /** Whether a store that does not evict has room, once what has expired is gone. */
  private fits(slot: number, itemBytes: number, now: number, hash: number): boolean {
    const before = slot === 0 ? 0 : this.bytesAt(slot);
    if (slot === 0 && this.index.looks >= MAX_CHAIN && this.index.lastOf(hash) !== 0) return false;
    while (this.nums[ITEM_BYTES]! - before + itemBytes > this.budget.itemLimit)
      if (!this.reclaimExpired(now)) return false;
    return true;
  }

  /** A record for a new item; 0 when there is none. */
  private takeSlot(hash: number, itemBytes: number, now: number): number {
    const { records, budget, nums } = this;
    if (this.index.looks >= MAX_CHAIN) this.remove(this.index.lastOf(hash), 'evicted', hash, now);
    this.packer.allow(itemBytes);
    while (records.growthBytes > 0 && !budget.allows(records.growthBytes)) {
      const isFull = nums[ITEM_BYTES]! + itemBytes > budget.itemLimit;
      if (isFull ? this.evict(0, now) : this.packer.makeRoom(ITEM_OVERHEAD_BYTES) || this.evict(0, now))
        continue;
      return 0;
    }
    return records.take();
  }

  /** A block for such an item, without its contents; `kept` is not evicted. 0 when there is no room. */
  private allocate(
    keyBytes: number,
    valueBytes: number,
    hasExtra: boolean,
    kept: number,
    now: number,
  ): number {
    const { arena } = this;
    const bytes = arena.blockBytes(keyBytes, valueBytes, false, hasExtra);
    this.takesExtra = hasExtra;
    if (bytes < arena.largeFromBytes) return this.allocateUnits(arena.unitsOf(bytes), kept, now);
    return this.allocateLarge(arena.blockBytes(keyBytes, valueBytes, true, hasExtra), kept, now);
  }

  private allocateUnits(units: number, kept: number, now: number): number {
    const { arena, budget, nums } = this;
    const itemBytes = (units << arena.unitShift) + ITEM_OVERHEAD_BYTES;
    this.packer.allow(itemBytes);
    for (;;) {
      const place = arena.take(units);
      if (place !== 0) return place;
      const isFull = nums[ITEM_BYTES]! + itemBytes > budget.itemLimit;
      if (!isFull && this.packer.makeHole(units)) continue;
      // Too many holes for a while are better than an item less.
      const fresh = isFull ? 0 : arena.takeFresh(units, false);
      if (fresh !== 0) return fresh;
      if (!this.evict(kept, now)) return 0;
    }
  }

  private allocateLarge(bytes: number, kept: number, now: number): number {
    const { arena, budget, nums } = this;
    const growth = arena.large.growthBytes(bytes);
    this.packer.allow(growth);
    for (;;) {
      // Memory that cannot be moved may have no place for a page, though there is enough.
      const id = budget.allows(growth) ? arena.large.take(bytes) : -1;
      if (id >= 0) return ~id;
      const isFull = nums[ITEM_BYTES]! + growth + ITEM_OVERHEAD_BYTES > budget.itemLimit;
      if (isFull ? this.evict(kept, now) : this.packer.makeRoom(growth) || this.evict(kept, now)) continue;
      return 0;
    }
  }

  /** Removes an expired item, if a bounded search finds one, or the oldest but `kept`. False when there is none. */
  private evict(kept: number, now: number): boolean {
    if (this.reclaimExpired(now)) return true;
    if (!this.evicts) return false;
    let { oldest } = this.lru;
    if (oldest === kept && kept !== 0) oldest = this.records.get(oldest, NEWER);
    if (oldest === 0) return false;
    this.remove(oldest, this.expiry.dueAt(oldest) <= now ? 'expired' : 'evicted', undefined, now);
    return true;
  }

  private reclaimExpired(now: number): boolean {
    return this.expiry.mayHaveDue(now) && this.expiry.sweep(now, RECLAIM_LOOKS, this.removeExpired) > 0;
  }

  private readonly removeExpired = (slot: number): void => {
    this.remove(slot, 'expired');
  };

  // Reserving

  reserve(bytes: number, data: ItemData): boolean {
    const { arena, nums, ints } = this;
    if (bytes < RESERVE_MIN_BYTES) return false;
    const now = this.now();
    const blockBytes = arena.blockBytes(0, bytes, true, true);
    const isLarge = blockBytes >= arena.largeFromBytes;
    const counted = isLarge
      ? arena.large.countedBytes(blockBytes)
      : arena.unitsOf(blockBytes) << arena.unitShift;
    if (nums[RESERVED]! + counted > nums[MAX_BYTES]! / RESERVED_SHARE) return false;
    if (counted > this.maxItemBytes || (nums[ITEM_BYTES]! + counted > this.budget.itemLimit && !this.evicts))
      return false;
    if (!isLarge && ints[PINNED_SEGMENTS]! > ints[SEGMENTS]! >>> 2) return false;
    const place = isLarge
      ? this.allocateLarge(blockBytes, 0, now)
      : this.allocateUnits(arena.unitsOf(blockBytes), 0, now);
    if (place !== 0) {
      arena.describe(place, RESERVED_SLOT, 0, bytes, true, true);
      if (place > 0) arena.pin(place, 1);
      const size = arena.sizeAt(place);
      nums[RESERVED]! += size;
      nums[ITEM_BYTES]! += size;
      data.bytes = arena.bytesOf(place);
      data.start = arena.valueStart(place);
      data.end = data.start + bytes;
      data.place = place;
    }
    this.settle(counted);
    return place !== 0;
  }

  release(data: ItemData): void {
    const { place } = data;
    if (place === 0) return;
    data.place = 0;
    const size = this.unreserve(place);
    this.nums[ITEM_BYTES]! -= size;
    this.freeBlock(place);
    this.settle(size);
  }

  /** A reserved block is not one any more; returns its bytes, which are still counted. */
  private unreserve(place: number): number {
    const size = this.arena.sizeAt(place);
    this.nums[RESERVED]! -= size;
    if (place > 0) this.arena.pin(place, -1);
    return size;
  }

  /** Whether data is all that was reserved. */
  private isWhole({ place, start, end }: ItemData): boolean {
    const { arena } = this;
    return start === arena.valueStart(place) && end - start === arena.valueBytes(place);
  }

  /** Makes a reserved block an item's. Returns its slot; 0 when there is no room. */
  private takeReserved(
    slotBefore: number,
    key: KeyBytes | null,
    hash: number,
    data: ItemData,
    keyBytes: number,
    now: number,
  ): number {
    const { arena, records, nums } = this;
    const { place } = data;
    let slot = slotBefore;
    if (slot === 0) {
      slot = this.takeSlot(hash, ITEM_OVERHEAD_BYTES, now);
      if (slot === 0) return 0;
    } else {
      const before = records.get(slot, PLACE);
      this.keepKey(before);
      nums[ITEM_BYTES]! -= itemBytesOf(arena, before);
      this.freeBlock(before);
    }
    this.unreserve(place);
    nums[ITEM_BYTES]! += ITEM_OVERHEAD_BYTES;
    arena.describe(place, slot, keyBytes, data.end - data.start, true, true);
    const at = arena.keyStart(place);
    const bytes = arena.bytesOf(place);
    if (key === null) this.ownKey.copy(bytes, at, 0, keyBytes);
    else for (let i = 0; i < keyBytes; i++) bytes[at + i] = key.bytes[key.start + i]!;
    data.place = 0;
    if (slotBefore === 0) this.enter(slot, place, hash);
    else {
      records.put(slot, PLACE, place);
      this.lru.promote(slot);
    }
    return slot;
  }

  // Refusing, and removing

  private refuse(
    slot: number,
    key: KeyBytes | null,
    refusal: 'too-large' | 'no-room',
    keepRefused: boolean,
  ): StoreResult {
    this.counters[count.REFUSALS]!++;
    let freed = 0;
    if (slot === 0 && !keepRefused) this.lost?.add(this.index.hash(key!.hash));
    if (slot !== 0 && !keepRefused) {
      const text = this.hasListeners ? (key?.text ?? this.keyAt(slot)) : '';
      freed = this.remove(slot, 'replaced');
      if (this.hasListeners) this.listeners.changed({ key: text, cause: 'deleted', version: undefined });
    }
    this.settle(freed);
    return refusal;
  }

  /** A value that has expired at once: removes the old item and evicts nothing. */
  private storeExpired(slot: number, key: KeyBytes | null, data: ItemData): StoreResult {
    const text = this.hasListeners ? (key?.text ?? this.keyAt(slot)) : '';
    if (slot === 0) this.lost?.add(this.index.hash(key!.hash));
    const freed = slot === 0 ? 0 : this.remove(slot, 'replaced');
    if (data.place !== 0) this.release(data);
    this.nums[LAST_VERSION]!++;
    this.nums[STORES]!++;
    this.counters[count.EXPIRATIONS]!++;
    this.counters[count.EXPIRATIONS_UNFETCHED]!++;
    this.ints[LAST_STORED] = 0;
    if (this.hasListeners) this.listeners.changed({ key: text, cause: 'expired', version: undefined });
    this.settle(freed);
    return 'stored';
  }

  /** Counts a removal under its cause and takes the item out. Returns the bytes that are free now. */
  private remove(slot: number, cause: RemovalCause, hash?: number, now = 0): number {
    const { counters, arena } = this;
    const isUnfetched = !this.fetchedAt(slot);
    if (cause === 'evicted') {
      counters[count.EVICTIONS]!++;
      if (isUnfetched) counters[count.EVICTIONS_UNFETCHED]!++;
      if ((this.records.get(slot, REST) & DUE_MASK) !== NO_DUE) counters[count.EVICTIONS_WITH_TTL]!++;
      const idle = this.idleAt(slot, now);
      this.nums[LAST_EVICTION_IDLE] = idle;
      this.nums[EVICTION_IDLE_TOTAL]! += Math.max(0, idle);
      this.idles[barOf(idle)]!++;
      this.onEviction?.(slot);
    } else if (cause === 'expired') {
      counters[count.EXPIRATIONS]!++;
      if (isUnfetched) counters[count.EXPIRATIONS_UNFETCHED]!++;
    } else if (cause === 'deleted') counters[count.DELETIONS]!++;
    if (this.hasListeners && cause !== 'replaced' && cause !== 'cleared')
      this.listeners.changed({ key: this.keyAt(slot), cause, version: undefined });
    const place = this.placeOf(slot);
    const freed = itemBytesOf(arena, place);
    const hashed = hash ?? this.index.hashAt(slot);
    this.lost?.add(hashed);
    if (this.curve !== null && cause !== 'evicted' && (hashed & SAMPLE_MASK) < this.curve.threshold)
      this.curve.forget(hashed & SAMPLE_MASK);
    this.nums[ITEM_BYTES]! -= freed;
    this.freeBlock(place);
    this.takeOut(slot, hashed);
    return freed;
  }

  /** Takes an item without a block out of index, order and records. */
  private takeOut(slot: number, hash: number): void {
    this.removed++;
    this.lru.unlink(slot);
    this.ints[SIZE]!--;
    this.index.remove(slot, hash);
    this.records.release(slot);
    if (this.ints[LAST_STORED] === slot) this.ints[LAST_STORED] = 0;
  }

  /** Items removed since the last `settle`. */
  private removed = 0;

  /** Pays for the bytes that were stored or freed, and reports: every method that writes ends with this. */
  private settle(bytes: number): void {
    if (this.budget.isLoose) this.packer.pay(bytes);
    else this.nums[CREDIT] = 0;
    if (this.hasSpareRecords)
      for (let left = (this.removed + 1) * DROPPED_PER_ITEM; left > 0 && this.hasSpareRecords; left--)
        this.dropTop();
    this.removed = 0;
    if (this.memory.pendingBytes > 0 && this.budget.keepsTooMuch) this.memory.giveBack(1);
    if (this.hasListeners) this.listeners.deliver();
  }

  private get hasSpareRecords(): boolean {
    return this.ints[FREE_RECORDS]! > SPARE_RECORDS + (this.ints[SIZE]! >>> SPARE_RECORDS_SHIFT);
  }

  /** Gives up the topmost record; its item moves to a free one. */
  private dropTop(): void {
    const { records, ints } = this;
    const top = ints[RECORDS_END]! - 1;
    if (records.isUsed(top)) {
      const hash = this.index.hashAt(top);
      let to = records.take();
      for (let word = 0; word < 1 << RECORD_SHIFT; word++) records.put(to, word, records.get(top, word));
      this.index.move(top, to, hash);
      this.lru.move(top, to);
      this.arena.setSlot(records.get(to, PLACE), to);
      this.expiry.moved(to);
      if (ints[LAST_STORED] === top) ints[LAST_STORED] = to;
      to = top;
      records.release(to);
    }
    records.dropTop();
  }

  delete(key: KeyBytes): boolean {
    const hash = this.index.hash(key.hash);
    const slot = this.index.find(key, hash);
    if (slot === 0) {
      this.lost?.add(hash);
      return false;
    }
    const isLive = !this.isExpired(slot);
    this.settle(this.remove(slot, isLive ? 'deleted' : 'expired', hash));
    return isLive;
  }

  deleteAt(slot: number): void {
    this.settle(this.remove(slot, this.isExpired(slot) ? 'expired' : 'deleted'));
  }

  /** O(pages); the memory goes back to the system a piece at a time, in later calls. */
  clear(): void {
    const { ints, nums } = this;
    this.curve?.clear();
    this.lru.clear();
    this.arena.clear();
    this.index.clear();
    this.records.clear();
    this.expiry.begin();
    ints[SIZE] = 0;
    ints[LAST_STORED] = 0;
    nums[ITEM_BYTES] = nums[RESERVED]!;
    nums[CREDIT] = 0;
    if (this.lost !== null) this.lost.all = true;
    if (!this.hasListeners) return;
    this.listeners.changed({ key: undefined, cause: 'cleared', version: undefined });
    this.listeners.deliver();
  }

  sweepExpired(limit: number): number {
    if (typeof limit !== 'number' || !(limit >= 0))
      throw invalidArgument('limit', 'a number of items, 0 or more', limit);
    this.memory.giveBack(SWEPT_PENDING_BYTES);
    this.memory.giveBackWhile(this.keepsTooMuch);
    const now = this.now();
    const before = this.nums[ITEM_BYTES]!;
    const expired = this.expiry.mayHaveDue(now) ? this.expiry.sweep(now, limit, this.removeExpired) : 0;
    this.settle(before - this.nums[ITEM_BYTES]!);
    return expired;
  }

  private readonly keepsTooMuch = (): boolean => this.budget.keepsTooMuch;

  oldestUnusedSince(timeMs: number): number {
    const { oldest } = this.lru;
    if (oldest === 0) return 0;
    const now = this.now();
    return now - this.idleAt(oldest, now) + this.nums[EPOCH_MS]! < timeMs ? oldest : 0;
  }

  // Limits

  resize(maxBytes: number): void {
    if (!Number.isSafeInteger(maxBytes) || maxBytes < 1)
      throw invalidOption('maxBytes', 'a whole number of bytes from 1', maxBytes);
    while (this.shrinkTowards(maxBytes, RESIZE_STEPS));
    this.nums[MAX_BYTES] = maxBytes;
    this.settle(0);
  }

  shrinkTowards(maxBytes: number, steps: number): boolean {
    const now = this.now();
    let left = steps;
    for (; left > 0 && this.budget.held > maxBytes; left--) {
      const isOver = this.nums[ITEM_BYTES]! > limitOf(maxBytes);
      if (isOver && this.size > 0) {
        const { oldest } = this.lru;
        this.remove(oldest, this.expiry.dueAt(oldest) <= now ? 'expired' : 'evicted', undefined, now);
      } else if (this.memory.giveBack(1)) continue;
      else if (this.hasSpareRecords) this.dropTop();
      else {
        this.packer.allow(maxBytes / RESIZE_STEPS);
        if (!this.packer.makeRoom(this.nums[MAX_BYTES]! - maxBytes) && !this.evict(0, now)) break;
      }
    }
    if (this.hasListeners) this.listeners.deliver();
    return left === 0;
  }

  // Looking at all

  *walk(order: Direction): Generator<number, void, undefined> {
    for (const slot of this.lru.walk(order)) if (!this.isExpired(slot)) yield slot;
  }

  /** Over records, from the topmost one down: items move to lower ones only. */
  scan(prefix: string, from: number, looks: number, visit: (slot: number) => boolean): number {
    const { records, arena } = this;
    const start = Buffer.from(prefix, 'latin1');
    const top = this.ints[RECORDS_END]! - 1;
    let slot = from === 0 ? top : Math.min(from, top);
    for (let left = looks; left > 0 && slot > 0; left--, slot--) {
      if (!records.isUsed(slot) || !arena.keyBegins(this.placeOf(slot), start)) continue;
      if (!this.isExpired(slot) && !visit(slot)) return slot - 1;
    }
    return slot;
  }

  dump(): Iterable<DumpedEntry<string, Buffer>> {
    return dumped(this);
  }

  load(entries: Iterable<DumpedEntry<string, Buffer>>): number {
    const { ownData } = this;
    const key = new Key(this.hashSeed);
    let stored = 0;
    for (const entry of entries) {
      const ttlMs = entry.remainingTtlMs ?? NEVER;
      ownData.bytes = entry.value;
      ownData.start = 0;
      ownData.end = entry.value.length;
      ownData.place = 0;
      if (this.set(key.setText(entry.key), ownData, ttlMs, entry.flags ?? 0, false) !== 'stored') continue;
      stored++;
      const slot = this.lastStored;
      if (slot === 0) continue;
      this.restoreStateAt(slot, entry);
    }
    ownData.bytes = this.ownKey;
    return stored;
  }

  stats(): count.EngineStats {
    const { nums, window, counters } = this;
    const snapshot = count.snapshot(counters, window, null, {
      hits: nums[HITS]!,
      stores: nums[STORES]!,
      size: this.size,
      bytes: this.bytes,
      maxBytes: this.maxBytes,
      maxEntries: NEVER,
    });
    return Object.freeze({
      ...snapshot,
      lastEvictionIdleMs: nums[LAST_EVICTION_IDLE]!,
      evictionIdles: bars(this.idles),
      evictionIdleMsTotal: nums[EVICTION_IDLE_TOTAL]!,
    });
  }

  /**
   * What hit ratio the store would have with more or less memory, or with another policy: as the method of `CacheEngine`. Sizes
   * are what items may take.
   */
  missRatioCurve(query: CurveQuery = {}): MissRatioCurve | undefined {
    checkQuery(query);
    if (this.curve === null) return undefined;
    this.curve.wake();
    const size = this.budget.itemLimit;
    return curveOf(this.curve.estimate(), { unit: 'bytes', size, policy: 'lru' }, this.variants, query);
  }

  resetStats(): void {
    this.curve?.reset();
    this.counters.fill(0);
    this.idles.fill(0);
    this.window.reset();
    for (const number of [HITS, STORES, LAST_EVICTION_IDLE, EVICTION_IDLE_TOTAL]) this.nums[number] = 0;
  }

  /** What is inconsistent, one sentence each; empty when all is well. O(n). */
  verify(): string[] {
    const { ints, nums, arena, records } = this;
    const problems = [...this.lru.verify(this.size), ...records.verify(this.size)];
    let counted = 0;
    let reserved = 0;
    let blocks = 0;
    problems.push(
      ...arena.verify((place, slot, isReserved) => {
        const size = arena.sizeAt(place);
        counted += size;
        if (isReserved) reserved += size;
        else {
          blocks++;
          counted += ITEM_OVERHEAD_BYTES;
          if (!records.isUsed(slot) || records.get(slot, PLACE) !== place)
            problems.push(`the block at place ${place} is of slot ${slot}, which has another`);
        }
      }),
    );
    // Broken blocks would not let keys be read.
    if (problems.length > 0) return problems;
    problems.push(...this.index.verify(this.size), ...this.expiry.verify());
    if (blocks !== this.size) problems.push(`${this.size} items have ${blocks} blocks`);
    if (counted !== nums[ITEM_BYTES])
      problems.push(`items count ${counted} bytes, the store ${nums[ITEM_BYTES]}`);
    if (reserved !== nums[RESERVED]) problems.push(`${reserved} bytes are reserved, not ${nums[RESERVED]}`);
    const held =
      Header.bytes +
      ints[RECORDS_TOUCHED]! * RECORD_BYTES +
      ints[HEADS_TOUCHED]! * 4 +
      arena.touchedBytes +
      CURSORS_BYTES;
    if (held !== nums[HELD]) problems.push(`pages sum to ${held} bytes, the store counts ${nums[HELD]}`);
    if (this.heldBytes > this.maxBytes && this.size > 0)
      problems.push(`${this.heldBytes} bytes are held, ${this.maxBytes} are allowed`);
    if (this.size > ints[BUCKETS]! * 2 + 64)
      problems.push(`${ints[BUCKETS]} buckets are few for ${this.size} items`);
    const versions = new Set<number | bigint>();
    for (let slot = this.lru.oldest; slot !== 0 && !this.givesVersions; slot = records.get(slot, NEWER)) {
      if (versions.has(this.versionAt(slot))) problems.push(`slot ${slot} has the version of another`);
      versions.add(this.versionAt(slot));
    }
    return problems;
  }

  // Being told

  subscribe(prefix: string, listener: ChangeListener<string>): () => void {
    if (typeof prefix !== 'string') throw invalidArgument('prefix', 'a text', prefix);
    if (typeof listener !== 'function') throw invalidArgument('listener', 'a function', listener);
    const unsubscribe = this.listeners.subscribe(prefix, listener);
    this.hasListeners = true;
    return () => {
      unsubscribe();
      this.hasListeners = this.listeners.hasListeners;
    };
  }

  private reportChange(slot: number, cause: 'stored' | 'touched'): void {
    this.listeners.changed({ key: this.keyAt(slot), cause, version: this.versionAt(slot) });
  }

  endTurn(): void {}
}

/** What the item in a block counts. */
function itemBytesOf(arena: Arena, place: number): number {
  return arena.sizeAt(place) + ITEM_OVERHEAD_BYTES;
}

/** The upper bits of the last use, as a record has them. */
function usedBits(time: number): number {
  return ((time / WORD) & 0xf) << USED_SHIFT;
}

/** When an item stored `now` expires; a TTL of 0 or less has passed at once. */
function dueTime(ttlMs: number, now: number): number {
  if (typeof ttlMs !== 'number' || Number.isNaN(ttlMs))
    throw invalidArgument('ttlMs', 'a number of milliseconds (Infinity for never)', ttlMs);
  return ttlMs > 0 ? now + Math.ceil(ttlMs) : now;
}
