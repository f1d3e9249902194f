/** The clocks, and when the engine reads them. */

import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { monotonicClock } from '../../lib/engine/clock.js';
import { CacheEngine, CoarseClock, ManualClock, systemClock } from '../../lib/index.js';
import { thrownBy } from './fixture.js';

describe('ManualClock', () => {
  it('stands still until it is moved, in either direction', () => {
    const clock = new ManualClock();
    expect([clock.now(), clock.now()]).toEqual([0, 0]);
    clock.advance(1.5);
    clock.advance(-3);
    expect(clock.now()).toBe(-1.5);
    clock.set(7);
    expect(clock.now()).toBe(7);
    expect(new ManualClock(42).now()).toBe(42);
  });
});

describe('systemClock', () => {
  it('returns the wall-clock time in milliseconds', () => {
    const before = Date.now();
    const now = systemClock.now();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });
});

describe('CoarseClock', () => {
  it('returns the time of its last refresh', () => {
    const source = new ManualClock(5);
    const clock = new CoarseClock(source);
    source.advance(10);
    expect(clock.now()).toBe(5);
    clock.refresh();
    expect(clock.now()).toBe(15);
  });
});

/** What the event loop waits for. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** So many reads of an entry that can expire that the engine no longer reads the clock for each. */
function readOften(engine: CacheEngine<string, number>): void {
  engine.set('read often', 1, { ttlMs: 1e9 });
  for (let i = 0; i < 5000; i++) engine.get('read often');
}

describe('the clock of an engine that was given none', () => {
  it('counts whole milliseconds from the start of the process', () => {
    const now = monotonicClock.now();
    expect(Number.isInteger(now)).toBe(true);
    expect(Math.abs(performance.now() - now)).toBeLessThan(1000);
  });

  it('lets no loop read an entry more than a millisecond after its time', () => {
    /** By how many milliseconds the latest hit was late, and how many reads there were. */
    const loop = (): [lateMs: number, reads: number] => {
      const engine = new CacheEngine<string, number>();
      engine.set('a', 1, { ttlMs: 25 });
      const dueMs = performance.now() + 25;
      let lateMs = Number.NEGATIVE_INFINITY;
      let reads = 0;
      for (let now = performance.now(); now < dueMs + 25; now = performance.now()) {
        if (engine.get('a') !== undefined) lateMs = now - dueMs;
        reads++;
      }
      return [lateMs, reads];
    };
    // A process that is put aside in the middle sees no time pass: one loop of several is left alone.
    const loops = Array.from({ length: 8 }, loop);
    expect(Math.min(...loops.map(([lateMs]) => lateMs))).toBeLessThanOrEqual(1);
    expect(Math.max(...loops.map(([, reads]) => reads))).toBeGreaterThan(10_000);
  });

  it('has gone on when the event loop has been blocked', async () => {
    const engine = new CacheEngine<string, number>();
    readOften(engine);
    engine.set('a', 1, { ttlMs: 10 });
    block(20);
    await setImmediate();
    expect(engine.get('a')).toBeUndefined();
    readOften(engine);
    engine.set('b', 1, { ttlMs: 10 });
    block(20);
    await null;
    expect(engine.get('b')).toBeUndefined();
    readOften(engine);
    engine.set('c', 1, { ttlMs: 10 });
    await sleep(20);
    expect([engine.has('c'), engine.sweepExpired(), engine.size]).toEqual([false, 1, 1]);
  });

  it('is not moved by whoever sets the system clock', () => {
    const engine = new CacheEngine<string, number>({ ttlMs: 60_000 });
    engine.set('a', 1);
    for (const stepMs of [3_600_000, -7_200_000]) {
      const now = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + stepMs);
      expect(engine.get('a')).toBe(1);
      expect(engine.remainingTtlMs('a')).toBeGreaterThan(50_000);
      expect(engine.remainingTtlMs('a')).toBeLessThanOrEqual(60_000);
      engine.set('b', 1);
      expect(engine.remainingTtlMs('b')).toBeLessThanOrEqual(60_000);
      now.mockRestore();
    }
    expect(engine.has('b')).toBe(true);
  });

  it('is not read without times to live', () => {
    const engine = new CacheEngine<string, number>({ maxEntries: 2 });
    const now = vi.spyOn(performance, 'now');
    for (const key of ['a', 'b', 'c']) engine.set(key, 1);
    engine.get('c');
    engine.getEntry('c');
    engine.update('c', 2);
    engine.delete('b');
    engine.evictOldest();
    engine.sweepExpired();
    const { length } = now.mock.calls;
    now.mockRestore();
    expect(length).toBe(0);
  });

  it('is read less than once for each of many reads in a loop', () => {
    const engine = new CacheEngine<string, number>();
    readOften(engine);
    const now = vi.spyOn(monotonicClock, 'now');
    for (let i = 0; i < 6400; i++) engine.get('read often');
    const { length } = now.mock.calls;
    now.mockRestore();
    expect(length).toBeLessThan(3200);
  });
});

describe('fake timers', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Lives for a second, as the fake clock counts it. */
  function expectFakeSecond(engine: CacheEngine<string, number>): void {
    engine.set('a', 1, { ttlMs: 1000 });
    for (let i = 0; i < 5000; i++) engine.get('a');
    vi.advanceTimersByTime(999);
    expect(engine.get('a')).toBe(1);
    expect(engine.remainingTtlMs('a')).toBe(1);
    vi.advanceTimersByTime(1);
    expect(engine.get('a')).toBeUndefined();
    engine.set('b', 1, { ttlMs: 1000 });
    vi.advanceTimersByTime(1000);
    expect([engine.has('b'), engine.sweepExpired()]).toEqual([false, 1]);
  }

  async function expectRealTime(engine: CacheEngine<string, number>): Promise<void> {
    engine.set('a', 1, { ttlMs: 15 });
    expect(engine.get('a')).toBe(1);
    await sleep(30);
    expect(engine.get('a')).toBeUndefined();
    engine.set('a', 1, { ttlMs: 60_000 });
    readOften(engine);
    expect(engine.get('a')).toBe(1);
  }

  it('move an engine that was there before, and let go of it', async () => {
    const engine = new CacheEngine<string, number>();
    await expectRealTime(engine);
    engine.clear();
    readOften(engine);
    vi.useFakeTimers();
    engine.clear();
    expectFakeSecond(engine);
    vi.useRealTimers();
    engine.clear();
    await expectRealTime(engine);
  });

  it('move an engine that is made under them, and let go of it', async () => {
    vi.useFakeTimers();
    const engine = new CacheEngine<string, number>();
    expectFakeSecond(engine);
    readOften(engine);
    vi.useRealTimers();
    engine.clear();
    await expectRealTime(engine);
  });

  it('may come and go within one turn of the event loop', () => {
    const engine = new CacheEngine<string, number>();
    for (let round = 0; round < 3; round++) {
      readOften(engine);
      vi.useFakeTimers();
      expectFakeSecond(engine);
      vi.useRealTimers();
      engine.clear();
    }
  });

  it('may have been there when the library was loaded', async () => {
    vi.useFakeTimers();
    vi.resetModules();
    const { CacheEngine: Loaded } = await import('../../lib/index.js');
    const engine = new Loaded<string, number>();
    expectFakeSecond(engine);
    vi.useRealTimers();
    engine.clear();
    await expectRealTime(engine);
    vi.useFakeTimers();
    engine.clear();
    expectFakeSecond(engine);
  });
});

describe('a clock that is given', () => {
  it('is read for every call that depends on it', () => {
    const clock = new ManualClock(0);
    const engine = new CacheEngine<string, number>({ clock });
    engine.set('a', 1, { ttlMs: 1000 });
    for (let i = 0; i < 2000; i++) engine.get('a');
    const now = vi.spyOn(clock, 'now');
    for (let i = 0; i < 100; i++) engine.get('a');
    expect(now).toHaveBeenCalledTimes(100);
    clock.set(1000);
    expect(engine.get('a')).toBeUndefined();
  });

  it('may be the monotonic clock by another name', () => {
    const engine = new CacheEngine<string, number>({ clock: { now: () => monotonicClock.now() } });
    engine.set('a', 1, { ttlMs: 10 });
    for (let i = 0; i < 2000; i++) engine.get('a');
    block(11);
    expect(engine.get('a')).toBeUndefined();
  });
});

describe('a clock that fails', () => {
  let fails: 'not' | 'NaN' | 'text' | 'throws' = 'not';
  /** Readings that still work. */
  let left = 0;
  const time = new ManualClock(1000);
  const clock = {
    now(): number {
      if (fails === 'not' || left-- > 0) return time.now();
      if (fails === 'throws') throw new Error('no time');
      return fails === 'NaN' ? Number.NaN : ('7' as never);
    },
  };

  beforeEach(() => {
    fails = 'not';
  });

  type Engine = CacheEngine<string, number>;
  const calls: [string, (engine: Engine) => unknown][] = [
    ['get', (engine) => engine.get('mortal')],
    ['peek', (engine) => engine.peek('mortal')],
    ['has', (engine) => engine.has('mortal')],
    ['getEntry', (engine) => engine.getEntry('mortal')],
    ['remainingTtlMs', (engine) => engine.remainingTtlMs('mortal')],
    ['set', (engine) => engine.set('mortal', 2)],
    ['set with a time to live', (engine) => engine.set('new', 2, { ttlMs: 5 })],
    ['add', (engine) => engine.add('new', 2)],
    ['replace', (engine) => engine.replace('mortal', 2)],
    ['update', (engine) => engine.update('mortal', 2)],
    ['compareAndSet', (engine) => engine.compareAndSet('mortal', 1, 2)],
    ['touch', (engine) => engine.touch('mortal', 5, { promote: true })],
    ['delete', (engine) => engine.delete('mortal')],
    ['evictOldest', (engine) => engine.evictOldest()],
    ['sweepExpired', (engine) => engine.sweepExpired()],
    ['resize', (engine) => engine.resize({ maxEntries: 1, maxBytes: 100 })],
    ['a walk', (engine) => [...engine]],
    ['dump', (engine) => [...engine.dump()]],
    ['load', (engine) => engine.load([['new', 1]])],
  ];

  it.each(
    calls.flatMap(([name, call]) =>
      (['NaN', 'text', 'throws'] as const).flatMap((how) => [[name, how, call]] as const),
    ),
  )('in %s (%s) is reported and leaves the engine as sound as it was', (_, how, call) => {
    const codes: unknown[] = [];
    for (const works of [0, 1, 2, 3, 4]) {
      fails = 'not';
      time.set(1000);
      const removals: unknown[] = [];
      const engine: Engine = new CacheEngine({
        clock,
        trackAccess: true,
        maxBytes: 20_000,
        onRemoval: (...removal) => removals.push(removal),
      });
      for (let i = 0; i < 100; i++) engine.set(`${i}`, i, { ttlMs: i < 5 ? 5 : 1000 });
      engine.set('mortal', 1, { ttlMs: 500 });
      time.advance(5);
      const { maxBytes, maxEntries } = engine;
      fails = how;
      left = works;
      let failed = true;
      try {
        call(engine);
        failed = false;
      } catch (error) {
        codes.push((error as { code?: string }).code ?? (error as Error).message);
      }
      fails = 'not';
      expect(engine.verify()).toEqual([]);
      if (failed) expect(engine).toMatchObject({ maxBytes, maxEntries });
      // Whatever has gone has been reported, and the engine works on.
      expect(removals).toHaveLength(engine.stats().stores - engine.size);
      engine.set('after', 1, { ttlMs: 5 });
      expect(engine.get('after')).toBe(1);
    }
    expect(codes.length).toBeGreaterThan(0);
    expect(new Set(codes)).toEqual(new Set([how === 'throws' ? 'no time' : 'HOTSET_INVALID_OPTION']));
  });

  it('names the option', () => {
    const engine = new CacheEngine<string, number>({ clock: { now: () => Number.NaN } });
    expect(thrownBy(() => engine.set('a', 1, { ttlMs: 5 })).message).toContain('clock');
    expect([engine.size, engine.verify()]).toEqual([0, []]);
  });
});
