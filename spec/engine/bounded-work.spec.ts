/** What a call costs does not depend on how long the engine has run, what its clock has shown, or who has walked it. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { Expiry } from '../../lib/engine/expiry.js';
import { CacheEngine, ManualClock } from '../../lib/index.js';
import { heldBytes } from '../support/collect.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Slots that sweeps have been allowed to look at. */
function countLooks(): () => number {
  const sweep = vi.spyOn(Expiry.prototype, 'sweep');
  return () => sweep.mock.calls.reduce((sum, [, limit]) => sum + limit, 0);
}

describe('looking for expired entries', () => {
  it('goes on where it stopped: in a full cache of short-lived entries, none that lives has to go', () => {
    const clock = new ManualClock(0);
    const engine = new CacheEngine<number, number>({ clock, maxBytes: '32MiB', ttlMs: 500 });
    const looks = countLooks();
    const causes = { evicted: 0, expired: 0 };
    // 400 each millisecond: 200,000 live at a time, and twice as many fit.
    for (let key = 0; key < 2_000_000; key++) {
      engine.set(key, key);
      if (key % 400 === 0) clock.advance(1);
      if (key === 1_000_000) engine.resetStats();
    }
    const { evictions, expirations } = engine.stats();
    causes.evicted += evictions;
    causes.expired += expirations;
    expect(causes.evicted).toBe(0);
    expect(causes.expired).toBeGreaterThan(900_000);
    expect(looks() / 2_000_000).toBeLessThan(64);
    expect(engine.verify()).toEqual([]);
  });

  it('holds, however long it runs, what it counts', async () => {
    const clock = new ManualClock(0);
    const before = await heldBytes();
    const engine = new CacheEngine<string, string>({ clock, maxBytes: '32MiB', ttlMs: 500 });
    let key = 0;
    const run = (sets: number): void => {
      for (const end = key + sets; key < end; key++) {
        engine.set(`key ${key}`, `value ${key}`);
        if (key % 300 === 0) clock.advance(1);
      }
    };
    run(400_000);
    for (let round = 0; round < 3; round++) {
      run(200_000);
      const held = (await heldBytes()) - before;
      expect(held / engine.bytes).toBeGreaterThan(0.8);
      expect(held / engine.bytes).toBeLessThan(1.12);
    }
  }, 60_000);

  it.each([
    ['hours ahead for one sweep, and back', (clock: ManualClock) => clock.advance(5 * 3_600_000)],
    ['a year ahead', (clock: ManualClock) => clock.advance(365 * 86_400_000)],
    ['behind', (clock: ManualClock) => clock.advance(-3_600_000)],
  ])('costs the same after the clock has been %s', (_, jump) => {
    const looksOfChurn = (jumps: boolean): number => {
      const clock = new ManualClock(1e9);
      const engine = new CacheEngine<number, number>({ clock, maxEntries: 50_000, ttlMs: 1000 });
      const churn = (from: number, to: number): void => {
        for (let key = from; key < to; key++) {
          engine.set(key, key);
          engine.get(key - 100);
          if (key % 50 === 0) clock.advance(1);
        }
      };
      churn(0, 100_000);
      if (jumps) {
        const now = clock.now();
        jump(clock);
        engine.sweepExpired(1000);
        engine.set(-1, 1, { ttlMs: 5 });
        clock.set(now);
      }
      const looks = countLooks();
      churn(100_000, 200_000);
      expect(engine.verify()).toEqual([]);
      const sum = looks();
      vi.restoreAllMocks();
      return sum;
    };
    expect(looksOfChurn(true)).toBeLessThan(2 * looksOfChurn(false) + 100_000);
  });

  it('is bounded by the limit of a sweep, and a round of sweeps finds all', () => {
    const clock = new ManualClock(0);
    const engine = new CacheEngine<number, number>({ clock, maxEntries: 1e6 });
    for (let key = 0; key < 10_000; key++) engine.set(key, key, { ttlMs: key % 100 === 99 ? 10 : 1e6 });
    clock.advance(10);
    let expired = 0;
    for (let i = 0; i < 101; i++) {
      const found = engine.sweepExpired(100);
      expect(found).toBeLessThanOrEqual(100);
      expired += found;
    }
    expect(expired).toBe(100);
    expect(engine.verify()).toEqual([]);
  });

  it('happens not at all while nothing can be due', () => {
    const clock = new ManualClock(0);
    const engine = new CacheEngine<number, number>({ clock, maxEntries: 100, ttlMs: 1000 });
    const looks = countLooks();
    for (let key = 0; key < 10_000; key++) engine.set(key, key);
    expect(looks()).toBe(0);
  });
});

describe('walks that were begun and forgotten', () => {
  it.each(['oldest-first', 'newest-first'] as const)(
    'cost later calls a bounded number of steps (%s)',
    (order) => {
      const engine = new CacheEngine<number, number>({ maxEntries: 1000 });
      for (let key = 0; key < 1000; key++) engine.set(key, key);
      const kept: unknown[] = [];
      const deref = vi.spyOn(WeakRef.prototype, 'deref');
      for (let i = 0; i < 4000; i++) {
        const walk = engine.keys({ order });
        walk.next();
        if (i % 2 === 0) kept.push(walk);
        engine.get(i % 1000);
        engine.set(1000 + i, i);
      }
      expect(deref.mock.calls.length / 4000).toBeLessThan(20);
      deref.mockClear();
      for (let i = 0; i < 1000; i++) engine.get(4500 + (i % 500));
      expect(deref.mock.calls.length / 1000).toBeLessThan(20);
      expect(kept).toHaveLength(2000);
      expect(engine.verify()).toEqual([]);
    },
  );

  it('leave an engine as quick as it was, and so does asking for the first key', () => {
    const timeOf = (forget: boolean): number => {
      const engine = new CacheEngine<number, number>({ maxEntries: 100_000 });
      for (let key = 0; key < 100_000; key++) engine.set(key, key);
      if (forget)
        for (let i = 0; i < 4000; i++) {
          engine.keys({ order: 'oldest-first' }).next();
          engine.get(i);
        }
      const began = performance.now();
      for (let i = 0; i < 20_000; i++) {
        engine.get(i);
        engine.set(i, i);
        if (forget && i % 10 === 0) engine.keys({ order: 'oldest-first' }).next();
      }
      return performance.now() - began;
    };
    timeOf(true);
    expect(timeOf(true)).toBeLessThan(20 * timeOf(false) + 20);
  });
});
