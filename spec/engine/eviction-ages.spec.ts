/** The two histograms of evicted entries. */

import { describe, expect, it } from 'vitest';
import { type AgeBar, EvictionAges } from '../../lib/engine/eviction-ages.js';

const filled = (bars: readonly AgeBar[]): [number, number][] =>
  bars.filter((bar) => bar.count > 0).map(({ toMs, count }) => [toMs, count]);

describe('eviction ages', () => {
  it.each<[number, number]>([
    [0, 1],
    [-50, 1],
    [1, 1],
    [1.001, 10],
    [10, 10],
    [11, 100],
    [1000, 1e3],
    [60_000, 6e4],
    [60_001, 6e5],
    [3.6e6, 3.6e6],
    [86_400_000, 8.64e7],
    [7 * 86_400_000, 6.048e8],
    [7 * 86_400_000 + 1, Infinity],
    [1e300, Infinity],
    [Infinity, Infinity],
  ])('%d ms stand in the bar up to %d ms', (ms, toMs) => {
    const ages = new EvictionAges();
    ages.record(ms, 0);
    expect(filled(ages.ages)).toEqual([[toMs, 1]]);
    ages.record(0, ms);
    expect(filled(ages.idles)).toEqual(
      toMs === 1
        ? [[1, 2]]
        : [
            [1, 1],
            [toMs, 1],
          ],
    );
  });

  it('have rising bars, the last one without end', () => {
    const bounds = new EvictionAges().ages.map((bar) => bar.toMs);
    expect(bounds).toEqual(bounds.toSorted((a, b) => a - b));
    expect(bounds.at(-1)).toBe(Infinity);
    expect(new EvictionAges().idles.map((bar) => bar.toMs)).toEqual(bounds);
  });

  it('are frozen snapshots, and start anew after reset', () => {
    const ages = new EvictionAges();
    ages.record(5, 5);
    const before = ages.ages;
    ages.record(5, 5);
    expect(filled(before)).toEqual([[10, 1]]);
    expect([Object.isFrozen(before), before.every(Object.isFrozen)]).toEqual([true, true]);
    ages.reset();
    expect([filled(ages.ages), filled(ages.idles)]).toEqual([[], []]);
    expect([ages.ageMsTotal, ages.idleMsTotal]).toEqual([0, 0]);
  });

  it('add up, and a clock that was put back takes nothing away', () => {
    const ages = new EvictionAges();
    ages.record(500, 20);
    ages.record(-50, -70);
    ages.record(1.5, 0);
    expect([ages.ageMsTotal, ages.idleMsTotal]).toEqual([501.5, 20]);
  });
});
