/** Counters of a LoadingCache, and the snapshot that users see. */

/** How the flight of one key ended. */
export type FlightEnd = 'loaded' | 'notFound' | 'failures' | 'timeouts' | 'aborts';

/**
 * What a LoadingCache has done since it was made, or since `resetStats()`.
 *
 * Each requested key is counted once, in `hits`, `staleHits`, `negativeHits`, `joins`, `loads`, `refusals` or
 * `skips`. Each flight, `loads + refreshes`, ends in `loaded`, `notFound`, `failures`, `timeouts` or `aborts`, or
 * is still among the `inFlight`. In a batch each key has a flight of its own.
 */
export interface LoadingStats {
  /** Answered with a fresh value. */
  readonly hits: number;
  /** Answered at once with a stale value. */
  readonly staleHits: number;
  /** Answered with a remembered miss or failure. */
  readonly negativeHits: number;
  /** Waited for a flight in progress. */
  readonly joins: number;
  /** Flights started for a caller who waits. */
  readonly loads: number;
  /** Flights started in the background. */
  readonly refreshes: number;
  /** Refused because of `maxFlights`; refreshes that did not start for it are not counted. */
  readonly refusals: number;
  /**
   * Neither answered nor loaded, because their call ended first: another key of the batch had a remembered failure,
   * the batch ended while it waited for room, or a hook threw (a clock, a scheduler, a removal listener).
   */
  readonly skips: number;

  /** Flights that loaded a value. */
  readonly loaded: number;
  /** Flights that ended with a miss. */
  readonly notFound: number;
  /** Flights whose loader failed, or whose value could not be stored for an error. */
  readonly failures: number;
  /** Flights ended by `flightTimeoutMs`. */
  readonly timeouts: number;
  /** Flights aborted because no caller wanted their value any more. */
  readonly aborts: number;
  /** Keys being loaded now. */
  readonly inFlight: number;

  /** Loaded values that were not stored: something newer was there, the engine refused them, or their ttl was 0. */
  readonly discards: number;
  /** Keys answered with an old value because their load failed, was refused or took too long (`staleOnErrorMs`). */
  readonly staleFallbacks: number;
  /** Callers whose signal was aborted while they waited. */
  readonly callerAborts: number;
  /** Callers whose `timeoutMs` ran out while they waited. */
  readonly callerTimeouts: number;

  /** Milliseconds from the start to the end of a flight, over all that have ended. */
  readonly loadMsTotal: number;
  /** `loadMsTotal` for each flight that has ended; 0 before the first. */
  readonly loadMsMean: number;
  /** Milliseconds that the longest flight took; 0 before the first has ended. */
  readonly loadMsMax: number;
}

/** The part of the statistics that is counted. */
export type Counters = {
  -readonly [name in Exclude<keyof LoadingStats, 'inFlight' | 'loadMsMean'>]: number;
};

export function newCounters(): Counters {
  return {
    hits: 0,
    staleHits: 0,
    negativeHits: 0,
    joins: 0,
    loads: 0,
    refreshes: 0,
    refusals: 0,
    skips: 0,
    loaded: 0,
    notFound: 0,
    failures: 0,
    timeouts: 0,
    aborts: 0,
    discards: 0,
    staleFallbacks: 0,
    callerAborts: 0,
    callerTimeouts: 0,
    loadMsTotal: 0,
    loadMsMax: 0,
  };
}

export function countEnd(counters: Counters, end: FlightEnd, ms: number): void {
  counters[end]++;
  // A clock that goes back, or returns no number, measures nothing.
  if (!(ms > 0 && ms < Number.POSITIVE_INFINITY)) return;
  counters.loadMsTotal += ms;
  counters.loadMsMax = Math.max(counters.loadMsMax, ms);
}

export function snapshot(counters: Counters, inFlight: number): LoadingStats {
  const { loaded, notFound, failures, timeouts, aborts } = counters;
  const ended = loaded + notFound + failures + timeouts + aborts;
  return Object.freeze({
    ...counters,
    inFlight,
    loadMsMean: ended === 0 ? 0 : counters.loadMsTotal / ended,
  });
}
