/** TieredCache: which tier answers, and with which time left. */

import { describe, expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { counting, Fleet, gate, settled } from './fixture.js';

describe('a value', () => {
  it('is loaded once, and found in the second tier by another process with the time that it has left', async () => {
    const fleet = new Fleet();
    const [a, b] = [fleet.process(), fleet.process()];
    const source = counting((key) => ({ key }));
    expect(await a.getOrLoad('x', source.load)).toEqual({ key: 'x' });
    fleet.clock.advance(20_000);
    expect(await b.getOrLoad('x', source.load)).toEqual({ key: 'x' });
    expect(source.keys).toEqual(['x']);
    expect(b.engine.remainingTtlMs('x')).toBe(40_000);
    fleet.clock.advance(39_999);
    expect([a.getLocal('x'), b.getLocal('x')]).toEqual([{ key: 'x' }, { key: 'x' }]);
    fleet.clock.advance(1);
    expect([a.getLocal('x'), b.getLocal('x')]).toEqual([undefined, undefined]);
    await b.getOrLoad('x', source.load);
    expect(source.keys).toEqual(['x', 'x']);
    expect(b.stats().tierTwo).toMatchObject({ hits: 1, misses: 1, leases: 1, fills: 1 });
  });

  it('of the first tier needs no request', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<number>();
    await cache.getOrLoad('x', () => 1);
    const { requests } = cache.stats().tierTwo;
    expect(cache.getLocal('x')).toBe(1);
    expect(await cache.getOrLoad('x', () => 2)).toBe(1);
    expect(cache.stats()).toMatchObject({ tierOne: { hits: 2, misses: 1 }, tierTwo: { requests } });
  });

  it('that evicted in the first tier is found in the second', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<number>({ engine: new CacheEngine({ maxEntries: 1, clock: fleet.clock }) });
    await cache.getOrLoad('x', () => 1);
    await cache.getOrLoad('y', () => 2);
    expect(cache.engine.has('x')).toBe(false);
    expect(await cache.getOrLoad('x', () => 3)).toBe(1);
  });

  it('is fresh in the first tier for tierOneTtlMs at most', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<number>({ tierOneTtlMs: 1000 });
    await cache.getOrLoad('x', () => 1);
    expect(cache.engine.remainingTtlMs('x')).toBe(1000);
    fleet.clock.advance(1000);
    expect(cache.getLocal('x')).toBeUndefined();
    expect(await cache.getOrLoad('x', () => 2)).toBe(1);
    expect(cache.engine.remainingTtlMs('x')).toBe(1000);
  });

  it('of its own ttl keeps that in both tiers', async () => {
    const fleet = new Fleet();
    const [a, b] = [fleet.process<number>(), fleet.process<number>()];
    await a.getOrLoad('x', (_key, { storeAs }) => {
      storeAs({ ttlMs: 5000, ageMs: 1000 });
      return 1;
    });
    expect(a.engine.remainingTtlMs('x')).toBe(4000);
    fleet.clock.advance(500);
    await b.get('x');
    expect(b.engine.remainingTtlMs('x')).toBe(3500);
  });

  it('without a ttl does not expire', async () => {
    const fleet = new Fleet();
    const [a, b] = [fleet.process<number>({ ttlMs: undefined }), fleet.process<number>({ ttlMs: undefined })];
    await a.getOrLoad('x', () => 1);
    expect(await b.get('x')).toBe(1);
    expect([a.engine.remainingTtlMs('x'), b.engine.remainingTtlMs('x')]).toEqual([Infinity, Infinity]);
  });

  it('has one jitter for both tiers', async () => {
    const fleet = new Fleet();
    const [a, b] = [fleet.process<number>({ ttlJitter: 0.2 }), fleet.process<number>({ ttlJitter: 0.2 })];
    await a.getOrLoad('x', () => 1);
    await b.get('x');
    expect([a.engine.remainingTtlMs('x'), b.engine.remainingTtlMs('x')]).toEqual([54_000, 54_000]);
  });
});

describe('get', () => {
  it('asks the tiers only, and joins no load', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<number>();
    const loading = gate<number>();
    const loaded = cache.getOrLoad('x', () => loading.promise);
    expect(await cache.get('x')).toBeUndefined();
    loading.open(1);
    expect(await loaded).toBe(1);
    expect(await cache.get('x')).toBe(1);
  });

  it('loads with the option load', async () => {
    const fleet = new Fleet();
    const source = counting((key) => key.length);
    const cache = fleet.process<number>({ load: source.load });
    expect(await cache.get('abc')).toBe(3);
    expect(await cache.getMany(['abc', 'ab', 'a'])).toEqual(
      new Map([
        ['abc', 3],
        ['ab', 2],
        ['a', 1],
      ]),
    );
    expect(source.keys).toEqual(['abc', 'ab', 'a']);
  });

  it('leaves an expired value for grace where it is', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<number>({ graceMs: 60_000 });
    await cache.getOrLoad('x', () => 1);
    fleet.clock.advance(60_000);
    expect(await cache.get('x')).toBeUndefined();
    expect(await cache.getOrLoad('x', () => Promise.reject(new Error('down')))).toBe(1);
  });

  it('refuses what is no text', async () => {
    const cache = new Fleet().process();
    await expect(cache.get(7 as never)).rejects.toMatchObject({ code: 'HOTSET_INVALID_ARGUMENT' });
    await expect(cache.getMany('abc')).rejects.toMatchObject({ code: 'HOTSET_INVALID_ARGUMENT' });
    await expect(cache.getOrLoad('x', 1 as never)).rejects.toMatchObject({ code: 'HOTSET_INVALID_ARGUMENT' });
  });
});

describe('many keys', () => {
  it('are one request, and one call of the loader for what neither tier has', async () => {
    const fleet = new Fleet();
    const [a, b] = [fleet.process<number>(), fleet.process<number>()];
    await a.set('1', 1);
    await b.set('2', 2);
    const asked: (readonly string[])[] = [];
    const { requests } = a.stats().tierTwo;
    const values = await a.getOrLoadMany(['1', '2', '3', '4', '5'], (keys) => {
      asked.push(keys);
      return keys.map((key) => (key === '5' ? undefined : Number(key)));
    });
    expect([...values]).toEqual([
      ['1', 1],
      ['2', 2],
      ['3', 3],
      ['4', 4],
    ]);
    expect(asked).toEqual([['3', '4', '5']]);
    // One that reads, one for each key that is filled, and one that gives a lease back.
    expect(a.stats().tierTwo.requests - requests).toBe(4);
    expect(await b.getMany(['3', '4', '5'])).toEqual(
      new Map([
        ['3', 3],
        ['4', 4],
      ]),
    );
  });

  it('may fail one by one', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<number>();
    const failed = cache.getOrLoadMany(['1', '2'], () => [1, new Error('no 2')]);
    await expect(failed).rejects.toThrow('no 2');
    expect(cache.getLocal('1')).toBe(1);
  });
});

describe('a miss', () => {
  it('is remembered in both tiers', async () => {
    const fleet = new Fleet();
    const [a, b] = [fleet.process({ missTtlMs: 5000 }), fleet.process({ missTtlMs: 5000 })];
    const source = counting(() => undefined);
    expect(await a.getOrLoad('x', source.load)).toBeUndefined();
    fleet.clock.advance(2000);
    expect(await b.getOrLoad('x', source.load)).toBeUndefined();
    expect(await b.getOrLoad('x', source.load)).toBeUndefined();
    expect(source.keys).toHaveLength(1);
    expect(b.stats()).toMatchObject({ tierTwo: { negativeHits: 1 }, loading: { negativeHits: 1 } });
    fleet.clock.advance(3000);
    await b.getOrLoad('x', source.load);
    expect(source.keys).toHaveLength(2);
    await a.set('x', 1);
    expect(await a.get('x')).toBe(1);
  });

  it('removes the value that was there', async () => {
    const fleet = new Fleet();
    const [a, b] = [fleet.process<number>({ graceMs: 60_000 }), fleet.process<number>({ graceMs: 60_000 })];
    await a.getOrLoad('x', () => 1);
    fleet.clock.advance(60_000);
    expect(await a.getOrLoad('x', () => undefined)).toBeUndefined();
    expect(fleet.store.keys()).toEqual([]);
    expect(await b.get('x')).toBeUndefined();
  });
});

describe('windows', () => {
  const options = { staleMs: 10_000, graceMs: 100_000 };

  it('a stale value of the second tier is answered, is stale in the first, and one process refreshes it', async () => {
    const fleet = new Fleet();
    const [a, b, c] = [
      fleet.process<number>(options),
      fleet.process<number>(options),
      fleet.process<number>(options),
    ];
    await a.getOrLoad('x', () => 1);
    fleet.clock.advance(65_000);
    const refresh = gate<number>();
    expect(await b.getOrLoad('x', () => refresh.promise)).toBe(1);
    await settled();
    expect(b.stats().loading).toMatchObject({ refreshes: 1, inFlight: 1 });
    expect(b.engine.remainingTtlMs('x')).toBe(95_000);
    // Another has the lease: no second load.
    expect(await c.getOrLoad('x', () => 3)).toBe(1);
    await settled();
    expect(c.stats().loading).toMatchObject({ refreshes: 0 });
    refresh.open(2);
    await settled();
    expect(b.getLocal('x')).toBe(2);
    expect(await c.getOrLoad('x', () => 3)).toBe(1);
    await settled();
    expect(c.getLocal('x')).toBe(2);
  });

  it('an eager refresh loads though the second tier has a fresh value', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<number>({ refreshAheadMs: 10_000 });
    await cache.getOrLoad('x', () => 1);
    fleet.clock.advance(51_000);
    expect(cache.getLocal('x')).toBeUndefined();
    expect(await cache.getOrLoad('x', () => 2)).toBe(1);
    await settled();
    expect(cache.getLocal('x')).toBe(2);
  });

  it('a refresh takes what another has refreshed', async () => {
    const fleet = new Fleet();
    const [a, b] = [fleet.process<number>(options), fleet.process<number>(options)];
    await a.getOrLoad('x', () => 1);
    await b.get('x');
    fleet.clock.advance(65_000);
    await a.getOrLoad('x', () => 2);
    await settled();
    expect(await b.getOrLoad('x', () => 3)).toBe(1);
    await settled();
    expect(b.getLocal('x')).toBe(2);
  });

  it('forceRefresh loads in any case, and shares it', async () => {
    const fleet = new Fleet();
    const [a, b] = [fleet.process<number>(), fleet.process<number>()];
    await a.getOrLoad('x', () => 1);
    expect(await a.getOrLoad('x', () => 2, { forceRefresh: true })).toBe(2);
    expect(await b.get('x')).toBe(2);
    expect(await b.get('x', { forceRefresh: true })).toBe(2);
  });
});
