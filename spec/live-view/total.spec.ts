/** Several servers as one: what adds up, and what does not. */

import { describe, expect, it } from 'vitest';
import type { HotKeys, MissRatioCurve, ServerStats } from '../../lib/client/index.js';
import { CHARTS, TILES } from '../../lib/live-view/figures.js';
import { type Reading, Readings } from '../../lib/live-view/readings.js';
import { curveOfAll, hottestOf, totalOf, totalsOf } from '../../lib/live-view/total.js';
import { statsAt } from './stats.js';

const evictions = ({ engine }: ServerStats): number => engine.evictions;

function second(of: Parameters<typeof statsAt>[1], before: Parameters<typeof statsAt>[1] = {}): Reading {
  const readings = new Readings();
  readings.add(statsAt(1000, before), 0);
  return readings.add(statsAt(2000, of), 1000);
}

describe('the sum of readings', () => {
  it('of one server is that server’s', () => {
    const reading = second({});
    expect(totalOf([reading])).toBe(reading);
  });

  it('adds up counts, bytes and rates, and makes ratios of the sums', () => {
    const total = totalOf([
      second({
        engine: {
          hits: 90,
          misses: 10,
          size: 5,
          bytes: 100,
          evictions: 7,
          recent: { reads: 100, hits: 90, hitRatio: 0.9 },
        },
      }),
      second({
        engine: {
          hits: 0,
          misses: 300,
          size: 6,
          bytes: 200,
          evictions: 30,
          recent: { reads: 300, hits: 30, hitRatio: 0.1 },
        },
        connections: { current: 4, total: 9, rejected: 1, max: 10 },
        network: { bytesRead: 5, bytesWritten: 6 },
      }),
    ]);
    expect(total.stats.engine).toMatchObject({
      hits: 90,
      misses: 310,
      hitRatio: 0.225,
      size: 11,
      bytes: 300,
    });
    expect(total.stats.engine.recent).toEqual({ reads: 400, hits: 120, hitRatio: 0.3 });
    expect(total.stats.engine.maxBytes).toBe(128 * 2 ** 20);
    expect(total.stats.engine.maxEntries).toBe(Number.POSITIVE_INFINITY);
    expect(total.stats.connections).toEqual({ current: 5, total: 10, rejected: 1, max: 1034 });
    expect(total.perSecond(evictions)).toBe(37);
    expect(total.gained(evictions)).toBe(37);
    for (const tile of TILES) expect(tile.value(total)).not.toContain('NaN');
    for (const { lines } of CHARTS) for (const { value } of lines) expect(value(total)).not.toBeNaN();
  });

  it('has the rates of those that are known, and the least of access and of uptime', () => {
    const newer = { ...statsAt(10, { engine: { evictions: 5 } }), version: '1.2.4' };
    const fresh = new Readings().add(newer, 1000);
    const limited = { ...second({ engine: { evictions: 3 } }) };
    const total = totalOf([fresh, { ...limited, stats: { ...limited.stats, access: 'read-only' } }]);
    expect(total.perSecond(evictions)).toBe(3);
    expect(total.isFirst).toBe(false);
    expect(total.stats).toMatchObject({ access: 'read-only', uptimeMs: 10, version: '1.2.4, 1.2.3' });
    expect(totalOf([fresh, fresh]).perSecond(evictions)).toBeNull();
  });

  it('adds up the bars of ages, under the same bounds', () => {
    const bars = (count: number) => [
      { toMs: 1000, count },
      { toMs: Number.POSITIVE_INFINITY, count: 1 },
    ];
    const total = totalOf([
      second({ engine: { evictionAges: bars(2) } }),
      second({ engine: { evictionAges: bars(5) } }),
      second({}),
    ]);
    expect(total.stats.engine.evictionAges).toEqual([
      { toMs: 1000, count: 7 },
      { toMs: Number.POSITIVE_INFINITY, count: 2 },
    ]);
  });
});

it('the hottest of all are those with the most reads in the same time', () => {
  const hot = (sampledMs: number, ...keys: [string, number][]): HotKeys => ({
    sampledMs,
    reads: keys.reduce((sum, [, reads]) => sum + reads, 0),
    keys: keys.map(([key, reads]) => ({ key, reads, bytes: 8 })),
    prefixes: [{ prefix: 'p', reads: 10, bytes: 5, keys: 1 }],
  });
  const total = hottestOf([hot(10_000, ['a', 50], ['b', 10]), hot(1000, ['c', 20], ['b', 5])], 2);
  expect(total.sampledMs).toBe(10_000);
  expect(total.keys).toEqual([
    { key: 'c', reads: 200, bytes: 8 },
    { key: 'b', reads: 60, bytes: 16 },
  ]);
  expect(total.prefixes).toEqual([{ prefix: 'p', reads: 110, bytes: 10, keys: 2 }]);
});

describe('what several servers remember', () => {
  const past = (stepMs: number, count: number, evicted: number): Reading[] => {
    const readings = new Readings();
    return Array.from({ length: count }, (_, i) =>
      readings.add(
        statsAt((i + 1) * stepMs, { engine: { evictions: i * evicted } }),
        (i + 1) * stepMs,
        Number.POSITIVE_INFINITY,
      ),
    );
  };

  it('adds up at the times of the one that remembers most, as far as others have readings near', () => {
    const total = totalsOf([past(5000, 2, 10), past(1000, 30, 3), []]);
    expect(total.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 30 }, (_, i) => (i + 1) * 1000));
    // 10 in 5 s of the one, from its second reading on, and 3 a second of the other.
    expect(total[10]!.perSecond(evictions)).toBe(5);
    expect(total[29]!.perSecond(evictions)).toBe(3);
  });

  it('is nothing where nobody remembers', () => {
    expect(totalsOf([[], []])).toEqual([]);
  });
});

describe('the curve of several servers', () => {
  const curve = (size: number, hitRatio: number, sampledReads: number): MissRatioCurve => ({
    unit: 'bytes',
    size,
    policy: 'lru',
    hitRatio,
    factors: [0.25, 0.5, 1, 2, 4].map((factor) => ({ factor, size: size * factor, hitRatio })),
    points: [{ factor: 1, size, hitRatio }],
    policies: { lru: hitRatio, sieve: hitRatio },
    workingSet: 10,
    sizeFor99: 20,
    sampledReads,
    sampledKeys: 5,
    samplingRate: 0.5,
    summary: 'Of one.',
  });

  it('of one is that one’s', () => {
    const one = curve(100, 0.5, 10);
    expect(curveOfAll([one])).toBe(one);
    expect(curveOfAll([undefined])).toBeUndefined();
  });

  it('adds up sizes, and weighs ratios by reads; who keeps none is left out', () => {
    const total = curveOfAll([curve(100, 0.8, 30), undefined, curve(300, 0.4, 10)])!;
    expect(total).toMatchObject({ size: 400, workingSet: 20, sizeFor99: 40, unit: 'bytes', policy: 'lru' });
    expect(total.hitRatio).toBeCloseTo(0.7);
    expect(total.policies.sieve).toBeCloseTo(0.7);
    expect(total.factors.map(({ factor, size }) => [factor, size])).toEqual([
      [0.25, 100],
      [0.5, 200],
      [1, 400],
      [2, 800],
      [4, 1600],
    ]);
    expect(total.summary).toBe('Doubling the memory of all servers would save next to none of the misses.');
  });
});
