/** Counters in one typed array, and the snapshot that users see. */

import type { AgeBar, EvictionAges } from './eviction-ages.js';
import type { HitRatioSnapshot, HitRatioWindow } from './hit-ratio-window.js';

export const MISSES_ABSENT = 0;
export const MISSES_EXPIRED = 1;
export const REFUSALS = 2;
export const EVICTIONS = 3;
export const EVICTIONS_UNFETCHED = 4;
export const EXPIRATIONS = 5;
export const EXPIRATIONS_UNFETCHED = 6;
export const DELETIONS = 7;
export const EVICTIONS_WITH_TTL = 8;
const COUNTERS = 9;

export type Counters = Float64Array;

export function newCounters(): Counters {
  return new Float64Array(COUNTERS);
}

/** Counters of an engine since its start or the last `resetStats()`, and what it holds now. */
export interface EngineStats {
  /** Reads by `get` that found a live entry. */
  readonly hits: number;
  /** Reads by `get` that did not: `missesAbsent + missesExpired`. */
  readonly misses: number;
  /** Reads by `get` of keys with no entry. */
  readonly missesAbsent: number;
  /** Reads by `get` of entries whose time had passed. */
  readonly missesExpired: number;
  /** `hits / (hits + misses)`; 0 before the first read. */
  readonly hitRatio: number;
  /** The same over the last 50,000 reads or so. */
  readonly recent: HitRatioSnapshot;
  /** Values stored, by any method. */
  readonly stores: number;
  /** Writes refused because the entry could not fit. */
  readonly refusals: number;
  /** Entries removed for lack of budget. */
  readonly evictions: number;
  /** Evictions of entries that were never read; 0 without `trackAccess`. */
  readonly evictionsUnfetched: number;
  /** Evictions of entries that would have expired later; 0 without `trackAccess`. */
  readonly evictionsWithTtl: number;
  /** How long the last evicted entry had not been used, 0 before the first; `undefined` without `trackAccess`. */
  readonly lastEvictionIdleMs: number | undefined;
  /** How long before their eviction entries had been stored: a histogram; `undefined` without `trackAccess`. */
  readonly evictionAges: readonly AgeBar[] | undefined;
  /** How long before their eviction entries had last been read or stored; `undefined` without `trackAccess`. */
  readonly evictionIdles: readonly AgeBar[] | undefined;
  /** Milliseconds that evicted entries had been stored, added up; `undefined` without `trackAccess`. */
  readonly evictionAgeMsTotal: number | undefined;
  /** Milliseconds that they had not been used, added up; `undefined` without `trackAccess`. */
  readonly evictionIdleMsTotal: number | undefined;
  /** Entries removed because their time had passed. */
  readonly expirations: number;
  /** Expirations of entries that were never read; 0 without `trackAccess`. */
  readonly expirationsUnfetched: number;
  /** Entries removed by `delete`, `invalidateTags` and `deletePrefix`. */
  readonly deletions: number;
  /** Entries held now, with expired ones that are not reclaimed yet. */
  readonly size: number;
  /** Counted bytes of all entries, as `engine.bytes`; 0 where nothing is weighed. */
  readonly bytes: number;
  /** The budget in bytes; `Infinity` for none: then nothing is weighed, unless `maxEntryBytes` is set. */
  readonly maxBytes: number;
  /** The most entries; `Infinity` for no limit. */
  readonly maxEntries: number;
}

/** Reads by `get` so far that found nothing live. */
export function missesOf(counters: Counters): number {
  return counters[MISSES_ABSENT]! + counters[MISSES_EXPIRED]!;
}

export function snapshot(
  counters: Counters,
  window: HitRatioWindow,
  ages: EvictionAges | null,
  counted: Pick<EngineStats, 'hits' | 'stores' | 'size' | 'bytes' | 'maxBytes' | 'maxEntries'>,
): EngineStats {
  const { hits } = counted;
  const misses = missesOf(counters);
  return Object.freeze({
    misses,
    missesAbsent: counters[MISSES_ABSENT]!,
    missesExpired: counters[MISSES_EXPIRED]!,
    hitRatio: hits + misses === 0 ? 0 : hits / (hits + misses),
    recent: window.snapshot(hits, misses),
    refusals: counters[REFUSALS]!,
    evictions: counters[EVICTIONS]!,
    evictionsUnfetched: counters[EVICTIONS_UNFETCHED]!,
    evictionsWithTtl: counters[EVICTIONS_WITH_TTL]!,
    lastEvictionIdleMs: ages?.lastIdleMs,
    evictionAges: ages?.ages,
    evictionIdles: ages?.idles,
    evictionAgeMsTotal: ages?.ageMsTotal,
    evictionIdleMsTotal: ages?.idleMsTotal,
    expirations: counters[EXPIRATIONS]!,
    expirationsUnfetched: counters[EXPIRATIONS_UNFETCHED]!,
    deletions: counters[DELETIONS]!,
    ...counted,
  });
}
