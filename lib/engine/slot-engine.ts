/**
 * The engine's mechanics, by slot: what CacheEngine's methods by key are made of, and what adapters use that
 * must not allocate. It coordinates the parts and is the only file that knows them all: the table finds slots,
 * the list orders them, the wheel says which have expired, the queue holds removals until all is consistent.
 *
 * Invariants, after every public call: `bytes <= maxBytes`, `size <= maxEntries`; table, list and wheel hold
 * the same slots; every removal has been counted under its cause and told to the listener once.
 */

import { HotsetError } from '../errors.js';
import type { Clock } from './clock.js';
import type { StoreOptions, StoreResult } from './entry.js';
import { checkedSize, ENTRY_OVERHEAD_BYTES, type SizeOf, valueBytes } from './entry-bytes.js';
import { EntryTable } from './entry-table.js';
import { ExpiryWheel } from './expiry.js';
import {
  type CacheEngineOptions,
  checkedLimit,
  invalidArgument,
  type ResolvedOptions,
  resolveOptions,
} from './options.js';
import { RecencyList } from './recency-list.js';
import { type RemovalCause, RemovalQueue } from './removal.js';
import * as count from './stats.js';
import { verifyParts } from './verify.js';

/** Entries looked at in one step of reclaiming the expired before live ones are evicted. */
const RECLAIM_STEP = 64;

export class SlotEngine<K, V> {
  protected readonly clock: Clock;
  readonly #sizeOf: SizeOf<K, V> | null;
  readonly #ttlMs: number;
  readonly #maxEntryBytes: number;
  protected readonly trackAccess: boolean;
  readonly #evict: boolean;
  protected readonly table: EntryTable<K, V> = new EntryTable();
  protected readonly list: RecencyList;
  readonly #counters: count.Counters = count.newCounters();
  protected readonly removals: RemovalQueue<K, V> | null;
  protected expiry: ExpiryWheel | null = null;
  #maxBytes: number;
  #maxEntries: number;
  #weighs: boolean;
  #bytes = 0;
  #lastVersion = 0;

  /** Throws `HOTSET_INVALID_OPTION` for an option that makes no sense. */
  constructor(options: CacheEngineOptions<K, V> = {}) {
    const resolved: ResolvedOptions<K, V> = resolveOptions(options);
    this.clock = resolved.clock;
    this.#sizeOf = resolved.sizeOf;
    this.#ttlMs = resolved.ttlMs;
    this.#maxEntryBytes = resolved.maxEntryBytes;
    this.trackAccess = resolved.trackAccess;
    this.#evict = resolved.evict;
    this.#maxBytes = resolved.maxBytes;
    this.#maxEntries = resolved.maxEntries;
    this.#weighs =
      resolved.maxBytes !== Number.POSITIVE_INFINITY || resolved.maxEntryBytes !== Number.POSITIVE_INFINITY;
    this.removals = resolved.onRemoval === null ? null : new RemovalQueue(resolved.onRemoval);
    this.list = new RecencyList(this.table.capacity);
    if (this.trackAccess) this.table.needAccess();
  }

  /** Entries held, expired ones that are not yet reclaimed included. */
  get size(): number {
    return this.table.size;
  }

  /** Counted bytes of all entries: keys, values and overhead. Never more than `maxBytes`. */
  get bytes(): number {
    return this.#bytes;
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  get maxEntries(): number {
    return this.#maxEntries;
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

  valueAt(slot: number): V {
    return this.table.values[slot] as V;
  }

  flagsAt(slot: number): number {
    return this.table.flags === null ? 0 : this.table.flags[slot]!;
  }

  versionAt(slot: number): number {
    if (this.table.versions === null) this.beginVersions();
    return this.table.versions![slot]!;
  }

  remainingTtlMsAt(slot: number): number {
    const expiresAtMs = this.expiry === null ? Number.POSITIVE_INFINITY : this.expiry.expiresAt[slot]!;
    return expiresAtMs === Number.POSITIVE_INFINITY ? expiresAtMs : expiresAtMs - this.clock.now();
  }

  /** What `touch` does. */
  touchAt(slot: number, ttlMs: number): void {
    this.schedule(slot, this.expiresAtMs(ttlMs));
  }

  /** Makes the entry the newest. */
  promoteAt(slot: number): void {
    this.list.promote(slot);
  }

  /**
   * Numbers the writes from now on. Happens by itself when a version is first asked for, and then numbers
   * the entries that are there, oldest first: O(n), once.
   */
  beginVersions(): void {
    if (this.table.versions !== null) return;
    const versions = this.table.needVersions();
    for (let slot = this.list.oldest; slot !== 0; slot = this.list.newer[slot]!)
      versions[slot] = ++this.#lastVersion;
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
    this.#bytes = 0;
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
  resize(limits: { maxBytes?: number; maxEntries?: number }): void {
    const maxBytes = checkedLimit('maxBytes', limits.maxBytes, this.#maxBytes);
    const maxEntries = checkedLimit('maxEntries', limits.maxEntries, this.#maxEntries);
    if ((maxBytes === Number.POSITIVE_INFINITY) !== (this.#maxBytes === Number.POSITIVE_INFINITY))
      throw new HotsetError(
        'HOTSET_INVALID_OPTION',
        'maxBytes cannot change between Infinity and a number of bytes',
      );
    if (maxBytes === Number.POSITIVE_INFINITY && maxEntries === Number.POSITIVE_INFINITY)
      throw new HotsetError('HOTSET_INVALID_OPTION', 'maxBytes: Infinity needs a finite maxEntries');
    this.#maxBytes = maxBytes;
    this.#maxEntries = maxEntries;
    this.#makeRoom(0, 0);
    this.removals?.deliver();
  }

  // Looking from outside

  /** Counters since the start or the last `resetStats()`, and what is held now. A frozen snapshot. */
  stats(): count.EngineStats {
    return count.snapshot(this.#counters, {
      size: this.table.size,
      bytes: this.#bytes,
      maxBytes: this.#maxBytes,
      maxEntries: this.#maxEntries,
    });
  }

  resetStats(): void {
    this.#counters.fill(0);
  }

  /** Walks the whole structure and says what is inconsistent: an empty list when all is well. O(n). */
  verify(): string[] {
    return verifyParts({
      table: this.table,
      list: this.list,
      expiry: this.expiry,
      bytes: this.#bytes,
      maxBytes: this.#maxBytes,
      maxEntries: this.#maxEntries,
      weighs: this.#weighs,
    });
  }

  // The rest is the engine's own.

  protected store(key: K, slot: number, value: V, options: StoreOptions | undefined): StoreResult {
    const ttlMs = options?.ttlMs;
    const expiresAtMs = this.expiresAtMs(ttlMs === undefined ? this.#ttlMs : ttlMs);
    const flags = options?.flags === undefined ? 0 : options.flags;
    if (flags >>> 0 !== flags) throw invalidArgument('flags', 'a whole number from 0 to 4294967295', flags);
    return this.write(key, slot, value, expiresAtMs, flags);
  }

  /** The one place where a value enters. `found` is the key's present slot, or 0. */
  protected write(key: K, found: number, value: V, expiresAtMs: number, flags: number): StoreResult {
    const { changes } = this.table;
    const bytes = this.#weighs ? this.#weigh(key, value) : 0;
    // A sizeOf hook, or a getter of the value's, may have called the engine.
    let slot = changes === this.table.changes ? found : this.table.find(key);
    if (slot !== 0 && this.isExpired(slot)) {
      this.remove(slot, 'expired');
      slot = 0;
    }
    const refusal = this.#refusal(slot, bytes);
    if (refusal !== null) {
      this.#counters[count.REFUSALS]!++;
      if (slot !== 0) this.remove(slot, 'replaced');
      this.removals?.deliver();
      return refusal;
    }
    if (slot === 0) {
      if (this.#isShort(bytes, 1)) this.#makeRoom(bytes, 1);
      if (this.table.full) this.#grow();
      slot = this.table.insert(key, value);
      this.list.add(slot);
      this.#bytes += bytes;
      this.table.bytes[slot] = bytes;
    } else {
      this.#countLeaving(slot, 'replaced');
      this.#bytes += bytes - this.table.bytes[slot]!;
      this.table.bytes[slot] = bytes;
      this.table.values[slot] = value;
      // Newest and without a time, so that making room for a larger value takes others.
      this.list.promote(slot);
      this.schedule(slot, Number.POSITIVE_INFINITY);
      if (this.#isShort(0, 0)) this.#makeRoom(0, 0);
    }
    if (flags !== 0 || this.table.flags !== null) this.table.needFlags()[slot] = flags;
    if (this.table.versions !== null) this.table.versions[slot] = ++this.#lastVersion;
    if (this.trackAccess) this.#stampStored(slot);
    this.schedule(slot, expiresAtMs);
    this.#counters[count.STORES]!++;
    this.removals?.deliver();
    return 'stored';
  }

  /** Why an entry of this weight cannot take the place of `slot` (0 for none); null when it can. */
  #refusal(slot: number, bytes: number): 'too-large' | 'no-room' | null {
    if (bytes > this.#maxBytes || bytes > this.#maxEntryBytes) return 'too-large';
    if (this.#evict) return null;
    // Its time no longer counts: it gives way to the new value or to the refusal, not to the sweep below.
    if (slot !== 0) this.schedule(slot, Number.POSITIVE_INFINITY);
    const growth = slot === 0 ? bytes : bytes - this.table.bytes[slot]!;
    const entries = slot === 0 ? 1 : 0;
    while (this.#isShort(growth, entries)) if (!this.#reclaimExpired()) return 'no-room';
    return null;
  }

  #isShort(bytes: number, entries: number): boolean {
    return this.#bytes + bytes > this.#maxBytes || this.table.size + entries > this.#maxEntries;
  }

  /** Makes the budget hold with `bytes` and `entries` more: expired entries go first, then the oldest. */
  #makeRoom(bytes: number, entries: number): void {
    while (this.#isShort(bytes, entries)) {
      if (this.#reclaimExpired()) continue;
      this.remove(this.list.oldest, 'evicted');
    }
  }

  /** One bounded step of removing expired entries. False when there is nothing to gain. */
  #reclaimExpired(): boolean {
    const expiry = this.expiry;
    if (expiry === null || expiry.count === 0) return false;
    const now = this.clock.now();
    while (expiry.mayHaveDue(now)) if (expiry.sweep(now, RECLAIM_STEP, this.#removeExpired) > 0) return true;
    return false;
  }

  readonly #removeExpired = (slot: number): void => this.remove(slot, 'expired');

  protected remove(slot: number, cause: RemovalCause): void {
    this.#countLeaving(slot, cause);
    this.#bytes -= this.table.bytes[slot]!;
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
    if (ttlMs === Number.POSITIVE_INFINITY) return ttlMs;
    if (typeof ttlMs !== 'number' || Number.isNaN(ttlMs))
      throw invalidArgument('ttlMs', 'a number of milliseconds (Infinity for never)', ttlMs);
    const now = this.clock.now();
    return ttlMs > 0 ? now + ttlMs : now;
  }

  protected schedule(slot: number, expiresAtMs: number): void {
    if (this.expiry === null) {
      if (expiresAtMs === Number.POSITIVE_INFINITY) return;
      this.expiry = new ExpiryWheel(this.table.capacity, this.clock.now());
    }
    if (this.expiry.expiresAt[slot] !== expiresAtMs) this.expiry.schedule(slot, expiresAtMs);
  }

  #stampStored(slot: number): void {
    const now = this.clock.now();
    this.table.storedAt![slot] = now;
    this.table.usedAt![slot] = now;
    this.table.fetched![slot] = 0;
  }

  #weigh(key: K, value: V): number {
    const bytes = this.#sizeOf === null ? valueBytes(value) : checkedSize(this.#sizeOf(value, key));
    return ENTRY_OVERHEAD_BYTES + valueBytes(key) + bytes;
  }

  #grow(): void {
    this.table.grow();
    this.list.grow(this.table.capacity);
    this.expiry?.grow(this.table.capacity);
  }
}
