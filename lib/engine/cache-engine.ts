/**
 * CacheEngine: an exact LRU cache with a budget in bytes, TTLs and removal causes, by key.
 * The mechanics and their invariants stand in entry-store.ts.
 *
 * Every method is O(1) unless it says otherwise, plus O(1) for each entry that it has to evict.
 */

import { invalidArgument } from '../errors.js';
import type { DumpedEntry, EntryInfo, StoreOptions, StoreResult, UpdateOptions } from './entry.js';
import { FETCHED } from './entry-table.js';
import type { Direction } from './recency-list.js';
import { SlotEngine } from './slot-engine.js';
import { HITS } from './stats.js';

/** How a walk over the entries goes. */
export interface IterationOptions {
  /** Which end comes first. Default: `'newest-first'`. */
  order?: Direction;
}

export class CacheEngine<K, V> extends SlotEngine<K, V> {
  // Reading

  /** The value under `key`, which becomes the newest entry; `undefined` when there is none. */
  get(key: K): V | undefined {
    const table = this.tables.single;
    if (table === null || this.watchesReads) {
      const entry = this.lookup(key);
      const value = entry > 0 ? this.valueAt(entry) : undefined;
      this.announcements?.deliver();
      return value;
    }
    // What `lookup` does in the plainest case, in one piece: a quarter faster.
    const slot = table.find(key);
    if (slot === 0) {
      this.missed(key);
      return undefined;
    }
    if (table.expiry !== null && this.isDue(table.expiry.expiresAt[slot]!)) {
      this.expired(table, slot);
      return undefined;
    }
    this.counters[HITS]!++;
    table.promote(slot);
    return table.values[slot];
  }

  /** The value under `key`; changes neither the order nor the statistics. */
  peek(key: K): V | undefined {
    const entry = this.find(key);
    return entry === 0 ? undefined : this.valueAt(entry);
  }

  /** Whether a live entry is under `key`; changes neither the order nor the statistics. */
  has(key: K): boolean {
    return this.find(key) !== 0;
  }

  /**
   * All that is known about the entry under `key`; `undefined` when there is no live one. Changes neither order
   * nor statistics. The first call of all that finds an entry begins the versions: see `beginVersions`.
   */
  getEntry(key: K): EntryInfo<K, V> | undefined {
    const entry = this.#findNumbered(key);
    return entry === 0 ? undefined : this.#describe(entry);
  }

  /** Milliseconds until `key` expires: `Infinity` for never, `undefined` when there is no live entry. */
  remainingTtlMs(key: K): number | undefined {
    const entry = this.find(key);
    return entry === 0 ? undefined : this.remainingTtlMsAt(entry);
  }

  // Writing

  /** Stores `value` under `key`, whatever was there. Returns `stored`, `too-large` or `no-room`. */
  set(key: K, value: V, options?: StoreOptions): StoreResult {
    return this.store(key, value, options);
  }

  /** Stores only where there is no live entry: `stored`, `exists`, `too-large` or `no-room`. */
  add(key: K, value: V, options?: StoreOptions): StoreResult {
    return this.find(key) === 0 ? this.store(key, value, options) : 'exists';
  }

  /** Stores only where there is a live entry: `stored`, `not-found`, `too-large` or `no-room`. */
  replace(key: K, value: V, options?: StoreOptions): StoreResult {
    return this.find(key) === 0 ? 'not-found' : this.store(key, value, options);
  }

  /**
   * Stores only where the live entry has the version that `getEntry` told:
   * `stored`, `exists` (another version), `not-found`, `too-large` or `no-room`.
   */
  compareAndSet(key: K, version: number | bigint, value: V, options?: StoreOptions): StoreResult {
    const entry = this.#findNumbered(key);
    if (entry === 0) return 'not-found';
    return this.versionAt(entry) === version ? this.store(key, value, options) : 'exists';
  }

  /**
   * A new value for a live entry, which keeps its flags and its time of expiry:
   * `stored`, `not-found`, `too-large` or `no-room`.
   */
  update(key: K, value: V, options?: UpdateOptions): StoreResult {
    const entry = this.find(key);
    if (entry === 0) return 'not-found';
    const keepRefused = options?.keepRefused === true;
    const marks = options?.keepMarks === true ? this.#allMarksOf(entry) : 0;
    const expiresAtMs = this.expiresAtMsOf(entry);
    const result = this.write(key, value, expiresAtMs, this.flagsAt(entry), keepRefused, this.nowIfNeeded());
    if (marks !== 0 && result === 'stored') this.#remark(key, marks);
    return result;
  }

  #allMarksOf(entry: number): number {
    return this.tables.tableOf(entry).marks?.[this.tables.slotOf(entry)] ?? 0;
  }

  #remark(key: K, marks: number): void {
    // A removal listener may have taken the entry away.
    const entry = this.tables.find(key);
    if (entry !== 0) this.tables.tableOf(entry).marks![this.tables.slotOf(entry)] = marks;
  }

  /**
   * Gives a live entry a new time to live, counted from now. Its place in the order, its value and its
   * version stay, unless `promote` asks for the newest place. False when there is no live entry.
   */
  touch(key: K, ttlMs: number, options?: { promote?: boolean }): boolean {
    const expiresAtMs = this.expiresAtMs(ttlMs);
    const entry = this.find(key);
    if (entry === 0) return false;
    this.reschedule(options?.promote === true ? this.promoteAt(entry) : entry, expiresAtMs);
    return true;
  }

  /** Removes the entry under `key`. False when there was no live one. */
  delete(key: K): boolean {
    const entry = this.tables.find(key);
    if (entry === 0) return false;
    const live = !this.isExpired(entry);
    this.remove(this.tables.tableOf(entry), this.tables.slotOf(entry), live ? 'deleted' : 'expired');
    this.announcements?.deliver();
    return live;
  }

  // Walking. A walk survives any change made on the way, and it ends: it visits no removed entry and none
  // twice. An entry that moves or enters at the newest end before its turn may be missed.

  /** Live keys, newest first unless asked otherwise. O(1) for each. */
  *keys(options?: IterationOptions): Generator<K, void, undefined> {
    for (const entry of this.#live(options)) yield this.keyAt(entry);
  }

  /** Live values, newest first unless asked otherwise. O(1) for each. */
  *values(options?: IterationOptions): Generator<V, void, undefined> {
    for (const entry of this.#live(options)) yield this.valueAt(entry);
  }

  /** Live keys and values, newest first unless asked otherwise. O(1) for each. */
  *entries(options?: IterationOptions): Generator<[K, V], void, undefined> {
    for (const entry of this.#live(options)) yield [this.keyAt(entry), this.valueAt(entry)];
  }

  /** What `entries()` returns: `for (const [key, value] of engine)`. */
  [Symbol.iterator](): Generator<[K, V], void, undefined> {
    return this.entries();
  }

  /** Calls `visit` for each live entry, newest first, as a Map does. */
  forEach(visit: (value: V, key: K, engine: this) => void): void {
    for (const [key, value] of this.entries()) visit(value, key, this);
  }

  // Dumping. Times are told as what is left and what has passed, so that a dump can be loaded under another clock.

  /** Every live entry with all that it takes to store it again, oldest first. A walk: see above. O(1) for each. */
  *dump(): Generator<DumpedEntry<K, V>, void, undefined> {
    for (const entry of this.#live({ order: 'oldest-first' })) {
      yield {
        key: this.keyAt(entry),
        value: this.valueAt(entry),
        flags: this.flagsAt(entry),
        remainingTtlMs: this.remainingTtlMsAt(entry),
        ...this.#accessOf(entry),
        ...(this.trackAccess && this.marksAt(entry) !== 0 ? { marks: this.marksAt(entry) } : {}),
      };
    }
  }

  /**
   * Stores what `dump` gave, in its order, as the newest entries; what the engine refuses or has to evict again
   * is left out, as with `set`. Returns how many it stored. Times to live go on from what was left; ages are
   * kept where this engine has `trackAccess`.
   */
  load(entries: Iterable<DumpedEntry<K, V>>): number {
    let stored = 0;
    for (const { key, value, flags, remainingTtlMs, ageMs = 0, idleMs = 0, fetched, marks = 0 } of entries) {
      for (const [name, ms] of Object.entries({ ageMs, idleMs }))
        if (!Number.isFinite(ms)) throw invalidArgument(name, 'a finite number of milliseconds', ms);
      if (this.set(key, value, { ttlMs: remainingTtlMs, flags }) !== 'stored') continue;
      stored++;
      if (this.trackAccess) this.#backdate(key, ageMs, idleMs, fetched === true, marks);
    }
    return stored;
  }

  #backdate(key: K, ageMs: number, idleMs: number, fetched: boolean, marks: number): void {
    const entry = this.tables.find(key);
    if (entry === 0) return;
    const table = this.tables.tableOf(entry);
    const slot = this.tables.slotOf(entry);
    const times = table.times!;
    times.set(slot, times.storedAt(slot) - ageMs, times.usedAt(slot) - idleMs);
    table.marks![slot] = fetched ? FETCHED : 0;
    if (marks !== 0) this.setMarksAt(entry, marks);
  }

  *#live(options?: IterationOptions): Generator<number, void, undefined> {
    const order = options?.order ?? 'newest-first';
    if (order !== 'newest-first' && order !== 'oldest-first')
      throw invalidArgument('order', "'newest-first' or 'oldest-first'", order);
    for (const entry of this.tables.walk(order)) if (!this.isExpired(entry)) yield entry;
  }

  /** As `find`, for a caller that wants the version. */
  #findNumbered(key: K): number {
    const entry = this.find(key);
    if (entry === 0 || this.numbersWrites) return entry;
    this.beginVersions();
    // Numbers take room: the entry may have had to go.
    return this.find(key);
  }

  #describe(entry: number): EntryInfo<K, V> {
    return {
      key: this.keyAt(entry),
      value: this.valueAt(entry),
      bytes: this.bytesAt(entry),
      flags: this.flagsAt(entry),
      version: this.versionAt(entry),
      remainingTtlMs: this.remainingTtlMsAt(entry),
      ...this.#accessOf(entry),
    };
  }

  #accessOf(entry: number): Pick<EntryInfo<K, V>, 'ageMs' | 'idleMs' | 'fetched'> {
    if (!this.trackAccess) return { ageMs: undefined, idleMs: undefined, fetched: undefined };
    const now = this.clock.now();
    const table = this.tables.tableOf(entry);
    const slot = this.tables.slotOf(entry);
    return {
      ageMs: now - table.times!.storedAt(slot),
      idleMs: now - table.times!.usedAt(slot),
      fetched: (table.marks![slot]! & FETCHED) !== 0,
    };
  }
}

/** What `console.log(engine)` shows in Node: what is held and the limits, and not the columns. */
function inspected(
  this: CacheEngine<unknown, unknown>,
  _depth: number,
  options: object,
  inspect: (value: object, options: object) => string,
): string {
  const { size, bytes, maxBytes, maxEntries } = this;
  return `CacheEngine ${inspect({ size, bytes, maxBytes, maxEntries }, options)}`;
}

Object.defineProperty(CacheEngine.prototype, Symbol.for('nodejs.util.inspect.custom'), { value: inspected });
