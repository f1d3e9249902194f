/**
 * The mechanics of the cache, by slot: the only file that coordinates columns, index, LRU list, expiry, budget and
 * listeners. `CacheEngine` is the public face by key over one of these; adapters of this package use it directly.
 *
 * Invariants, after every public call: `bytes <= maxBytes`, `size <= maxEntries`; index, LRU list and columns hold
 * the same slots; every removal is counted under its cause and reported once. A slot is valid until the next call
 * that may store or remove.
 *
 * All methods are O(1) unless they say otherwise, plus O(1) for each entry that they have to evict.
 *
 * Here and in its parts, which users never see, `private` is TypeScript's: with #names V8 inlines less, and writes
 * take 10 % longer.
 */

import { invalidArgument, rejectUnknownOptions } from '../errors.js';
import { checkedSize, paddedBytes, type SizeOf, textBytes, valueBytes, weighObject } from '../weigh/index.js';
import { Budget, type Limits } from './budget.js';
import { type Clock, Timekeeper } from './clock.js';
import { ADAPTER_BITS_SHIFT, Columns, FETCHED, FORM_SHIFT, MAX_SLOTS, NEVER } from './columns.js';
import { LOOKUP_CHANNEL, REMOVAL_CHANNEL, STORE_CHANNEL } from './diagnostics.js';
import { EvictionAges } from './eviction-ages.js';
import { Expiry } from './expiry.js';
import { BOTH, type Codec, ENCODED, type Encoded, encodedBytes, HIDDEN, PLAIN, SAME } from './forms.js';
import { HitRatioWindow } from './hit-ratio-window.js';
import { KeyIndex } from './key-index.js';
import { hasPrefix, Listeners } from './listeners.js';
import type { Estimate, MissRatioEstimator } from './miss-ratio/estimator.js';
import type { ResolvedOptions } from './options.js';
import type { Policy } from './policy/names.js';
import type { EvictionOrder } from './policy/order.js';
import { orderFor } from './policy/policies.js';
import { type Buffers, SharedBuffers } from './shared-buffers.js';
import { PAGE_BYTES, SlotPages } from './slot-pages.js';
import * as count from './stats.js';
import { checkTags, Tags } from './tags.js';
import type { ChangeListener, Direction, RemovalCause, StoreOptions, StoreResult } from './types.js';

/** Slots checked for an expired entry before a live one is evicted. */
const RECLAIM_LOOKS = 64;
/** Above so many slots, a cache that has shrunk to a quarter frees memory, and how many at a time. */
const SPARSE_MIN_SLOTS = 1024;
const COMPACTED_AT_ONCE = 8;
/** Added to what a sweep compacts: earlier sweeps of the round may have left work to it. */
const SWEPT_EXTRA = 512;
/** Entries whose value column holds bytes have more in `bits`. */
const HOLDS_VALUE = (BOTH + 1) << FORM_SHIFT;
const ADAPTER_BITS = 0x7f << ADAPTER_BITS_SHIFT;

/** Bits of rare features: 0 in the usual engine, so that one test rules out all of them. */
const LISTENERS = 1;
const ACCESS = 2;
const SHARED = 4;
/** Flags, versions or access times. */
const COLUMNS = 8;
/** Bytes beside values. */
const SIDES = 16;
const TAGS = 32;
/** The TTL counts from the last read. */
const SLIDING = 64;
/** There is a miss-ratio curve; and it samples, where it is not at rest. */
const CURVE = 128;
const SAMPLES = 256;
/** A full cache does not evict; there is a `sizeOf` hook. */
const REFUSES = 512;
const HOOKED = 1024;
/** At rest, the curve is asked whether it should go on at each miss for which so many bits of their number are 0. */
const REST_MASK = 0xff;
/** What a hit has to note. */
const NOTED_HITS = ACCESS | SLIDING | SAMPLES;
/** What the slot of an entry has beside its columns. */
const BESIDE = SIDES | TAGS;

/** The hash of a long text, and of a key whose hash is not computed. */
const NOT_HASHED = 0;

const STORE_OPTIONS: ReadonlySet<string> = new Set<keyof StoreOptions>([
  'ttlMs',
  'flags',
  'keepRefused',
  'bytes',
  'tags',
]);

/** What an entry that is about to enter has beside key and value. */
interface Found {
  /** Buffers that other entries may share. */
  readonly buffers: Buffers | null;
  readonly tags: readonly string[] | null;
}

/** Is told which tags are invalidated, for loads that have begun before. */
export interface InvalidationListener {
  invalidated(tag: string): void;
}

export class EntryStore<K, V> {
  /** Where the engine gets its time. */
  readonly clock: Clock;
  /** Whether a full cache evicts (the option `evict`). */
  readonly evicts: boolean;
  readonly policy: Policy;
  private readonly counters: count.Counters = count.newCounters();
  /** The most frequent counters are fields: an element of an array of doubles takes three times as long. */
  hits = 0;
  misses = 0;
  stores = 0;
  /** Entries held, expired ones that are not yet reclaimed included. */
  size = 0;
  /** The greatest version of any write. */
  lastVersion = 0;
  /** Whether an adapter has ever set a version: then two values may have had the same one. */
  givesVersions = false;
  /** What an adapter keeps with the engine. */
  adapter: object | null = null;
  /** Set by the first cache over the engine that loads what has tags. */
  invalidations: InvalidationListener | null = null;
  /** The slot of the entry written last; it may be another's by now: see `keyUnder`. */
  lastStored = 0;

  private readonly engine: object;
  private readonly columns: Columns = new Columns();
  private readonly index: KeyIndex = new KeyIndex(this.columns);
  private readonly expiry: Expiry = new Expiry(this.columns);
  private readonly budget: Budget;
  private readonly order: EvictionOrder;
  private readonly time: Timekeeper;
  private readonly listeners: Listeners<K, V>;
  private readonly shared: SharedBuffers = new SharedBuffers();
  private readonly sides: SlotPages<Encoded> = new SlotPages();
  private readonly tags: Tags = new Tags();
  private readonly window: HitRatioWindow = new HitRatioWindow();
  /** The reads at which the window slides. */
  private windowEnd = 0;
  private evictionAges: EvictionAges | null = null;
  private readonly sizeOf: SizeOf<K, V> | null;
  /** `sizeOf`, except for a value that is written with something of its own. */
  private weigher: SizeOf<K, V> | null;
  private readonly ttlMs: number;
  private curve: MissRatioEstimator | null = null;
  private features = 0;
  /** Null until clients of another kind are served. */
  private codec: Codec<K, V> | null = null;
  /** Bytes of key and value that are about to enter. */
  private entering = 0;
  /** What the value that is being written has beside it. */
  private found: Found | null = null;
  /** Where the search for unused entries continues. */
  private unusedHand = 1;

  /** `engine` is what `node:diagnostics_channel` names. */
  constructor(engine: object, options: ResolvedOptions<K, V>) {
    this.engine = engine;
    this.clock = options.clock;
    this.time = new Timekeeper(options.clock);
    this.evicts = options.evict;
    this.policy = options.policy;
    this.sizeOf = options.sizeOf;
    this.weigher = options.sizeOf;
    this.ttlMs = options.ttlMs;
    this.budget = new Budget(options, this.columns, this.index);
    this.order = orderFor(options.policy, this.columns, this.budget);
    this.listeners = new Listeners(options.onRemoval);
    this.index.readsAll = this.order.keepsHashes;
    if (this.budget.weighs) this.need('weights');
    if (options.ttlMs !== NEVER) this.need('dues');
    if (!options.evict) this.features |= REFUSES;
    if (options.sizeOf !== null) this.features |= HOOKED;
    if (options.trackAccess) this.beginAccess();
    if (options.ttlFrom === 'read') this.beginSliding();
    this.noteListeners();
  }

  /** Entries that are there already count as stored and used now. O(slots). */
  private beginAccess(): void {
    this.need('times');
    this.need('bits');
    this.features |= ACCESS;
    this.evictionAges = new EvictionAges();
    if (this.size > 0) this.columns.times!.fill(this.time.now(), 0, this.columns.nextFresh * 2);
  }

  private beginSliding(): void {
    this.need('ttls');
    this.features |= SLIDING;
  }

  /** True, since every entry counts more with the column. */
  private need(name: Parameters<Columns['need']>[0]): boolean {
    if (this.columns[name] !== null) return true;
    this.columns.need(name);
    this.budget.addColumn(name);
    if (name !== 'weights' && name !== 'dues') this.features |= COLUMNS;
    return true;
  }

  // What is held

  get bytes(): number {
    return this.budget.bytes(this.size);
  }

  get maxBytes(): number {
    return this.budget.maxBytes;
  }

  get maxEntries(): number {
    return this.budget.maxEntries;
  }

  // Reading

  /** The slot of a live entry, or 0; changes nothing. */
  peekSlot(key: K): number {
    const slot = this.index.find(key, this.index.hash(key));
    return slot === 0 || this.isExpired(slot) ? 0 : slot;
  }

  /** The slot of an entry, expired or not; 0 for none. */
  slotOf(key: K): number {
    return this.index.find(key, this.index.hash(key));
  }

  /** What `get` does, but returns the slot: 0 when there is none, -1 when there was one that has expired. */
  readSlot(key: K): number {
    const hash = this.index.hash(key);
    const slot = this.index.find(key, hash);
    if (slot !== 0) return this.readAt(slot);
    this.miss(key, hash);
    return 0;
  }

  /** What `readSlot` does, for a key whose slot is known. */
  readAt(slot: number): number {
    const { dues } = this.columns;
    if (dues !== null && dues[slot] !== NEVER && dues[slot]! <= this.time.now()) {
      this.expired(slot);
      return -1;
    }
    this.hits++;
    if ((this.features & NOTED_HITS) !== 0 || LOOKUP_CHANNEL.hasSubscribers) this.noteHit(slot);
    this.order.promote(slot);
    return slot;
  }

  private noteHit(slot: number): void {
    if ((this.features & SAMPLES) !== 0) {
      const hash = this.index.sampleHashAt(slot);
      if (hash < this.curve!.threshold) this.sampleHit(slot, hash);
      if ((this.features & (ACCESS | SLIDING)) === 0 && !LOOKUP_CHANNEL.hasSubscribers) return;
    }
    if (LOOKUP_CHANNEL.hasSubscribers)
      LOOKUP_CHANNEL.publish({ engine: this.engine, key: this.keyAt(slot), result: 'hit' });
    const { times, ttls, bits } = this.columns;
    if (ttls !== null && ttls[slot] !== NEVER) this.expiry.set(slot, this.time.now() + ttls[slot]!);
    if (times !== null) {
      times[slot * 2 + 1] = this.time.now();
      bits![slot]! |= FETCHED;
    }
    this.columns.mirror(slot);
  }

  /** Counts a read that has found nothing. `hash`: where the index has computed it. */
  miss(key: K, hash: number = NOT_HASHED): void {
    const misses = this.countMiss();
    if ((this.features & CURVE) !== 0 && ((this.features & SAMPLES) !== 0 || (misses & REST_MASK) === 0))
      this.sampleMiss(key, hash);
    if (LOOKUP_CHANNEL.hasSubscribers) LOOKUP_CHANNEL.publish({ engine: this.engine, key, result: 'absent' });
  }

  /** How many there were before. */
  private countMiss(): number {
    const { misses } = this;
    if (this.hits + misses >= this.windowEnd) this.windowEnd = this.window.beforeMiss(this.hits, misses);
    this.misses = misses + 1;
    return misses;
  }

  private expired(slot: number): void {
    this.countMiss();
    this.counters[count.MISSES_EXPIRED]!++;
    const key = this.keyAt(slot);
    this.remove(slot, 'expired');
    if ((this.features & CURVE) !== 0) this.sampleMiss(key, NOT_HASHED);
    if (LOOKUP_CHANNEL.hasSubscribers)
      LOOKUP_CHANNEL.publish({ engine: this.engine, key, result: 'expired' });
    this.settle();
  }

  isExpired(slot: number): boolean {
    const { dues } = this.columns;
    return dues !== null && dues[slot] !== NEVER && dues[slot]! <= this.time.now();
  }

  // Sampling for the miss-ratio curve

  /** Reads are sampled from now on. To be called while the store is empty. */
  observe(curve: MissRatioEstimator): void {
    this.curve = curve;
    this.index.keepsHashes = true;
    this.index.readsAll = true;
    this.features |= CURVE | SAMPLES;
    const store = this;
    curve.observe({
      get hits() {
        return store.hits;
      },
      get misses() {
        return store.misses;
      },
      get size() {
        return store.curveSize;
      },
    });
  }

  /** Where entries are what is short, their bytes now are what the budget comes to. */
  private get curveSize(): number {
    const { budget } = this;
    if (budget.maxBytes === NEVER) return budget.maxEntries;
    return this.size >= budget.maxEntries ? Math.max(this.bytes, 1) : budget.maxBytes;
  }

  /** What a sampled entry weighs in the curve. Tags and shared buffers belong to nobody: each entry bears its part of them. */
  private curveWeightAt(slot: number): number {
    const { budget } = this;
    if (budget.maxBytes === NEVER) return 1;
    const beside = budget.sharedBytes + budget.sideBytes;
    return this.bytesAt(slot) + (beside === 0 ? 0 : Math.round(beside / this.size));
  }

  private sampleHit(slot: number, hash: number): void {
    this.curve!.hit(hash, this.curveWeightAt(slot), this.dueMsAt(slot));
    this.noteRest();
  }

  private sampleMiss(key: K, hash: number): void {
    const curve = this.curve!;
    if ((this.features & SAMPLES) === 0) {
      if (!curve.wake()) return;
      this.features |= SAMPLES;
    }
    const sampled = this.index.sampleHash(key, hash);
    if (sampled >= curve.threshold) return;
    curve.miss(sampled, this.nowIfNeeded());
    this.noteRest();
  }

  private sampleStore(slot: number): void {
    const hash = this.index.sampleHashAt(slot);
    this.curve!.store(hash, this.curveWeightAt(slot), this.dueMsAt(slot));
    this.noteRest();
  }

  private sampleRemoval(slot: number): void {
    const hash = this.index.sampleHashAt(slot);
    if (hash < this.curve!.threshold) this.curve!.forget(hash);
  }

  private noteRest(): void {
    if (this.curve!.threshold === 0) this.features &= ~SAMPLES;
  }

  /** What the curve can tell; null before the first read that it knows of. It may end a rest. */
  estimate(): Estimate | null {
    if (this.curve!.wake()) this.features |= SAMPLES;
    return this.curve!.estimate();
  }

  /** What the curve is drawn around. */
  get curveAround(): { readonly unit: 'bytes' | 'entries'; readonly size: number } {
    return { unit: this.budget.maxBytes === NEVER ? 'entries' : 'bytes', size: this.curveSize };
  }

  // What is known about an entry

  keyAt(slot: number): K {
    return this.columns.keyAt(slot) as K;
  }

  /**
   * The value, for a caller that changes nothing. O(bytes) where only clients have stored and read it. Throws
   * `HOTSET_UNREADABLE_VALUE`.
   */
  valueAt(slot: number): V {
    return this.holdsValueAt(slot) ? (this.columns.valueAt(slot) as V) : this.decodedAt(slot, false);
  }

  /** The same for a read, which keeps what it decodes. Others may have to go, and slots are not valid afterwards. */
  readValueAt(slot: number): V {
    const { bits, pairs } = this.columns;
    if (pairs !== null && (bits === null || bits[slot]! < HOLDS_VALUE)) return pairs[(slot << 1) | 1] as V;
    return this.holdsValueAt(slot) ? (this.columns.valueAt(slot) as V) : this.decodedAt(slot, true);
  }

  /** The same for those who have not asked for this entry: bytes where they are not what the flags say. */
  shownValueAt(slot: number): V {
    return this.shown(
      this.keyAt(slot),
      this.columns.valueAt(slot) as V,
      this.flagsAt(slot),
      this.formAt(slot),
    );
  }

  private holdsValueAt(slot: number): boolean {
    const { bits } = this.columns;
    return bits === null || bits[slot]! < HOLDS_VALUE;
  }

  private formAt(slot: number): number {
    const { bits } = this.columns;
    return bits === null ? PLAIN : bits[slot]! >>> FORM_SHIFT;
  }

  /**
   * The key that a slot holds now, expired or not; `undefined` for none. For slots that were kept past their
   * validity.
   */
  keyUnder(slot: number): K | undefined {
    return this.columns.isUsed(slot) ? this.keyAt(slot) : undefined;
  }

  /** 0 unless the entry was stored with flags, or clients know it by others. */
  flagsAt(slot: number): number {
    const { flags } = this.columns;
    const stored = flags === null ? 0 : flags[slot]!;
    if (stored !== 0 || this.codec === null) return stored;
    const form = this.formAt(slot);
    return form === PLAIN || form === HIDDEN ? this.codec.flagsOf(this.columns.valueAt(slot) as V) : 0;
  }

  /** Whether writes are numbered. */
  get hasVersions(): boolean {
    return this.columns.versions !== null;
  }

  /** Changes with each write of the value; needs `beginVersions`. A bigint where a number would not be exact. */
  versionAt(slot: number): number | bigint {
    const version = this.columns.versionAt(slot);
    if (version !== 0) return version;
    // Written before versions began.
    this.columns.setVersion(slot, ++this.lastVersion);
    this.columns.mirror(slot);
    return this.lastVersion;
  }

  /** When the entry expires, in the clock's milliseconds; `Infinity` for never. */
  dueMsAt(slot: number): number {
    const { dues } = this.columns;
    return dues === null ? NEVER : dues[slot]!;
  }

  /** Milliseconds until the entry expires; `Infinity` for never. */
  remainingTtlMsAt(slot: number): number {
    const dueMs = this.dueMsAt(slot);
    return dueMs === NEVER ? NEVER : dueMs - this.time.now();
  }

  /** The time by which the read that has just returned this slot was made. Reads no clock for what expires. */
  timeOfRead(slot: number): number {
    return this.dueMsAt(slot) === NEVER ? this.time.now() : this.time.latest;
  }

  /** Whether reads set the TTL anew. */
  get slides(): boolean {
    return (this.features & SLIDING) !== 0;
  }

  /** What a read sets the TTL to; `undefined` where reads do not. */
  ttlMsAt(slot: number): number | undefined {
    return this.columns.ttls?.[slot];
  }

  /** Has no effect where reads do not set the TTL. */
  setTtlAt(slot: number, ttlMs: number): void {
    const { ttls } = this.columns;
    if (ttls === null) return;
    ttls[slot] = ttlMs;
    this.columns.mirror(slot);
  }

  /** In the order in which they were given; null for none. */
  tagsAt(slot: number): readonly string[] | null {
    return (this.features & TAGS) === 0 ? null : this.tags.textsAt(slot);
  }

  /** Seven bits of an adapter's own, 0 after each write. Needs `trackAccess`, as the next four. */
  adapterBitsAt(slot: number): number {
    return (this.columns.bits![slot]! & ADAPTER_BITS) >>> ADAPTER_BITS_SHIFT;
  }

  /** Whether the value has been read since it was stored. */
  fetchedAt(slot: number): boolean {
    return (this.columns.bits![slot]! & FETCHED) !== 0;
  }

  /** Milliseconds since the entry was last read or stored; 0 when the clock has gone back. */
  idleMsAt(slot: number): number {
    return Math.max(0, this.time.now() - this.columns.times![slot * 2 + 1]!);
  }

  /** Milliseconds since the value was stored; 0 when the clock has gone back. */
  ageMsAt(slot: number): number {
    return Math.max(0, this.time.now() - this.columns.times![slot * 2]!);
  }

  get tracksAccess(): boolean {
    return (this.features & ACCESS) !== 0;
  }

  /** What the entry counts: key, value and overhead; 0 when the engine has no byte limits. */
  bytesAt(slot: number): number {
    return this.budget.weighs ? this.budget.entryBytes(this.columns.weightAt(slot)) : 0;
  }

  /** Milliseconds since the oldest entry of the policy's order was used; 0 when there is none. Needs `trackAccess`. */
  get oldestIdleMs(): number {
    return this.size === 0 ? 0 : this.idleMsAt(this.order.oldest);
  }

  /**
   * The slot of an entry, expired or not, that was last used before `timeMs`, by LRU the least recently used one; else 0.
   * Needs `trackAccess`. Under other policies O(slots), but no more than two rounds for all calls that remove what they get.
   */
  oldestUnusedSince(timeMs: number): number {
    const { times, nextFresh } = this.columns;
    if (this.order.isByUse) {
      const { oldest } = this.order;
      return oldest !== 0 && times![oldest * 2 + 1]! < timeMs ? oldest : 0;
    }
    for (let looks = 1; looks < nextFresh; looks++) {
      this.unusedHand = this.unusedHand >= nextFresh ? 1 : this.unusedHand;
      const slot = this.unusedHand++;
      if (this.columns.isUsed(slot) && times![slot * 2 + 1]! < timeMs) return slot;
    }
    return 0;
  }

  /** False when nothing has expired that is not yet reclaimed; true when something may have. */
  get mayHaveExpired(): boolean {
    return this.expiry.canExpire && this.expiry.mayHaveDue(this.time.now());
  }

  /** Slots of live entries, in the policy's order: see `LruList.walk` and policy/. */
  *walk(direction: Direction): Generator<number, void, undefined> {
    for (const slot of this.order.walk(direction)) if (!this.isExpired(slot)) yield slot;
  }

  /**
   * Visits the live entries in at most `looks` slots, from `from` (`Infinity` at first) down, until `visit` returns false.
   * Returns where the next call continues; 0 at the end. Entries that move move down: one that stays is visited, perhaps twice.
   */
  scan(from: number, looks: number, visit: (slot: number) => boolean): number {
    let slot = Math.min(from, this.columns.nextFresh - 1);
    for (const end = Math.max(slot - looks, 0); slot > end; slot--)
      if (this.columns.isUsed(slot) && !this.isExpired(slot) && !visit(slot)) return slot - 1;
    return slot;
  }

  /** Whether entries come in the order of their worth, from a dump. */
  setLoading(isLoading: boolean): void {
    this.order.isLoading = isLoading;
  }

  // Changing an entry where it is

  promoteAt(slot: number): void {
    this.order.promote(slot);
  }

  /** Sets a TTL, from now. The entry may be gone afterwards: the engine's first TTL may evict. */
  touchAt(slot: number, ttlMs: number): void {
    const now = ttlMs === NEVER ? this.nowIfNeeded() : this.time.now();
    const dueMs = dueTime(ttlMs, now);
    if (dueMs === NEVER && this.columns.dues === null) return;
    this.need('dues');
    const isSooner = dueMs < this.columns.dues![slot]!;
    this.expiry.set(slot, dueMs);
    if (this.columns.ttls !== null) this.columns.ttls[slot] = dueMs - now;
    this.columns.mirror(slot);
    if (isSooner) this.reportChange(slot, 'touched');
    this.makeRoom(now);
    this.settle();
  }

  setAdapterBitsAt(slot: number, bits: number): void {
    const column = this.columns.bits!;
    column[slot] = (bits << ADAPTER_BITS_SHIFT) | (column[slot]! & ~ADAPTER_BITS);
    this.columns.mirror(slot);
  }

  /** Sets how long ago the entry was stored and last used. Needs `trackAccess`. */
  backdateAt(slot: number, ageMs: number, idleMs: number, fetched: boolean): void {
    const { times, bits } = this.columns;
    times![slot * 2]! -= ageMs;
    times![slot * 2 + 1]! -= idleMs;
    bits![slot] = (bits![slot]! & ~FETCHED) | (fetched ? FETCHED : 0);
    this.columns.mirror(slot);
  }

  /**
   * Numbers writes from now on, above `above` for an engine that takes over from another. May evict, also with
   * `evict: false`, because versions take room.
   */
  beginVersions(above = 0): void {
    this.lastVersion = Math.max(this.lastVersion, above);
    const now = this.nowIfNeeded();
    this.need('versions');
    this.makeRoom(now);
    this.listeners.deliver();
  }

  /**
   * Gives the entry a version of the caller's, who keeps it unique: an unsigned number of 64 bits, a bigint where a
   * number would not be exact. `fresh`: the entry has just been written; its own number, which no reader has seen,
   * goes to the next write. Needs `beginVersions`, as `renewVersionAt` does.
   */
  setVersionAt(slot: number, version: number | bigint, fresh = false): void {
    this.givesVersions = true;
    if (fresh && this.columns.versionAt(slot) === this.lastVersion) this.lastVersion--;
    this.giveVersion(slot, version, fresh ? 'stored' : 'touched');
  }

  /** Gives the entry the next version, as a write does. */
  renewVersionAt(slot: number): void {
    this.giveVersion(slot, ++this.lastVersion, 'touched');
  }

  private giveVersion(slot: number, version: number | bigint, cause: 'stored' | 'touched'): void {
    this.columns.setVersion(slot, version);
    this.columns.mirror(slot);
    this.reportChange(slot, cause);
    this.listeners.deliver();
  }

  // Writing

  set(key: K, value: V, options: StoreOptions | undefined): StoreResult {
    if (options === undefined)
      return this.features === 0
        ? this.setPlainly(key, value)
        : this.setWithHint(0, key, value, this.ttlMs, 0, false);
    checkStoreOptions(options);
    const { ttlMs = this.ttlMs, flags = 0, keepRefused = false, bytes, tags } = options;
    return bytes === undefined && tags === undefined
      ? this.setWithHint(0, key, value, ttlMs, flags, keepRefused)
      : this.setWithOwn(key, value, ttlMs, flags, keepRefused, bytes, distinct(tags));
  }

  /**
   * What `set` does without options in an engine of which no rare feature is used. Long, and with few calls: V8 inlines
   * 920 bytes of bytecode.
   */
  private setPlainly(key: K, value: V): StoreResult {
    const { columns, budget, index } = this;
    const { weighs } = budget;
    // Clocks, and values that are weighed, may run code of others: look-ups come after it.
    const now = columns.dues === null ? 0 : this.time.now();
    let bytes = 0;
    if (weighs) bytes = typeof value === 'string' ? textBytes(value) : this.weigh(key, value);
    const hash = index.hash(key);
    if (weighs) bytes += keyBytes(key, index.readsAll ? hash : NOT_HASHED);
    const { dues, weights, pairs } = columns;
    const dueMs = now + this.ttlMs;
    if (
      this.found !== null ||
      this.features !== 0 ||
      STORE_CHANNEL.hasSubscribers ||
      REMOVAL_CHANNEL.hasSubscribers ||
      budget.neverFits(bytes) ||
      dueMs <= now
    ) {
      this.found = null;
      return this.write(key, value, dueMs, 0, false, now, 0, PLAIN);
    }
    const slot = index.find(key, hash);
    if (slot === 0 || pairs === null || columns.ahead !== null || (dues !== null && dues[slot]! <= now))
      return this.enterPlainly(key, value, hash, bytes, slot);
    pairs[(slot << 1) | 1] = value;
    this.order.promote(slot);
    if (dues !== null) this.expiry.set(slot, dueMs);
    this.lastStored = slot;
    this.stores++;
    if (weights !== null && weights[slot] !== bytes && this.reweigh(slot, bytes))
      this.lastStored = this.makeRoomBeside(slot, now);
    return 'stored';
  }

  /** What is left of it where more is to be done than to replace a value. The time is the latest, not an argument: V8 would box it. */
  private enterPlainly(key: K, value: V, hash: number, bytes: number, found: number): StoreResult {
    const { columns, budget, index } = this;
    const now = columns.dues === null ? 0 : this.time.latest;
    let slot = found;
    let mayExceed = false;
    if (slot !== 0 && this.dueMsAt(slot) <= now) {
      this.remove(slot, 'expired');
      slot = 0;
    }
    if (slot === 0) {
      const structure = index.bytes + columns.bytes;
      slot = this.place(key, value, hash, bytes, now);
      mayExceed = index.bytes + columns.bytes > structure;
      budget.contentBytes += bytes;
      if (budget.weighs) columns.setWeight(slot, bytes);
    } else {
      columns.setValue(slot, value);
      this.order.promote(slot);
      if (budget.weighs) mayExceed = this.reweigh(slot, bytes);
    }
    if (columns.dues !== null) this.expiry.set(slot, now + this.ttlMs);
    if (mayExceed) slot = this.makeRoomBeside(slot, now);
    if (columns.ahead !== null) this.mirror(slot);
    this.lastStored = slot;
    this.stores++;
    return 'stored';
  }

  /** Gives an entry whose value is new its weight. Whether it weighs more than before. */
  private reweigh(slot: number, bytes: number): boolean {
    const growth = bytes - this.columns.weightAt(slot);
    if (growth === 0) return false;
    this.budget.contentBytes += growth;
    this.columns.setWeight(slot, bytes);
    this.order.weighed(slot, growth);
    return growth > 0;
  }

  private mirror(slot: number): void {
    this.columns.mirror(slot);
    this.columns.advance();
  }

  private setWithOwn(
    key: K,
    value: V,
    ttlMs: number,
    flags: number,
    keepRefused: boolean,
    bytes: number | undefined,
    tags: readonly string[] | null,
  ): StoreResult {
    const now = this.nowFor(ttlMs);
    const dueMs = dueTime(ttlMs, now);
    return this.withOwn(bytes, tags, PLAIN, () =>
      this.write(key, value, dueMs, flags, keepRefused, now, 0, PLAIN),
    );
  }

  /**
   * Lets `write` store these tags with the value, which weighs `bytes` where that is given. No code of others runs between here
   * and what takes them, but that of a sizeOf hook.
   */
  private withOwn(
    bytes: number | undefined,
    tags: readonly string[] | null,
    form: number,
    write: () => StoreResult,
  ): StoreResult {
    if (!this.budget.weighs || form === ENCODED) {
      this.found = this.foundWith(null, tags);
      return write();
    }
    this.weigher = (value, key) => {
      this.weigher = this.sizeOf;
      const weight = bytes ?? this.weigh(key, value);
      this.found = this.foundWith(this.found === null ? null : this.found.buffers, tags);
      return weight;
    };
    try {
      return write();
    } finally {
      this.weigher = this.sizeOf;
    }
  }

  private foundWith(buffers: Buffers | null, tags: readonly string[] | null): Found | null {
    if (tags !== null) this.features |= TAGS;
    return buffers === null && tags === null ? null : { buffers, tags };
  }

  /** What `set` does, faster where the key's entry is in slot `hint`. A wrong hint does no harm. */
  setWithHint(
    hint: number,
    key: K,
    value: V,
    ttlMs: number,
    flags: number,
    keepRefused: boolean,
  ): StoreResult {
    const now = this.nowFor(ttlMs);
    return this.write(key, value, dueTime(ttlMs, now), flags, keepRefused, now, hint, PLAIN);
  }

  /** A new value for a live entry, which keeps its flags, tags and due time (`ttlFrom: 'read'`: TTL); with `keepBits` an adapter's bits as well. */
  update(slot: number, value: V, keepRefused: boolean, keepBits = false): StoreResult {
    const flags = this.flagsAt(slot);
    // Flags that only said what kind of value it was go by the new value.
    const kept = this.codec?.isKind(flags) === true ? 0 : flags;
    return this.updateForm(slot, value, kept, keepRefused, keepBits, PLAIN);
  }

  private updateForm(
    slot: number,
    value: V | Encoded,
    flags: number,
    keepRefused: boolean,
    keepBits: boolean,
    form: number,
  ): StoreResult {
    const key = this.keyAt(slot);
    const bits = keepBits ? this.columns.bits![slot]! & (FETCHED | ADAPTER_BITS) : 0;
    const now = this.nowIfNeeded();
    const ttlMs = this.ttlMsAt(slot);
    const dueMs = ttlMs === undefined ? this.dueMsAt(slot) : now + ttlMs;
    const result =
      (this.features & TAGS) === 0
        ? this.write(key, value, dueMs, flags, keepRefused, now, slot, form)
        : this.writeTagged(key, value, dueMs, flags, keepRefused, now, slot, form);
    // A removal listener may have removed the entry.
    const written = bits === 0 || result !== 'stored' ? 0 : this.peekSlot(key);
    if (written !== 0) {
      this.columns.bits![written]! |= bits;
      this.columns.mirror(written);
    }
    return result;
  }

  /** What `write` does, for an entry that keeps its tags. */
  private writeTagged(
    key: K,
    value: V | Encoded,
    dueMs: number,
    flags: number,
    keepRefused: boolean,
    now: number,
    slot: number,
    form: number,
  ): StoreResult {
    return this.withOwn(undefined, this.tagsAt(slot), form, () =>
      this.write(key, value, dueMs, flags, keepRefused, now, slot, form),
    );
  }

  /** The only place where a value enters. Rare cases have methods of their own. */
  private write(
    key: K,
    value: V | Encoded,
    dueMs: number,
    flags: number,
    keepRefused: boolean,
    now: number,
    hint: number,
    form: number,
  ): StoreResult {
    const columns = this.columns;
    const budget = this.budget;
    const index = this.index;
    const { weighs } = budget;
    // A sizeOf hook may call the engine: look-ups come after it has returned.
    let bytes = weighs ? this.weighForm(key, value, form) : 0;
    let hash = hint === 0 ? index.hash(key) : NOT_HASHED;
    if (weighs) bytes += keyBytes(key, index.readsAll ? hash : NOT_HASHED);
    const found = this.found;
    this.found = null;
    // New columns make every entry heavier.
    let mayExceed = found !== null || (this.features & (SHARED | TAGS)) !== 0;
    if (dueMs !== NEVER && columns.dues === null && dueMs > now) mayExceed = this.need('dues');
    if (flags !== 0 && columns.flags === null && dueMs > now) mayExceed = this.need('flags');

    let slot = hint;
    if (hint === 0 || !columns.isUsed(hint) || columns.keyAt(hint) !== key) {
      if (hash === NOT_HASHED) hash = index.hash(key);
      slot = index.find(key, hash);
    }
    if (slot !== 0 && columns.dues !== null && columns.dues[slot]! <= now) {
      this.remove(slot, 'expired');
      if (hash === NOT_HASHED) hash = index.hash(key);
      slot = 0;
    }
    if (!this.evicts || found !== null || (weighs && budget.neverFits(bytes))) {
      const refusal = this.refusal(slot, bytes, hash, found, now);
      if (refusal === 'too-large' || (refusal !== null && dueMs > now))
        return this.refuse(key, slot, refusal, keepRefused, now);
    }
    if (dueMs <= now) return this.storeExpired(key, value, slot, flags, form);

    if (slot === 0) {
      const structure = index.bytes + columns.bytes;
      slot = this.place(key, value, hash, bytes, now);
      mayExceed ||= index.bytes + columns.bytes > structure;
      budget.contentBytes += bytes;
      if (weighs) columns.setWeight(slot, bytes);
    } else {
      if (this.hearsRemovals) this.noteRemoval(slot, 'replaced', now);
      columns.setValue(slot, value);
      this.order.promote(slot);
      if (weighs && this.reweigh(slot, bytes)) mayExceed = true;
    }
    // A slot that is used again still has what its last entry had.
    if (columns.dues !== null) this.expiry.set(slot, dueMs);
    if ((this.features & (COLUMNS | TAGS)) !== 0) this.fillColumns(slot, flags, dueMs, now, form, found);
    if (weighs && mayExceed) slot = this.settleWeight(slot, found, now);
    if (columns.ahead !== null) this.mirror(slot);
    this.lastStored = slot;
    this.stores++;
    if ((this.features & (LISTENERS | SAMPLES)) !== 0 || STORE_CHANNEL.hasSubscribers)
      this.noteStored(slot, key);
    return 'stored';
  }

  private fillColumns(
    slot: number,
    flags: number,
    dueMs: number,
    now: number,
    form: number,
    found: Found | null,
  ): void {
    const columns = this.columns;
    if ((this.features & BESIDE) !== 0) this.replaceBeside(slot, found === null ? null : found.tags);
    if (columns.ttls !== null) columns.ttls[slot] = dueMs - now;
    if (columns.flags !== null) columns.flags[slot] = flags;
    if (columns.versions !== null) columns.setVersion(slot, ++this.lastVersion);
    if (columns.times !== null) {
      columns.times[slot * 2] = now;
      columns.times[slot * 2 + 1] = now;
      columns.bits![slot] = form << FORM_SHIFT;
    }
  }

  /** Returns the entry's slot afterwards. */
  private settleWeight(slot: number, found: Found | null, now: number): number {
    const buffers = found === null ? null : found.buffers;
    if (buffers !== null || (this.features & SHARED) !== 0) this.hold(slot, buffers);
    return this.makeRoomBeside(slot, now);
  }

  private noteStored(slot: number, key: K): void {
    if ((this.features & SAMPLES) !== 0) this.sampleStore(slot);
    if (STORE_CHANNEL.hasSubscribers) STORE_CHANNEL.publish({ engine: this.engine, key, result: 'stored' });
    this.reportChange(slot, 'stored');
    this.listeners.deliver();
  }

  private weighForm(key: K, value: V | Encoded, form: number): number {
    return form === ENCODED ? encodedBytes(value as Encoded) : this.weigh(key, value as V);
  }

  /** Bytes of a value, without buffers that other values may share, which go to `found`. */
  private weigh(key: K, value: V): number {
    if (this.weigher !== null) return checkedSize(this.weigher(value, key));
    if (typeof value === 'string') return textBytes(value);
    if (typeof value !== 'object' || value === null) return valueBytes(value);
    if (value instanceof Promise)
      throw invalidArgument(
        'value',
        'what a promise brings, which can be weighed: await it, or let a LoadingCache (hotset/loading) load it',
        value,
      );
    const { bytes, shared } = weighObject(value);
    if (shared !== null) this.found = { buffers: shared, tags: null };
    return bytes;
  }

  /** Gives an absent key a slot, where the policy lets new entries enter. Where evicting one entry makes room, its slot is used again. */
  private place(key: K, value: V | Encoded, hash: number, bytes: number, now: number): number {
    if (this.isSparse) this.compact(COMPACTED_AT_ONCE);
    this.entering = bytes;
    while (this.isShortFor(0, bytes) && this.size > 0) {
      if (this.reclaimExpired(now) || this.columns.finish()) continue;
      if (this.budget.policyWants > 0 && this.tighten()) continue;
      const victim = this.order.victim();
      const weight = this.weightOf(victim);
      // A walk that stands at the only entry learns that it goes, but not that its slot is used again.
      if (this.size > 1 && !this.budget.exceededBy(bytes - weight, this.size)) {
        this.counters[count.EVICTIONS]!++;
        this.budget.contentBytes -= weight;
        if (this.hearsRemovals) this.noteRemoval(victim, 'evicted', now);
        this.index.remove(victim);
        this.order.reuse(victim, key, this.index.orderHash(key, hash), bytes);
        this.columns.put(victim, ordinary(key), value);
        this.index.insert(key, hash, victim, this.mayGrow);
        return victim;
      }
      if (!this.tighten()) this.remove(victim, 'evicted', now);
    }
    const columns = this.columns;
    if (columns.isNearlyFull && this.mayGrow(columns.growthBytes)) columns.grow();
    const slot = columns.take(ordinary(key), value);
    this.order.link(slot, key, this.index.orderHash(key, hash), bytes);
    this.index.insert(key, hash, slot, this.mayGrow);
    this.size++;
    return slot;
  }

  private weightOf(slot: number): number {
    return this.budget.weighs ? this.columns.weightAt(slot) : 0;
  }

  /** Whether the budget has room for so many bytes more of structure, beside the entry that is about to enter. */
  private readonly mayGrow = (bytes: number): boolean =>
    this.budget.bytes(this.size + 1, bytes) + this.entering <= this.budget.maxBytes;

  /** Whether an entry of this weight in the place of `slot`, or in a new one, would break a limit. */
  private isShortFor(slot: number, bytes: number, structure = 0): boolean {
    if (slot !== 0) return this.budget.exceededBy(bytes - this.weightOf(slot), this.size);
    let allocated = structure;
    if (this.columns.isFull) {
      if (this.columns.capacity === MAX_SLOTS) return true;
      allocated += this.columns.insertionBytes;
    }
    return this.budget.exceededBy(bytes, this.size + 1, allocated);
  }

  /** Why an entry of this weight cannot take the place of `slot` (0 for none); null when it can. */
  private refusal(
    slot: number,
    bytes: number,
    hash: number,
    found: Found | null,
    now: number,
  ): 'too-large' | 'no-room' | null {
    const buffers = found === null ? null : found.buffers;
    const tags = found === null ? null : found.tags;
    let alone = buffers === null ? 0 : SharedBuffers.alone(buffers);
    if (tags !== null) alone += Tags.alone(tags);
    if (this.budget.neverFits(bytes + alone)) return 'too-large';
    if (tags !== null && !this.tags.hasRoomFor(tags)) return 'no-room';
    if (this.evicts) return null;
    // A live entry is not due, so the sweep does not take the slot that is to be written.
    const structure = slot === 0 ? this.index.growthBytes(hash) : 0;
    while (this.isShortFor(slot, bytes + this.wouldAddBeside(slot, buffers, tags), structure))
      if (!this.reclaimExpired(now) && !this.columns.finish()) return 'no-room';
    return null;
  }

  private wouldAddBeside(slot: number, buffers: Buffers | null, tags: readonly string[] | null): number {
    return this.shared.wouldAdd(slot, buffers) + this.tags.wouldAdd(slot || this.columns.nextSlot, tags);
  }

  private refuse(
    key: K,
    slot: number,
    refusal: 'too-large' | 'no-room',
    keepRefused: boolean,
    now: number,
  ): StoreResult {
    this.counters[count.REFUSALS]!++;
    if (slot !== 0 && !keepRefused) {
      this.remove(slot, 'replaced');
      this.listeners.changed({ key, cause: 'deleted', version: undefined });
    }
    // The columns that it would have needed are there now, and every entry is a little heavier.
    this.makeRoom(now);
    if (STORE_CHANNEL.hasSubscribers) STORE_CHANNEL.publish({ engine: this.engine, key, result: refusal });
    this.settle();
    return refusal;
  }

  /** A value that has expired at once: removes the old entry and evicts nothing. */
  private storeExpired(key: K, value: V | Encoded, slot: number, flags: number, form: number): StoreResult {
    if (slot !== 0) this.remove(slot, 'replaced');
    if (this.columns.versions !== null) this.lastVersion++;
    this.stores++;
    this.counters[count.EXPIRATIONS]!++;
    if (this.tracksAccess) this.counters[count.EXPIRATIONS_UNFETCHED]!++;
    this.lastStored = 0;
    if (STORE_CHANNEL.hasSubscribers) STORE_CHANNEL.publish({ engine: this.engine, key, result: 'stored' });
    this.reportRemoval(0, ordinary(key), value, flags, form, 'expired');
    this.settle();
    return 'stored';
  }

  private hold(slot: number, found: Buffers | null): void {
    this.features |= SHARED;
    this.shared.hold(slot, found);
    this.budget.sharedBytes = this.shared.bytes;
  }

  // Making room

  /**
   * Makes the limits hold: removes expired entries as far as a bounded search finds them, then those whom the policy
   * chooses, until `kept` are left.
   */
  private makeRoom(now: number, kept = 0): void {
    while (this.budget.exceededBy(0, this.size)) {
      if (this.reclaimExpired(now) || this.tighten()) continue;
      if (this.size === kept) return;
      this.remove(this.order.victim(), 'evicted', now);
    }
  }

  /** The same, but this entry, which is live, stays. Returns its slot by then. */
  private makeRoomBeside(slot: number, now: number): number {
    if (!this.budget.exceededBy(0, this.size)) return slot;
    this.order.keep(slot);
    this.makeRoom(now, 1);
    return this.order.release();
  }

  /** Frees structure that no entry needs, where that fills the budget. Moves entries; O(n), and not soon again. */
  private tighten(): boolean {
    const columns = this.columns;
    if (columns.finish()) return true;
    if (!this.budget.hasSlack(this.size) || !(columns.isLoose(this.size) || this.index.isLoose)) return false;
    while (columns.nextFresh > this.size + 1) this.dropTop();
    columns.fit();
    this.index.fit();
    return true;
  }

  /** Removes expired entries that a bounded search finds. */
  private reclaimExpired(now: number): boolean {
    if (!this.expiry.mayHaveDue(now)) return false;
    if (this.expiry.sweep(now, RECLAIM_LOOKS, this.removeExpired) > 0) return true;
    const { oldest } = this.order;
    if (oldest === 0 || this.dueMsAt(oldest) > now) return false;
    this.remove(oldest, 'expired');
    return true;
  }

  private readonly removeExpired = (slot: number): void => this.remove(slot, 'expired');

  /** Counts a removal under its cause and takes the entry out. `now` is for evictions. */
  private remove(slot: number, cause: RemovalCause, now = 0): void {
    const { counters } = this;
    if (cause === 'evicted') counters[count.EVICTIONS]!++;
    else if (cause === 'expired') counters[count.EXPIRATIONS]!++;
    else if (cause === 'deleted') counters[count.DELETIONS]!++;
    this.budget.contentBytes -= this.weightOf(slot);
    if ((this.features & SAMPLES) !== 0 && cause !== 'evicted') this.sampleRemoval(slot);
    if (this.hearsRemovals) this.noteRemoval(slot, cause, now);
    if ((this.features & SHARED) !== 0) this.hold(slot, null);
    if ((this.features & BESIDE) !== 0) this.replaceBeside(slot, null);
    if (cause === 'evicted') this.order.evict(slot);
    else this.order.unlink(slot);
    this.index.remove(slot);
    this.columns.release(slot);
    this.size--;
  }

  private get hearsRemovals(): boolean {
    return (this.features & (LISTENERS | ACCESS)) !== 0 || REMOVAL_CHANNEL.hasSubscribers;
  }

  /** Reports a removal, while the slot still holds its key and value. */
  private noteRemoval(slot: number, cause: RemovalCause, now: number): void {
    if (this.tracksAccess) this.countAccess(slot, cause, now);
    this.reportRemovalOf(slot, cause);
  }

  private reportRemovalOf(slot: number, cause: RemovalCause): void {
    const { columns } = this;
    const held = columns.valueAt(slot) as V;
    this.reportRemoval(slot, this.keyAt(slot), held, this.flagsAt(slot), this.formAt(slot), cause);
  }

  private countAccess(slot: number, cause: RemovalCause, now: number): void {
    const { counters } = this;
    const times = this.columns.times!;
    if (cause === 'evicted') {
      this.evictionAges!.record(now - times[slot * 2]!, now - times[slot * 2 + 1]!);
      if (this.dueMsAt(slot) !== NEVER) counters[count.EVICTIONS_WITH_TTL]!++;
    }
    if (this.fetchedAt(slot)) return;
    if (cause === 'evicted') counters[count.EVICTIONS_UNFETCHED]!++;
    else if (cause === 'expired') counters[count.EXPIRATIONS_UNFETCHED]!++;
  }

  /** Frees memory and reports pending removals: every method that removes ends with this. */
  private settle(removed = 1, mayMove = true): void {
    if (this.isSparse) this.compact(COMPACTED_AT_ONCE * removed, mayMove);
    this.listeners.deliver();
  }

  /** Whether three quarters of the slots are free. */
  private get isSparse(): boolean {
    const { nextFresh } = this.columns;
    return this.size < nextFresh >>> 2 && nextFresh > SPARSE_MIN_SLOTS;
  }

  /** Frees the topmost slots, so that columns can shrink; their entries move to free slots below. */
  private compact(steps: number, mayMove = true): void {
    for (let step = 0; step < steps && this.isSparse; step++) {
      if (!mayMove && this.columns.isUsed(this.columns.nextFresh - 1)) return;
      // What an entry has beside its columns may need a page at its new slot.
      if ((this.features & BESIDE) !== 0 && this.budget.exceededBy(2 * PAGE_BYTES, this.size)) return;
      this.dropTop();
    }
  }

  private dropTop(): void {
    const columns = this.columns;
    const top = columns.nextFresh - 1;
    if (columns.isUsed(top)) {
      const to = columns.take(undefined, undefined);
      columns.copy(top, to);
      this.index.move(top, to);
      this.order.move(top, to);
      this.expiry.move(to);
      this.shared.move(top, to);
      if ((this.features & BESIDE) !== 0) this.moveBeside(top, to);
      columns.mirror(to);
      columns.release(top);
    }
    columns.dropTop(this.mayGrow);
  }

  // Forms: what clients of another kind see of values (forms.ts)

  /**
   * From now on clients of another kind store and read values as bytes. Begins access times. May evict, also with
   * `evict: false`, because they take room. O(slots).
   */
  serve(codec: Codec<K, V>): void {
    if (this.codec !== null) return;
    this.codec = codec;
    const now = this.time.now();
    // Later there may be no room for them.
    if (!this.evicts) this.need('flags');
    if (!this.tracksAccess) this.beginAccess();
    this.makeRoom(now);
    this.listeners.deliver();
  }

  /** Whether the entry holds bytes, or is its own. */
  hasBytesAt(slot: number): boolean {
    const form = this.formAt(slot);
    return form >= BOTH || form === SAME;
  }

  /** Whether nobody but the engine has a reference to the bytes. */
  ownsBytesAt(slot: number): boolean {
    return this.formAt(slot) >= BOTH;
  }

  /** The entry's bytes, made anew where it holds none; null where its value has none. Changes nothing. */
  encodedAt(slot: number): Encoded | null {
    switch (this.formAt(slot)) {
      case PLAIN:
        return this.codec!.encode(this.columns.valueAt(slot) as V, this.flagsAt(slot));
      case HIDDEN:
        return null;
      case BOTH:
        return this.sides.at(slot)!;
      default:
        return this.columns.valueAt(slot) as Encoded;
    }
  }

  /**
   * Makes a live entry hold its bytes, where there is room; with `mayEvict` others go for them, but never this one.
   * Returns its slot afterwards; 0 where its value has no bytes. O(bytes) the first time.
   */
  encodeAt(slot: number, mayEvict: boolean): number {
    const { columns } = this;
    if (this.hasBytesAt(slot)) return slot;
    if (this.formAt(slot) === HIDDEN) return 0;
    const key = this.keyAt(slot);
    const value = columns.valueAt(slot) as V;
    const flags = this.flagsAt(slot);
    if (flags !== 0 && columns.flags === null) return mayEvict ? this.encodeWithFirstFlags(slot) : slot;
    // May run code of the value's own, which may have changed anything.
    const encoded = this.codec!.encode(value, flags);
    const now = this.time.now();
    if (!this.stillHolds(slot, key, value, PLAIN) || this.dueMsAt(slot) <= now) return 0;
    if (encoded === null) {
      this.setForm(slot, HIDDEN);
      return 0;
    }
    if (columns.flags !== null) columns.flags[slot] = flags;
    if (encoded === (value as unknown)) {
      this.setForm(slot, SAME);
      return slot;
    }
    const growth = encodedBytes(encoded);
    if (!this.hasRoomFor(slot, growth + this.sides.wouldAdd(slot), mayEvict)) return slot;
    this.setForm(slot, BOTH);
    this.putSide(slot, encoded);
    return this.settleForm(slot, growth, now);
  }

  /** With the column of flags every entry weighs more, this one too. */
  private encodeWithFirstFlags(slot: number): number {
    const key = this.keyAt(slot);
    const now = this.time.now();
    this.need('flags');
    this.order.promote(slot);
    this.makeRoom(now);
    this.listeners.deliver();
    const found = this.peekSlot(key);
    return found === 0 ? 0 : this.encodeAt(found, true);
  }

  /** What `setWithHint` does, for bytes that clients have sent: text of latin1, or memory that nobody else changes. */
  setEncoded(
    hint: number,
    key: K,
    encoded: Encoded,
    ttlMs: number,
    flags: number,
    keepRefused: boolean,
    tags: readonly string[] | null = null,
  ): StoreResult {
    const now = this.nowFor(ttlMs);
    const dueMs = dueTime(ttlMs, now);
    if (tags !== null) this.found = this.foundWith(null, tags);
    return this.write(key, encoded, dueMs, flags, keepRefused, now, hint, ENCODED);
  }

  /** What `update` does, for bytes. */
  updateEncoded(slot: number, encoded: Encoded, keepRefused: boolean, keepBits: boolean): StoreResult {
    return this.updateForm(slot, encoded, this.flagsAt(slot), keepRefused, keepBits, ENCODED);
  }

  /** The value of an entry that holds bytes only. Without `keeps` it is kept only where that takes no room. */
  private decodedAt(slot: number, keeps: boolean): V {
    const { columns, budget } = this;
    const encoded = columns.valueAt(slot) as Encoded;
    const key = this.keyAt(slot);
    const value = this.codec!.decode(encoded, this.flagsAt(slot), key);
    const isHeld = (value as unknown) === encoded;
    // Bytes are bytes in both worlds.
    const isSame = isHeld || value instanceof Uint8Array;
    if (!isSame && !keeps) return value;
    let growth = 0;
    if (budget.weighs && !isHeld) {
      growth = this.weigh(key, value) - (isSame ? encodedBytes(encoded) : 0);
      const { found } = this;
      this.found = null;
      // A sizeOf hook may have called the engine.
      if (found !== null || !this.stillHolds(slot, key, encoded, ENCODED)) return value;
      if (!keeps && growth > 0) return value;
    }
    const now = this.time.now();
    if (this.dueMsAt(slot) <= now) return value;
    if (!this.hasRoomFor(slot, growth + (isSame ? 0 : this.sides.wouldAdd(slot)), keeps)) return value;
    columns.setValue(slot, value);
    this.setForm(slot, isSame ? SAME : BOTH);
    if (!isSame) this.putSide(slot, encoded);
    this.settleForm(slot, growth, now);
    return value;
  }

  private shown(key: K, held: V | Encoded, flags: number, form: number): V {
    if (form !== ENCODED) return held as V;
    try {
      return this.codec!.decode(held as Encoded, flags, key);
    } catch {
      return this.codec!.bytesOf(held as Encoded);
    }
  }

  private stillHolds(slot: number, key: K, held: unknown, form: number): boolean {
    const { columns } = this;
    if (!columns.isUsed(slot) || this.formAt(slot) !== form) return false;
    return Object.is(columns.keyAt(slot), key) && Object.is(columns.valueAt(slot), held);
  }

  /** Whether an entry may weigh so much more. */
  private hasRoomFor(slot: number, more: number, mayEvict: boolean): boolean {
    const { budget } = this;
    if (!budget.weighs || more <= 0) return true;
    const beside = this.shared.aloneAt(slot) + this.tags.aloneAt(slot);
    if (budget.neverFits(this.columns.weightAt(slot) + more + beside)) return false;
    return (mayEvict && this.evicts) || !budget.exceededBy(more, this.size);
  }

  private setForm(slot: number, form: number): void {
    const { bits } = this.columns;
    bits![slot] = (bits![slot]! & (FETCHED | ADAPTER_BITS)) | (form << FORM_SHIFT);
    this.columns.mirror(slot);
  }

  private putSide(slot: number, encoded: Encoded): void {
    this.features |= SIDES;
    this.sides.put(slot, encoded);
    this.countBeside();
  }

  /** The slot has these tags, and no bytes beside its value. */
  private replaceBeside(slot: number, tags: readonly string[] | null): void {
    if ((this.features & SIDES) !== 0) this.sides.delete(slot);
    if ((this.features & TAGS) !== 0) this.tags.hold(slot, tags);
    this.countBeside();
  }

  private moveBeside(from: number, to: number): void {
    this.sides.move(from, to);
    this.tags.move(from, to);
    this.countBeside();
  }

  private countBeside(): void {
    this.budget.sideBytes = this.sides.bytes + this.tags.bytes;
  }

  /** An entry weighs more by `growth`. Returns its slot afterwards; 0 when a listener has removed it. */
  private settleForm(slot: number, growth: number, now: number): number {
    const { budget, columns } = this;
    if (!budget.weighs) return slot;
    budget.contentBytes += growth;
    columns.setWeight(slot, columns.weightAt(slot) + growth);
    this.order.weighed(slot, growth);
    columns.mirror(slot);
    if (!budget.exceededBy(0, this.size)) return slot;
    const key = this.keyAt(slot);
    const settled = this.makeRoomBeside(slot, now);
    this.listeners.deliver();
    return (this.features & LISTENERS) === 0 ? settled : this.peekSlot(key);
  }

  // Removing

  /** Removes the entry under `key`. False when there was no live one. */
  delete(key: K): boolean {
    const slot = this.index.find(key, this.index.hash(key));
    if (slot === 0) return false;
    const live = this.take(slot);
    this.settle();
    return live;
  }

  /** Whether the entry that it removes was live. */
  private take(slot: number): boolean {
    const live = !this.isExpired(slot);
    this.remove(slot, live ? 'deleted' : 'expired');
    return live;
  }

  /** Removes the entries that have one of these tags, `limit` at most. Returns how many were live. O(1) for each. */
  invalidateTags(tags: readonly string[], limit: number = Number.POSITIVE_INFINITY): number {
    let live = 0;
    const before = this.size;
    for (const tag of tags) {
      this.invalidations?.invalidated(tag);
      for (let slot = this.tags.slotOf(tag); slot !== 0; slot = this.tags.slotOf(tag)) {
        if (before - this.size >= limit) break;
        if (this.take(slot)) live++;
      }
    }
    this.settle(before - this.size);
    return live;
  }

  /** Whether an entry has one of these tags. */
  hasTagged(tags: readonly string[]): boolean {
    return tags.some((tag) => this.tags.slotOf(tag) !== 0);
  }

  /** Removes the entries with these keys. Returns how many were live. O(slots). */
  deletePrefix(prefix: string): number {
    let live = 0;
    const before = this.size;
    for (let slot = this.columns.nextFresh - 1; slot > 0; slot--)
      if (this.columns.isUsed(slot) && hasPrefix(this.keyAt(slot), prefix) && this.take(slot)) live++;
    this.settle(before - this.size);
    return live;
  }

  /** Removes everything and gives the memory back. O(n) with a removal listener. */
  clear(): void {
    if (this.listeners.hearsRemovals || REMOVAL_CHANNEL.hasSubscribers)
      for (const slot of this.order.walk('oldest-first')) this.reportRemovalOf(slot, 'cleared');
    this.curve?.clear();
    this.order.clear();
    this.columns.clear();
    this.index.clear();
    this.expiry.clear();
    this.shared.clear();
    this.sides.clear();
    this.tags.clear();
    this.size = 0;
    this.lastStored = 0;
    this.budget.contentBytes = 0;
    this.budget.sharedBytes = 0;
    this.budget.sideBytes = 0;
    this.listeners.changed({ key: undefined, cause: 'cleared', version: undefined });
    this.listeners.deliver();
  }

  /** Evicts the live entry that the policy chooses and returns it; `undefined` when there is none. */
  evictOldest(): [K, V] | undefined {
    const now = this.nowIfNeeded();
    let entry: [K, V] | undefined;
    let removed = 0;
    while (entry === undefined && this.size > 0) {
      const victim = this.order.victim();
      const isExpired = this.dueMsAt(victim) <= now;
      if (!isExpired) entry = [this.keyAt(victim), this.shownValueAt(victim)];
      this.remove(victim, isExpired ? 'expired' : 'evicted', now);
      removed++;
    }
    this.settle(removed);
    return entry;
  }

  /** Removes expired entries, looking at `limit` slots at most; the next call continues there. Returns how many. */
  sweepExpired(limit: number): number {
    if (typeof limit !== 'number' || !(limit >= 0))
      throw invalidArgument('limit', 'a number of entries, 0 or more', limit);
    if (!this.expiry.canExpire) return 0;
    const now = this.time.now();
    const expired = this.expiry.sweep(now, limit, this.removeExpired);
    // Entries that moved before the round has ended would have to be looked at again.
    this.settle(expired + SWEPT_EXTRA, !this.expiry.mayHaveDue(now));
    return expired;
  }

  /** Changes limits; evicts what no longer fits, oldest first, also with `evict: false`. */
  resize(limits: Limits): void {
    const now = this.nowIfNeeded();
    this.budget.resize(limits);
    const before = this.size;
    this.makeRoom(now);
    this.settle(before - this.size);
  }

  /**
   * Does `steps` steps of what `resize({ maxBytes })` would do at once: evicts the oldest entry, or takes away a slot that
   * no entry needs. False when nothing is left but to resize, which then copies what stays.
   */
  shrinkTowards(maxBytes: number, steps: number): boolean {
    const now = this.nowIfNeeded();
    let left = steps;
    for (; left > 0; left--) {
      if (this.size > 0 && this.budget.tightBytes(this.size) > maxBytes) {
        const victim = this.order.victim();
        this.remove(victim, this.dueMsAt(victim) <= now ? 'expired' : 'evicted', now);
      } else if (this.bytes > maxBytes && this.columns.nextFresh > this.size + 1) this.dropTop();
      else break;
    }
    this.settle(steps - left);
    return left === 0;
  }

  // Reporting

  subscribe(prefix: string, listener: ChangeListener<K>): () => void {
    const unsubscribe = this.listeners.subscribe(prefix, listener);
    this.noteListeners();
    return () => {
      unsubscribe();
      this.noteListeners();
    };
  }

  /** Whether removals or changes have listeners. */
  get hasListeners(): boolean {
    return (this.features & LISTENERS) !== 0;
  }

  private noteListeners(): void {
    if (this.listeners.hasListeners) this.features |= LISTENERS;
    else this.features &= ~LISTENERS;
  }

  /** Decodes only for those who look. */
  private reportRemoval(
    slot: number,
    key: K,
    held: V | Encoded,
    flags: number,
    form: number,
    cause: RemovalCause,
  ): void {
    const shown = (): V => this.shown(key, held, flags, form);
    this.listeners.removed(key, shown, cause);
    if (!REMOVAL_CHANNEL.hasSubscribers) return;
    const { engine } = this;
    REMOVAL_CHANNEL.publish({
      engine,
      entry: slot,
      key,
      get value() {
        return shown();
      },
      cause,
    });
  }

  private reportChange(slot: number, cause: 'stored' | 'touched'): void {
    if ((this.features & LISTENERS) === 0) return;
    const version = this.columns.versions === null ? undefined : this.versionAt(slot);
    this.listeners.changed({ key: this.keyAt(slot), cause, version });
  }

  private nowFor(ttlMs: number): number {
    return ttlMs === NEVER ? this.nowIfNeeded() : this.time.now();
  }

  /** The time, for an engine that needs it: one without TTLs and access times never reads the clock. */
  private nowIfNeeded(): number {
    return this.columns.dues !== null || this.tracksAccess ? this.time.now() : 0;
  }

  // Looking from outside

  stats(): count.EngineStats {
    this.counters[count.MISSES_ABSENT] = this.misses - this.counters[count.MISSES_EXPIRED]!;
    return count.snapshot(this.counters, this.window, this.evictionAges, {
      hits: this.hits,
      stores: this.stores,
      size: this.size,
      bytes: this.bytes,
      maxBytes: this.maxBytes,
      maxEntries: this.maxEntries,
    });
  }

  resetStats(): void {
    this.curve?.reset();
    this.counters.fill(0);
    this.hits = 0;
    this.misses = 0;
    this.windowEnd = 0;
    this.stores = 0;
    this.window.reset();
    this.evictionAges?.reset();
  }

  /** What is inconsistent, one sentence each; empty when all is well. O(n). */
  verify(): string[] {
    const columns = this.columns;
    const budget = this.budget;
    const problems = [
      ...this.order.verify(this.size),
      ...columns.verify(this.size),
      ...this.expiry.verify(),
      ...this.shared.verify(),
    ];
    // Broken links would not let a walk end.
    if (problems.length > 0) return problems;
    const used = new Set(this.order.walk('oldest-first'));
    problems.push(...this.index.verify(used));
    let contentBytes = 0;
    const sided = new Set<number>();
    const versions = new Set<number | bigint>();
    for (const slot of used) {
      if (budget.weighs) contentBytes += columns.weightAt(slot);
      const form = this.formAt(slot);
      if (form === BOTH) sided.add(slot);
      const held = columns.valueAt(slot);
      if ((form === SAME || form === ENCODED) && typeof held !== 'string' && !(held instanceof Uint8Array))
        problems.push(`slot ${slot} should hold bytes`);
      if (columns.versions === null || columns.versionAt(slot) === 0) continue;
      if (versions.has(columns.versionAt(slot)) && !this.givesVersions)
        problems.push(`slot ${slot} has the version of another`);
      versions.add(columns.versionAt(slot));
    }
    if (contentBytes !== budget.contentBytes)
      problems.push(`entries sum to ${contentBytes} bytes, the engine counts ${budget.contentBytes}`);
    problems.push(...this.sides.verify(sided, 'bytes'), ...this.tags.verify(used));
    if (budget.sideBytes !== this.sides.bytes + this.tags.bytes)
      problems.push(
        `bytes beside values take ${this.sides.bytes}, tags ${this.tags.bytes}, and the engine counts ${budget.sideBytes}`,
      );
    if (budget.sharedBytes !== this.shared.bytes)
      problems.push(
        `shared buffers take ${this.shared.bytes} bytes, the engine counts ${budget.sharedBytes}`,
      );
    if (budget.exceededBy(0, this.size))
      problems.push(`${this.size} entries of ${this.bytes} bytes exceed the limits`);
    return problems;
  }
}

/** Bytes of a key. The hash of a text includes the width of its characters: see key-index.ts. */
function keyBytes(key: unknown, hash: number): number {
  if (typeof key !== 'string' || hash === NOT_HASHED) return valueBytes(ordinary(key));
  return paddedBytes(hash < 0 ? key.length * 2 : key.length);
}

/** -0 is the key 0, as in a Map. */
function ordinary<K>(key: K): K {
  return (key as unknown) === 0 ? (0 as K) : key;
}

function distinct(tags: readonly string[] | undefined): readonly string[] | null {
  return tags === undefined || tags.length === 0 ? null : [...new Set(tags)];
}

export function isTime(value: unknown): value is number {
  return typeof value === 'number' && !Number.isNaN(value);
}

export function checkTtl(ttlMs: unknown): void {
  if (!isTime(ttlMs)) throw invalidArgument('ttlMs', 'a number of milliseconds (Infinity for never)', ttlMs);
}

/** When an entry stored `now` expires; a TTL of 0 or less has passed at once. */
function dueTime(ttlMs: number, now: number): number {
  checkTtl(ttlMs);
  return ttlMs > 0 ? now + ttlMs : now;
}

export function checkFlags(flags: unknown): void {
  if (flags !== undefined && (typeof flags !== 'number' || flags >>> 0 !== flags))
    throw invalidArgument('flags', 'a whole number from 0 to 4294967295', flags);
}

export function checkStoreOptions(options: StoreOptions | undefined): void {
  if (options === undefined) return;
  rejectUnknownOptions(options, STORE_OPTIONS);
  checkFlags(options.flags);
  checkBoolean('keepRefused', options.keepRefused);
  const { bytes, tags } = options;
  if (bytes !== undefined && !(typeof bytes === 'number' && bytes >= 0 && bytes < NEVER))
    throw invalidArgument('bytes', 'a finite number of bytes, 0 or more', bytes);
  if (tags !== undefined) checkTags(tags);
}

export function checkBoolean(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') throw invalidArgument(name, 'true or false', value);
}
