/**
 * How entries get out: room is made for others, expired ones are reclaimed, each removal is counted under its
 * cause and told. The lower half of the engine's base; entry-store.ts is the upper one, and has the invariants.
 */

import { invalidArgument } from '../errors.js';
import { Announcements, type ChangeListener } from './announcements.js';
import { Budget } from './budget.js';
import type { Clock } from './clock.js';
import { REMOVAL_CHANNEL } from './diagnostics.js';
import { ACCESS_BYTES, ENTRY_OVERHEAD_BYTES, WIDE_ACCESS_BYTES } from './entry-overhead.js';
import { type EntryTable, FETCHED } from './entry-table.js';
import { EvictionAges } from './eviction-ages.js';
import type { ResolvedOptions } from './options.js';
import { PinnedMemory } from './pinned-memory.js';
import type { RemovalCause } from './removal.js';
import * as count from './stats.js';
import { EntryTables, type TableLayout } from './tables.js';

/** Entries looked at in one step of reclaiming the expired before live ones are evicted. */
const RECLAIM_STEP = 64;

const NEVER = Number.POSITIVE_INFINITY;

export class EntryRemoval<K, V> {
  /** Where the engine gets its time. */
  readonly clock: Clock;
  /** Whether a full cache evicts (the option `evict`). */
  readonly evicts: boolean;
  /** Buffers that several entries keep alive; null where a hook weighs, or nothing does. */
  protected readonly pinned: PinnedMemory<K> | null;
  protected readonly trackAccess: boolean;
  protected readonly tables: EntryTables<K, V>;
  protected readonly counters: count.Counters = count.newCounters();
  protected readonly budget: Budget;
  protected readonly evictionAges: EvictionAges | null;
  /** Null while there is nobody to tell. */
  protected announcements: Announcements<K, V> | null;
  #countsWideTimes = false;
  /** Whether any entry has had a time to live. */
  protected usesExpiry = false;

  protected constructor(options: ResolvedOptions<K, V>, layout?: TableLayout) {
    this.clock = options.clock;
    this.evicts = options.evict;
    this.trackAccess = options.trackAccess;
    this.budget = new Budget(options);
    this.tables = new EntryTables(this.budget.weighs ? this.budget : null, options.trackAccess, layout);
    if (!options.evict && this.budget.weighs)
      this.tables.fits = (bytes) => !this.budget.exceededBy(bytes, this.tables.size);
    this.evictionAges = options.trackAccess ? new EvictionAges() : null;
    this.pinned = this.budget.weighs && options.sizeOf === null ? new PinnedMemory() : null;
    this.announcements = options.onRemoval === null ? null : new Announcements(options.onRemoval);
    this.budget.addOverhead(ENTRY_OVERHEAD_BYTES);
    if (options.trackAccess) {
      this.budget.addOverhead(ACCESS_BYTES);
      // Where the clock tells fractions, times take 64 bits from the first one on.
      if (!Number.isInteger(options.clock.now())) this.countWideTimes();
    }
  }

  /** Counts access times of 64 bits for each entry, once. */
  protected countWideTimes(): void {
    if (this.#countsWideTimes) return;
    this.#countsWideTimes = true;
    this.budget.addOverhead(WIDE_ACCESS_BYTES);
  }

  /** Removes everything and gives the memory back. O(n) with a removal listener. */
  clear(): void {
    const { tables, announcements } = this;
    const hasListener = announcements !== null && announcements.onRemoval !== null;
    if (hasListener || REMOVAL_CHANNEL.hasSubscribers) {
      for (const entry of tables.walk('oldest-first'))
        this.#tell(tables.tableOf(entry), tables.slotOf(entry), 'cleared');
    }
    tables.reset();
    this.budget.contentBytes = 0;
    if (this.pinned !== null) {
      this.budget.slackBytes -= this.pinned.bytes;
      this.pinned.clear();
    }
    announcements?.changed(undefined, 'cleared', undefined);
    announcements?.deliver();
  }

  /**
   * Calls `listener` with each change to an entry whose key is a text that begins with `prefix`; the empty prefix
   * takes every key. Returns what ends that. A change costs O(1) for each subscription there is, and nothing where
   * there is none. Throws `HOTSET_INVALID_ARGUMENT`.
   *
   * @example
   * const unsubscribe = engine.subscribe('user:', ({ key, cause }) => console.log(key, cause));
   */
  subscribe(prefix: string, listener: ChangeListener<K>): () => void {
    if (typeof prefix !== 'string') throw invalidArgument('prefix', 'a text', prefix);
    if (typeof listener !== 'function') throw invalidArgument('listener', 'a function', listener);
    this.announcements ??= new Announcements<K, V>(null);
    const announcements = this.announcements;
    const unsubscribe = announcements.subscribe(prefix, listener);
    return () => {
      unsubscribe();
      if (!announcements.isHeard && this.announcements === announcements) this.announcements = null;
    };
  }

  // The rest is the engine's own.

  /** Whether an entry of this weight in the place of `slot`, or in a new one, would break a limit. */
  protected isShortFor(table: EntryTable<K, V>, slot: number, bytes: number): boolean {
    const { budget, tables } = this;
    if (slot !== 0) return budget.exceededBy(bytes - table.bytes[slot]!, tables.size);
    const growth = table.slack === null ? 0 : table.slack.growthBytes;
    return budget.exceededBy(bytes + growth, tables.size + 1) || table.isExhausted;
  }

  /** Makes the limits hold for one entry more: expired entries go first, then the oldest. */
  protected makeRoomFor(table: EntryTable<K, V>, bytes: number, now: number): void {
    while (this.isShortFor(table, 0, bytes) && this.tables.size > 0) {
      if (this.reclaimExpired(now)) continue;
      if (this.#rebuildsIndex(table)) continue;
      const from = table.isExhausted ? table : this.tables.tableOfOldest();
      this.remove(from, from.oldest, 'evicted', now);
    }
  }

  /**
   * Spares a Map from doubling, where that would cost an eighth of the budget: evicting so many entries at once,
   * and again each time that the Map has filled up, is worse than rewriting it.
   */
  #rebuildsIndex(table: EntryTable<K, V>): boolean {
    const { slack } = table;
    if (slack === null || !slack.isWorthRebuilding || slack.growthBytes * 8 < this.budget.maxBytes)
      return false;
    table.rebuildIndex();
    return true;
  }

  /** Makes the limits hold beside the newest entry, which loses its time for that: all others go first. */
  protected makeRoomBeside(table: EntryTable<K, V>, slot: number, now: number): void {
    this.tables.schedule(table, slot, NEVER, now);
    this.makeRoom(now);
  }

  /** Makes the limits hold for what is there. */
  protected makeRoom(now: number): void {
    const { tables } = this;
    while (tables.size > 0 && this.budget.exceededBy(0, tables.size)) {
      if (this.reclaimExpired(now)) continue;
      const from = tables.tableOfOldest();
      this.remove(from, from.oldest, 'evicted', now);
    }
  }

  /** One bounded step of removing expired entries. False when there is nothing to gain. */
  protected reclaimExpired(now: number): boolean {
    const { tables } = this;
    while (tables.mayHaveDue(now)) if (tables.sweep(now, RECLAIM_STEP, this.removeExpired) > 0) return true;
    return false;
  }

  protected readonly removeExpired = (table: EntryTable<K, V>, slot: number): void =>
    this.remove(table, slot, 'expired');

  /** Counts a removal and takes the entry out. `now` is for evictions. */
  protected remove(table: EntryTable<K, V>, slot: number, cause: RemovalCause, now = 0): void {
    this.countRemoval(table, slot, cause, now);
    this.unpin(table, slot);
    this.tables.remove(table, slot);
  }

  protected unpin(table: EntryTable<K, V>, slot: number): void {
    const { pinned } = this;
    if (pinned !== null && pinned.size > 0) this.budget.slackBytes += pinned.unpin(table.keys[slot] as K);
  }

  /** Counts a removal and tells of it. */
  protected countRemoval(table: EntryTable<K, V>, slot: number, cause: RemovalCause, now: number): void {
    const { counters } = this;
    if (cause === 'evicted') counters[count.EVICTIONS]!++;
    else if (cause === 'expired') counters[count.EXPIRATIONS]!++;
    else if (cause === 'deleted') counters[count.DELETIONS]!++;
    if (this.trackAccess) this.#countAccess(table, slot, cause, now);
    if (this.budget.weighs) this.budget.contentBytes -= table.bytes[slot]!;
    if (this.announcements !== null || REMOVAL_CHANNEL.hasSubscribers) this.#tell(table, slot, cause);
  }

  #countAccess(table: EntryTable<K, V>, slot: number, cause: RemovalCause, now: number): void {
    if (cause === 'evicted') {
      this.evictionAges?.record(now - table.times!.storedAt(slot), now - table.times!.usedAt(slot));
      if (table.expiry !== null && table.expiry.expiresAt[slot]! !== NEVER)
        this.counters[count.EVICTIONS_WITH_TTL]!++;
    }
    if ((table.marks![slot]! & FETCHED) !== 0) return;
    if (cause === 'evicted') this.counters[count.EVICTIONS_UNFETCHED]!++;
    else if (cause === 'expired') this.counters[count.EXPIRATIONS_UNFETCHED]!++;
  }

  /** Tells listeners and the channel, while the slot still holds its key and value. */
  #tell(table: EntryTable<K, V>, slot: number, cause: RemovalCause): void {
    if (this.announcements !== null)
      this.announcements.removed(table.keys[slot] as K, table.values[slot] as V, cause);
    if (REMOVAL_CHANNEL.hasSubscribers)
      REMOVAL_CHANNEL.publish({
        engine: this,
        entry: table.base + slot,
        key: table.keys[slot],
        value: table.values[slot],
        cause,
      });
  }

  /** The time, for an engine that has use for it: one without times of any kind never reads the clock. */
  protected nowIfNeeded(): number {
    return this.usesExpiry || this.trackAccess ? this.clock.now() : 0;
  }
}
