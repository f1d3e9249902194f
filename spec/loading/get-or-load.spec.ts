/** getOrLoad: what is there answers, else one flight for each key. */

import { describe, expect, expectTypeOf, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { LoadingCache } from '../../lib/loading/index.js';
import { makeLoading, outcome, Source, SparseSource, settled } from './fixture.js';

describe('getOrLoad', () => {
  it('loads once, and then answers from the engine, whose values are plain', async () => {
    const { cache, engine } = makeLoading();
    const source = new Source();
    const first = cache.getOrLoad('a', source.load);
    source.last.resolve(1);
    expect(await first).toBe(1);
    expect(engine.get('a')).toBe(1);
    expect(await cache.getOrLoad('a', source.load)).toBe(1);
    expect(source.calls).toHaveLength(1);
  });

  it('does not call the loader for what somebody else has stored', async () => {
    const { cache, engine } = makeLoading();
    const source = new Source();
    engine.set('a', 5);
    expect(await cache.getOrLoad('a', source.load)).toBe(5);
    expect(source.calls).toEqual([]);
  });

  it('calls the loader at once, with the key and a signal', () => {
    const { cache } = makeLoading();
    const source = new Source();
    void cache.getOrLoad('a', source.load);
    expect(source.last).toMatchObject({ asked: 'a', context: { stale: undefined } });
    expect(source.last.context.signal).toMatchObject({ aborted: false });
  });

  it('has one flight for a key, however many callers, and one for each key', async () => {
    const { cache } = makeLoading();
    const source = new Source();
    const all = ['a', 'b', 'a', 'a', 'b'].map((key) => cache.getOrLoad(key, source.load));
    expect(source.calls.map(({ asked }) => asked)).toEqual(['a', 'b']);
    source.calls[1]!.resolve(2);
    source.calls[0]!.resolve(1);
    expect(await Promise.all(all)).toEqual([1, 2, 1, 1, 2]);
  });

  it.each([0, '', null, false, Number.NaN])('takes %s for a value as any other', async (value) => {
    const { cache, engine } = makeLoading<unknown, unknown>();
    const source = new Source<unknown, unknown>();
    const got = cache.getOrLoad(value, source.load);
    source.last.resolve(value);
    expect(await got).toBe(value);
    expect(engine.has(value)).toBe(true);
    expect(await cache.getOrLoad(value, source.load)).toBe(value);
    expect(source.calls).toHaveLength(1);
  });

  it('takes a loader that returns a value and no promise', async () => {
    const { cache } = makeLoading();
    expect(await cache.getOrLoad('a', () => 1)).toBe(1);
    expect(await cache.getOrLoad('a', () => 2)).toBe(1);
  });

  it('gives an aborted signal to no loader that has answered', async () => {
    const { cache, scheduler } = makeLoading({ flightTimeoutMs: 10 });
    const source = new Source();
    const got = cache.getOrLoad('a', source.load);
    source.last.resolve(1);
    await got;
    scheduler.advance(100);
    expect(source.last.context.signal.aborted).toBe(false);
    expect(scheduler.pending).toBe(0);
  });

  it('refuses an engine that is none, and a loader that is none', async () => {
    expect(() => new LoadingCache({} as CacheEngine<string, string>)).toThrowError(
      expect.objectContaining({ code: 'HOTSET_INVALID_ARGUMENT' }),
    );
    await expect(makeLoading().cache.getOrLoad('a', 1 as never)).rejects.toMatchObject({
      code: 'HOTSET_INVALID_ARGUMENT',
    });
  });
});

describe('a failure', () => {
  it('reaches every waiter, and is not remembered', async () => {
    const { cache, engine, errors } = makeLoading();
    const source = new Source();
    const all = [cache.getOrLoad('a', source.load), cache.getOrLoad('a', source.load)];
    source.last.reject('no');
    expect(await Promise.all(all.map(outcome))).toEqual([['no'], ['no']]);
    expect(engine.size).toBe(0);
    const again = cache.getOrLoad('a', source.load);
    source.last.resolve(1);
    expect(await again).toBe(1);
    expect(errors).toEqual([]);
  });

  it('may be thrown at once', async () => {
    const { cache } = makeLoading();
    const throwing = (): number => {
      throw new Error('at once');
    };
    const all = [cache.getOrLoad('a', throwing), cache.getOrLoad('a', throwing)];
    for (const each of all) await expect(each).rejects.toThrow('at once');
    expect(cache.stats()).toMatchObject({ failures: 1, loads: 1, joins: 1, inFlight: 0 });
  });

  it('of storing is one of the load, when a hook of the engine throws', async () => {
    const { cache, engine } = makeLoading({}, { sizeOf: () => -1 });
    await expect(cache.getOrLoad('a', () => 1)).rejects.toMatchObject({ code: 'HOTSET_INVALID_SIZE' });
    expect(cache.stats()).toMatchObject({ failures: 1, loaded: 0, inFlight: 0 });
    expect(engine.verify()).toEqual([]);
  });
});

describe('a flight', () => {
  it('survives the eviction of its entry', async () => {
    const { cache, engine, clock } = makeLoading({ ttlMs: 10, staleMs: 10 }, { maxEntries: 1 });
    const source = new Source();
    cache.set('a', 1);
    clock.advance(15);
    expect(await cache.getOrLoad('a', source.load)).toBe(1);
    engine.set('b', 2);
    expect(engine.has('a')).toBe(false);
    const joined = cache.getOrLoad('a', source.load);
    source.last.resolve(3);
    expect(await joined).toBe(3);
    expect(engine.get('a')).toBe(3);
    expect(source.calls).toHaveLength(1);
  });

  it.each([
    ['is too large', { maxBytes: 1000, sizeOf: (): number => 5000 }, {}],
    ['has no room', { maxEntries: 1, evict: false }, {}],
    ['is told not to be stored', {}, { ttlMs: (): number => 0 }],
  ])('gives its waiters a value that %s', async (_, engineOptions, options) => {
    const { cache, engine } = makeLoading(options, engineOptions);
    if (engine.maxEntries === 1) engine.set('x', 1);
    const source = new Source();
    const all = [cache.getOrLoad('a', source.load), cache.getOrLoad('a', source.load)];
    source.last.resolve(7);
    expect(await Promise.all(all)).toEqual([7, 7]);
    expect(engine.has('a')).toBe(false);
    expect(cache.stats()).toMatchObject({ loaded: 1, discards: 1 });
  });

  it('may start others, also of its own listener, when it lands', async () => {
    const loaded: Promise<number>[] = [];
    const engine: CacheEngine<string, number> = new CacheEngine({
      maxEntries: 1,
      onRemoval: (key) => {
        if (loaded.length < 3) loaded.push(cache.getOrLoad(key, () => 10));
      },
    });
    const cache: LoadingCache<string, number> = new LoadingCache(engine);
    await cache.getOrLoad('a', () => 1);
    expect(await cache.getOrLoad('b', () => 2)).toBe(2);
    await settled();
    expect(await Promise.all(loaded)).toEqual([10, 10, 10]);
    expect(cache.stats().inFlight).toBe(0);
    expect(engine.verify()).toEqual([]);
  });
});

describe('forceRefresh', () => {
  it('loads although a fresh value is there, which it shows the loader, and replaces it', async () => {
    const { cache, engine } = makeLoading({ ttlMs: 100 });
    const source = new Source();
    cache.set('a', 1);
    const forced = cache.getOrLoad('a', source.load, { forceRefresh: true });
    expect(source.last.context.stale).toBe(1);
    expect(await cache.getOrLoad('a', source.load)).toBe(1);
    source.last.resolve(2);
    expect(await forced).toBe(2);
    expect(engine.get('a')).toBe(2);
  });

  it('joins the flight in progress', async () => {
    const { cache } = makeLoading();
    const source = new Source();
    const all = [
      cache.getOrLoad('a', source.load),
      cache.getOrLoad('a', source.load, { forceRefresh: true }),
    ];
    expect(source.calls).toHaveLength(1);
    source.last.resolve(1);
    expect(await Promise.all(all)).toEqual([1, 1]);
  });

  it('hears of the failure, whatever stands in for others', async () => {
    const { cache } = makeLoading({ ttlMs: 10, staleOnErrorMs: 100 });
    const source = new Source();
    cache.set('a', 1);
    const forced = outcome(cache.getOrLoad('a', source.load, { forceRefresh: true }));
    source.last.reject('down');
    expect(await forced).toEqual(['down']);
    expect(await cache.getOrLoad('a', source.load)).toBe(1);
  });
});

describe('the ttl of a loaded value', () => {
  it('is that of the cache, of the call, or of the engine', async () => {
    const { engine, cache } = makeLoading({ ttlMs: 50 }, { ttlMs: 7 });
    await cache.getOrLoad('cache', () => 1);
    await cache.getOrLoad('call', () => 1, { ttlMs: 60 });
    await cache.getOrLoad('never', () => 1, { ttlMs: Number.POSITIVE_INFINITY });
    await new LoadingCache(engine).getOrLoad('engine', () => 1);
    const left = ['cache', 'call', 'never', 'engine'].map((key) => engine.remainingTtlMs(key));
    expect(left).toEqual([50, 60, Number.POSITIVE_INFINITY, 7]);
  });

  it('may depend on the value', async () => {
    const { engine, cache } = makeLoading({ ttlMs: (value, key) => value * key.length });
    await cache.getOrLoad('abc', () => 5);
    expect(engine.remainingTtlMs('abc')).toBe(15);
    cache.set('ab', 4);
    expect(engine.remainingTtlMs('ab')).toBe(8);
  });

  it.each([0, -1, Number.NEGATIVE_INFINITY])(
    'of %d stores nothing, evicts nothing for it, and removes an old value',
    async (ttlMs) => {
      const removed: [string, string][] = [];
      const { engine, cache } = makeLoading(
        { ttlMs: 100, staleMs: 50 },
        { maxEntries: 2, onRemoval: (key, _, cause) => removed.push([key, cause]) },
      );
      cache.set('a', 1);
      cache.set('b', 2);
      const never = { ttlMs: (): number => ttlMs };
      expect(cache.set('c', 3, never)).toBe('stored');
      expect(await cache.getOrLoad('d', () => 4, never)).toBe(4);
      expect([...engine.keys()]).toEqual(['b', 'a']);
      expect(removed).toEqual([]);
      cache.set('a', 5, never);
      expect(await cache.getOrLoad('b', () => 6, { ...never, forceRefresh: true })).toBe(6);
      expect(removed).toEqual([
        ['a', 'deleted'],
        ['b', 'deleted'],
      ]);
      expect(engine.size).toBe(0);
    },
  );

  it('must be a number', async () => {
    const { cache } = makeLoading({ ttlMs: () => Number.NaN });
    await expect(cache.getOrLoad('a', () => 1)).rejects.toMatchObject({ code: 'HOTSET_INVALID_OPTION' });
  });

  it('is shortened by the jitter, by its fraction at most', async () => {
    let random = 0;
    const { engine, cache } = makeLoading({ ttlMs: 100, staleMs: 10, ttlJitter: 0.2, random: () => random });
    await cache.getOrLoad('whole', () => 1);
    random = 0.5;
    await cache.getOrLoad('half', () => 1);
    random = 1 - 2 ** -53;
    await cache.getOrLoad('least', () => 1);
    expect(engine.remainingTtlMs('whole')).toBe(110);
    expect(engine.remainingTtlMs('half')).toBe(100);
    expect(engine.remainingTtlMs('least')).toBeCloseTo(90);
  });
});

it('a miss is undefined, and not stored', async () => {
  const { cache, engine } = makeLoading();
  const source = new SparseSource();
  for (const calls of [1, 2]) {
    const got = cache.getOrLoad('a', source.load);
    source.last.resolve(undefined);
    expect(await got).toBeUndefined();
    expect(source.calls).toHaveLength(calls);
  }
  expect(engine.size).toBe(0);
  expect(cache.stats()).toMatchObject({ notFound: 2, loaded: 0 });
});

it('has the type of what its loader may return', () => {
  const { cache } = makeLoading();
  expectTypeOf(cache.getOrLoad('a', () => 1)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(cache.getOrLoad('a', async () => 1)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(
    cache.getOrLoad('a', async (_, { stale, signal }) => (signal.aborted ? undefined : stale)),
  ).toEqualTypeOf<Promise<number | undefined>>();
  // @ts-expect-error: a text is no number
  void cache.getOrLoad('b', () => 'text');
});
