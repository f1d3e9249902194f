/**
 * LoadingCache: getOrLoad over any CacheEngine, which holds the plain values. This file coordinates the parts: a
 * held value answers (loaded-values.ts), or a flight does (flights.ts), for which callers wait (waiter.ts).
 *
 * At most one flight for each key. A call after an invalidation never gets a value loaded before it.
 */

import { CacheEngine, refuseKeyv } from '../engine/cache-engine.js';
import { hasPrefix } from '../engine/listeners.js';
import { checkTags } from '../engine/tags.js';
import type { StoreResult } from '../engine/types.js';
import { HotsetError, invalidArgument } from '../errors.js';
import type { Flight, LoaderCall } from './flight.js';
import { Flights, type LoadRequest } from './flights.js';
import type { AttachedLeases } from './load-leases.js';
import { LoadedValues, NO_PLAN, NOT_HELD } from './loaded-values.js';
import type { BatchLoader, Loader } from './loader.js';
import { batch, type LoaderAdapter, type Outcome, type SourceAdapter, single } from './loader-adapter.js';
import { Failure } from './negatives.js';
import {
  type LoadingOptions,
  type LoadOptions,
  type ResolvedLoad,
  type ResolvedLoading,
  resolveLoad,
  resolveLoading,
  resolveSet,
  type SetOptions,
} from './options.js';
import { type Counters, type LoadingStats, newCounters, snapshot } from './stats.js';
import { Waiter } from './waiter.js';

/** What a TieredCache, which brings its own adapters, takes of a LoadingCache. */
export interface AdapterDoor<K, V> {
  readonly options: ResolvedLoading<K, V>;
  /** What is held, or a load; with `load.forceRefresh` always a load. Throws a remembered failure. */
  one(
    key: K,
    adapter: () => LoaderAdapter<K, V>,
    load: ResolvedLoad<K, V>,
  ): V | undefined | Promise<V | undefined>;
  /** The same for many keys; misses are not in the Map. */
  many(keys: Iterable<K>, adapter: LoaderAdapter<K, V>, load: ResolvedLoad<K, V>): Promise<Map<K, V>>;
}

/** The door of a cache: for rooms of this package. */
export let adapterDoorOf: <K, V>(cache: LoadingCache<K, V>) => AdapterDoor<K, V>;

/** A cache that fills itself over an engine: one load for each key, however many callers ask at once. */
export class LoadingCache<K, V> {
  /** Where the values are. Reading it directly loads nothing. */
  readonly engine: CacheEngine<K, V>;
  readonly #options: ResolvedLoading<K, V>;
  readonly #counters: Counters = newCounters();
  readonly #values: LoadedValues<K, V>;
  readonly #flights: Flights<K, V>;
  readonly #leases: AttachedLeases<K, V> | null;

  static {
    adapterDoorOf = (cache) => ({
      options: cache.#options,
      one: (key, adapter, load) => cache.#one(key, adapter, load),
      many: (keys, adapter, load) => cache.#many(keys, adapter, load),
    });
  }

  /**
   * Throws `HOTSET_INVALID_OPTION` for a bad option, `HOTSET_INVALID_ARGUMENT` when `engine` is not a CacheEngine.
   */
  constructor(engine: CacheEngine<K, V>, options: LoadingOptions<K, V> = {}) {
    if (!(engine instanceof CacheEngine)) throw invalidArgument('engine', 'a CacheEngine', engine);
    this.engine = engine;
    this.#options = resolveLoading(options);
    this.#values = new LoadedValues(engine, this.#options, this.#counters);
    this.#flights = new Flights(this.#options, this.#counters, this.#values.invalidations);
    const leases = this.#options.leases?.attach(this.#options) ?? null;
    this.#leases = leases as AttachedLeases<K, V> | null;
  }

  /** `getOrLoad` with the option `load` of the cache, without which it rejects with `HOTSET_INVALID_OPTION`. */
  async get(key: K, options?: LoadOptions<K, V>): Promise<V | undefined> {
    const { loader } = this.#options;
    if (loader === null)
      throw new HotsetError(
        'HOTSET_INVALID_OPTION',
        'get needs the option load: the function that it loads with',
      );
    return this.getOrLoad(key, loader, options);
  }

  /** The value that `get` would return at once, fresh or stale; else `undefined`. Loads, counts and changes nothing. */
  peek(key: K): V | undefined {
    return this.#values.peek(key)?.value;
  }

  /** Whether `get` would return a value at once. Loads, counts and changes nothing. */
  has(key: K): boolean {
    return this.#values.peek(key) !== undefined;
  }

  /**
   * The value under `key`: from the cache, from a flight in progress, or from `loader`. A fresh or stale value needs
   * no waiting; `undefined` is a miss. All callers of a key should bring loaders that do the same, because only one
   * is called. O(1), beside the loader.
   *
   * Rejects with what the loader throws; with the reason of `signal`; with `HOTSET_LOAD_TIMEOUT`,
   * `HOTSET_TOO_MANY_FLIGHTS`, `HOTSET_INVALID_OPTION` or `HOTSET_INVALID_ARGUMENT`.
   */
  getOrLoad(key: K, loader: Loader<K, V, V>, options?: LoadOptions<K, V>): Promise<V>;
  getOrLoad(key: K, loader: Loader<K, V>, options?: LoadOptions<K, V>): Promise<V | undefined>;
  async getOrLoad(key: K, loader: Loader<K, V>, options?: LoadOptions<K, V>): Promise<V | undefined> {
    if (typeof loader !== 'function') throw invalidArgument('loader', 'a function', loader);
    return this.#one(key, () => this.#over(single(loader)), resolveLoad(options, this.#options));
  }

  #over(source: SourceAdapter<K, V>): LoaderAdapter<K, V> {
    return this.#leases === null ? source : this.#leases.over(source);
  }

  #one(
    key: K,
    adapter: () => LoaderAdapter<K, V>,
    load: ResolvedLoad<K, V>,
  ): V | undefined | Promise<V | undefined> {
    if (!load.forceRefresh) {
      const held = this.#values.read(key, () => this.#refresh([key], adapter(), load));
      if (held instanceof Failure) throw held.error;
      if (held !== NOT_HELD) return held;
    }
    return new Promise((resolve, reject) => {
      this.#load([key], adapter(), load, false, (values) => resolve(values.get(key)), reject);
    });
  }

  /**
   * The values under `keys`, in their order; misses are not in the Map. One call of `loader` loads the keys that
   * are neither held nor in flight; another refreshes stale ones in the background. Without room for all
   * (`maxFlights`) it loads in parts, as flights end. The first failure rejects; values of other keys are stored
   * all the same. A remembered failure rejects at once. O(1) for each key.
   *
   * Rejects as `getOrLoad` does, and with `HOTSET_INVALID_BATCH` for a bad result of the loader. Never rejects with
   * `HOTSET_TOO_MANY_FLIGHTS`.
   */
  async getOrLoadMany(
    keys: Iterable<K>,
    loader: BatchLoader<K, V>,
    options?: LoadOptions<K, V>,
  ): Promise<Map<K, V>> {
    if (typeof keys?.[Symbol.iterator] !== 'function')
      throw invalidArgument('keys', 'an iterable of keys', keys);
    if (typeof loader !== 'function') throw invalidArgument('loader', 'a function', loader);
    return this.#many(keys, this.#over(batch(loader)), resolveLoad(options, this.#options));
  }

  async #many(keys: Iterable<K>, adapter: LoaderAdapter<K, V>, load: ResolvedLoad<K, V>): Promise<Map<K, V>> {
    const held = new Map<K, V | undefined>();
    const toLoad: K[] = [];
    const toRefresh: K[] = [];
    let failure: Failure | undefined;
    const requested = new Set(keys);
    for (const key of requested) {
      const value = load.forceRefresh ? NOT_HELD : this.#values.read(key, (due) => toRefresh.push(due));
      if (value === NOT_HELD) toLoad.push(key);
      else if (value instanceof Failure) failure ??= value;
      else held.set(key, value);
    }
    if (failure !== undefined) {
      this.#counters.skips += toLoad.length;
      throw failure.error;
    }
    if (toRefresh.length > 0) this.#refresh(toRefresh, adapter, load);
    const loaded =
      toLoad.length === 0
        ? held
        : await new Promise<Map<K, V>>((resolve, reject) => {
            this.#load(toLoad, adapter, load, true, resolve, reject);
          });
    const values = new Map<K, V>();
    for (const key of requested) {
      const value = held.has(key) ? held.get(key) : loaded.get(key);
      if (value !== undefined) values.set(key, value);
    }
    return values;
  }

  /**
   * Stores a value as if it had been loaded now, with its ttl and the windows after it. A flight of the key is
   * detached, as by `invalidate`. Returns what `engine.set` returns; a ttl function that returns 0 or less removes the
   * old value and stores nothing (`stored`). Throws `HOTSET_INVALID_OPTION`, and what the ttl function throws.
   */
  set(key: K, value: V, options?: SetOptions<K, V>): StoreResult {
    const store = this.#values.prepareSet(key, value, resolveSet(options, this.#options));
    this.#values.forgetNegative(key);
    this.#leases?.forget(key);
    return this.#supersede(key, store);
  }

  /**
   * Forgets `key`: its value, a remembered miss or failure, and its flight. Callers who wait for the flight still
   * get its value, which is not stored; later callers start a new one. Background refreshes are aborted. Returns
   * false when there was nothing to forget.
   */
  invalidate(key: K): boolean {
    const known = this.#flights.get(key) !== undefined;
    const forgotten = this.#values.forgetNegative(key);
    this.#leases?.forget(key);
    return this.#supersede(key, () => this.engine.delete(key)) || known || forgotten;
  }

  /** `invalidate`, under the name that a Map has for it. */
  delete(key: K): boolean {
    return this.invalidate(key);
  }

  /**
   * `invalidate` for all keys with one of these tags: values, remembered misses and failures, and flights. A flight whose
   * tags a function will tell stays; once it has loaded, its value is not stored if it has one of the tags, and those who
   * joined it after an invalidation load again. `engine.invalidateTags` has the same effect, at the latest when a key is
   * asked for. Returns how many values it removed. O(1) for each, and O(flights). Throws `HOTSET_INVALID_ARGUMENT`.
   */
  invalidateTags(tags: readonly string[]): number {
    checkTags(tags, Number.POSITIVE_INFINITY);
    const known = new Set(tags);
    this.#leases?.forgetTags(tags);
    const concerns = ({ call }: Flight<K, V>): boolean =>
      typeof call.load.tags !== 'function' && call.load.tags.some((tag) => known.has(tag));
    return this.#supersedeAll(concerns, () => this.engine.invalidateTags(tags));
  }

  /** `invalidate` for all keys that are texts and begin with `prefix`. Returns how many values it removed. O(n). */
  deletePrefix(prefix: string): number {
    this.#leases?.forgetAll();
    return this.#supersedeAll(
      ({ key }) => hasPrefix(key, prefix),
      () => {
        const removed = this.engine.deletePrefix(prefix);
        this.#values.forgetNegativesOf(prefix);
        return removed;
      },
    );
  }

  /** `invalidate` for all keys; empties the engine. O(n) flights, and as `engine.clear()`. */
  clear(): void {
    this.#values.forgetNegatives();
    this.#leases?.forgetAll();
    this.#supersedeAll(
      () => true,
      () => this.engine.clear(),
    );
  }

  /** A frozen snapshot: counters since the start or the last `resetStats()`, and the flights in progress. */
  stats(): LoadingStats {
    return snapshot(this.#counters, this.#flights.inFlight);
  }

  /** Sets the counters to 0; flights continue and are counted when they end. */
  resetStats(): void {
    Object.assign(this.#counters, newCounters());
  }

  /** What `JSON.stringify` shows: limits and counts, without keys and values. */
  toJSON(): { size: number; bytes: number; maxBytes: number; maxEntries: number; inFlight: number } {
    return { ...this.engine.toJSON(), inFlight: this.#flights.inFlight };
  }

  /** As `#supersede`, for many flights. */
  #supersedeAll<R>(concerns: (flight: Flight<K, V>) => boolean, change: () => R): R {
    const flights = this.#flights.detachAll(concerns);
    try {
      return change();
    } finally {
      for (const { call } of flights) this.#flights.cancelIfUnwanted(call);
    }
  }

  /** Detaches the flight of `key` before a change, and aborts its call after it, when others' code may run. */
  #supersede<R>(key: K, change: () => R): R {
    const flight = this.#flights.detach(key);
    try {
      return change();
    } finally {
      if (flight !== undefined) this.#flights.cancelIfUnwanted(flight.call);
    }
  }

  /** Waits for the flights of `keys`, and starts those that are missing. A batch may wait for room. */
  #load(
    keys: readonly K[],
    adapter: LoaderAdapter<K, V>,
    load: ResolvedLoad<K, V>,
    isBatch: boolean,
    resolve: (values: Map<K, V>) => void,
    reject: (error: unknown) => void,
  ): void {
    // A forced load never returns an old value.
    const fallback = load.fallsBack ? this.#values.staleFallback : noFallback;
    const resume = (waiting: Waiter<K, V>): void => this.#resume(waiting, adapter, load, isBatch);
    const waiter = new Waiter(keys, this.#flights, fallback, this.#counters, resume, resolve, reject);
    try {
      waiter.watch(load, this.#options.scheduler);
      this.#startFlights(waiter, adapter, load, isBatch);
    } catch (error) {
      waiter.reject(error);
    }
  }

  /**
   * Assigns a flight to each key for which `waiter` has no answer: an existing one, or a new one, in parts no larger
   * than the room. Without room a single key is refused, and a batch continues later (`isResumed`), when others
   * may have loaded its keys. Throws what hooks throw, with nothing registered for the keys that are left.
   */
  #startFlights(
    waiter: Waiter<K, V>,
    adapter: LoaderAdapter<K, V>,
    load: ResolvedLoad<K, V>,
    isBatch: boolean,
    isResumed = false,
  ): void {
    while (!waiter.isOver()) {
      const keys = waiter.nextKeys(Math.max(1, this.#flights.room));
      if (keys.length === 0) {
        waiter.succeedIfComplete();
        return;
      }
      const missing = isResumed && !load.forceRefresh ? this.#answerHeld(waiter, keys, adapter, load) : keys;
      const call = this.#open(this.#requests(missing), load, waiter);
      if (waiter.isOver()) return;
      const flights = missing.map((key) => this.#flights.get(key)).filter((flight) => flight !== undefined);
      for (const flight of flights) waiter.join(flight);
      const loads = call?.flights.length ?? 0;
      this.#counters.loads += loads;
      this.#counters.joins += flights.length - loads;
      if (call !== undefined) this.#start(call, adapter);
      if (flights.length > 0 || missing.length < keys.length) continue;
      if (isBatch) this.#flights.enqueue(waiter);
      else this.#refuse(waiter, keys[0]!);
      return;
    }
  }

  #resume(
    waiter: Waiter<K, V>,
    adapter: LoaderAdapter<K, V>,
    load: ResolvedLoad<K, V>,
    isBatch: boolean,
  ): void {
    try {
      this.#startFlights(waiter, adapter, load, isBatch, true);
    } catch (error) {
      waiter.reject(error);
    }
  }

  /** Answers those of the keys that are held by now. Returns the others. */
  #answerHeld(
    waiter: Waiter<K, V>,
    keys: readonly K[],
    adapter: LoaderAdapter<K, V>,
    load: ResolvedLoad<K, V>,
  ): K[] {
    const missing: K[] = [];
    const toRefresh: K[] = [];
    for (const key of keys) {
      if (waiter.isOver()) break;
      const answer = this.#values.read(key, (due) => toRefresh.push(due));
      if (answer === NOT_HELD) missing.push(key);
      else waiter.answer(key, answer);
    }
    this.#refresh(toRefresh, adapter, load);
    return missing;
  }

  #refuse(waiter: Waiter<K, V>, key: K): void {
    this.#counters.refusals++;
    const message = `${this.#flights.inFlight} keys are being loaded, of maxFlights: ${this.#options.maxFlights}`;
    waiter.refuse(key, new HotsetError('HOTSET_TOO_MANY_FLIGHTS', message));
  }

  /** Starts flights without waiters, as far as there is room. Throws nothing. */
  #refresh(keys: readonly K[], adapter: LoaderAdapter<K, V>, load: ResolvedLoad<K, V>): void {
    const due = keys.filter((key) => this.#flights.get(key) === undefined);
    try {
      const call = this.#open(this.#requests(due), load, undefined);
      if (call === undefined) return;
      this.#counters.refreshes += call.flights.length;
      this.#start(call, adapter);
    } catch (error) {
      for (const key of due) this.#report(error, key);
    }
  }

  /**
   * What the engine has under the keys; a flight that is too old makes way. Runs before any decision: the first version in an engine may
   * evict, and so call a removal listener, which may call anything.
   */
  #requests(keys: readonly K[]): LoadRequest<K, V>[] {
    for (const key of keys) {
      const flight = this.#flights.get(key);
      if (flight !== undefined && this.#values.isOutdated(flight)) this.#supersede(key, () => {});
    }
    return keys.map((key) => ({ key, entry: this.engine.getEntry(key) }));
  }

  /**
   * A call with a flight for each key that has none, as far as there is room. Undefined when that is for none, or
   * when `waiter`, for whom it is, is over. Throws what the scheduler throws, with nothing registered.
   */
  #open(
    requests: readonly LoadRequest<K, V>[],
    load: ResolvedLoad<K, V>,
    waiter: Waiter<K, V> | undefined,
  ): LoaderCall<K, V> | undefined {
    const isMissing = ({ key }: LoadRequest<K, V>): boolean => this.#flights.get(key) === undefined;
    if (waiter?.isOver() === true || this.#flights.room <= 0 || !requests.some(isMissing)) return undefined;
    const call = this.#flights.newCall(load, waiter === undefined, (late) => this.#timeOut(late));
    // The scheduler is the user's, and may have done what it likes.
    if (call.ended) throw loadTimeout(load);
    if (waiter?.isOver() !== true) this.#flights.open(requests.filter(isMissing), call);
    if (call.flights.length > 0) return call;
    this.#flights.end(call);
    return undefined;
  }

  /** Calls the loader. Not before its callers wait: it may abort their signals. */
  #start(call: LoaderCall<K, V>, adapter: LoaderAdapter<K, V>): void {
    if (call.ended) return;
    adapter(call.flights, call.controller).then(
      (outcomes) => {
        if (!this.#settle(call, (index) => outcomes[index]!, 'failures')) return;
        const due: K[] = [];
        for (let index = 0; index < call.flights.length; index++) {
          const outcome = outcomes[index]!;
          const { attached, key } = call.flights[index]!;
          if (attached && 'value' in outcome && outcome.plan?.refreshes === true) due.push(key);
        }
        if (due.length > 0) this.#refresh(due, adapter, call.load);
      },
      (error: unknown) => this.#settle(call, () => ({ error }), 'failures'),
    );
  }

  #timeOut(call: LoaderCall<K, V>): void {
    const error = loadTimeout(call.load);
    this.#settle(call, () => ({ error }), 'timeouts');
    call.controller.abort(error);
  }

  /** Ends a call: stores what it has loaded, and answers those who wait. False when it has ended before. Throws nothing. */
  #settle(
    call: LoaderCall<K, V>,
    outcomeOf: (index: number) => Outcome<V>,
    failure: 'failures' | 'timeouts',
  ): boolean {
    if (!this.#flights.end(call)) return false;
    let reported: Set<unknown> | undefined;
    for (let index = 0; index < call.flights.length; index++) {
      const flight = call.flights[index]!;
      this.#flights.close(flight);
      const { outcome, isOutdated } = this.#kept(flight, outcomeOf(index));
      if ('error' in outcome) {
        this.#flights.count(flight, failure);
        for (const waiter of flight.waiters.keys())
          if (waiter.fail(flight, outcome.error)) {
            reported ??= new Set();
            reported.add(outcome.error);
          }
        if (reported?.has(outcome.error) !== true) this.#report(outcome.error, flight.key);
      } else {
        const failed = outcome.plan?.failure;
        if (failed === undefined)
          this.#flights.count(flight, outcome.value === undefined ? 'notFound' : 'loaded');
        else {
          this.#flights.count(flight, 'failures');
          this.#counters.staleFallbacks += flight.waiters.size;
          this.#report(failed.error, flight.key);
        }
        for (const [waiter, joined] of flight.waiters) {
          if (!isOutdated || joined === flight.since) waiter.settle(flight, outcome.value);
          else {
            waiter.retry(flight);
            this.#flights.enqueue(waiter);
          }
        }
      }
    }
    this.#flights.resumeQueued();
    return true;
  }

  /** Stores, and returns what those who wait get: an error of the engine's hooks is one of the load. */
  #kept(flight: Flight<K, V>, outcome: Outcome<V>): { outcome: Outcome<V>; isOutdated: boolean } {
    try {
      const plan = 'error' in outcome ? NO_PLAN : (outcome.plan ?? NO_PLAN);
      const isOutdated = !('error' in outcome) && !this.#values.keep(flight, outcome.value, plan);
      const failure = 'error' in outcome ? outcome : plan.failure;
      if (failure !== undefined) this.#values.keepFailure(flight, failure.error);
      return { outcome, isOutdated };
    } catch (error) {
      return { outcome: 'error' in outcome ? outcome : { error }, isOutdated: false };
    }
  }

  /** No caller could catch what the hook throws, at once or as a promise. */
  #report(error: unknown, key: K): void {
    const { onError } = this.#options;
    if (onError === null) return;
    new Promise((resolve) => resolve(onError(error, key))).catch(() => {});
  }
}

const noFallback = (): undefined => undefined;

function loadTimeout({ flightTimeoutMs }: { readonly flightTimeoutMs: number }): HotsetError {
  return new HotsetError(
    'HOTSET_LOAD_TIMEOUT',
    `the loader took longer than flightTimeoutMs: ${flightTimeoutMs}`,
  );
}

refuseKeyv(LoadingCache.prototype);
