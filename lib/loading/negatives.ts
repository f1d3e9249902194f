/**
 * Remembered misses and failures. They have a small cache of their own, so that the engine holds nothing but
 * values, with the engine's clock and a bound in entries.
 */

import { CacheEngine } from '../engine/cache-engine.js';
import type { Clock } from '../engine/clock.js';
import type { Invalidations } from '../engine/invalidations.js';

/** A failure that is remembered. */
export class Failure {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

const MISS: unique symbol = Symbol('miss');

export type Negative = typeof MISS | Failure;

interface Remembered {
  readonly negative: Negative;
  readonly tags: readonly string[];
  /** Invalidations before it. */
  readonly since: number;
}

export class Negatives<K> {
  readonly #entries: CacheEngine<K, Remembered>;
  readonly #invalidations: Invalidations;

  constructor(clock: Clock, maxEntries: number, invalidations: Invalidations) {
    this.#entries = new CacheEngine({ clock, maxEntries });
    this.#invalidations = invalidations;
  }

  /** O(1) for each tag, and next to nothing while nothing is remembered. */
  get(key: K): Negative | undefined {
    if (this.#entries.size === 0) return undefined;
    const remembered = this.#entries.get(key);
    if (remembered === undefined) return undefined;
    if (!this.#invalidations.concern(remembered.tags, remembered.since)) return remembered.negative;
    this.#entries.delete(key);
    return undefined;
  }

  rememberMiss(key: K, ttlMs: number, tags: readonly string[]): void {
    this.#remember(key, MISS, ttlMs, tags);
  }

  rememberFailure(key: K, error: unknown, ttlMs: number, tags: readonly string[]): void {
    this.#remember(key, new Failure(error), ttlMs, tags);
  }

  #remember(key: K, negative: Negative, ttlMs: number, tags: readonly string[]): void {
    if (ttlMs > 0) this.#entries.set(key, { negative, tags, since: this.#invalidations.count }, { ttlMs });
  }

  forget(key: K): boolean {
    return this.#entries.size > 0 && this.#entries.delete(key);
  }

  /** O(n). */
  forgetPrefix(prefix: string): void {
    this.#entries.deletePrefix(prefix);
  }

  clear(): void {
    this.#entries.clear();
  }
}
