/** Times to live: exact to the clock, whatever the clock does and however long they are. */

import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../lib/index.js';
import { makeFixture, thrownBy } from './fixture.js';

const DAY_MS = 86_400_000;
const YEAR_MS = 365.25 * DAY_MS;

describe('an entry with a TTL', () => {
  it.each([
    ['at 0', 0],
    ['that is negative', -1e12],
    ['that is just below 0', -1],
    ['with fractions', 1234.5678],
    ['with negative fractions', -0.25],
    ['of today', 1.7e12],
    ['in nanoseconds', 1.7e18],
    ['at the largest safe integer', Number.MAX_SAFE_INTEGER - 1000],
  ])('lives until its time, on a clock %s', (_, nowMs) => {
    const clock = new ManualClock(nowMs);
    const { engine } = makeFixture({ clock, maxEntries: 2 });
    // Coarse enough to show on a clock that has no finer steps there.
    const ttlMs = 4096;
    engine.set('a', 1, { ttlMs });
    clock.set(nowMs + ttlMs - Math.max(0.125, Math.abs(nowMs) * 2 ** -52));
    expect(engine.has('a')).toBe(true);
    expect(engine.sweepExpired()).toBe(0);
    clock.set(nowMs + ttlMs);
    expect(engine.has('a')).toBe(false);
    expect(engine.sweepExpired()).toBe(1);
    engine.set('b', 1, { ttlMs });
    engine.set('c', 1, { ttlMs });
    engine.set('d', 1, { ttlMs });
    expect(engine.size).toBe(2);
    expect(engine.verify()).toEqual([]);
  });

  it.each([
    ['a millisecond', 1],
    ['a fraction of one', 0.25],
    ['24.8 days, in 32 bits', 2 ** 31 - 1],
    ['more than 24.8 days', 2 ** 31],
    ['more than 49.7 days', 2 ** 32 + 5],
    ['a year', YEAR_MS],
    ['more than 9,000 years', 9001 * YEAR_MS],
    ['100,000 years', 1e5 * YEAR_MS],
  ])('of %s lives just as long', (_, ttlMs) => {
    const clock = new ManualClock(0);
    const { engine } = makeFixture({ clock });
    engine.set('a', 1, { ttlMs });
    expect(engine.remainingTtlMs('a')).toBe(ttlMs);
    clock.set(ttlMs * (1 - 2 ** -40));
    expect(engine.sweepExpired()).toBe(0);
    expect(engine.get('a')).toBe(1);
    clock.set(ttlMs);
    expect(engine.sweepExpired()).toBe(1);
    expect(engine.verify()).toEqual([]);
  });

  it('of Number.MAX_VALUE is stored and found', () => {
    const { engine, clock } = makeFixture();
    engine.set('a', 1, { ttlMs: Number.MAX_VALUE });
    clock.advance(1e15);
    expect(engine.sweepExpired()).toBe(0);
    expect(engine.get('a')).toBe(1);
    expect(engine.verify()).toEqual([]);
  });

  it.each([0, -0, -1, -1e300, -Infinity])(
    'of %d has expired at once: nothing is stored, nothing evicted',
    (ttlMs) => {
      const { engine, removals } = makeFixture({ maxEntries: 2 });
      engine.set('live', 1);
      engine.set('a', 1);
      expect(engine.set('a', 2, { ttlMs })).toBe('stored');
      expect(removals).toEqual([
        ['a', 1, 'replaced'],
        ['a', 2, 'expired'],
      ]);
      engine.set('b', 1);
      expect(engine.add('c', 3, { ttlMs })).toBe('stored');
      expect([...engine.keys()]).toEqual(['b', 'live']);
      expect([engine.has('a'), engine.get('c')]).toEqual([false, undefined]);
      expect(engine.stats()).toMatchObject({ stores: 5, evictions: 0, expirations: 2, size: 2 });
      expect(engine.verify()).toEqual([]);
    },
  );

  it.each([
    ['a time', { ttlMs: 0 }],
    ['a time and flags', { ttlMs: -1, flags: 7 }],
  ])('the first with %s of all, in a full cache, needs no column if it has expired at once', (_, options) => {
    const { engine } = makeFixture<number, number>({ maxBytes: 200_000 });
    for (let key = 0; key < 10_000; key++) engine.set(key, key);
    const { size } = engine;
    engine.set(-1, 1, options);
    expect([engine.size, engine.verify()]).toEqual([size, []]);
  });

  it('has the default of the engine unless it brings its own', () => {
    const { engine } = makeFixture({ ttlMs: 100 });
    engine.set('default', 1);
    engine.set('undefined', 1, { ttlMs: undefined as never });
    engine.set('own', 1, { ttlMs: 5 });
    engine.set('never', 1, { ttlMs: Infinity });
    const left = ['default', 'undefined', 'own', 'never'].map((key) => engine.remainingTtlMs(key));
    expect(left).toEqual([100, 100, 5, Infinity]);
  });
});

describe('a TTL that is no number', () => {
  it.each([Number.NaN, '10', null, 10n, {}])('(%s) is refused by name, and nothing changes', (ttlMs) => {
    const { engine } = makeFixture({ ttlMs: 100 });
    engine.set('a', 1);
    const calls = [
      () => engine.set('a', 2, { ttlMs: ttlMs as number }),
      () => engine.add('b', 2, { ttlMs: ttlMs as number }),
      () => engine.replace('a', 2, { ttlMs: ttlMs as number }),
      () => engine.touch('a', ttlMs as number),
    ];
    for (const call of calls) {
      const error = thrownBy(call);
      expect(error.code).toBe('HOTSET_INVALID_ARGUMENT');
      expect(error.message).toContain('ttlMs');
    }
    expect([...engine.entries()]).toEqual([['a', 1]]);
    expect(engine.remainingTtlMs('a')).toBe(100);
    expect(engine.verify()).toEqual([]);
  });
});

describe('a clock that jumps', () => {
  it('back leaves entries their longer life, and new ones get theirs from the new time', () => {
    const { engine, clock } = makeFixture();
    engine.set('before', 1, { ttlMs: 100 });
    clock.advance(-YEAR_MS);
    expect(engine.remainingTtlMs('before')).toBe(100 + YEAR_MS);
    engine.set('after', 1, { ttlMs: 100 });
    clock.advance(100);
    expect(engine.sweepExpired()).toBe(1);
    expect([...engine.keys()]).toEqual(['before']);
    clock.advance(YEAR_MS);
    expect(engine.sweepExpired()).toBe(1);
    expect(engine.verify()).toEqual([]);
  });

  it('1,000 years ahead expires what is due by then, and nothing else', () => {
    const { engine, clock } = makeFixture<number, number>();
    for (let years = 0; years <= 2000; years += 100) engine.set(years, 1, { ttlMs: years * YEAR_MS + 1 });
    clock.advance(1000 * YEAR_MS + 1);
    expect(engine.sweepExpired()).toBe(11);
    expect(engine.size).toBe(10);
    expect(engine.verify()).toEqual([]);
    clock.advance(1000 * YEAR_MS);
    expect(engine.sweepExpired()).toBe(10);
  });

  it('ahead and back again still expires on time', () => {
    const { engine, clock } = makeFixture();
    engine.set('a', 1, { ttlMs: 2000 * YEAR_MS });
    clock.advance(1000 * YEAR_MS);
    engine.sweepExpired();
    clock.advance(-1000 * YEAR_MS);
    engine.set('b', 1, { ttlMs: 50 });
    expect(engine.sweepExpired()).toBe(0);
    clock.advance(50);
    expect(engine.sweepExpired()).toBe(1);
    expect([...engine.keys()]).toEqual(['a']);
    expect(engine.verify()).toEqual([]);
  });

  it('back between two steps of a bounded sweep derails neither', () => {
    const { engine, clock } = makeFixture<number, number>();
    for (let key = 0; key < 100; key++) engine.set(key, key, { ttlMs: 1000 * (key + 1) });
    clock.advance(50_000);
    expect(engine.sweepExpired(10)).toBeLessThanOrEqual(10);
    clock.advance(-20_000);
    while (engine.sweepExpired(10) > 0);
    engine.sweepExpired();
    expect(engine.verify()).toEqual([]);
    clock.advance(70_000);
    engine.sweepExpired();
    expect(engine.size).toBe(0);
  });
});
