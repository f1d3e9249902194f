/**
 * CacheEngine: an exact LRU cache with a budget in bytes, times to live and removal causes, by key. entry-store.ts
 * has the mechanics and their invariants.
 *
 * Every method is O(1) unless it says otherwise, plus O(1) for each entry that it evicts.
 */

import { invalidArgument, rejectUnknownOptions } from '../errors.js';
import type { Limits } from './budget.js';
import { checkBoolean, checkFlags, checkStoreOptions, checkTtl, EntryStore, isTime } from './entry-store.js';
import { type CacheEngineOptions, resolveOptions } from './options.js';
import type { EngineStats } from './stats.js';
import type {
  ChangeListener,
  Direction,
  DumpedEntry,
  EntryInfo,
  IterationOptions,
  StoreOptions,
  StoreResult,
  TouchOptions,
  UpdateOptions,
} from './types.js';

const TOUCH_OPTIONS: ReadonlySet<string> = new Set<keyof TouchOptions>(['promote']);
const UPDATE_OPTIONS: ReadonlySet<string> = new Set<keyof UpdateOptions>(['keepRefused']);
const ITERATION_OPTIONS: ReadonlySet<string> = new Set<keyof IterationOptions>(['order']);

/** The store behind an engine, by slot: for adapters of this package. */
export let storeOf: <K, V>(engine: CacheEngine<K, V>) => EntryStore<K, V>;

/** An exact LRU cache with a budget in bytes and times to live. */
export class CacheEngine<K, V> {
  // biome-ignore lint/suspicious/noExplicitAny: an engine of texts is accepted where one of any type is expected
  readonly #store: EntryStore<any, any>;

  static {
    storeOf = (engine) => engine.#store;
  }

  /** Throws `HOTSET_INVALID_OPTION` for a bad value or an unknown name. */
  constructor(options: CacheEngineOptions<K, V> = {}) {
    this.#store = new EntryStore<K, V>(this, resolveOptions(options));
  }

  /** Entries held, with expired ones that are not reclaimed yet. */
  get size(): number {
    return this.#store.size;
  }

  /** Counted bytes of all entries: keys, values and the engine's structure. Never more than `maxBytes`. */
  get bytes(): number {
    return this.#store.bytes;
  }

  /** The budget in bytes, as the options or `resize` set it. */
  get maxBytes(): number {
    return this.#store.maxBytes;
  }

  /** The most entries, as the options or `resize` set it. */
  get maxEntries(): number {
    return this.#store.maxEntries;
  }

  // Reading

  /** The value under `key`, or `undefined`. A hit makes the entry the newest. */
  get(key: K): V | undefined {
    const store = this.#store;
    const slot = store.readSlot(key);
    return slot > 0 ? store.readValueAt(slot) : undefined;
  }

  /** The value under `key`, or `undefined`. Changes neither the order nor the statistics. */
  peek(key: K): V | undefined {
    const slot = this.#store.peekSlot(key);
    return slot === 0 ? undefined : this.#store.valueAt(slot);
  }

  /** Whether a live entry is under `key`. Changes neither the order nor the statistics. */
  has(key: K): boolean {
    return this.#store.peekSlot(key) !== 0;
  }

  /**
   * Value and properties of the entry under `key`; `undefined` when there is no live one. Changes neither order nor
   * statistics. The first call that finds an entry begins to number writes, which takes 9 bytes for each entry.
   */
  getEntry(key: K): EntryInfo<K, V> | undefined {
    const store = this.#store;
    const slot = this.#peekNumbered(key);
    if (slot === 0) return undefined;
    return {
      key: store.keyAt(slot),
      value: store.valueAt(slot),
      bytes: store.bytesAt(slot),
      flags: store.flagsAt(slot),
      version: store.versionAt(slot),
      remainingTtlMs: store.remainingTtlMsAt(slot),
      ...this.#accessAt(slot),
    };
  }

  /** Milliseconds until `key` expires: `Infinity` for never, `undefined` when there is no live entry. */
  remainingTtlMs(key: K): number | undefined {
    const slot = this.#store.peekSlot(key);
    return slot === 0 ? undefined : this.#store.remainingTtlMsAt(slot);
  }

  // Writing

  /**
   * Stores `value` under `key`, whatever was there. Returns `stored`, `too-large` or `no-room`. Linear in the size
   * of the value, which it weighs. Throws `HOTSET_INVALID_ARGUMENT` and `HOTSET_INVALID_OPTION` for bad options, as
   * all methods that store do.
   */
  set(key: K, value: V, options?: StoreOptions): StoreResult {
    return this.#store.set(key, value, options);
  }

  /** Stores only where there is no live entry: `stored`, `exists`, `too-large` or `no-room`. */
  add(key: K, value: V, options?: StoreOptions): StoreResult {
    checkStoreOptions(options);
    return this.#store.peekSlot(key) === 0 ? this.set(key, value, options) : 'exists';
  }

  /** Stores only where there is a live entry: `stored`, `not-found`, `too-large` or `no-room`. */
  replace(key: K, value: V, options?: StoreOptions): StoreResult {
    checkStoreOptions(options);
    return this.#store.peekSlot(key) === 0 ? 'not-found' : this.set(key, value, options);
  }

  /**
   * Stores only where the live entry has the version that `getEntry` returned:
   * `stored`, `exists` (another version), `not-found`, `too-large` or `no-room`.
   */
  compareAndSet(key: K, version: number | bigint, value: V, options?: StoreOptions): StoreResult {
    checkStoreOptions(options);
    const slot = this.#peekNumbered(key);
    if (slot === 0) return 'not-found';
    return this.#store.versionAt(slot) === version ? this.set(key, value, options) : 'exists';
  }

  /**
   * Gives a live entry a new value; flags and time of expiry stay: `stored`, `not-found`, `too-large` or `no-room`.
   */
  update(key: K, value: V, options?: UpdateOptions): StoreResult {
    if (options !== undefined) {
      rejectUnknownOptions(options, UPDATE_OPTIONS);
      checkBoolean('keepRefused', options.keepRefused);
    }
    const slot = this.#store.peekSlot(key);
    return slot === 0 ? 'not-found' : this.#store.update(slot, value, options?.keepRefused === true);
  }

  /**
   * Gives a live entry a new TTL, counted from now. Place in the order, value and version stay; `promote` makes it
   * the newest. Returns false when there is no live entry.
   */
  touch(key: K, ttlMs: number, options?: TouchOptions): boolean {
    checkTtl(ttlMs);
    if (options !== undefined) {
      rejectUnknownOptions(options, TOUCH_OPTIONS);
      checkBoolean('promote', options.promote);
    }
    const slot = this.#store.peekSlot(key);
    if (slot === 0) return false;
    if (options?.promote === true) this.#store.promoteAt(slot);
    this.#store.touchAt(slot, ttlMs);
    return true;
  }

  /** Removes the entry under `key`. Returns false when there was no live one. */
  delete(key: K): boolean {
    return this.#store.delete(key);
  }

  /** Removes all entries and gives the memory back. O(n) with a removal listener. */
  clear(): void {
    this.#store.clear();
  }

  /** Evicts the least recently used live entry and returns it; `undefined` when there is none. */
  evictOldest(): [K, V] | undefined {
    return this.#store.evictOldest();
  }

  /**
   * Removes expired entries, looking at `limit` entries at most; the next call continues where this one stopped.
   * Returns how many it removed. Reads never return expired entries, so this only gives memory back sooner.
   * O(limit).
   */
  sweepExpired(limit: number = Number.POSITIVE_INFINITY): number {
    return this.#store.sweepExpired(limit);
  }

  /**
   * Changes limits; evicts what no longer fits, oldest first, also with `evict: false`.
   * Throws `HOTSET_INVALID_OPTION`; `maxBytes` can be changed only while it is finite, to a finite value.
   */
  resize(limits: Limits): void {
    this.#store.resize(limits);
  }

  // Walking. A walk survives any change made on the way, and it ends: it visits no removed entry and none
  // twice. An entry that moves or enters at the newest end before its turn may be missed.

  /** Live keys, newest first by default. O(1) for each. */
  *keys(options?: IterationOptions): Generator<K, void, undefined> {
    for (const slot of this.#store.walk(direction(options))) yield this.#store.keyAt(slot);
  }

  /** Live values, newest first by default. O(1) for each. */
  *values(options?: IterationOptions): Generator<V, void, undefined> {
    for (const slot of this.#store.walk(direction(options))) yield this.#store.shownValueAt(slot);
  }

  /** Live keys and values, newest first by default. O(1) for each. */
  *entries(options?: IterationOptions): Generator<[K, V], void, undefined> {
    for (const slot of this.#store.walk(direction(options)))
      yield [this.#store.keyAt(slot), this.#store.shownValueAt(slot)];
  }

  /** What `entries()` returns: `for (const [key, value] of engine)`. */
  [Symbol.iterator](): Generator<[K, V], void, undefined> {
    return this.entries();
  }

  /** Calls `visit` for each live entry, newest first, as a Map does. */
  forEach(visit: (value: V, key: K, engine: this) => void): void {
    for (const [key, value] of this.entries()) visit(value, key, this);
  }

  // Dumping. Times are what is left and what has passed, so that a dump can be loaded under another clock.

  /**
   * Every live entry with what `load` needs to store it again, oldest first. Survives changes on the way. O(1) for
   * each.
   */
  *dump(): Generator<DumpedEntry<K, V>, void, undefined> {
    const store = this.#store;
    for (const slot of store.walk('oldest-first')) {
      const adapterBits = store.tracksAccess ? store.adapterBitsAt(slot) : 0;
      yield {
        key: store.keyAt(slot),
        value: store.shownValueAt(slot),
        flags: store.flagsAt(slot),
        remainingTtlMs: store.remainingTtlMsAt(slot),
        ...this.#accessAt(slot),
        ...(adapterBits === 0 ? {} : { adapterBits }),
      };
    }
  }

  /**
   * Stores the entries of a dump, also of one that went through JSON, or `[key, value]` pairs such as a Map has.
   * They become the newest entries, in their order; what does not fit is refused or evicted, as with `set`. Returns
   * how many it stored. TTLs continue from the remaining time; ages are kept with `trackAccess`. O(n). Throws
   * `HOTSET_INVALID_ARGUMENT` for anything that is not an entry, and then stores nothing.
   */
  load(entries: Iterable<DumpedEntry<K, V> | readonly [K, V]>): number {
    const store = this.#store;
    let stored = 0;
    for (const entry of Array.from(entries, checkedEntry<K, V>)) {
      const ttlMs = entry.remainingTtlMs === null ? Number.POSITIVE_INFINITY : entry.remainingTtlMs;
      if (this.set(entry.key, entry.value, { ttlMs, flags: entry.flags }) !== 'stored') continue;
      stored++;
      const slot = store.tracksAccess ? store.peekSlot(entry.key) : 0;
      if (slot === 0) continue;
      store.backdateAt(slot, entry.ageMs ?? 0, entry.idleMs ?? 0, entry.fetched === true);
      store.setAdapterBitsAt(slot, entry.adapterBits ?? 0);
    }
    return stored;
  }

  // Looking from outside

  /**
   * Calls `listener` with each change to an entry whose key is a text that begins with `prefix`; the empty prefix
   * takes every key. Returns a function that unsubscribes. A change costs O(1) for each subscription. Throws
   * `HOTSET_INVALID_ARGUMENT`.
   *
   * @example
   * const unsubscribe = engine.subscribe('user:', (change) => console.log(change.key, change.cause));
   */
  subscribe(prefix: string, listener: ChangeListener<K>): () => void {
    if (typeof prefix !== 'string') throw invalidArgument('prefix', 'a text', prefix);
    if (typeof listener !== 'function') throw invalidArgument('listener', 'a function', listener);
    return this.#store.subscribe(prefix, listener);
  }

  /** A frozen snapshot: counters since the start or the last `resetStats()`, and what the cache holds now. */
  stats(): EngineStats {
    return this.#store.stats();
  }

  /** Sets the counters of `stats()` to 0; entries stay. */
  resetStats(): void {
    this.#store.resetStats();
  }

  /** Checks the whole structure and returns what is inconsistent: an empty list when all is well. O(n). */
  verify(): string[] {
    return this.#store.verify();
  }

  /** What `JSON.stringify` and `console.log` show: limits and counts, without keys and values. */
  toJSON(): { size: number; bytes: number; maxBytes: number; maxEntries: number } {
    const { size, bytes, maxBytes, maxEntries } = this;
    return { size, bytes, maxBytes, maxEntries };
  }

  /** As `peekSlot`, for a caller that wants the version. */
  #peekNumbered(key: K): number {
    const slot = this.#store.peekSlot(key);
    if (slot === 0 || this.#store.hasVersions) return slot;
    this.#store.beginVersions();
    // Numbers take room: the entry may have had to go.
    return this.#store.peekSlot(key);
  }

  #accessAt(slot: number): Pick<EntryInfo<K, V>, 'ageMs' | 'idleMs' | 'fetched'> {
    const store = this.#store;
    if (!store.tracksAccess) return { ageMs: undefined, idleMs: undefined, fetched: undefined };
    return { ageMs: store.ageMsAt(slot), idleMs: store.idleMsAt(slot), fetched: store.fetchedAt(slot) };
  }
}

function direction(options: IterationOptions | undefined): Direction {
  if (options === undefined) return 'newest-first';
  rejectUnknownOptions(options, ITERATION_OPTIONS);
  const { order = 'newest-first' } = options;
  if (order !== 'newest-first' && order !== 'oldest-first')
    throw invalidArgument('order', "'newest-first' or 'oldest-first'", order);
  return order;
}

function checkedEntry<K, V>(entry: DumpedEntry<K, V> | readonly [K, V]): DumpedEntry<K, V> {
  if (Array.isArray(entry) && entry.length === 2) return { key: entry[0], value: entry[1] };
  if (typeof entry !== 'object' || entry === null || !('key' in entry) || !('value' in entry))
    throw invalidArgument('entries', 'entries of a dump, or [key, value] pairs', entry);
  const { flags, remainingTtlMs, ageMs, idleMs, adapterBits } = entry;
  checkFlags(flags);
  if (remainingTtlMs !== null && remainingTtlMs !== undefined && !isTime(remainingTtlMs))
    throw invalidArgument('remainingTtlMs', 'milliseconds (Infinity or null for never)', remainingTtlMs);
  for (const [name, ms] of Object.entries({ ageMs, idleMs }))
    if (ms !== undefined && !Number.isFinite(ms))
      throw invalidArgument(name, 'a finite number of milliseconds', ms);
  if (adapterBits !== undefined && !(adapterBits >= 0 && adapterBits < 128 && Number.isInteger(adapterBits)))
    throw invalidArgument('adapterBits', 'a whole number from 0 to 127', adapterBits);
  return entry;
}

/** What `console.log(engine)` shows in Node. */
function inspected(
  this: CacheEngine<unknown, unknown>,
  _depth: number,
  options: object,
  inspect: (value: object, options: object) => string,
): string {
  return `CacheEngine ${inspect(this.toJSON(), options)}`;
}

Object.defineProperty(CacheEngine.prototype, Symbol.for('nodejs.util.inspect.custom'), { value: inspected });
