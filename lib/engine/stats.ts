/** Counters in one typed array, and the snapshot that users see. */

export const HITS = 0;
export const MISSES_ABSENT = 1;
export const MISSES_EXPIRED = 2;
export const STORES = 3;
export const REFUSALS = 4;
export const EVICTIONS = 5;
export const EVICTIONS_UNFETCHED = 6;
export const EXPIRATIONS = 7;
export const EXPIRATIONS_UNFETCHED = 8;
export const DELETIONS = 9;
const COUNTERS = 10;

export type Counters = Float64Array;

export function newCounters(): Counters {
  return new Float64Array(COUNTERS);
}

/** What the engine has done since it was made, or since `resetStats()`; and what it holds now. */
export interface EngineStats {
  /** Reads by `get` that found a live entry. */
  readonly hits: number;
  /** Reads by `get` that did not: `missesAbsent + missesExpired`. */
  readonly misses: number;
  readonly missesAbsent: number;
  readonly missesExpired: number;
  /** `hits / (hits + misses)`; 0 before the first read. */
  readonly hitRatio: number;
  /** Values stored, by any method. */
  readonly stores: number;
  /** Writes refused because the entry could not fit. */
  readonly refusals: number;
  /** Entries removed for lack of budget. */
  readonly evictions: number;
  /** Evictions of entries that nobody had read; 0 without `trackAccess`. */
  readonly evictionsUnfetched: number;
  /** Entries removed because their time had passed. */
  readonly expirations: number;
  /** Expirations of entries that nobody had read; 0 without `trackAccess`. */
  readonly expirationsUnfetched: number;
  /** Entries removed by `delete`. */
  readonly deletions: number;
  /** Entries held now, expired ones that are not yet reclaimed included. */
  readonly size: number;
  readonly bytes: number;
  readonly maxBytes: number;
  readonly maxEntries: number;
}

export function snapshot(
  counters: Counters,
  held: Pick<EngineStats, 'size' | 'bytes' | 'maxBytes' | 'maxEntries'>,
): EngineStats {
  const hits = counters[HITS]!;
  const missesAbsent = counters[MISSES_ABSENT]!;
  const missesExpired = counters[MISSES_EXPIRED]!;
  const misses = missesAbsent + missesExpired;
  return Object.freeze({
    hits,
    misses,
    missesAbsent,
    missesExpired,
    hitRatio: hits + misses === 0 ? 0 : hits / (hits + misses),
    stores: counters[STORES]!,
    refusals: counters[REFUSALS]!,
    evictions: counters[EVICTIONS]!,
    evictionsUnfetched: counters[EVICTIONS_UNFETCHED]!,
    expirations: counters[EXPIRATIONS]!,
    expirationsUnfetched: counters[EXPIRATIONS_UNFETCHED]!,
    deletions: counters[DELETIONS]!,
    ...held,
  });
}
