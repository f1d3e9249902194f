/** Counters of a TieredCache, and the snapshot that users see. */

import type { LoadingStats } from '../loading/stats.js';
import type { BreakerState } from './circuit-breaker.js';
import type { LinkStats } from './invalidation-link.js';

/** The first tier, an engine in this process. `cache.engine.stats()` has the engine's own figures. */
export interface TierOneStats {
  /** Requested keys that it answered, with a fresh value, a stale one, or a remembered miss or failure. */
  readonly hits: number;
  /** Requested keys that it did not answer. */
  readonly misses: number;
  /** Entries held. */
  readonly size: number;
  /** Counted bytes held. */
  readonly bytes: number;
  /** The budget in bytes. */
  readonly maxBytes: number;
  /** Whether it is read from now: false while the link to those who change its keys is lost. */
  readonly inUse: boolean;
}

/** The second tier. */
export interface TierTwoStats {
  /** Its name, such as `redis`. */
  readonly name: string;
  /** Whether requests go to it. */
  readonly state: BreakerState;
  /** How often the circuit breaker has opened. */
  readonly opens: number;
  /** Requests sent. */
  readonly requests: number;
  /** Requests that failed. */
  readonly failures: number;
  /** Requests that it refused while it serves others: being full, also for leases, or read-only. */
  readonly refusals: number;
  /** Requests that took longer than `tierTimeoutMs`. */
  readonly timeouts: number;
  /** Requests that were not made, because the circuit breaker was open. */
  readonly skips: number;

  /** Keys found fresh. */
  readonly hits: number;
  /** Keys found stale, and answered so. */
  readonly staleHits: number;
  /** Keys with a remembered miss. */
  readonly negativeHits: number;
  /** Keys that were absent, too old, or not readable. */
  readonly misses: number;
  /** Of the misses, those with an entry whose tag was invalidated, or from before a `clear`. */
  readonly outdated: number;
  /** Of the misses, those with bytes that are no readable entry. */
  readonly damaged: number;
  /** Keys answered with an expired value because the loader failed (`graceMs`). */
  readonly graceHits: number;

  /** Values stored after a load. */
  readonly fills: number;
  /** Values not stored after a load, because the key was changed or deleted meanwhile. */
  readonly refusedFills: number;
  /** Values stored by `set`. */
  readonly writes: number;
  /** Values that went into no second tier, because they do not serialize or are above `maxValueBytes`. */
  readonly unstorable: number;
  /** Bytes of entries read. */
  readonly bytesRead: number;
  /** Bytes of entries written. */
  readonly bytesWritten: number;

  /** Leases got: loads that this process did for all. */
  readonly leases: number;
  /** Keys that waited for another's lease. */
  readonly leaseWaits: number;
  /** Of those, the ones that waited `leaseWaitMs` for nothing, and loaded themselves. */
  readonly leaseTimeouts: number;
  /** Changes that the tier has not acknowledged, and that are tried again. */
  readonly repairs: number;
}

/** What a TieredCache has done since it was made, or since `resetStats()`. A frozen snapshot. */
export interface TieredStats {
  /** The first tier. */
  readonly tierOne: TierOneStats;
  /** The second tier. */
  readonly tierTwo: TierTwoStats;
  /** Flights and callers, as a LoadingCache counts them; a load is one that neither tier one nor another flight answered. */
  readonly loading: LoadingStats;
  /** The link to those who change keys of the second tier. */
  readonly link: LinkStats;
}

/** The part that is counted. */
export type TierCounters = {
  -readonly [name in Exclude<keyof TierTwoStats, 'name' | 'state' | 'opens' | 'repairs'>]: number;
};

export function newTierCounters(): TierCounters {
  return {
    requests: 0,
    failures: 0,
    refusals: 0,
    timeouts: 0,
    skips: 0,
    hits: 0,
    staleHits: 0,
    negativeHits: 0,
    misses: 0,
    outdated: 0,
    damaged: 0,
    graceHits: 0,
    fills: 0,
    refusedFills: 0,
    writes: 0,
    unstorable: 0,
    bytesRead: 0,
    bytesWritten: 0,
    leases: 0,
    leaseWaits: 0,
    leaseTimeouts: 0,
  };
}

/** Figures of two caches over one engine. */
export function sumOf(some: LoadingStats, others: LoadingStats): LoadingStats {
  const sum = Object.fromEntries(
    Object.keys(some).map((name) => {
      const key = name as keyof LoadingStats;
      return [key, some[key] + others[key]];
    }),
  ) as unknown as { -readonly [name in keyof LoadingStats]: number };
  const ended = sum.loaded + sum.notFound + sum.failures + sum.timeouts + sum.aborts;
  sum.loadMsMax = Math.max(some.loadMsMax, others.loadMsMax);
  sum.loadMsMean = ended === 0 ? 0 : sum.loadMsTotal / ended;
  return Object.freeze(sum);
}
