/**
 * CacheEngine: a cache with a budget in bytes, times to live and removal causes, by key: exact LRU, unless another
 * policy is chosen. entry-store.ts has the mechanics and their invariants.
 *
 * Every method is O(1) unless it says otherwise, plus O(1) for each entry that it evicts.
 */

import { HotsetError, invalidArgument, invalidOption, rejectUnknownOptions } from '../errors.js';
import type { Limits } from './budget.js';
import { checkBoolean, checkFlags, checkStoreOptions, checkTtl, EntryStore, isTime } from './entry-store.js';
import { inspectAsJson } from './inspect.js';
import { hasPrefix } from './listeners.js';
import { type CurveQuery, checkQuery, curveOf, type MissRatioCurve } from './miss-ratio/curve.js';
import { MissRatioEstimator, type Variant } from './miss-ratio/estimator.js';
import { variantsBeside } from './miss-ratio/miniature-cache.js';
import { type CacheEngineOptions, resolveOptions } from './options.js';
import type { Policy } from './policy/names.js';
import type { EngineStats } from './stats.js';
import { checkTags } from './tags.js';
import type {
  ChangeListener,
  Direction,
  DumpedEntry,
  EntryInfo,
  IterationOptions,
  KeyPage,
  ScanOptions,
  StoreOptions,
  StoreResult,
  TouchOptions,
  UpdateOptions,
} from './types.js';

const TOUCH_OPTIONS: ReadonlySet<string> = new Set<keyof TouchOptions>(['promote']);
const UPDATE_OPTIONS: ReadonlySet<string> = new Set<keyof UpdateOptions>(['keepRefused']);
const ITERATION_OPTIONS: ReadonlySet<string> = new Set<keyof IterationOptions>(['order', 'prefix']);
const SCAN_OPTIONS: ReadonlySet<string> = new Set<keyof ScanOptions>(['prefix', 'cursor', 'limit']);
const DEFAULT_SCAN_LIMIT = 1000;

/** The store behind an engine, by slot: for adapters of this package. */
export let storeOf: <K, V>(engine: CacheEngine<K, V>) => EntryStore<K, V>;

/** A cache with a budget in bytes and times to live: exact LRU, unless another policy is chosen. */
export class CacheEngine<K, V> {
  // biome-ignore lint/suspicious/noExplicitAny: an engine of texts is accepted where one of any type is expected
  readonly #store: EntryStore<any, any>;
  /** What the miss-ratio curve simulates; null without one. */
  readonly #variants: readonly Variant[] | null = null;

  static {
    storeOf = (engine) => engine.#store;
  }

  /** Throws `HOTSET_INVALID_OPTION` for a bad value or an unknown name. */
  constructor(options: CacheEngineOptions<K, V> = {}) {
    const resolved = resolveOptions(options);
    this.#store = new EntryStore<K, V>(this, resolved);
    if (resolved.missRatioCurve === null) return;
    const { unit } = this.#store.curveAround;
    this.#variants = variantsBeside(resolved.policy, unit);
    this.#store.observe(new MissRatioEstimator({ ...resolved.missRatioCurve, variants: this.#variants }));
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

  /** Who leaves when the cache is full, as the option of that name. */
  get policy(): Policy {
    return this.#store.policy;
  }

  // Reading

  /** The value under `key`, or `undefined`. A hit is a use: by LRU the entry is the newest then. */
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
      tags: store.tagsAt(slot) ?? [],
      ...this.#accessAt(slot),
    };
  }

  /** Milliseconds until `key` expires: `Infinity` for never, `undefined` when there is no live entry. */
  remainingTtlMs(key: K): number | undefined {
    const slot = this.#store.peekSlot(key);
    return slot === 0 ? undefined : this.#store.remainingTtlMsAt(slot);
  }

  /**
   * The value under `key`, as `get` returns it; or what `compute` returns, which is stored as by `set`, also if it is
   * `undefined`. A value that does not fit is returned all the same. Throws what `compute` throws, and then stores nothing.
   * For values that take time to load there is `LoadingCache` (hotset/loading).
   */
  getOrCompute(key: K, compute: (key: K) => V, options?: StoreOptions): V {
    if (typeof compute !== 'function') throw invalidArgument('compute', 'a function', compute);
    checkStoreOptions(options);
    if (options?.ttlMs !== undefined) checkTtl(options.ttlMs);
    const store = this.#store;
    const slot = store.readSlot(key);
    if (slot > 0) return store.readValueAt(slot);
    const value = compute(key);
    store.set(key, value, options);
    return value;
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
   * Gives a live entry a new TTL, counted from now. Place in the order, value and version stay; `promote` counts as a
   * use. Returns false when there is no live entry.
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

  /**
   * Removes the entries that were stored with any of these tags; what is still being loaded under one of them is not stored
   * (`LoadingCache`). Returns how many live entries it removed. O(1) for each of them. Throws `HOTSET_INVALID_ARGUMENT`.
   */
  invalidateTags(tags: readonly string[]): number {
    checkTags(tags, Number.POSITIVE_INFINITY);
    return this.#store.invalidateTags(tags);
  }

  /**
   * Removes the entries whose key is a text that begins with `prefix`; the empty prefix takes every key. Returns how many
   * live ones it removed. O(size): to do it in slices, delete what `scanKeys` returns. Throws `HOTSET_INVALID_ARGUMENT`.
   */
  deletePrefix(prefix: string): number {
    return this.#store.deletePrefix(checkedPrefix(prefix));
  }

  /** Removes all entries and gives the memory back. O(n) with a removal listener. */
  clear(): void {
    this.#store.clear();
  }

  /** Evicts the live entry that the policy chooses, by LRU the least recently used one, and returns it; `undefined` when there is none. */
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
   * Changes limits; evicts what no longer fits, in the policy's order, also with `evict: false`.
   * Throws `HOTSET_INVALID_OPTION`; `maxBytes` can be changed only while it is finite, to a finite value.
   */
  resize(limits: Limits): void {
    this.#store.resize(limits);
  }

  // Walking, in the order of use, or in that of another policy (docs/policies.md). A walk survives any change made on
  // the way, and it ends: it visits no removed entry and none twice. An entry that moves or enters before its turn may
  // be missed.

  /** Live keys, newest first by default. O(1) for each. */
  *keys(options?: IterationOptions): Generator<K, void, undefined> {
    for (const slot of this.#walk(options)) yield this.#store.keyAt(slot);
  }

  /** Live values, newest first by default. O(1) for each. */
  *values(options?: IterationOptions): Generator<V, void, undefined> {
    for (const slot of this.#walk(options)) yield this.#store.shownValueAt(slot);
  }

  /** Live keys and values, newest first by default. O(1) for each. */
  *entries(options?: IterationOptions): Generator<[K, V], void, undefined> {
    for (const slot of this.#walk(options)) yield [this.#store.keyAt(slot), this.#store.shownValueAt(slot)];
  }

  /** What `entries()` returns: `for (const [key, value] of engine)`. */
  [Symbol.iterator](): Generator<[K, V], void, undefined> {
    return this.entries();
  }

  /** Calls `visit` for each live entry, newest first, as a Map does. */
  forEach(visit: (value: V, key: K, engine: this) => void): void {
    for (const [key, value] of this.entries()) visit(value, key, this);
  }

  /**
   * A page of the keys that begin with `prefix`, in no order: bounded work in a large cache. A key that is there from the
   * first page to the last is on one of them, and seldom on two. O(limit). Throws `HOTSET_INVALID_OPTION`.
   *
   * @example
   * let cursor: number | undefined;
   * do {
   *   const page = engine.scanKeys({ prefix: 'user:', cursor });
   *   for (const key of page.keys) console.log(key);
   *   cursor = page.cursor;
   * } while (cursor !== undefined);
   */
  scanKeys(options: ScanOptions = {}): KeyPage<K> {
    rejectUnknownOptions(options, SCAN_OPTIONS);
    const { limit = DEFAULT_SCAN_LIMIT, cursor } = options;
    const prefix = prefixOf(options);
    checkCount('limit', limit);
    if (cursor !== undefined) checkCount('cursor', cursor);
    const store = this.#store;
    const keys: K[] = [];
    const next = store.scan(cursor ?? Number.POSITIVE_INFINITY, limit, (slot) => {
      const key = store.keyAt(slot);
      if (hasPrefix(key, prefix)) keys.push(key);
      return true;
    });
    return { keys, cursor: next === 0 ? undefined : next };
  }

  *#walk(options: IterationOptions | undefined): Generator<number, void, undefined> {
    const store = this.#store;
    const order = direction(options);
    const prefix = options === undefined ? '' : prefixOf(options);
    for (const slot of store.walk(order)) if (hasPrefix(store.keyAt(slot), prefix)) yield slot;
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
      const ttlMs = store.ttlMsAt(slot);
      const tags = store.tagsAt(slot);
      yield {
        key: store.keyAt(slot),
        value: store.shownValueAt(slot),
        flags: store.flagsAt(slot),
        remainingTtlMs: store.remainingTtlMsAt(slot),
        ...(ttlMs === undefined || ttlMs === Number.POSITIVE_INFINITY ? {} : { ttlMs }),
        ...(tags === null ? {} : { tags }),
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
    const checked = Array.from(entries, checkedEntry<K, V>);
    store.setLoading(true);
    try {
      for (const entry of checked) if (this.#loadOne(entry)) stored++;
    } finally {
      store.setLoading(false);
    }
    return stored;
  }

  /** Whether it was stored. */
  #loadOne(entry: DumpedEntry<K, V>): boolean {
    const store = this.#store;
    const ttlMs = entry.remainingTtlMs === null ? Number.POSITIVE_INFINITY : entry.remainingTtlMs;
    const { key, value, flags, tags } = entry;
    if (this.set(key, value, { ttlMs, flags, tags }) !== 'stored') return false;
    if (entry.ttlMs !== undefined) store.setTtlAt(store.peekSlot(key), entry.ttlMs);
    const slot = store.tracksAccess ? store.peekSlot(key) : 0;
    if (slot === 0) return true;
    store.backdateAt(slot, entry.ageMs ?? 0, entry.idleMs ?? 0, entry.fetched === true);
    store.setAdapterBitsAt(slot, entry.adapterBits ?? 0);
    return true;
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
    checkedPrefix(prefix);
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

  /**
   * What hit ratio the cache would have with more or less memory, or with another policy; an estimate. `undefined` without
   * the option `missRatioCurve`. Takes well under a millisecond. Throws `HOTSET_INVALID_OPTION`.
   *
   * @example
   * const curve = engine.missRatioCurve();
   * console.log(curve.summary); // Doubling the memory would save 31 % of the misses.
   */
  missRatioCurve(query: CurveQuery = {}): MissRatioCurve | undefined {
    checkQuery(query);
    const store = this.#store;
    const variants = this.#variants;
    if (variants === null) return undefined;
    return curveOf(store.estimate(), { ...store.curveAround, policy: store.policy }, variants, query);
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

function checkedPrefix(prefix: unknown): string {
  if (typeof prefix !== 'string') throw invalidArgument('prefix', 'a text', prefix);
  return prefix;
}

function checkCount(name: string, value: unknown): void {
  if (!(Number.isSafeInteger(value) && (value as number) >= 1))
    throw invalidOption(name, 'a whole number from 1', value);
}

function prefixOf({ prefix = '' }: { readonly prefix?: string | undefined }): string {
  if (typeof prefix !== 'string') throw invalidOption('prefix', 'a text', prefix);
  return prefix;
}

function checkedEntry<K, V>(entry: DumpedEntry<K, V> | readonly [K, V]): DumpedEntry<K, V> {
  if (Array.isArray(entry) && entry.length === 2) return { key: entry[0], value: entry[1] };
  if (typeof entry !== 'object' || entry === null || !('key' in entry) || !('value' in entry))
    throw invalidArgument('entries', 'entries of a dump, or [key, value] pairs', entry);
  const { flags, remainingTtlMs, ttlMs, tags, ageMs, idleMs, adapterBits } = entry;
  checkFlags(flags);
  if (tags !== undefined) checkTags(tags);
  if (ttlMs !== undefined && !(isTime(ttlMs) && ttlMs > 0))
    throw invalidArgument('ttlMs', 'milliseconds, more than 0', ttlMs);
  if (remainingTtlMs !== null && remainingTtlMs !== undefined && !isTime(remainingTtlMs))
    throw invalidArgument('remainingTtlMs', 'milliseconds (Infinity or null for never)', remainingTtlMs);
  for (const [name, ms] of Object.entries({ ageMs, idleMs }))
    if (ms !== undefined && !Number.isFinite(ms))
      throw invalidArgument(name, 'a finite number of milliseconds', ms);
  if (adapterBits !== undefined && !(adapterBits >= 0 && adapterBits < 128 && Number.isInteger(adapterBits)))
    throw invalidArgument('adapterBits', 'a whole number from 0 to 127', adapterBits);
  return entry;
}

inspectAsJson(CacheEngine.prototype, 'CacheEngine');

/**
 * Keyv takes whatever has get, set, delete and clear, and would then lose each entry with a TTL. Keyv 6 reads the first of
 * these when it takes a store, and Keyv 5 sets the second.
 */
export function refuseKeyv(prototype: object): void {
  const refuse = (): never => {
    throw new HotsetError(
      'HOTSET_INVALID_ARGUMENT',
      'Keyv takes a cache through its adapter: new Keyv({ store: new KeyvHotset(cache) }), of hotset/keyv',
    );
  };
  Object.defineProperties(prototype, { capabilities: { get: refuse }, namespace: { set: refuse } });
}

refuseKeyv(CacheEngine.prototype);
