/**
 * Ends leases that their holders did not use, where the store cannot: memcached's mark of a stale item (`W` given, `Z` for the others)
 * stays until the item goes. Who sees the mark on the same version for as long as a lease lasts may take it over.
 *
 * It knows of a bounded number of keys, those seen last, by this process's own clock. O(1).
 */

import type { Clock } from '../engine/clock.js';

interface Seen {
  /** Of the stale entry: it changes when the lease is used, released or taken over. */
  readonly version: string;
  /** When the lease is over. */
  readonly endsMs: number;
}

const MAX_SEEN = 10_000;

export class StaleLeases {
  readonly #clock: Clock;
  readonly #seen = new Map<string, Seen>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** This process has been given the lease. */
  given(key: string, version: string, leaseMs: number): void {
    this.#note(key, { version, endsMs: this.#clock.now() + leaseMs });
  }

  /** Another caller has it; true when it has had it for long enough. */
  isOver(key: string, version: string, leaseMs: number): boolean {
    const seen = this.#seen.get(key);
    if (seen?.version === version) return this.#clock.now() >= seen.endsMs;
    this.given(key, version, leaseMs);
    return false;
  }

  forget(key: string): void {
    this.#seen.delete(key);
  }

  #note(key: string, seen: Seen): void {
    this.#seen.delete(key);
    this.#seen.set(key, seen);
    if (this.#seen.size <= MAX_SEEN) return;
    const [oldest] = this.#seen.keys();
    this.#seen.delete(oldest!);
  }
}
