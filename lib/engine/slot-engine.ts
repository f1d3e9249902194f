/**
 * The engine by number: what adapters use that must not allocate, and what CacheEngine's methods by key are made
 * of. An entry's number is good until the next call that may store, remove or promote; entry-facts.ts has what is
 * known under it.
 */

import { invalidArgument } from '../errors.js';
import type { Limits } from './budget.js';
import { LOOKUP_CHANNEL } from './diagnostics.js';
import type { StoreOptions, StoreResult } from './entry.js';
import { EntryFacts } from './entry-facts.js';
import { type EntryTable, FETCHED } from './entry-table.js';
import { type CacheEngineOptions, resolveOptions } from './options.js';
import { RecentReads } from './recent-reads.js';
import * as count from './stats.js';
import type { TableLayout } from './tables.js';
import { verifyParts } from './verify.js';

export class SlotEngine<K, V> extends EntryFacts<K, V> {
  readonly #recentReads: RecentReads = new RecentReads();

  /**
   * Throws `HOTSET_INVALID_OPTION` for an option that makes no sense. `layout` is for tests: it makes few
   * entries enough for many tables.
   */
  constructor(options: CacheEngineOptions<K, V> = {}, layout?: TableLayout) {
    super(resolveOptions(options), layout);
  }

  /** Entries held, expired ones that are not yet reclaimed included. */
  get size(): number {
    return this.tables.size;
  }

  /** Counted bytes of all entries: keys, values and the engine's structure. Never more than `maxBytes`. */
  get bytes(): number {
    return this.budget.bytes(this.tables.size);
  }

  /** The budget in bytes, as the options or `resize` set it. */
  get maxBytes(): number {
    return this.budget.maxBytes;
  }

  /** The most entries, as the options or `resize` set it. */
  get maxEntries(): number {
    return this.budget.maxEntries;
  }

  /** The number of a live entry, or 0; changes nothing. */
  find(key: K): number {
    const table = this.tables.single ?? this.tables.holding(key);
    const slot = table.find(key);
    return slot === 0 || this.#isExpired(table, slot) ? 0 : table.base + slot;
  }

  /**
   * What `get` does, but returns the number: 0 when there is none, -1 when there was one that has expired.
   * Removals that a hit causes (rare: see tables.ts) are told to the listener with the next call.
   */
  lookup(key: K): number {
    const { tables } = this;
    const table = tables.single ?? tables.holding(key);
    const slot = table.find(key);
    if (slot === 0) {
      this.missed(key);
      return 0;
    }
    return this.#read(table, slot);
  }

  /** What `lookup` does, for a key whose entry is known. */
  lookupAt(entry: number): number {
    return this.#read(this.tables.tableOf(entry), this.tables.slotOf(entry));
  }

  #read(table: EntryTable<K, V>, slot: number): number {
    if (table.expiry !== null && this.isDue(table.expiry.expiresAt[slot]!)) {
      this.expired(table, slot);
      return -1;
    }
    this.counters[count.HITS]!++;
    if (this.watchesReads) this.#watch(table, slot);
    if (this.tables.single === null) return this.#promoteAmongMany(table, slot);
    table.promote(slot);
    return slot;
  }

  /** What `set` does, quicker where the key's entry has the number `known`. Any number will do. */
  setKnown(known: number, key: K, value: V, options: StoreOptions): StoreResult {
    return this.store(key, value, options, known);
  }

  /** Whether a hit is more than a promotion. */
  protected get watchesReads(): boolean {
    return this.trackAccess || LOOKUP_CHANNEL.hasSubscribers;
  }

  #watch(table: EntryTable<K, V>, slot: number): void {
    if (LOOKUP_CHANNEL.hasSubscribers)
      LOOKUP_CHANNEL.publish({ engine: this, key: table.keys[slot], result: 'hit' });
    if (!this.trackAccess) return;
    table.times!.setUsed(slot, this.clock.now());
    table.marks![slot]! |= FETCHED;
  }

  /** Counts a read that found nothing. */
  protected missed(key: K): void {
    const { counters } = this;
    this.#recentReads.beforeMiss(counters[count.HITS]!, count.missesOf(counters));
    counters[count.MISSES_ABSENT]!++;
    if (LOOKUP_CHANNEL.hasSubscribers) LOOKUP_CHANNEL.publish({ engine: this, key, result: 'absent' });
  }

  /** Counts a read that found an entry whose time has passed, and removes it. */
  protected expired(table: EntryTable<K, V>, slot: number): void {
    const { counters } = this;
    this.#recentReads.beforeMiss(counters[count.HITS]!, count.missesOf(counters));
    counters[count.MISSES_EXPIRED]!++;
    const key = table.keys[slot];
    this.remove(table, slot, 'expired');
    if (LOOKUP_CHANNEL.hasSubscribers) LOOKUP_CHANNEL.publish({ engine: this, key, result: 'expired' });
    this.announcements?.deliver();
  }

  /** Tells no listener: the caller has yet to look at the entry. */
  #promoteAmongMany(table: EntryTable<K, V>, slot: number): number {
    const entry = this.tables.promote(table, slot);
    // An entry that moves to another table may make that one's index grow.
    if (table.stamps === null && this.budget.exceededBy(0, this.tables.size)) this.#makeRoomFor(entry);
    return entry;
  }

  /** Makes the limits hold beside this entry, the newest, which may be due by now. */
  #makeRoomFor(entry: number): void {
    const table = this.tables.tableOf(entry);
    const slot = this.tables.slotOf(entry);
    const expiresAtMs = this.expiresAtMsOf(entry);
    const now = this.nowIfNeeded();
    this.makeRoomBeside(table, slot, now);
    this.tables.schedule(table, slot, expiresAtMs, now);
  }

  /** What `touch` does. The entry may be gone afterwards: the first time to live of all may evict. */
  touchAt(entry: number, ttlMs: number): void {
    this.reschedule(entry, this.expiresAtMs(ttlMs));
  }

  /** Milliseconds since the least recently used entry was used; 0 when there is none. Needs `trackAccess`. */
  get oldestIdleMs(): number {
    if (this.tables.size === 0) return 0;
    const table = this.tables.tableOfOldest();
    return Math.max(0, this.clock.now() - table.times!.usedAt(table.oldest));
  }

  /** The key of the least recently used entry, expired or not, if it was last used before `timeMs`. Needs `trackAccess`. */
  oldestUnusedSince(timeMs: number): K | undefined {
    if (this.tables.size === 0) return undefined;
    const table = this.tables.tableOfOldest();
    return table.times!.usedAt(table.oldest) < timeMs ? table.keys[table.oldest] : undefined;
  }

  /** False when nothing has expired that is not yet reclaimed; true when something may have. O(1). */
  get mayHaveExpired(): boolean {
    return this.tables.canExpire && this.tables.mayHaveDue(this.clock.now());
  }

  /** Makes the entry the newest. Returns its number, which may be another one now. */
  promoteAt(entry: number): number {
    const { tables } = this;
    const table = tables.tableOf(entry);
    const slot = tables.slotOf(entry);
    if (tables.single === null) return this.#promoteAmongMany(table, slot);
    table.promote(slot);
    return slot;
  }

  /** Whether entries have versions by now. */
  protected get numbersWrites(): boolean {
    return this.tables.numbersWrites;
  }

  protected isExpired(entry: number): boolean {
    return this.#isExpired(this.tables.tableOf(entry), this.tables.slotOf(entry));
  }

  #isExpired(table: EntryTable<K, V>, slot: number): boolean {
    return table.expiry !== null && this.isDue(table.expiry.expiresAt[slot]!);
  }

  /** Whether a time has passed. The clock is read only for one that can. */
  protected isDue(expiresAtMs: number): boolean {
    return expiresAtMs !== Number.POSITIVE_INFINITY && expiresAtMs <= this.clock.now();
  }

  /** Evicts the least recently used live entry and returns it; `undefined` when there is none. */
  evictOldest(): [K, V] | undefined {
    const { tables } = this;
    const now = this.nowIfNeeded();
    let entry: [K, V] | undefined;
    while (entry === undefined && tables.size > 0) {
      const table = tables.tableOfOldest();
      const slot = table.oldest;
      if (this.#isExpired(table, slot)) this.remove(table, slot, 'expired');
      else {
        entry = [table.keys[slot] as K, table.values[slot] as V];
        this.remove(table, slot, 'evicted', now);
      }
    }
    this.announcements?.deliver();
    return entry;
  }

  /**
   * Removes entries whose time has passed, looking at `limit` entries at most. Returns how many it removed.
   * Expired entries are never read and give way before live ones, so this only gives memory back sooner.
   */
  sweepExpired(limit: number = Number.POSITIVE_INFINITY): number {
    if (typeof limit !== 'number' || !(limit >= 0))
      throw invalidArgument('limit', 'a number of entries, 0 or more', limit);
    if (!this.tables.canExpire) return 0;
    const expired = this.tables.sweep(this.clock.now(), limit, this.removeExpired);
    this.announcements?.deliver();
    return expired;
  }

  /**
   * Changes limits; evicts what no longer fits, oldest first, also with `evict: false`.
   * Throws `HOTSET_INVALID_OPTION`; `maxBytes` can be changed only while it is finite, to a finite value.
   */
  resize(limits: Limits): void {
    this.budget.resize(limits);
    this.makeRoom(this.nowIfNeeded());
    this.announcements?.deliver();
  }

  // Looking from outside

  /** Counters since the start or the last `resetStats()`, and what is held now. A frozen snapshot. */
  stats(): count.EngineStats {
    return count.snapshot(this.counters, this.#recentReads, this.evictionAges, {
      size: this.size,
      bytes: this.bytes,
      maxBytes: this.maxBytes,
      maxEntries: this.maxEntries,
    });
  }

  /** Sets the counters of `stats()` back to 0; what is held stays. */
  resetStats(): void {
    this.counters.fill(0);
    this.#recentReads.reset();
    this.evictionAges?.reset();
  }

  /** Walks the whole structure and says what is inconsistent: an empty list when all is well. O(n). */
  verify(): string[] {
    return verifyParts(this.tables, this.budget, this.pinned);
  }
}
