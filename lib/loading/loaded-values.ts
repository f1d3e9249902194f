/**
 * What a LoadingCache keeps: values in the engine, misses and failures beside it. Here stands what a flight may
 * store, which is nothing that would take the place of something newer.
 */

import type { CacheEngine } from '../engine/cache-engine.js';
import type { StoreOptions, StoreResult } from '../engine/entry.js';
import { invalidOption } from '../errors.js';
import type { Flight } from './flight.js';
import { freshnessOf, keptMs } from './freshness.js';
import { Negatives } from './negatives.js';
import type { ResolvedLoad, ResolvedLoading } from './options.js';
import type { Counters } from './stats.js';

/** What `read` says when a loader has to be called. */
export const NOT_HELD: unique symbol = Symbol('not held');

export class LoadedValues<K, V> {
  readonly #engine: CacheEngine<K, V>;
  readonly #options: ResolvedLoading<K, V>;
  readonly #counters: Counters;
  readonly #negatives: Negatives<K>;

  constructor(engine: CacheEngine<K, V>, options: ResolvedLoading<K, V>, counters: Counters) {
    this.#engine = engine;
    this.#options = options;
    this.#counters = counters;
    this.#negatives = new Negatives(engine.clock, options.maxNegatives);
  }

  /**
   * What can be answered at once: a value, or `undefined` for a remembered miss. Throws a remembered failure.
   * Calls `refresh` when the value is due for one; a remembered failure holds that off.
   */
  read(key: K, refresh: (key: K) => void): V | undefined | typeof NOT_HELD {
    const engine = this.#engine;
    const slot = engine.lookup(key);
    if (slot <= 0) return this.#readNegative(key);
    const value = engine.valueAt(slot);
    const freshness = freshnessOf(engine.remainingTtlMsAt(slot), this.#options);
    if (freshness === 'fresh') {
      this.#counters.hits++;
      return value;
    }
    const failed = this.#negatives.get(key)?.failed === true;
    if (freshness === 'held' && !failed) return NOT_HELD;
    if (freshness === 'ahead') this.#counters.hits++;
    else this.#counters.staleHits++;
    if (!failed) refresh(key);
    return value;
  }

  #readNegative(key: K): undefined | typeof NOT_HELD {
    const negative = this.#negatives.get(key);
    if (negative === undefined) return NOT_HELD;
    this.#counters.negativeHits++;
    if (negative.failed) throw negative.error;
    return undefined;
  }

  /** The value that may stand in for a failed load: any that is still there. Changes nothing. */
  readonly staleFallback = (key: K): { readonly value: V } | undefined => {
    if (this.#options.staleOnErrorMs === 0) return undefined;
    const slot = this.#engine.find(key);
    return slot === 0 ? undefined : { value: this.#engine.valueAt(slot) };
  };

  /** Stores what a flight brought, or removes what it found gone: unless its key has changed since it started. */
  keep(flight: Flight<K, V>, value: V | undefined): void {
    if (!flight.attached) {
      if (value !== undefined) this.#counters.discards++;
      return;
    }
    const { key } = flight;
    this.#negatives.forget(key);
    if (value === undefined) {
      this.#removeUnchanged(flight);
      if (!this.#engine.has(key)) this.#negatives.rememberMiss(key, flight.call.load.missTtlMs);
      return;
    }
    const options = this.#storeOptions(key, value, flight.call.load);
    if (options?.ttlMs === 0) this.#removeUnchanged(flight);
    else if (this.#storeUnchanged(flight, value, options) === 'stored') return;
    this.#counters.discards++;
  }

  keepFailure(flight: Flight<K, V>, error: unknown): void {
    if (flight.attached) this.#negatives.rememberFailure(flight.key, error, flight.call.load.errorTtlMs);
  }

  /** Stores a value that somebody else has: see `LoadingCache.set`. */
  set(key: K, value: V, load: ResolvedLoad<K, V>): StoreResult {
    return this.#engine.set(key, value, this.#storeOptions(key, value, load));
  }

  /** Forgets a remembered miss or failure. */
  forgetNegative(key: K): boolean {
    return this.#negatives.forget(key);
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

  /** How long the engine is to keep a value: its ttl and the windows after it. 0 for not at all. */
  #storeOptions(key: K, value: V, { ttlMs }: ResolvedLoad<K, V>): { readonly ttlMs: number } | undefined {
    if (ttlMs === undefined) return undefined;
    const told = typeof ttlMs === 'number' ? ttlMs : ttlMs(value, key);
    if (typeof told !== 'number' || Number.isNaN(told))
      throw invalidOption('ttlMs', 'a function that returns milliseconds', told);
    if (told <= 0) return { ttlMs: 0 };
    const { ttlJitter, random } = this.#options;
    const jittered = ttlJitter === 0 ? told : told * (1 - ttlJitter * random());
    return { ttlMs: jittered + keptMs(this.#options) };
  }
}
