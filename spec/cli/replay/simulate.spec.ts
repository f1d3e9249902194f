/** Hit ratios of traces: LRU against an engine, Belady's against the best of all choices, and samples against the whole. */

import { describe, expect, it } from 'vitest';
import { beladyHits, nextReads } from '../../../lib/cli/replay/belady.js';
import { DELETE, type Operation, READ, WRITE } from '../../../lib/cli/replay/formats.js';
import { hitRatioOf, lruCurve, readsIn, simulate } from '../../../lib/cli/replay/simulate.js';
import { type Requests, Trace } from '../../../lib/cli/replay/trace.js';
import { ratioAt } from '../../../lib/engine/miss-ratio/distances.js';
import { MiniatureCache } from '../../../lib/engine/miss-ratio/miniature-cache.js';
import { POLICY_NAMES } from '../../../lib/engine/policy/names.js';
import { CacheEngine, type Policy } from '../../../lib/index.js';
import { randomNumbers, SEQUENCES } from '../../engine/miss-ratio/sequences.js';

const none = Number.NaN;
const LIMITS = { maxRequests: 1_000_000, maxKeys: 100_000 };

function traceOf(
  requests: Iterable<{ key: string; operation?: Operation; size?: number; ttl?: number; time?: number }>,
  limits = LIMITS,
): Trace {
  const trace = new Trace(limits);
  for (const request of requests)
    trace.add({ operation: READ, size: none, ttl: none, time: none, ...request });
  return trace;
}

function reads(text: string): Requests {
  return traceOf(Array.from(text, (key) => ({ key }))).prepare(null);
}

function lruRatio(requests: Requests, size: number): number {
  return ratioAt(lruCurve(requests, readsIn(requests)).ratios, size);
}

function simulated(requests: Requests, policy: Policy, unit: 'bytes' | 'entries', size: number): number {
  const cache = new MiniatureCache(policy, unit);
  cache.resize(size);
  const hits = simulate(requests, cache);
  expect(cache.verify()).toEqual([]);
  return hits;
}

describe('LRU', () => {
  it('has the hits of an engine, by stack distances and as a miniature', () => {
    const { keys } = SEQUENCES[0]!;
    const requests = traceOf(Array.from(keys.subarray(0, 50_000), (key) => ({ key: `${key}` }))).prepare(
      null,
    );
    for (const size of [100, 3000]) {
      const engine = new CacheEngine<number, true>({ maxEntries: size });
      for (const key of keys.subarray(0, 50_000)) if (engine.get(key) === undefined) engine.set(key, true);
      const { hits } = engine.stats();
      expect(simulated(requests, 'lru', 'entries', size)).toBe(hits);
      // Within a step of sizes.
      expect(Math.abs(lruRatio(requests, size) * 50_000 - hits)).toBeLessThan(300);
    }
  });

  it('weighs keys, values and the overhead', () => {
    const requests = traceOf([
      { key: 'aa', size: 100 },
      { key: 'bb' },
      { key: 'aa' },
      { key: 'bb', size: 50 },
    ]).prepare(52);
    // What is not said is the key's next size, or its last.
    expect([...requests.weights.subarray(0, 4)]).toEqual([154, 104, 154, 104]);
    expect(lruCurve(requests, 4).footprint).toBe(258);
    expect(lruRatio(requests, 240)).toBe(0);
    expect(lruRatio(requests, 270)).toBe(0.5);
  });

  it('deletions and TTLs are misses of every size', () => {
    const at = (time: number, operation: Operation = READ): object => ({
      key: 'a',
      operation,
      ttl: 10,
      time,
    });
    const requests = traceOf([
      at(0),
      at(5),
      at(9),
      at(10),
      at(19),
      at(20),
      at(21, DELETE),
      at(22),
      at(23),
    ] as never).prepare(null);
    expect(lruRatio(requests, 100)).toBe(4 / 8);
    expect(simulated(requests, 'lru', 'entries', 100)).toBe(4);
    expect(beladyHits(requests, nextReads(requests), 100)).toBe(4);
  });

  it('a write after the read that missed is the same fill', () => {
    const requests = traceOf([
      { key: 'a' },
      { key: 'b' },
      { key: 'a', operation: WRITE },
      { key: 'c' },
      { key: 'b' },
    ]).prepare(null);
    expect(readsIn(requests)).toBe(4);
    expect(simulated(requests, 'lru', 'entries', 2)).toBe(1);
  });
});

describe("Belady's limit", () => {
  /** Of entries of weight 1: the best of all choices of what to hold, by trying them. */
  function best(text: string, size: number): number {
    const go = (at: number, held: string): number => {
      if (at === text.length) return 0;
      const key = text[at]!;
      if (held.includes(key)) return 1 + go(at + 1, held);
      const others = [
        held,
        ...(held.length < size ? [held + key] : Array.from(held, (old) => held.replace(old, key))),
      ];
      return Math.max(...others.map((next) => go(at + 1, next)));
    };
    return go(0, '');
  }

  it('is what the best choices give, and no policy has more', () => {
    const random = randomNumbers(3);
    for (let round = 0; round < 200; round++) {
      const text = Array.from({ length: 12 }, () => 'abcde'[Math.floor(random() * 5)]).join('');
      const requests = reads(text);
      for (const size of [1, 2, 3]) {
        const hits = beladyHits(requests, nextReads(requests), size);
        expect(hits, `${text}, ${size}`).toBe(best(text, size));
        for (const policy of POLICY_NAMES)
          expect(simulated(requests, policy, 'entries', size)).toBeLessThanOrEqual(hits);
      }
    }
  });

  it('has no use for what is written before it is read', () => {
    const requests = traceOf([
      { key: 'a' },
      { key: 'a', operation: WRITE },
      { key: 'a' },
      { key: 'b' },
      { key: 'b', operation: DELETE },
      { key: 'b' },
    ]).prepare(null);
    expect(beladyHits(requests, nextReads(requests), 10)).toBe(1);
  });

  it('of entries of different weight, holds no more than the size', () => {
    const trace = traceOf(Array.from('abcabcabc', (key) => ({ key, size: key === 'a' ? 90 : 10 })));
    const requests = trace.prepare(0);
    // b and c, which weigh 22 together.
    expect(beladyHits(requests, nextReads(requests), 22)).toBe(4);
    expect(beladyHits(requests, nextReads(requests), 113)).toBe(6);
  });
});

describe('a trace that is too long', () => {
  const { keys, size } = SEQUENCES[0]!;
  const all = (limits: typeof LIMITS): Trace =>
    traceOf(
      Array.from(keys, (key) => ({ key: `item ${key}` })),
      limits,
    );

  it('holds a sample that behaves as the whole does', () => {
    const whole = all(LIMITS).prepare(null);
    const trace = all({ maxRequests: 100_000, maxKeys: 100_000 });
    const sample = trace.prepare(null);
    expect(sample.length).toBeLessThanOrEqual(100_000);
    expect([0.5, 0.25, 0.125]).toContain(sample.rate);
    expect(sample.allReads).toBe(keys.length);
    expect(Math.abs(sample.keyCount / sample.rate - whole.keyCount)).toBeLessThan(whole.keyCount * 0.03);
    for (const factor of [0.25, 1, 4]) {
      const exact = lruRatio(whole, size * factor);
      expect(Math.abs(lruRatio(sample, size * factor) - exact)).toBeLessThan(0.02);
      const hits = simulated(sample, 'lru', 'entries', Math.round(size * factor * sample.rate));
      expect(Math.abs(hitRatioOf(sample, hits, readsIn(sample)) - exact)).toBeLessThan(0.02);
    }
  });

  it('and no more keys than it may', () => {
    const trace = all({ maxRequests: 1_000_000, maxKeys: 1000 });
    expect(trace.keyCount).toBeLessThanOrEqual(1000);
    expect(trace.keyCount).toBeGreaterThan(300);
  });
});
