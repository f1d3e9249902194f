/**
 * How entries get in and out: the engine's base. It coordinates the parts and is the only file that knows them
 * all: the tables hold and order the entries and know which have expired, the budget says what fits, the queue
 * holds removals until all is consistent.
 *
 * Invariants, after every public call: `bytes <= maxBytes`, `size <= maxEntries`; index, order and wheel of each
 * table hold the same slots; every removal has been counted under its cause and told to the listener once.
 */

import { invalidArgument, rejectUnknownOptions } from '../errors.js';
import { Budget } from './budget.js';
import type { Clock } from './clock.js';
import { REMOVAL_CHANNEL, STORE_CHANNEL } from './diagnostics.js';
import type { StoreOptions, StoreResult } from './entry.js';
import { checkedSize, type SizeOf, valueBytes } from './entry-bytes.js';
import {
  ACCESS_BYTES,
  ENTRY_OVERHEAD_BYTES,
  EXPIRY_BYTES,
  FLAGS_BYTES,
  VERSION_BYTES,
  WIDE_VERSION_BYTES,
} from './entry-overhead.js';
import { type EntryTable, FETCHED } from './entry-table.js';
import { EvictionAges } from './eviction-ages.js';
import type { ResolvedOptions } from './options.js';
import { PinnedMemory } from './pinned-memory.js';
import { type RemovalCause, RemovalQueue } from './removal.js';
import * as count from './stats.js';
import { EntryTables, type TableLayout } from './tables.js';

const STORE_OPTIONS: ReadonlySet<string> = new Set<keyof StoreOptions>(['ttlMs', 'flags', 'keepRefused']);

/** Entries looked at in one step of reclaiming the expired before live ones are evicted. */
const RECLAIM_STEP = 64;

const NEVER = Number.POSITIVE_INFINITY;

export class EntryStore<K, V> {
  /** Where the engine gets its time. */
  readonly clock: Clock;
  readonly #sizeOf: SizeOf<K, V> | null;
  readonly #ttlMs: number;
  /** Buffers that several entries keep alive; null where a hook weighs, or nothing does. */
  protected readonly pinned: PinnedMemory<K> | null;
  readonly #evict: boolean;
  protected readonly trackAccess: boolean;
  protected readonly tables: EntryTables<K, V>;
  protected readonly counters: count.Counters = count.newCounters();
  protected readonly budget: Budget;
  protected readonly evictionAges: EvictionAges | null;
  protected readonly removals: RemovalQueue<K, V> | null;
  #usesFlags = false;
  #usesExpiry = false;
  #usesWideVersions = false;
  #lastVersion = 0;

  protected constructor(options: ResolvedOptions<K, V>, layout?: TableLayout) {
    this.clock = options.clock;
    this.#sizeOf = options.sizeOf;
    this.#ttlMs = options.ttlMs;
    this.#evict = options.evict;
    this.trackAccess = options.trackAccess;
    this.budget = new Budget(options);
    this.tables = new EntryTables(this.budget.weighs ? this.budget : null, options.trackAccess, layout);
    if (!options.evict && this.budget.weighs)
      this.tables.fits = (bytes) => !this.budget.exceededBy(bytes, this.tables.size);
    this.evictionAges = options.trackAccess ? new EvictionAges() : null;
    this.pinned = this.budget.weighs && options.sizeOf === null ? new PinnedMemory() : null;
    this.removals = options.onRemoval === null ? null : new RemovalQueue(options.onRemoval);
    this.budget.addOverhead(ENTRY_OVERHEAD_BYTES);
    if (options.trackAccess) this.budget.addOverhead(ACCESS_BYTES);
  }

  /** Whether a full cache evicts (the option `evict`). */
  get evicts(): boolean {
    return this.#evict;
  }

  /**
   * Numbers the writes from now on. Happens by itself when a version is first asked for; then numbers the
   * entries that are there, oldest first: O(n), once. May evict, also with `evict: false`: numbers take room.
   * New numbers are greater than `above`: for an engine that takes over from one that has given out numbers.
   */
  beginVersions(above: number = 0): void {
    const { tables } = this;
    this.#lastVersion = Math.max(this.#lastVersion, above);
    if (tables.numbersWrites) return;
    tables.needVersions();
    for (const entry of tables.walk('oldest-first'))
      tables.tableOf(entry).versions![tables.slotOf(entry)] = ++this.#lastVersion;
    this.budget.addOverhead(VERSION_BYTES);
    this.makeRoom(this.nowIfNeeded());
    this.removals?.deliver();
  }

  /** Removes everything and gives the memory back. O(n) with a removal listener. */
  clear(): void {
    const { tables } = this;
    if (this.removals !== null || REMOVAL_CHANNEL.hasSubscribers) {
      for (const entry of tables.walk('oldest-first'))
        this.#tell(tables.tableOf(entry), tables.slotOf(entry), 'cleared');
    }
    tables.reset();
    this.budget.contentBytes = 0;
    if (this.pinned !== null) {
      this.budget.slackBytes -= this.pinned.bytes;
      this.pinned.clear();
    }
    this.removals?.deliver();
  }

  // The rest is the engine's own.

  protected store(key: K, value: V, options: StoreOptions | undefined): StoreResult {
    let ttlMs = this.#ttlMs;
    let flags = 0;
    let keepRefused = false;
    if (options !== undefined) {
      if (options.ttlMs !== undefined) ttlMs = options.ttlMs;
      else if (options.flags === undefined) rejectUnknownOptions(options, STORE_OPTIONS);
      if (options.flags !== undefined) {
        flags = options.flags;
        if (flags >>> 0 !== flags)
          throw invalidArgument('flags', 'a whole number from 0 to 4294967295', flags);
      }
      keepRefused = options.keepRefused === true;
    }
    const now = ttlMs === NEVER ? this.nowIfNeeded() : this.clock.now();
    return this.write(key, value, ttlMs === NEVER ? NEVER : expiryTime(ttlMs, now), flags, keepRefused, now);
  }

  /** The one place where a value enters. Plain and long: what is rare stands in methods of its own. */
  protected write(
    key: K,
    value: V,
    expiresAtMs: number,
    flags: number,
    keepRefused: boolean,
    now: number,
  ): StoreResult {
    const { tables, budget } = this;
    const { weighs } = budget;
    // A sizeOf hook may call the engine: nothing is looked up before it has returned.
    const bytes = weighs ? this.#weigh(key, value) : 0;
    if (flags !== 0 || expiresAtMs !== NEVER) this.#useColumns(flags, expiresAtMs);
    if (tables.size === 0) tables.recycle();
    let table = tables.single ?? tables.holding(key);
    let slot = table.find(key);
    if (slot !== 0 && table.expiry !== null && table.expiry.expiresAt[slot]! <= now) {
      this.remove(table, slot, 'expired');
      slot = 0;
    }
    if (slot === 0) table = tables.placeFor(key);
    if (weighs || !this.#evict) {
      const refusal = this.#refusal(key, table, slot, bytes, now);
      if (refusal !== null) return this.#refuse(key, table, slot, refusal, keepRefused, now);
    }
    if (slot === 0) {
      if (tables.size >= budget.maxEntries && table === tables.single && !tables.mayHaveDue(now)) {
        slot = table.oldest;
        this.#count(table, slot, 'evicted', now);
        this.#unpin(table, slot);
        table.reuse(slot, key, value);
      } else {
        if (weighs || tables.size >= budget.maxEntries || tables.single === null)
          this.#makeRoomFor(table, bytes, now);
        slot = tables.insert(table, key, value);
      }
    } else {
      this.#count(table, slot, 'replaced', now);
      table.values[slot] = value;
      if (tables.single !== null) table.promote(slot);
      else {
        const entry = tables.promote(table, slot);
        table = tables.tableOf(entry);
        slot = tables.slotOf(entry);
      }
    }
    if (weighs) {
      budget.contentBytes += bytes;
      table.setBytes(slot, bytes);
      const { pinned } = this;
      if (pinned !== null && (pinned.hasFound || pinned.size > 0)) budget.slackBytes += pinned.pin(key);
      if (budget.exceededBy(0, tables.size)) this.makeRoomBeside(table, slot, now);
    }
    if (table.expiry !== null || expiresAtMs !== NEVER) tables.schedule(table, slot, expiresAtMs, now);
    if (table.flags !== null || flags !== 0) table.needFlags()[slot] = flags;
    if (table.versions !== null) {
      table.versions[slot] = ++this.#lastVersion;
      if (table.versionHighs !== null) table.versionHighs[slot] = 0;
    }
    if (this.trackAccess) table.stored(slot, now);
    this.counters[count.STORES]!++;
    if (STORE_CHANNEL.hasSubscribers) STORE_CHANNEL.publish({ engine: this, key, result: 'stored' });
    if (this.removals !== null) this.removals.deliver();
    return 'stored';
  }

  /** Counts columns that come into use. */
  #useColumns(flags: number, expiresAtMs: number): void {
    if (flags !== 0 && !this.#usesFlags) {
      this.#usesFlags = true;
      this.budget.addOverhead(FLAGS_BYTES);
    }
    if (expiresAtMs !== NEVER && !this.#usesExpiry) {
      this.#usesExpiry = true;
      this.budget.addOverhead(EXPIRY_BYTES);
    }
  }

  /** Why an entry of this weight cannot take the place of `slot` (0 for none); null when it can. */
  #refusal(
    key: K,
    table: EntryTable<K, V>,
    slot: number,
    bytes: number,
    now: number,
  ): 'too-large' | 'no-room' | null {
    const { pinned } = this;
    if (this.budget.neverFits(pinned?.hasFound ? bytes + pinned.alone() : bytes)) return 'too-large';
    if (this.#evict) return null;
    // A live entry is not due, so the sweep does not take the slot that is to be written.
    while (this.#isShortFor(table, slot, bytes + (pinned === null ? 0 : pinned.wouldAdd(key))))
      if (!this.#reclaimExpired(now)) return 'no-room';
    return null;
  }

  #refuse(
    key: K,
    table: EntryTable<K, V>,
    slot: number,
    refusal: 'too-large' | 'no-room',
    keepRefused: boolean,
    now: number,
  ): StoreResult {
    this.counters[count.REFUSALS]!++;
    if (slot !== 0 && !keepRefused) this.remove(table, slot, 'replaced');
    // The columns that it would have needed are there now, and every entry is a little heavier.
    this.makeRoom(now);
    if (STORE_CHANNEL.hasSubscribers) STORE_CHANNEL.publish({ engine: this, key, result: refusal });
    this.removals?.deliver();
    return refusal;
  }

  /** Whether an entry of this weight in the place of `slot`, or in a new one, would break a limit. */
  #isShortFor(table: EntryTable<K, V>, slot: number, bytes: number): boolean {
    const { budget, tables } = this;
    if (slot !== 0) return budget.exceededBy(bytes - table.bytes[slot]!, tables.size);
    const growth = table.slack === null ? 0 : table.slack.growthBytes;
    return budget.exceededBy(bytes + growth, tables.size + 1) || table.isExhausted;
  }

  /** Makes the limits hold for one entry more: expired entries go first, then the oldest. */
  #makeRoomFor(table: EntryTable<K, V>, bytes: number, now: number): void {
    while (this.#isShortFor(table, 0, bytes) && this.tables.size > 0) {
      if (this.#reclaimExpired(now)) continue;
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
      if (this.#reclaimExpired(now)) continue;
      const from = tables.tableOfOldest();
      this.remove(from, from.oldest, 'evicted', now);
    }
  }

  /** One bounded step of removing expired entries. False when there is nothing to gain. */
  #reclaimExpired(now: number): boolean {
    const { tables } = this;
    while (tables.mayHaveDue(now)) if (tables.sweep(now, RECLAIM_STEP, this.removeExpired) > 0) return true;
    return false;
  }

  protected readonly removeExpired = (table: EntryTable<K, V>, slot: number): void =>
    this.remove(table, slot, 'expired');

  /** Counts a removal and takes the entry out. `now` is for evictions. */
  protected remove(table: EntryTable<K, V>, slot: number, cause: RemovalCause, now = 0): void {
    this.#count(table, slot, cause, now);
    this.#unpin(table, slot);
    this.tables.remove(table, slot);
  }

  #unpin(table: EntryTable<K, V>, slot: number): void {
    const { pinned } = this;
    if (pinned !== null && pinned.size > 0) this.budget.slackBytes += pinned.unpin(table.keys[slot] as K);
  }

  /** Counts a removal and tells of it. */
  #count(table: EntryTable<K, V>, slot: number, cause: RemovalCause, now: number): void {
    const { counters } = this;
    if (cause === 'evicted') counters[count.EVICTIONS]!++;
    else if (cause === 'expired') counters[count.EXPIRATIONS]!++;
    else if (cause === 'deleted') counters[count.DELETIONS]!++;
    if (this.trackAccess) this.#countAccess(table, slot, cause, now);
    if (this.budget.weighs) this.budget.contentBytes -= table.bytes[slot]!;
    if (this.removals !== null || REMOVAL_CHANNEL.hasSubscribers) this.#tell(table, slot, cause);
  }

  #countAccess(table: EntryTable<K, V>, slot: number, cause: RemovalCause, now: number): void {
    if (cause === 'evicted') {
      this.evictionAges?.record(now - table.storedAt![slot]!, now - table.usedAt![slot]!);
      if (table.expiry !== null && table.expiry.expiresAt[slot]! !== NEVER)
        this.counters[count.EVICTIONS_WITH_TTL]!++;
    }
    if ((table.marks![slot]! & FETCHED) !== 0) return;
    if (cause === 'evicted') this.counters[count.EVICTIONS_UNFETCHED]!++;
    else if (cause === 'expired') this.counters[count.EXPIRATIONS_UNFETCHED]!++;
  }

  /** Tells the listener and the channel, while the slot still holds its key and value. */
  #tell(table: EntryTable<K, V>, slot: number, cause: RemovalCause): void {
    if (this.removals !== null) this.removals.push(table.keys[slot] as K, table.values[slot] as V, cause);
    if (REMOVAL_CHANNEL.hasSubscribers)
      REMOVAL_CHANNEL.publish({
        engine: this,
        entry: table.base + slot,
        key: table.keys[slot],
        value: table.values[slot],
        cause,
      });
  }

  /** A new time for an entry, by its number. May evict: the first time of all makes every entry heavier. */
  protected reschedule(entry: number, expiresAtMs: number): void {
    const { tables } = this;
    const now = this.nowIfNeeded();
    this.#useColumns(0, expiresAtMs);
    tables.schedule(tables.tableOf(entry), tables.slotOf(entry), expiresAtMs, now);
    this.makeRoom(now);
    this.removals?.deliver();
  }

  /** The greatest number that a write has been given. */
  get lastVersion(): number {
    return this.#lastVersion;
  }

  /** Takes back the number that the last write was given, if it was this entry's. */
  protected takeBackVersion(table: EntryTable<K, V>, slot: number): void {
    if (table.versions![slot] === this.#lastVersion) this.#lastVersion--;
  }

  protected nextVersion(): number {
    return ++this.#lastVersion;
  }

  protected giveVersion(table: EntryTable<K, V>, slot: number, version: number | bigint): void {
    if (typeof version === 'number') {
      table.versions![slot] = version;
      if (table.versionHighs !== null) table.versionHighs[slot] = 0;
      return;
    }
    table.needVersionHighs()[slot] = Number(version >> 32n);
    table.versions![slot] = Number(BigInt.asUintN(32, version));
    if (this.#usesWideVersions) return;
    this.#usesWideVersions = true;
    this.budget.addOverhead(WIDE_VERSION_BYTES);
    this.makeRoom(this.nowIfNeeded());
    this.removals?.deliver();
  }

  protected expiresAtMs(ttlMs: number): number {
    return ttlMs === NEVER ? ttlMs : expiryTime(ttlMs, this.clock.now());
  }

  /** The time, for an engine that has use for it: one without times of any kind never reads the clock. */
  protected nowIfNeeded(): number {
    return this.#usesExpiry || this.trackAccess ? this.clock.now() : 0;
  }

  /** Key and value, without overhead, and without memory that the value shares with others. */
  #weigh(key: K, value: V): number {
    const bytes = this.pinned !== null ? this.pinned.weigh(value) : checkedSize(this.#sizeOf!(value, key));
    return valueBytes(key) + bytes;
  }
}

/** When an entry stored `now` expires; a time to live of 0 or less has passed at once. */
function expiryTime(ttlMs: number, now: number): number {
  if (typeof ttlMs !== 'number' || Number.isNaN(ttlMs))
    throw invalidArgument('ttlMs', 'a number of milliseconds (Infinity for never)', ttlMs);
  return ttlMs > 0 ? now + ttlMs : now;
}
