/** Whatever throws once, of what a user gives: nothing is left behind, and the next call works. */

import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { CacheEngine, type CacheEngineOptions, ManualClock } from '../../lib/index.js';
import { LoadingCache, type LoadingOptions, ManualScheduler } from '../../lib/loading/index.js';
import { counted, outcome, settled } from './fixture.js';

const BOOM = new Error('boom');

/** Calls through to what it is given, but throws at the call that it is told to throw at. */
class Fuse {
  #calls = 0;
  #failsAt = 0;

  /** The next call fails, or one of those after it. */
  arm(after = 0): void {
    this.#failsAt = this.#calls + 1 + after;
  }

  readonly wrap =
    <A extends unknown[], R>(fn: (...args: A) => R) =>
    (...args: A): R => {
      if (++this.#calls === this.#failsAt) throw BOOM;
      return fn(...args);
    };
}

interface Hook {
  readonly name: string;
  /** Options whose hook passes the fuse. */
  options(fuse: Fuse, clock: ManualClock, scheduler: ManualScheduler): LoadingOptions<string, number>;
  engine?(fuse: Fuse, clock: ManualClock): CacheEngineOptions<string, number>;
}

const HOOKS: Hook[] = [
  {
    name: 'schedule()',
    options: ({ wrap }, _, timers) => ({
      scheduler: { schedule: wrap((ms, task) => timers.schedule(ms, task)) },
    }),
  },
  {
    name: 'what schedule() returns',
    options: ({ wrap }, _, timers) => ({
      scheduler: { schedule: (ms, task) => wrap(timers.schedule(ms, task)) },
    }),
  },
  {
    name: 'ref() and unref()',
    options: ({ wrap }, _, timers) => ({
      scheduler: {
        schedule: (ms, task) =>
          Object.assign(timers.schedule(ms, task), { ref: wrap(() => {}), unref: wrap(() => {}) }),
      },
    }),
  },
  { name: 'loadClock', options: ({ wrap }, clock) => ({ loadClock: { now: wrap(() => clock.now()) } }) },
  { name: 'random', options: ({ wrap }) => ({ random: wrap(() => 0.5) }) },
  { name: 'ttlMs', options: ({ wrap }) => ({ ttlMs: wrap(() => 100) }) },
  { name: 'onError', options: ({ wrap }) => ({ onError: wrap(() => {}) }) },
  {
    name: "the engine's clock",
    options: () => ({}),
    engine: ({ wrap }, clock) => ({ clock: { now: wrap(() => clock.now()) } }),
  },
  { name: 'sizeOf', options: () => ({}), engine: ({ wrap }) => ({ sizeOf: wrap(() => 8) }) },
  { name: 'onRemoval', options: () => ({}), engine: ({ wrap }) => ({ onRemoval: wrap(() => {}) }) },
];

describe.each(HOOKS)('$name that throws once', ({ options, engine: engineOptions }) => {
  it.each(Array.from({ length: 40 }, (_, n) => n))(
    'at call %d leaves no flight, no waiter and no counter wrong',
    async (after) => {
      const clock = new ManualClock(1000);
      const scheduler = new ManualScheduler(clock);
      const fuse = new Fuse();
      const engine = new CacheEngine<string, number>({
        clock,
        maxEntries: 3,
        ...engineOptions?.(fuse, clock),
      });
      const cache = new LoadingCache<string, number>(engine, {
        ttlMs: 100,
        staleMs: 50,
        staleOnErrorMs: 80,
        ttlJitter: 0.1,
        missTtlMs: 10,
        errorTtlMs: 10,
        timeoutMs: 500,
        flightTimeoutMs: 400,
        maxFlights: 2,
        scheduler,
        loadClock: clock,
        ...options(fuse, clock, scheduler),
      });
      const { signal } = new AbortController();
      const settledCall = async <T>(promise: Promise<T>): Promise<void> => {
        await settled();
        // Whatever was thrown: it ends without the help of a timeout.
        let isOver = false;
        const over = outcome(promise).then(() => {
          isOver = true;
        });
        await settled();
        expect(isOver).toBe(true);
        await over;
      };
      const round = async (): Promise<number> => {
        let asked = 0;
        await settledCall(cache.getOrLoad('a', async () => 1, { signal }));
        await settledCall(
          cache.getOrLoadMany(['a', 'b', 'c', 'd'], async (keys) => keys.map(() => 1), { signal }),
        );
        asked += 5;
        await outcome(
          (async () => {
            scheduler.advance(110);
            cache.set('e', 1);
          })(),
        );
        await settledCall(cache.getOrLoad('d', () => 2, { signal }));
        await settledCall(cache.getOrLoad('e', () => 2, { signal, forceRefresh: true }));
        await settledCall(cache.getOrLoad('f', () => undefined, { signal }));
        await settledCall(cache.getOrLoad('g', () => Promise.reject(new Error('down')), { signal }));
        asked += 4;
        await outcome((async () => cache.invalidate('b'))());
        return asked;
      };
      fuse.arm(after);
      const asked = (await round()) + (await round());
      const stats = cache.stats();
      expect(stats.inFlight).toBe(0);
      expect(stats.loads + stats.refreshes).toBe(
        stats.loaded + stats.notFound + stats.failures + stats.timeouts + stats.aborts,
      );
      expect(counted(stats)).toBe(asked);
      expect(stats.loadMsTotal).toBeGreaterThanOrEqual(0);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
      fuse.arm(Number.POSITIVE_INFINITY);
      // The next call works, for each key.
      clock.advance(1000);
      for (const key of ['a', 'b', 'c', 'd', 'e', 'f', 'g'])
        expect(await cache.getOrLoad(key, () => 7, { forceRefresh: true })).toBe(7);
      expect(engine.verify()).toEqual([]);
    },
  );
});

it('a refresh that cannot start is reported, and the stale value is the answer', async () => {
  const clock = new ManualClock(0);
  const reported: unknown[] = [];
  const scheduler = {
    schedule: (): never => {
      throw BOOM;
    },
  };
  const cache = new LoadingCache(new CacheEngine<string, number>({ clock }), {
    ttlMs: 10,
    staleMs: 10,
    flightTimeoutMs: 5,
    scheduler,
    onError: (error, key) => reported.push([error, key]),
  });
  cache.set('a', 1);
  clock.advance(10);
  expect(await cache.getOrLoad('a', () => 2)).toBe(1);
  expect(reported).toEqual([[BOOM, 'a']]);
  expect(cache.stats()).toMatchObject({ staleHits: 1, refreshes: 0, inFlight: 0 });
});

it('a clock that fails beside the loader does not hide the error of the loader', async () => {
  let isBroken = false;
  let timeMs = 0;
  const now = (): number => {
    if (isBroken) throw BOOM;
    return timeMs;
  };
  const cache = new LoadingCache(new CacheEngine<string, number>({ clock: { now } }), {
    ttlMs: 10,
    staleOnErrorMs: 10,
    errorTtlMs: 10,
  });
  cache.set('a', 1);
  timeMs = 15;
  const fails = (): never => {
    isBroken = true;
    throw new Error('down');
  };
  await expect(cache.getOrLoad('a', fails)).rejects.toThrow('down');
  expect(cache.stats()).toMatchObject({ failures: 1, inFlight: 0 });
});

it('set changes nothing when its ttl function throws', async () => {
  const cache = new LoadingCache(new CacheEngine<string, number>());
  await cache.getOrLoad('a', () => 1);
  const ttlMs = (): number => {
    throw BOOM;
  };
  const loading = cache.getOrLoad('a', async () => 2, { forceRefresh: true });
  expect(() => cache.set('a', 3, { ttlMs })).toThrow(BOOM);
  await loading;
  expect(cache.engine.get('a')).toBe(2);
});

it('a scheduler that runs its task at once ends the wait at once', async () => {
  const scheduler = {
    schedule: (_: number, task: () => void): (() => void) => {
      task();
      return () => {};
    },
  };
  const cache = new LoadingCache(new CacheEngine<string, number>(), { scheduler });
  for (const options of [{ timeoutMs: 5 }, { flightTimeoutMs: 5 }])
    expect(await outcome(cache.getOrLoad('a', () => 1, options))).toMatchObject([
      { code: 'HOTSET_LOAD_TIMEOUT' },
    ]);
  expect(cache.stats()).toMatchObject({ skips: 2, loads: 0, inFlight: 0 });
});

it.each([5, undefined, {}])('a scheduler that returns %o is refused by name', async (returned) => {
  const scheduler = { schedule: () => returned as never };
  const cache = new LoadingCache(new CacheEngine<string, number>(), { scheduler });
  await expect(cache.getOrLoad('a', () => 1, { timeoutMs: 5 })).rejects.toMatchObject({
    code: 'HOTSET_INVALID_OPTION',
    message: expect.stringContaining('scheduler'),
  });
  expect(cache.stats().inFlight).toBe(0);
});

it.each([Number.NaN, 1, -0.1, '0'])('random that returns %o is refused by name', async (part) => {
  const cache = new LoadingCache(new CacheEngine<string, number>(), {
    ttlMs: 10,
    ttlJitter: 0.5,
    random: () => part as number,
  });
  await expect(cache.getOrLoad('a', () => 1)).rejects.toMatchObject({
    code: 'HOTSET_INVALID_OPTION',
    message: expect.stringContaining('random'),
  });
});

it.each([Number.NaN, Number.NEGATIVE_INFINITY])(
  'a loadClock that returns %d measures nothing',
  async (time) => {
    const cache = new LoadingCache(new CacheEngine<string, number>(), { loadClock: { now: () => time } });
    await cache.getOrLoad('a', () => 1);
    expect(cache.stats()).toMatchObject({ loadMsTotal: 0, loadMsMean: 0, loadMsMax: 0 });
  },
);
