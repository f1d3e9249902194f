/**
 * The server's statistics one after another, and what happened per second in between. Counters that began anew
 * (a server that was started again, statistics that were reset) give no rate, never a negative one.
 */

import type { ServerStats } from '../client/index.js';

/** Readings further apart than this have a hole between them: the page was hidden, or the server away. */
export const HOLE_MS = 5_000;

export interface Reading {
  /** Milliseconds since 1970, by a clock that does not jump. */
  readonly atMs: number;
  readonly stats: ServerStats;
  /** Whether it cannot be compared with the one before, because there is none or a hole lies between. */
  readonly isFirst: boolean;
  /** What a counter gained per second since the reading before; null when that cannot be said. */
  perSecond(counter: (stats: ServerStats) => number): number | null;
  /** What a counter gained since the reading before; null when that cannot be said. */
  gained(counter: (stats: ServerStats) => number): number | null;
}

export class Readings {
  #last: { readonly atMs: number; readonly stats: ServerStats } | null = null;

  /** Takes the next one in. */
  add(stats: ServerStats, atMs: number): Reading {
    const before = this.#last;
    this.#last = { atMs, stats };
    // The server's own clock says how long it took: what the network did to the replies is left out.
    const elapsedMs = before === null ? 0 : stats.uptimeMs - before.stats.uptimeMs;
    const isFirst = before === null || elapsedMs <= 0 || atMs - before.atMs > HOLE_MS;
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

  /** The connection was lost: what comes next may be of another server. */
  forget(): void {
    this.#last = null;
  }
}
