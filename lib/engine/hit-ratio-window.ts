/**
 * The hit ratio over the last 50,000 reads or so. It is updated at misses only, so that a hit costs nothing:
 * between two misses all reads are hits, so the totals at any read in between are known.
 */

/** Reads between two points, and how many points: the window slides by the first, and is both multiplied. */
const STEP_READS = 4096;
const POINTS = 12;

/** Recent reads by `get`. */
export interface HitRatioSnapshot {
  /** Reads in the window: all while they are fewer than 49,152, then 45,056 to 49,151. */
  readonly reads: number;
  /** Reads in the window that found a live entry. */
  readonly hits: number;
  /** `hits / reads`; 0 before the first read. */
  readonly hitRatio: number;
}

/** Numbers that a window takes. */
export const WINDOW_NUMBERS: number = POINTS + 1;

export class HitRatioWindow {
  /** Misses up to each of the last points, of which point n lies at n * STEP_READS reads, and how many points there were. */
  readonly #missesAt: Float64Array;

  /** `memory` may belong to several threads; zeros begin a window. */
  constructor(memory: Float64Array = new Float64Array(WINDOW_NUMBERS)) {
    this.#missesAt = memory;
  }

  /** To be called at a miss, with the totals before it; not needed before there are as many reads as it returns. */
  beforeMiss(hits: number, misses: number): number {
    if (hits + misses >= (this.#missesAt[POINTS]! + 1) * STEP_READS) this.#advance(hits + misses, misses);
    return (this.#missesAt[POINTS]! + 1) * STEP_READS;
  }

  #advance(reads: number, misses: number): void {
    const points = Math.floor(reads / STEP_READS);
    for (let point = Math.max(this.#missesAt[POINTS]!, points - POINTS) + 1; point <= points; point++)
      this.#missesAt[point % POINTS] = misses;
    this.#missesAt[POINTS] = points;
  }

  reset(): void {
    this.#missesAt.fill(0);
  }

  snapshot(totalHits: number, totalMisses: number): HitRatioSnapshot {
    this.beforeMiss(totalHits, totalMisses);
    const totalReads = totalHits + totalMisses;
    // While the ring is not full, its next place still has the 0 of the start.
    const from = this.#missesAt[POINTS]! - POINTS + 1;
    const reads = from > 0 ? totalReads - from * STEP_READS : totalReads;
    const misses = from > 0 ? totalMisses - this.#missesAt[from % POINTS]! : totalMisses;
    return Object.freeze({
      reads,
      hits: reads - misses,
      hitRatio: reads === 0 ? 0 : (reads - misses) / reads,
    });
  }
}
