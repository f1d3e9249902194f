/**
 * How old evicted entries were, and how long unused: two small histograms that show whether the budget is too
 * small.
 */

/** The upper bounds of the bars in milliseconds: 1 ms to a week, and one without end. */
const BOUNDS_MS: readonly number[] = [
  1,
  10,
  100,
  1e3,
  1e4,
  6e4,
  6e5,
  3.6e6,
  2.16e7,
  8.64e7,
  6.048e8,
  Number.POSITIVE_INFINITY,
];

/** One bar: entries up to `toMs` milliseconds, and above the bar before. */
export interface AgeBar {
  /** The upper bound of the bar in milliseconds, itself included; `Infinity` for the last bar. */
  readonly toMs: number;
  /** Evicted entries in the bar. */
  readonly count: number;
}

export class EvictionAges {
  readonly #ages: Float64Array = new Float64Array(BOUNDS_MS.length);
  readonly #idles: Float64Array = new Float64Array(BOUNDS_MS.length);

  /** Of the last eviction; 0 before the first. */
  lastIdleMs = 0;
  /** Sum over all evictions, which histograms alone do not give. A clock that was set back subtracts nothing. */
  ageMsTotal = 0;
  idleMsTotal = 0;

  record(ageMs: number, idleMs: number): void {
    this.lastIdleMs = idleMs;
    this.ageMsTotal += Math.max(0, ageMs);
    this.idleMsTotal += Math.max(0, idleMs);
    this.#ages[barOf(ageMs)]!++;
    this.#idles[barOf(idleMs)]!++;
  }

  reset(): void {
    this.#ages.fill(0);
    this.#idles.fill(0);
    this.lastIdleMs = 0;
    this.ageMsTotal = 0;
    this.idleMsTotal = 0;
  }

  /** Since the value was stored. */
  get ages(): readonly AgeBar[] {
    return bars(this.#ages);
  }

  /** Since the last read, or since it was stored. */
  get idles(): readonly AgeBar[] {
    return bars(this.#idles);
  }
}

/** The bar of an age. */
export function barOf(ms: number): number {
  let bar = 0;
  while (ms > BOUNDS_MS[bar]!) bar++;
  return bar;
}

/** Bars with these counts, one for each. */
export function bars(counts: Float64Array): readonly AgeBar[] {
  return Object.freeze(BOUNDS_MS.map((toMs, bar) => Object.freeze({ toMs, count: counts[bar]! })));
}
