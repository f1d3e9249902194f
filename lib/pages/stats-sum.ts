/** The statistics of several stores as those of one. */

import type { AgeBar } from '../engine/eviction-ages.js';
import type { EngineStats } from '../engine/stats.js';

/** At least one. */
export function sumOf(all: readonly EngineStats[]): EngineStats {
  const sum = (figure: (stats: EngineStats) => number): number =>
    all.reduce((total, stats) => total + figure(stats), 0);
  /** Undefined where one has no such figure. */
  const optional = (figure: (stats: EngineStats) => number | undefined): number | undefined => {
    const figures = all.map(figure);
    return figures.includes(undefined) ? undefined : (figures as number[]).reduce((a, b) => a + b, 0);
  };
  const hits = sum((stats) => stats.hits);
  const misses = sum((stats) => stats.misses);
  const recentHits = sum((stats) => stats.recent.hits);
  const recentReads = sum((stats) => stats.recent.reads);
  const lastIdles = all.map((stats) => stats.lastEvictionIdleMs);
  return Object.freeze({
    hits,
    misses,
    missesAbsent: sum((stats) => stats.missesAbsent),
    missesExpired: sum((stats) => stats.missesExpired),
    hitRatio: ratio(hits, hits + misses),
    recent: Object.freeze({
      reads: recentReads,
      hits: recentHits,
      hitRatio: ratio(recentHits, recentReads),
    }),
    stores: sum((stats) => stats.stores),
    refusals: sum((stats) => stats.refusals),
    evictions: sum((stats) => stats.evictions),
    evictionsUnfetched: sum((stats) => stats.evictionsUnfetched),
    evictionsWithTtl: sum((stats) => stats.evictionsWithTtl),
    // Which of the shards evicted last is not known: the greatest shows the same trend.
    lastEvictionIdleMs: lastIdles.includes(undefined) ? undefined : Math.max(...(lastIdles as number[])),
    evictionAges: sumOfBars(all.map((stats) => stats.evictionAges)),
    evictionIdles: sumOfBars(all.map((stats) => stats.evictionIdles)),
    evictionAgeMsTotal: optional((stats) => stats.evictionAgeMsTotal),
    evictionIdleMsTotal: optional((stats) => stats.evictionIdleMsTotal),
    expirations: sum((stats) => stats.expirations),
    expirationsUnfetched: sum((stats) => stats.expirationsUnfetched),
    deletions: sum((stats) => stats.deletions),
    size: sum((stats) => stats.size),
    bytes: sum((stats) => stats.bytes),
    maxBytes: sum((stats) => stats.maxBytes),
    maxEntries: sum((stats) => stats.maxEntries),
  });
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function sumOfBars(all: readonly (readonly AgeBar[] | undefined)[]): readonly AgeBar[] | undefined {
  const [first] = all;
  if (first === undefined || all.includes(undefined)) return undefined;
  return Object.freeze(
    first.map(({ toMs }, bar) =>
      Object.freeze({ toMs, count: all.reduce((sum, bars) => sum + bars![bar]!.count, 0) }),
    ),
  );
}
