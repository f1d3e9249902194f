/**
 * How entries get in: the engine's base, over entry-removal.ts, which is how they get out. The two coordinate the
 * parts and are the only files that know them all: the tables hold and order the entries and know which have expired, the budget says what fits, the queue
 * holds removals until all is consistent.
 *
 * Invariants, after every public call: `bytes <= maxBytes`, `size <= maxEntries`; index, order and wheel of each
 * table hold the same slots; every removal has been counted under its cause and told to the listener once.
 */

import { invalidArgument, rejectUnknownOptions } from '../errors.js';
import { checkedSize, type SizeOf, valueBytes } from '../weigh/index.js';
import { STORE_CHANNEL } from './diagnostics.js';
import type { StoreOptions, StoreResult } from './entry.js';
import { EXPIRY_BYTES, FLAGS_BYTES, VERSION_BYTES, WIDE_VERSION_BYTES } from './entry-overhead.js';
import { EntryRemoval } from './entry-removal.js';
import type { EntryTable } from './entry-table.js';
import type { ResolvedOptions } from './options.js';
import * as count from './stats.js';
import type { TableLayout } from './tables.js';

const STORE_OPTIONS: ReadonlySet<string> = new Set<keyof StoreOptions>(['ttlMs', 'flags', 'keepRefused']);

const NEVER = Number.POSITIVE_INFINITY;
/** The greatest version without a high half. */
const NARROW_VERSION_MAX = 2 ** 32 - 1;

export class EntryStore<K, V> extends EntryRemoval<K, V> {
  readonly #sizeOf: SizeOf<K, V> | null;
  readonly #ttlMs: number;
  #usesFlags = false;
  #usesWideVersions = false;
  #lastVersion = 0;
  /** The number that the entry written last had then; it may be another's by now: see `keyUnder`. */
  lastStored = 0;

  protected constructor(options: ResolvedOptions<K, V>, layout?: TableLayout) {
    super(options, layout);
    this.#sizeOf = options.sizeOf;
    this.#ttlMs = options.ttlMs;
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
      tables.tableOf(entry).setVersion(tables.slotOf(entry), ++this.#lastVersion);
    this.budget.addOverhead(VERSION_BYTES);
    if (this.#lastVersion > NARROW_VERSION_MAX) this.#useWideVersions();
    this.makeRoom(this.nowIfNeeded());
    this.announcements?.deliver();
  }

  /**
   * The key of the entry that has this number by now, expired or not; `undefined` where none has. For numbers
   * that were kept beyond their time: any number of 31 bits may be asked for.
   */
  keyUnder(entry: number): K | undefined {
    const table: EntryTable<K, V> | undefined = this.tables.tableOf(entry);
    const slot = this.tables.slotOf(entry);
    return table !== undefined && slot < table.capacity ? table.keys[slot] : undefined;
  }

  // The rest is the engine's own.

  protected store(key: K, value: V, options: StoreOptions | undefined, known = 0): StoreResult {
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
    const expiresAtMs = ttlMs === NEVER ? NEVER : expiryTime(ttlMs, now);
    return this.write(key, value, expiresAtMs, flags, keepRefused, now, known);
  }

  /**
   * The one place where a value enters. Plain and long: what is rare stands in methods of its own. `known` is a
   * guess at the number of the key's entry.
   */
  protected write(
    key: K,
    value: V,
    expiresAtMs: number,
    flags: number,
    keepRefused: boolean,
    now: number,
    known = 0,
  ): StoreResult {
    const { tables, budget } = this;
    const { weighs } = budget;
    // A sizeOf hook may call the engine: nothing is looked up before it has returned.
    const bytes = weighs ? this.#weigh(key, value) : 0;
    if (flags !== 0 || expiresAtMs !== NEVER) this.#useColumns(flags, expiresAtMs);
    if (this.#lastVersion >= NARROW_VERSION_MAX && tables.numbersWrites) this.#useWideVersions();
    // Reads widen times as well: the next write counts them and makes room.
    if (tables.hasWideTimes) this.countWideTimes();
    if (tables.size === 0) tables.recycle();
    const isKnown = known !== 0 && this.keyUnder(known) === key;
    let table = isKnown ? tables.tableOf(known) : (tables.single ?? tables.holding(key));
    let slot = isKnown ? tables.slotOf(known) : table.find(key);
    if (slot !== 0 && table.expiry !== null && table.expiry.expiresAt[slot]! <= now) {
      this.remove(table, slot, 'expired');
      slot = 0;
    }
    if (slot === 0) table = tables.placeFor(key);
    if (weighs || !this.evicts) {
      const refusal = this.#refusal(key, table, slot, bytes, now);
      if (refusal !== null) return this.#refuse(key, table, slot, refusal, keepRefused, now);
    }
    if (slot === 0) {
      if (tables.size >= budget.maxEntries && table === tables.single && !tables.mayHaveDue(now)) {
        slot = table.oldest;
        this.countRemoval(table, slot, 'evicted', now);
        this.unpin(table, slot);
        table.reuse(slot, key, value);
      } else {
        if (weighs || tables.size >= budget.maxEntries || tables.single === null)
          this.makeRoomFor(table, bytes, now);
        slot = tables.insert(table, key, value);
      }
    } else {
      this.countRemoval(table, slot, 'replaced', now);
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
      table.setVersion(slot, ++this.#lastVersion);
    }
    if (this.trackAccess) table.stored(slot, now);
    this.lastStored = table.base + slot;
    this.counters[count.STORES]!++;
    if (STORE_CHANNEL.hasSubscribers) STORE_CHANNEL.publish({ engine: this, key, result: 'stored' });
    const { announcements } = this;
    if (announcements !== null) {
      announcements.changed(key, 'stored', table.versions === null ? undefined : this.#lastVersion);
      announcements.deliver();
    }
    return 'stored';
  }

  /** Counts columns that come into use. */
  #useColumns(flags: number, expiresAtMs: number): void {
    if (flags !== 0 && !this.#usesFlags) {
      this.#usesFlags = true;
      this.budget.addOverhead(FLAGS_BYTES);
    }
    if (expiresAtMs !== NEVER && !this.usesExpiry) {
      this.usesExpiry = true;
      this.budget.addOverhead(EXPIRY_BYTES);
    }
  }

  /** Counts the column of the versions' high halves, as `#useColumns` does others. */
  #useWideVersions(): void {
    if (this.#usesWideVersions) return;
    this.#usesWideVersions = true;
    this.budget.addOverhead(WIDE_VERSION_BYTES);
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
    if (this.evicts) return null;
    // A live entry is not due, so the sweep does not take the slot that is to be written.
    while (this.isShortFor(table, slot, bytes + (pinned === null ? 0 : pinned.wouldAdd(key))))
      if (!this.reclaimExpired(now)) return 'no-room';
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
    if (slot !== 0 && !keepRefused) {
      this.remove(table, slot, 'replaced');
      this.announcements?.changed(key, 'deleted', undefined);
    }
    // The columns that it would have needed are there now, and every entry is a little heavier.
    this.makeRoom(now);
    if (STORE_CHANNEL.hasSubscribers) STORE_CHANNEL.publish({ engine: this, key, result: refusal });
    this.announcements?.deliver();
    return refusal;
  }

  /** A new time for an entry, by its number. May evict: the first time of all makes every entry heavier. */
  protected reschedule(entry: number, expiresAtMs: number): void {
    const { tables } = this;
    const now = this.nowIfNeeded();
    this.#useColumns(0, expiresAtMs);
    const table = tables.tableOf(entry);
    const slot = tables.slotOf(entry);
    const before = table.expiry === null ? NEVER : table.expiry.expiresAt[slot]!;
    tables.schedule(table, slot, expiresAtMs, now);
    if (expiresAtMs < before) this.#announce(table, slot, 'touched');
    this.makeRoom(now);
    this.announcements?.deliver();
  }

  /** The greatest number that a write has been given. */
  get lastVersion(): number {
    return this.#lastVersion;
  }

  /** Whether a version has ever been given from outside: then two values may have had the same one. */
  get givesVersions(): boolean {
    return this.tables.givesVersions;
  }

  /** Takes back the number that the last write was given, if it was this entry's. */
  protected takeBackVersion(table: EntryTable<K, V>, slot: number): void {
    if (table.versionOf(slot) === this.#lastVersion) this.#lastVersion--;
  }

  #announce(table: EntryTable<K, V>, slot: number, cause: 'stored' | 'touched'): void {
    if (this.announcements === null) return;
    const version = table.versions === null ? undefined : table.versionOf(slot);
    this.announcements.changed(table.keys[slot], cause, version);
  }

  protected nextVersion(): number {
    return ++this.#lastVersion;
  }

  /** `fresh`: the entry's write has announced itself, but with a version that the next write will have. */
  protected giveVersion(
    table: EntryTable<K, V>,
    slot: number,
    version: number | bigint,
    fresh: boolean,
  ): void {
    table.setVersion(slot, version);
    this.#announce(table, slot, fresh ? 'stored' : 'touched');
    if (version > NARROW_VERSION_MAX && !this.#usesWideVersions) {
      this.#useWideVersions();
      this.makeRoom(this.nowIfNeeded());
    }
    this.announcements?.deliver();
  }

  protected expiresAtMs(ttlMs: number): number {
    return ttlMs === NEVER ? ttlMs : expiryTime(ttlMs, this.clock.now());
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
