/**
 * The engine's mechanics, by slot: what CacheEngine's methods by key are made of, and what adapters use that
 * must not allocate. It coordinates the parts and is the only file that knows them all: the table finds slots,
 * the list orders them, the wheel says which have expired, the queue holds removals until all is consistent.
 *
 * Invariants, after every public call: `bytes <= maxBytes`, `size <= maxEntries`; table, list and wheel hold
 * the same slots; every removal has been counted under its cause and told to the listener once.
 */

import { invalidArgument, rejectUnknownOptions } from '../errors.js';
import { Budget, type Limits } from './budget.js';
import type { Clock } from './clock.js';
import type { StoreOptions, StoreResult } from './entry.js';
import {
  ACCESS_BYTES,
  checkedSize,
  ENTRY_OVERHEAD_BYTES,
  EXPIRY_BYTES,
  FLAGS_BYTES,
  type SizeOf,
  VERSION_BYTES,
  valueBytes,
} from './entry-bytes.js';
import { EntryTable } from './entry-table.js';
import { ExpiryWheel } from './expiry.js';
import { type CacheEngineOptions, type ResolvedOptions, resolveOptions } from './options.js';
import { RecencyList } from './recency-list.js';
import { type RemovalCause, RemovalQueue } from './removal.js';
import * as count from './stats.js';
import { verifyParts } from './verify.js';

const STORE_OPTIONS: ReadonlySet<string> = new Set<keyof StoreOptions>(['ttlMs', 'flags', 'keepRefused']);

/** Entries looked at in one step of reclaiming the expired before live ones are evicted. */
const RECLAIM_STEP = 64;

export class SlotEngine<K, V> {
  /** Where the engine gets its time. */
  readonly clock: Clock;
  readonly #sizeOf: SizeOf<K, V> | null;
  readonly #ttlMs: number;
  protected readonly trackAccess: boolean;
  readonly #evict: boolean;
  protected readonly table: EntryTable<K, V> = new EntryTable();
  protected readonly list: RecencyList;
  readonly #counters: count.Counters = count.newCounters();
  readonly #budget: Budget;
  protected readonly removals: RemovalQueue<K, V> | null;
  protected expiry: ExpiryWheel | null = null;
  #lastVersion = 0;

  /** Throws `HOTSET_INVALID_OPTION` for an option that makes no sense. */
  constructor(options: CacheEngineOptions<K, V> = {}) {
    const resolved: ResolvedOptions<K, V> = resolveOptions(options);
    this.clock = resolved.clock;
    this.#sizeOf = resolved.sizeOf;
    this.#ttlMs = resolved.ttlMs;
    this.trackAccess = resolved.trackAccess;
    this.#evict = resolved.evict;
    this.#budget = new Budget(resolved);
    this.removals = resolved.onRemoval === null ? null : new RemovalQueue(resolved.onRemoval);
    this.list = new RecencyList(this.table.capacity);
    this.#budget.addOverhead(ENTRY_OVERHEAD_BYTES);
    if (this.trackAccess) {
      this.table.needAccess();
      this.#budget.addOverhead(ACCESS_BYTES);
    }
  }

  /** Entries held, expired ones that are not yet reclaimed included. */
  get size(): number {
    return this.table.size;
  }

  /** Counted bytes of all entries: keys, values and overhead. Never more than `maxBytes`. */
  get bytes(): number {
    return this.#budget.bytes(this.table.size);
  }

  /** The budget in bytes, as the options or `resize` set it. */
  get maxBytes(): number {
    return this.#budget.maxBytes;
  }

  /** The most entries, as the options or `resize` set it. */
  get maxEntries(): number {
    return this.#budget.maxEntries;
  }

  /** Whether a full cache evicts (the option `evict`). */
  get evicts(): boolean {
    return this.#evict;
  }

  // Slots: for adapters that must not allocate. A slot is good until the next call that may store or remove.

  /** The slot of a live entry, or 0; changes nothing. */
  find(key: K): number {
    const slot = this.table.find(key);
    return slot === 0 || this.isExpired(slot) ? 0 : slot;
  }

  /** What `get` does, but returns the slot: 0 when there is none, -1 when there was one that has expired. */
  lookup(key: K): number {
    const slot = this.table.find(key);
    if (slot === 0) {
      this.#counters[count.MISSES_ABSENT]!++;
      return 0;
    }
    if (this.expiry !== null && this.isExpired(slot)) {
      this.#counters[count.MISSES_EXPIRED]!++;
      this.remove(slot, 'expired');
      this.removals?.deliver();
      return -1;
    }
    this.#counters[count.HITS]!++;
    this.list.promote(slot);
    if (this.trackAccess) {
      this.table.usedAt![slot] = this.clock.now();
      this.table.fetched![slot] = 1;
    }
    return slot;
  }

  /** The entry's value. O(1), as all of these. */
  valueAt(slot: number): V {
    return this.table.values[slot] as V;
  }

  /** The entry's flags; 0 unless it was stored with some. */
  flagsAt(slot: number): number {
    return this.table.flags === null ? 0 : this.table.flags[slot]!;
  }

  /** The entry's version; `beginVersions` must have been called. */
  versionAt(slot: number): number {
    return this.table.versions![slot]!;
  }

  /** What the entry counts: key, value and overhead; 0 when the engine has no byte limits. */
  bytesAt(slot: number): number {
    return this.table.bytes[slot]! + this.#budget.overheadBytes;
  }

  /** Milliseconds until the entry expires; `Infinity` for never. */
  remainingTtlMsAt(slot: number): number {
    const expiresAtMs = this.expiry === null ? Number.POSITIVE_INFINITY : this.expiry.expiresAt[slot]!;
    return expiresAtMs === Number.POSITIVE_INFINITY ? expiresAtMs : expiresAtMs - this.clock.now();
  }

  /** What `touch` does. The slot may be gone afterwards: the first time to live of all may evict. */
  touchAt(slot: number, ttlMs: number): void {
    this.reschedule(slot, this.expiresAtMs(ttlMs));
  }

  /** Makes the entry the newest. */
  promoteAt(slot: number): void {
    this.list.promote(slot);
  }

  /** Whether entries have versions by now. */
  protected get numbersWrites(): boolean {
    return this.table.versions !== null;
  }

  /**
   * Numbers the writes from now on. Happens by itself when a version is first asked for; then numbers the
   * entries that are there, oldest first: O(n), once. May evict, also with `evict: false`: numbers take room.
   */
  beginVersions(): void {
    if (this.table.versions !== null) return;
    const versions = this.table.needVersions();
    for (let slot = this.list.oldest; slot !== 0; slot = this.list.newer[slot]!)
      versions[slot] = ++this.#lastVersion;
    this.#budget.addOverhead(VERSION_BYTES);
    this.#makeRoom(0, 0, this.nowIfNeeded());
    this.removals?.deliver();
  }

  /** Removes everything. O(n) with a removal listener. */
  clear(): void {
    if (this.removals !== null) {
      for (let slot = this.list.oldest; slot !== 0; slot = this.list.newer[slot]!)
        this.removals.push(this.table.keys[slot] as K, this.table.values[slot] as V, 'cleared');
    }
    this.table.reset();
    this.list.reset(this.table.capacity);
    this.expiry?.reset(this.table.capacity);
    this.#budget.contentBytes = 0;
    this.removals?.deliver();
  }

  /** Evicts the least recently used live entry and returns it; `undefined` when there is none. */
  evictOldest(): [K, V] | undefined {
    let slot = this.list.oldest;
    for (; slot !== 0 && this.isExpired(slot); slot = this.list.oldest) this.remove(slot, 'expired');
    const entry: [K, V] | undefined =
      slot === 0 ? undefined : [this.table.keys[slot] as K, this.valueAt(slot)];
    if (slot !== 0) this.remove(slot, 'evicted');
    this.removals?.deliver();
    return entry;
  }

  /**
   * Removes entries whose time has passed, looking at `limit` entries at most. Returns how many it removed.
   * Expired entries are never read and give way before live ones, so this only gives memory back sooner.
   */
  sweepExpired(limit: number = Number.POSITIVE_INFINITY): number {
    if (typeof limit !== 'number' || !(limit >= 0))
      throw invalidArgument('limit', 'a number of entries, 0 or more', limit);
    if (this.expiry === null || this.expiry.count === 0) return 0;
    const expired = this.expiry.sweep(this.clock.now(), limit, this.#removeExpired);
    this.removals?.deliver();
    return expired;
  }

  /**
   * Changes limits; evicts what no longer fits, oldest first, also with `evict: false`.
   * Throws `HOTSET_INVALID_OPTION`; `maxBytes` can be changed only while it is finite, to a finite value.
   */
  resize(limits: Limits): void {
    this.#budget.resize(limits);
    this.#makeRoom(0, 0, this.nowIfNeeded());
    this.removals?.deliver();
  }

  // Looking from outside

  /** Counters since the start or the last `resetStats()`, and what is held now. A frozen snapshot. */
  stats(): count.EngineStats {
    return count.snapshot(this.#counters, {
      size: this.table.size,
      bytes: this.bytes,
      maxBytes: this.#budget.maxBytes,
      maxEntries: this.#budget.maxEntries,
    });
  }

  /** Sets the counters of `stats()` back to 0; what is held stays. */
  resetStats(): void {
    this.#counters.fill(0);
  }

  /** Walks the whole structure and says what is inconsistent: an empty list when all is well. O(n). */
  verify(): string[] {
    return verifyParts({
      table: this.table,
      list: this.list,
      expiry: this.expiry,
      bytes: this.bytes,
      contentBytes: this.#budget.contentBytes,
      maxBytes: this.#budget.maxBytes,
      maxEntries: this.#budget.maxEntries,
      weighs: this.#budget.weighs,
    });
  }

  // The rest is the engine's own.

  protected store(key: K, slot: number, value: V, options: StoreOptions | undefined): StoreResult {
    const ttlMs = options?.ttlMs === undefined ? this.#ttlMs : options.ttlMs;
    const now = ttlMs === Number.POSITIVE_INFINITY ? this.nowIfNeeded() : this.clock.now();
    const expiresAtMs = expiryTime(ttlMs, now);
    const flags = options?.flags === undefined ? 0 : options.flags;
    if (options !== undefined && options.ttlMs === undefined && options.flags === undefined)
      rejectUnknownOptions(options, STORE_OPTIONS);
    if (flags >>> 0 !== flags) throw invalidArgument('flags', 'a whole number from 0 to 4294967295', flags);
    return this.write(key, slot, value, expiresAtMs, flags, options?.keepRefused === true, now);
  }

  /** The one place where a value enters. `found` is the key's present slot, or 0. */
  protected write(
    key: K,
    found: number,
    value: V,
    expiresAtMs: number,
    flags: number,
    keepRefused: boolean,
    now: number,
  ): StoreResult {
    const { table } = this;
    const { changes } = table;
    const bytes = this.#budget.weighs ? this.#weigh(key, value) : 0;
    // A sizeOf hook, or a getter of the value's, may have called the engine.
    let slot = changes === table.changes ? found : table.find(key);
    this.#needColumns(flags, expiresAtMs, now);
    if (slot !== 0 && this.expiry !== null && this.expiry.expiresAt[slot]! <= now) {
      this.remove(slot, 'expired');
      slot = 0;
    }
    const refusal = this.#refusal(slot, bytes, now);
    if (refusal !== null) {
      this.#counters[count.REFUSALS]!++;
      if (slot !== 0 && !keepRefused) this.remove(slot, 'replaced');
      // The columns that it would have needed are there now, and every entry is a little heavier.
      if (this.#isShort(0, 0)) this.#makeRoom(0, 0, now);
      this.removals?.deliver();
      return refusal;
    }
    if (slot === 0) {
      if (this.#isShort(bytes, 1)) this.#makeRoom(bytes, 1, now);
      if (table.full) this.#grow();
      slot = table.insert(key, value);
      table.bytes[slot] = bytes;
      this.list.add(slot);
      this.#budget.contentBytes += bytes;
    } else {
      this.#countLeaving(slot, 'replaced');
      this.#budget.contentBytes += bytes - table.bytes[slot]!;
      table.values[slot] = value;
      table.bytes[slot] = bytes;
      this.list.promote(slot);
      if (this.#isShort(0, 0)) {
        // A larger value took the place of a smaller one. It is the newest; without a time, others go first.
        this.schedule(slot, Number.POSITIVE_INFINITY);
        this.#makeRoom(0, 0, now);
      }
    }
    if (table.flags !== null) table.flags[slot] = flags;
    if (table.versions !== null) table.versions[slot] = ++this.#lastVersion;
    if (this.trackAccess) {
      table.storedAt![slot] = now;
      table.usedAt![slot] = now;
      table.fetched![slot] = 0;
    }
    this.schedule(slot, expiresAtMs);
    this.#counters[count.STORES]!++;
    this.removals?.deliver();
    return 'stored';
  }

  /** Why an entry of this weight cannot take the place of `slot` (0 for none); null when it can. */
  #refusal(slot: number, bytes: number, now: number): 'too-large' | 'no-room' | null {
    if (this.#budget.neverFits(bytes)) return 'too-large';
    if (this.#evict) return null;
    // A live entry is not due, so the sweep does not take the slot that is to be written.
    const growth = slot === 0 ? bytes : bytes - this.table.bytes[slot]!;
    const entries = slot === 0 ? 1 : 0;
    while (this.#isShort(growth, entries)) if (!this.#reclaimExpired(now)) return 'no-room';
    return null;
  }

  /** Makes the columns that an entry of this kind needs, before its weight is looked at. */
  #needColumns(flags: number, expiresAtMs: number, now: number): void {
    if (flags !== 0 && this.table.flags === null) {
      this.table.needFlags();
      this.#budget.addOverhead(FLAGS_BYTES);
    }
    if (expiresAtMs !== Number.POSITIVE_INFINITY && this.expiry === null) {
      this.expiry = new ExpiryWheel(this.table.capacity, now);
      this.#budget.addOverhead(EXPIRY_BYTES);
    }
  }

  /** Whether `bytes` of keys and values more, and `entries` more, would break a limit. */
  #isShort(bytes: number, entries: number): boolean {
    return this.#budget.exceededBy(bytes, this.table.size + entries);
  }

  /** Makes the limits hold with `bytes` and `entries` more: expired entries go first, then the oldest. */
  #makeRoom(bytes: number, entries: number, now: number): void {
    while (this.#isShort(bytes, entries)) {
      if (this.#reclaimExpired(now)) continue;
      this.remove(this.list.oldest, 'evicted');
    }
  }

  /** One bounded step of removing expired entries. False when there is nothing to gain. */
  #reclaimExpired(now: number): boolean {
    const { expiry } = this;
    if (expiry === null || expiry.count === 0) return false;
    while (expiry.mayHaveDue(now)) if (expiry.sweep(now, RECLAIM_STEP, this.#removeExpired) > 0) return true;
    return false;
  }

  readonly #removeExpired = (slot: number): void => this.remove(slot, 'expired');

  protected remove(slot: number, cause: RemovalCause): void {
    this.#countLeaving(slot, cause);
    this.#budget.contentBytes -= this.table.bytes[slot]!;
    this.expiry?.cancel(slot);
    this.list.remove(slot);
    this.table.remove(slot);
  }

  /** Counts a removal and queues it for the listener, while the slot still holds its key and value. */
  #countLeaving(slot: number, cause: RemovalCause): void {
    const counters = this.#counters;
    const unfetched = this.trackAccess && this.table.fetched![slot] === 0 ? 1 : 0;
    if (cause === 'evicted') {
      counters[count.EVICTIONS]!++;
      counters[count.EVICTIONS_UNFETCHED]! += unfetched;
    } else if (cause === 'expired') {
      counters[count.EXPIRATIONS]!++;
      counters[count.EXPIRATIONS_UNFETCHED]! += unfetched;
    } else if (cause === 'deleted') counters[count.DELETIONS]!++;
    this.removals?.push(this.table.keys[slot] as K, this.table.values[slot] as V, cause);
  }

  protected isExpired(slot: number): boolean {
    if (this.expiry === null) return false;
    const expiresAtMs = this.expiry.expiresAt[slot]!;
    // The clock is read only for an entry that can expire.
    return expiresAtMs !== Number.POSITIVE_INFINITY && expiresAtMs <= this.clock.now();
  }

  protected expiresAtMs(ttlMs: number): number {
    return ttlMs === Number.POSITIVE_INFINITY ? ttlMs : expiryTime(ttlMs, this.clock.now());
  }

  /** The time, for an engine that has use for it: one without times of any kind never reads the clock. */
  protected nowIfNeeded(): number {
    return this.expiry !== null || this.trackAccess ? this.clock.now() : 0;
  }

  /** A new time for an entry. May evict: the first time of all makes every entry a little heavier. */
  protected reschedule(slot: number, expiresAtMs: number): void {
    this.schedule(slot, expiresAtMs);
    if (this.#isShort(0, 0)) this.#makeRoom(0, 0, this.nowIfNeeded());
    this.removals?.deliver();
  }

  protected schedule(slot: number, expiresAtMs: number): void {
    if (this.expiry === null && expiresAtMs !== Number.POSITIVE_INFINITY)
      this.#needColumns(0, expiresAtMs, this.clock.now());
    if (this.expiry !== null && this.expiry.expiresAt[slot] !== expiresAtMs)
      this.expiry.schedule(slot, expiresAtMs);
  }

  /** Key and value, without overhead. */
  #weigh(key: K, value: V): number {
    const bytes = this.#sizeOf === null ? valueBytes(value) : checkedSize(this.#sizeOf(value, key));
    return valueBytes(key) + bytes;
  }

  #grow(): void {
    this.table.grow();
    this.list.grow(this.table.capacity);
    this.expiry?.grow(this.table.capacity);
  }
}

/** When an entry stored `now` expires; a time to live of 0 or less has passed at once. */
function expiryTime(ttlMs: number, now: number): number {
  if (typeof ttlMs !== 'number' || Number.isNaN(ttlMs))
    throw invalidArgument('ttlMs', 'a number of milliseconds (Infinity for never)', ttlMs);
  return ttlMs > 0 ? now + ttlMs : now;
}
