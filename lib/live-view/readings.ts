/**
 * Successive statistics of the server, and rates between them. Counters that restarted (a new process, `stats reset`)
 * give no rate, never a negative one.
 */

import type { ServerStats } from '../client/index.js';

/** A longer time between two readings is a gap: the page was hidden, or the server unreachable. */
export const GAP_MS = 5_000;

export interface Reading {
  /** Milliseconds since 1970, by a clock that does not jump. */
  readonly atMs: number;
  readonly stats: ServerStats;
  /** Whether there is no reading to compare it with: none came before, or a gap lies between. */
  readonly isFirst: boolean;
  /** Increase of a counter per second since the last reading; null when unknown. */
  perSecond(counter: (stats: ServerStats) => number): number | null;
  /** Increase of a counter since the last reading; null when unknown. */
  gained(counter: (stats: ServerStats) => number): number | null;
}

export class Readings {
  #last: { readonly atMs: number; readonly stats: ServerStats } | null = null;

  /** When the last reading was; null for none. */
  get lastAtMs(): number | null {
    return this.#last?.atMs ?? null;
  }

  /** Adds the next statistics, received at `atMs`. Above `gapMs` since the last ones, there is a gap. */
  add(stats: ServerStats, atMs: number, gapMs: number = GAP_MS): Reading {
    const before = this.#last;
    this.#last = { atMs, stats };
    // By the server's clock, so that delays of the network do not count.
    const elapsedMs = before === null ? 0 : stats.uptimeMs - before.stats.uptimeMs;
    const isFirst = before === null || elapsedMs <= 0 || atMs - before.atMs > gapMs;
    const gained = (counter: (stats: ServerStats) => number): number | null => {
      if (isFirst) return null;
      const gain = counter(stats) - counter(before.stats);
      return gain >= 0 ? gain : null;
    };
    return {
      atMs,
      stats,
      isFirst,
      gained,
      perSecond: (counter) => {
        const gain = gained(counter);
        return gain === null ? null : (gain * 1000) / elapsedMs;
      },
    };
  }

  /** Forgets the last reading: the next one may be of another server. */
  reset(): void {
    this.#last = null;
  }
}
