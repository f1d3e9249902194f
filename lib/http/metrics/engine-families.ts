/** The statistics of any engine, under hotset's own names. */

import type { AgeBar } from '../../engine/eviction-ages.js';
import type { EngineStats } from '../../engine/stats.js';
import { counter, counterBy, type Family, gauge, type Read, type Sample } from './family.js';

const MS_PER_SECOND = 1000;

export const ENGINE_FAMILIES: readonly Family<EngineStats>[] = [
  counter('hotset_hits_total', 'Reads that found a live entry.', ({ hits }) => hits),
  counterBy('reason', 'hotset_misses_total', 'Reads that found no live entry, by reason.', {
    absent: ({ missesAbsent }) => missesAbsent,
    expired: ({ missesExpired }) => missesExpired,
  }),
  gauge(
    'hotset_recent_hit_ratio',
    'Hits among about the last 50000 reads, from 0 to 1. Omitted before the first read.',
    ({ recent }) => (recent.reads === 0 ? undefined : recent.hitRatio),
  ),
  counter('hotset_stores_total', 'Values stored.', ({ stores }) => stores),
  counter(
    'hotset_refusals_total',
    'Writes refused because the entry is too large, or there is no room for it.',
    ({ refusals }) => refusals,
  ),
  counter('hotset_deletions_total', 'Entries deleted.', ({ deletions }) => deletions),
  counter('hotset_evictions_total', 'Entries removed for lack of budget.', ({ evictions }) => evictions),
  counter(
    'hotset_evictions_unfetched_total',
    'Evictions of entries that were never read.',
    tracked(({ evictionsUnfetched }) => evictionsUnfetched),
  ),
  counter(
    'hotset_evictions_with_ttl_total',
    'Evictions of entries that would have expired later.',
    tracked(({ evictionsWithTtl }) => evictionsWithTtl),
  ),
  histogram(
    'hotset_eviction_age_seconds',
    'Age of entries at their eviction.',
    ({ evictionAges }) => evictionAges,
    ({ evictionAgeMsTotal }) => evictionAgeMsTotal,
  ),
  histogram(
    'hotset_eviction_idle_seconds',
    'Time between the last read or store of entries and their eviction.',
    ({ evictionIdles }) => evictionIdles,
    ({ evictionIdleMsTotal }) => evictionIdleMsTotal,
  ),
  counter(
    'hotset_expirations_total',
    'Entries removed because they had expired.',
    ({ expirations }) => expirations,
  ),
  counter(
    'hotset_expirations_unfetched_total',
    'Expirations of entries that were never read.',
    tracked(({ expirationsUnfetched }) => expirationsUnfetched),
  ),
  gauge(
    'hotset_entries',
    'Entries held, including expired ones that are not yet reclaimed.',
    ({ size }) => size,
  ),
  gauge('hotset_bytes', 'Counted bytes of all entries: keys, values and overhead.', ({ bytes }) => bytes),
  gauge('hotset_max_bytes', 'The byte budget; +Inf for none.', ({ maxBytes }) => maxBytes),
  gauge('hotset_max_entries', 'The entry limit; +Inf for none.', ({ maxEntries }) => maxEntries),
];

/** Without `trackAccess` these counters are 0, which would mean that all entries had been read. */
function tracked(read: Read<EngineStats>): Read<EngineStats> {
  return (stats) => (stats.evictionAges === undefined ? undefined : read(stats));
}

/** The engine counts each bar separately; in the text format a bucket includes those below it. */
function histogram(
  name: string,
  help: string,
  barsOf: (stats: EngineStats) => readonly AgeBar[] | undefined,
  msTotalOf: Read<EngineStats>,
): Family<EngineStats> {
  const samples = (stats: EngineStats): Sample[] => {
    const bars = barsOf(stats);
    if (bars === undefined) return [];
    let count = 0;
    const buckets = bars.map(({ toMs, count: ofBar }): Sample => {
      count += ofBar;
      return { suffix: '_bucket', labels: { le: boundText(toMs) }, value: count };
    });
    const seconds = (msTotalOf(stats) ?? 0) / MS_PER_SECOND;
    return [...buckets, { suffix: '_sum', value: seconds }, { suffix: '_count', value: count }];
  };
  return { name, type: 'histogram', help, samples };
}

function boundText(toMs: number): string {
  return toMs === Number.POSITIVE_INFINITY ? '+Inf' : String(toMs / MS_PER_SECOND);
}
