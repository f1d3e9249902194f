/**
 * Remembered misses and failures. They have a small cache of their own, so that the engine holds nothing but
 * values, with the engine's clock and a bound in entries.
 */

import { CacheEngine } from '../engine/cache-engine.js';
import type { Clock } from '../engine/clock.js';

/** A failure that is remembered. */
export class Failure {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

const MISS: unique symbol = Symbol('miss');

export type Negative = typeof MISS | Failure;

export class Negatives<K> {
  readonly #entries: CacheEngine<K, Negative>;

  constructor(clock: Clock, maxEntries: number) {
    this.#entries = new CacheEngine({ clock, maxEntries, maxBytes: Number.POSITIVE_INFINITY });
  }

  /** O(1), and next to nothing while nothing is remembered. */
  get(key: K): Negative | undefined {
    return this.#entries.size === 0 ? undefined : this.#entries.get(key);
  }

  rememberMiss(key: K, ttlMs: number): void {
    if (ttlMs > 0) this.#entries.set(key, MISS, { ttlMs });
  }

  rememberFailure(key: K, error: unknown, ttlMs: number): void {
    if (ttlMs > 0) this.#entries.set(key, new Failure(error), { ttlMs });
  }

  forget(key: K): boolean {
    return this.#entries.size > 0 && this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }
}
