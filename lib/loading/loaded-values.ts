/**
 * What a LoadingCache keeps: values in the engine, misses and failures beside it. A flight may store nothing that
 * would replace something newer.
 */

import { type CacheEngine, storeOf } from '../engine/cache-engine.js';
import type { EntryStore } from '../engine/entry-store.js';
import { Invalidations } from '../engine/invalidations.js';
import { checkTags } from '../engine/tags.js';
import type { StoreOptions, StoreResult } from '../engine/types.js';
import { HotsetError, invalidOption } from '../errors.js';
import type { Flight } from './flight.js';
import { freshnessOf, keptMs } from './freshness.js';
import type { Plan } from './loader-adapter.js';
import { Failure, Negatives } from './negatives.js';
import type { ResolvedLoad, ResolvedLoading } from './options.js';
import type { Counters } from './stats.js';

/** What `read` returns when a loader has to be called. */
export const NOT_HELD: unique symbol = Symbol('not held');

/** A ttl of 0 or less: nothing is stored, nothing is evicted for it, and an old value goes. */
const BORN_EXPIRED: unique symbol = Symbol('born expired');

/** A value that is kept by the options alone. */
export const NO_PLAN: Plan = {};

export class LoadedValues<K, V> {
  readonly #engine: CacheEngine<K, V>;
  readonly #entries: EntryStore<K, V>;
  readonly #options: ResolvedLoading<K, V>;
  readonly #counters: Counters;
  readonly #negatives: Negatives<K>;
  readonly invalidations: Invalidations;

  constructor(engine: CacheEngine<K, V>, options: ResolvedLoading<K, V>, counters: Counters) {
    this.#engine = engine;
    this.#entries = storeOf(engine);
    this.#options = options;
    this.#counters = counters;
    const { staleMs, staleOnErrorMs, refreshAheadMs } = options;
    if (this.#entries.slides && Math.max(staleMs, staleOnErrorMs, refreshAheadMs) > 0)
      throw new HotsetError(
        'HOTSET_INVALID_OPTION',
        "staleMs, staleOnErrorMs and refreshAheadMs need an engine whose ttlFrom is 'write': reads would make a value fresh",
      );
    this.#entries.invalidations ??= new Invalidations();
    this.invalidations = this.#entries.invalidations as Invalidations;
    this.#negatives = new Negatives(this.#entries.clock, options.maxNegatives, this.invalidations);
  }

  /**
   * The answer that needs no load: a value, `undefined` for a remembered miss, or a failure, remembered or of a
   * hook. Counts the key unless it is `NOT_HELD`. Calls `refresh` when the value is due for one; a remembered
   * failure prevents that. Throws nothing.
   */
  read(key: K, refresh: (key: K) => void): V | undefined | Failure | typeof NOT_HELD {
    try {
      return this.#read(key, refresh);
    } catch (error) {
      this.#counters.skips++;
      return new Failure(error);
    }
  }

  #read(key: K, refresh: (key: K) => void): V | undefined | Failure | typeof NOT_HELD {
    const entries = this.#entries;
    const slot = entries.readSlot(key);
    if (slot <= 0) return this.#readNegative(key);
    const freshness = freshnessOf(entries.remainingTtlMsAt(slot), this.#options);
    const value = entries.readValueAt(slot);
    if (freshness === 'fresh') {
      this.#counters.hits++;
      return value;
    }
    const failed = this.#negatives.get(key) instanceof Failure;
    if (freshness === 'held' && !failed) return NOT_HELD;
    if (freshness === 'ahead') this.#counters.hits++;
    else this.#counters.staleHits++;
    if (!failed) refresh(key);
    return value;
  }

  #readNegative(key: K): undefined | Failure | typeof NOT_HELD {
    const negative = this.#negatives.get(key);
    if (negative === undefined) return NOT_HELD;
    this.#counters.negativeHits++;
    return negative instanceof Failure ? negative : undefined;
  }

  /** The value that a read would answer with at once. Changes nothing. */
  peek(key: K): { readonly value: V } | undefined {
    const slot = this.#entries.peekSlot(key);
    if (slot === 0) return undefined;
    const freshness = freshnessOf(this.#entries.remainingTtlMsAt(slot), this.#options);
    return freshness === 'held' ? undefined : { value: this.#entries.valueAt(slot) };
  }

  /** The value that may be the answer when a load fails: any that is still there. Changes and throws nothing. */
  readonly staleFallback = (key: K): { readonly value: V } | undefined => {
    if (this.#options.staleOnErrorMs === 0) return undefined;
    try {
      const slot = this.#entries.peekSlot(key);
      return slot === 0 ? undefined : { value: this.#entries.valueAt(slot) };
    } catch {
      // The load has failed already: that is the error to be seen, and not one of the engine's clock.
      return undefined;
    }
  };

  /**
   * Stores what a flight has loaded, or removes the value after a miss, unless the key has changed since the flight
   * started, or one of its tags was invalidated. False in the last case.
   */
  keep(flight: Flight<K, V>, value: V | undefined, plan: Plan): boolean {
    const { key, call } = flight;
    const tags = plan.tags ?? tagsOf(key, value, call.load);
    const isOutdated = this.invalidations.concern(tags, flight.since);
    if (!flight.attached || isOutdated) {
      if (value !== undefined) this.#counters.discards++;
      return !isOutdated;
    }
    if (plan.changesNothing === true) return true;
    this.#negatives.forget(key);
    if (value === undefined) {
      this.#removeUnchanged(flight);
      if (!this.#engine.has(key)) this.#negatives.rememberMiss(key, plan.ttlMs ?? call.load.missTtlMs, tags);
      return true;
    }
    const options = this.#storeOptions(key, value, call.load, tags, plan);
    if (options === BORN_EXPIRED) this.#removeUnchanged(flight);
    else if (this.#storeUnchanged(flight, value, options) === 'stored') return true;
    this.#counters.discards++;
    return true;
  }

  keepFailure(flight: Flight<K, V>, error: unknown): void {
    const { key, call, attached, since } = flight;
    if (!attached || call.load.errorTtlMs === 0) return;
    const tags = tagsOf(key, undefined, call.load);
    if (!this.invalidations.concern(tags, since))
      this.#negatives.rememberFailure(key, error, call.load.errorTtlMs, tags);
  }

  /** Whether what a flight loads is known to be too old. */
  isOutdated({ call, since }: Flight<K, V>): boolean {
    const { tags } = call.load;
    return typeof tags !== 'function' && this.invalidations.concern(tags, since);
  }

  /** What `LoadingCache.set` is to do. Throws what the ttl function throws, before anything changes. */
  prepareSet(key: K, value: V, load: ResolvedLoad<K, V>): () => StoreResult {
    const options = this.#storeOptions(key, value, load, tagsOf(key, value, load), NO_PLAN);
    if (options !== BORN_EXPIRED) return () => this.#engine.set(key, value, options);
    return () => {
      this.#engine.delete(key);
      return 'stored';
    };
  }

  /** Forgets a remembered miss or failure. */
  forgetNegative(key: K): boolean {
    return this.#negatives.forget(key);
  }

  forgetNegativesOf(prefix: string): void {
    this.#negatives.forgetPrefix(prefix);
  }

  forgetNegatives(): void {
    this.#negatives.clear();
  }

  #storeUnchanged({ key, version }: Flight<K, V>, value: V, options: StoreOptions | undefined): StoreResult {
    if (version !== undefined) {
      const result = this.#engine.compareAndSet(key, version, value, options);
      if (result !== 'not-found') return result;
      // Evicted or expired on the way, which is no reason to lose the new value.
    }
    return this.#engine.add(key, value, options);
  }

  #removeUnchanged({ key, version }: Flight<K, V>): void {
    if (version !== undefined && this.#engine.getEntry(key)?.version === version) this.#engine.delete(key);
  }

  /** How long the engine is to keep a value: its ttl and the windows after it. Undefined: the engine's own ttl. */
  #storeOptions(
    key: K,
    value: V,
    { ttlMs }: ResolvedLoad<K, V>,
    tags: readonly string[],
    { ttlMs: ownTtlMs, ageMs = 0 }: Plan,
  ): StoreOptions | typeof BORN_EXPIRED | undefined {
    const chosen = ownTtlMs ?? (typeof ttlMs === 'function' ? ttlMs(value, key) : ttlMs);
    if (chosen === undefined && ttlMs === undefined) {
      if (ageMs > 0)
        throw new HotsetError('HOTSET_INVALID_OPTION', 'ageMs needs a ttlMs that it is taken off');
      return tags.length === 0 ? undefined : { tags };
    }
    if (typeof chosen !== 'number' || Number.isNaN(chosen))
      throw invalidOption('ttlMs', 'a function that returns milliseconds', chosen);
    if (chosen <= 0) return BORN_EXPIRED;
    const fresh = this.#options.ttlJitter === 0 ? chosen : this.#jittered(chosen);
    const storedMs = fresh + keptMs(this.#options) - ageMs;
    return storedMs > 0 ? { ttlMs: storedMs, tags } : BORN_EXPIRED;
  }

  #jittered(ttlMs: number): number {
    const { ttlJitter, random } = this.#options;
    const part = random();
    if (typeof part !== 'number' || !(part >= 0 && part < 1))
      throw invalidOption(
        'random',
        'a function that returns a number from 0 up to but not including 1',
        part,
      );
    return ttlMs * (1 - ttlJitter * part);
  }
}

function tagsOf<K, V>(key: K, value: V | undefined, { tags }: ResolvedLoad<K, V>): readonly string[] {
  if (typeof tags !== 'function') return tags;
  const chosen = tags(value, key);
  checkTags(chosen);
  return chosen;
}
