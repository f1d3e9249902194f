/** The hit ratio of late: exact counts over the window that it claims, against a list of all reads. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HitRatioWindow } from '../../lib/engine/hit-ratio-window.js';

/** Reads as the engine does them, and every one of them noted. */
class Reads {
  readonly recent: HitRatioWindow = new HitRatioWindow();
  /** Misses among the first n reads. */
  #missesUpTo: number[] = [0];
  #hits = 0;

  get total(): number {
    return this.#missesUpTo.length - 1;
  }

  get #misses(): number {
    return this.#missesUpTo.at(-1)!;
  }

  hit(times = 1): void {
    const misses = this.#misses;
    for (let i = 0; i < times; i++) this.#missesUpTo.push(misses);
    this.#hits += times;
  }

  miss(times = 1): void {
    for (let i = 0; i < times; i++) {
      this.recent.beforeMiss(this.#hits, this.#misses);
      this.#missesUpTo.push(this.#misses + 1);
    }
  }

  reset(): void {
    this.recent.reset();
    this.#missesUpTo = [0];
    this.#hits = 0;
  }

  /** Checks the snapshot against the list. Returns how many reads it covers. */
  check(): number {
    const { reads, hits, hitRatio } = this.recent.snapshot(this.#hits, this.#misses);
    const misses = this.#misses - this.#missesUpTo[this.total - reads]!;
    expect({ hits, hitRatio }).toEqual({ hits: reads - misses, hitRatio: reads === 0 ? 0 : hits / reads });
    if (this.total < 45_056) expect(reads).toBe(this.total);
    else {
      expect(reads).toBeGreaterThanOrEqual(45_056);
      expect(reads).toBeLessThanOrEqual(53_247);
    }
    return reads;
  }
}

describe('recent reads', () => {
  it('are all reads while these are few', () => {
    const reads = new Reads();
    expect(reads.check()).toBe(0);
    reads.hit(3);
    reads.miss();
    expect(reads.check()).toBe(4);
    reads.hit(40_000);
    expect(reads.check()).toBe(40_004);
  });

  it('are as many as the snapshot says', () => {
    const reads = new Reads();
    for (let i = 0; i < 30; i++) {
      reads.miss(4000);
      const { reads: covered } = reads.recent.snapshot(0, reads.total);
      expect(covered).toBeGreaterThanOrEqual(Math.min(reads.total, 45_056));
    }
  });

  it.each([
    ['hits', 0, 1],
    ['misses', 1, 0],
    ['one miss in two', 1, 1],
    ['one miss in five', 1, 4],
    ['one miss in 10,000', 1, 9999],
  ])('of %s are counted exactly, at any time', (_, misses, hits) => {
    const reads = new Reads();
    while (reads.total < 130_000) {
      reads.miss(misses);
      reads.hit(hits);
      if (reads.total % 7 === 0 || misses + hits > 1000) reads.check();
    }
    expect(reads.check()).toBeGreaterThan(45_000);
  });

  it('are counted exactly around every step', () => {
    const reads = new Reads();
    for (let step = 1; step <= 30; step++) {
      reads.miss(2000);
      reads.hit(step * 4096 - reads.total - 1);
      for (const read of ['hit', 'miss', 'hit', 'miss'] as const) {
        reads.check();
        reads[read]();
      }
    }
  });

  it.each([4095, 4096, 4097, 49_151, 49_152, 53_248, 200_000])(
    'forget misses before a run of %d hits as they should',
    (run) => {
      const reads = new Reads();
      reads.miss(10_000);
      reads.hit(run);
      reads.check();
      reads.miss();
      reads.check();
      reads.hit(run);
      reads.check();
    },
  );

  it('are counted exactly over random sequences', () => {
    const step = fc.record({
      hits: fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 9000 }), fc.nat({ max: 60_000 })),
      misses: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 9000 })),
      asked: fc.boolean(),
      reset: fc.integer({ min: 0, max: 20 }).map((n) => n === 0),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const reads = new Reads();
        for (const { hits, misses, asked, reset } of steps) {
          if (reset) reads.reset();
          reads.hit(hits);
          reads.miss(misses);
          if (asked) reads.check();
        }
        reads.check();
      }),
      { numRuns: 100 },
    );
  });

  it('start anew after reset', () => {
    const reads = new Reads();
    reads.miss(60_000);
    reads.reset();
    expect(reads.check()).toBe(0);
    reads.hit(60_000);
    reads.check();
    expect(reads.recent.snapshot(60_000, 0).hitRatio).toBe(1);
  });
});
