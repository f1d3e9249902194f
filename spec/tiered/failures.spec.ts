/** TieredCache: a second tier, a loader or a link that fails. */

import { describe, expect, it } from 'vitest';
import { InvalidationBus } from '../../lib/tiered/index.js';
import { counting, Fleet, gate, StoreSource, settled } from './fixture.js';
import { MemoryHub, MemoryTransport } from './memory-bus.js';

const never = <T>(): Promise<T> => new Promise(() => {});
const down = (): Promise<never> => Promise.reject(new Error('the source is down'));

describe('a second tier that fails', () => {
  it('is as good as none for those whose loader works', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<number>();
    fleet.store.isDown = true;
    expect(await cache.getOrLoad('x', () => 1)).toBe(1);
    expect(cache.getLocal('x')).toBe(1);
    expect(await cache.get('y')).toBeUndefined();
    expect(await cache.getOrLoadMany(['x', 'y', 'z'], (keys) => keys.map(() => 2))).toEqual(
      new Map([
        ['x', 1],
        ['y', 2],
        ['z', 2],
      ]),
    );
    expect(await cache.getOrLoad('t', () => 3, { tags: ['t'] })).toBe(3);
    expect(fleet.tierErrors.length).toBeGreaterThan(0);
    expect(fleet.errors).toEqual([]);
  });

  it('is left alone by the circuit breaker, until one request succeeds', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<number>({ breaker: { failures: 3, openMs: 5000 } });
    fleet.store.isDown = true;
    for (let key = 0; key < 10; key++) await cache.getOrLoad(`${key}`, () => key);
    expect(cache.stats().tierTwo).toMatchObject({ state: 'open', opens: 1, requests: 3, failures: 3 });
    fleet.clock.advance(5000);
    expect(cache.stats().tierTwo.state).toBe('half-open');
    await cache.getOrLoad('a', () => 1);
    expect(cache.stats().tierTwo).toMatchObject({ state: 'open', opens: 2, requests: 4 });
    fleet.store.isDown = false;
    fleet.clock.advance(5000);
    await cache.getOrLoad('b', () => 1);
    expect(cache.stats().tierTwo.state).toBe('closed');
  });

  it('that hangs is given up after tierTimeoutMs, and its late answer dropped', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<number>({ tierTimeoutMs: 100 }, { send: never });
    const loaded = cache.getOrLoad('x', () => 1);
    await fleet.pass(99);
    expect(cache.stats().loading.inFlight).toBe(1);
    await fleet.pass(1);
    expect(await loaded).toBe(1);
    expect(fleet.tierErrors).toMatchObject([{ code: 'HOTSET_TIMEOUT' }]);
    expect(cache.stats().tierTwo).toMatchObject({ timeouts: 1, failures: 0 });
    expect(fleet.scheduler.pending).toBe(0);
  });

  it('stores nothing after a load that it was not asked about', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<number>();
    fleet.store.isDown = true;
    const loading = gate<number>();
    const loaded = cache.getOrLoad('x', () => loading.promise);
    await settled();
    fleet.store.isDown = false;
    loading.open(1);
    await loaded;
    expect(fleet.store.keys()).toEqual([]);
  });

  it('does not count what nobody waits for any more', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<number>({}, { send: never });
    const controller = new AbortController();
    const loaded = cache.getOrLoad('x', () => 1, { signal: controller.signal });
    await settled();
    controller.abort(new Error('gone'));
    await expect(loaded).rejects.toThrow('gone');
    await settled();
    expect(cache.stats().tierTwo).toMatchObject({ requests: 1, failures: 0, timeouts: 0 });
    expect(fleet.scheduler.pending).toBe(0);
  });
});

describe('a change that the second tier does not acknowledge', () => {
  it('resolves to false, is not undone here, and is repaired', async () => {
    const fleet = new Fleet();
    const [a, b] = [fleet.process<number>({ source: true }), fleet.process<number>({ source: true })];
    await a.set('x', 1);
    await a.set('y', 1);
    await b.getMany(['x', 'y']);
    fleet.store.isDown = true;
    expect(await a.set('x', 2)).toBe(false);
    expect(await a.delete('y')).toBe(false);
    expect(a.stats().tierTwo.repairs).toBe(2);
    fleet.store.isDown = false;
    // Until then the second tier has the old values, which are no answers here.
    expect([a.getLocal('x'), await a.get('y')]).toEqual([2, undefined]);
    expect(await a.getOrLoad('y', () => 3)).toBe(3);
    await fleet.pass(2000, 100);
    expect(a.stats().tierTwo.repairs).toBe(0);
    expect(fleet.store.keys()).toEqual([]);
    expect(await b.getMany(['x', 'y'])).toEqual(new Map());
  });

  it('holds for tags and for clear', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<number>();
    await cache.set('x', 1, { tags: ['t'] });
    await cache.set('y', 1);
    fleet.store.isDown = true;
    expect(await cache.invalidateTags(['t'])).toBe(false);
    fleet.store.isDown = false;
    expect(await cache.getMany(['x', 'y'])).toEqual(new Map([['y', 1]]));
    fleet.store.isDown = true;
    expect(await cache.clear()).toBe(false);
    fleet.store.isDown = false;
    expect(await cache.get('y')).toBeUndefined();
    await fleet.pass(2000, 100);
    expect(cache.stats().tierTwo.repairs).toBe(0);
    expect(await fleet.process().getMany(['x', 'y'])).toEqual(new Map());
    await cache.set('y', 2);
    expect(await fleet.process().get('y')).toBe(2);
  });

  it('of tags holds here too, once it is repaired, where nobody reports own changes', async () => {
    const fleet = new Fleet();
    const hub = new MemoryHub();
    const source = new InvalidationBus(new MemoryTransport(hub), {
      clock: fleet.clock,
      scheduler: fleet.scheduler,
    });
    const cache = fleet.process<number>({ source });
    await fleet.pass(100, 50);
    await fleet.process<number>().set('x', 1, { tags: ['t'] });
    await cache.get('x');
    fleet.store.isDown = true;
    expect(await cache.invalidateTags(['t'])).toBe(false);
    fleet.store.isDown = false;
    expect(await cache.get('x')).toBeUndefined();
    await fleet.pass(2000, 100);
    expect(cache.stats().tierTwo.repairs).toBe(0);
    expect(await cache.get('x')).toBeUndefined();
    await cache.close();
  });

  it('becomes a clear when there are too many', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<number>({ maxQueued: 2, breaker: { failures: Infinity, fraction: 1 } });
    await cache.set('other', 1);
    fleet.store.isDown = true;
    for (const key of ['x', 'y', 'z']) await cache.set(key, 1);
    expect(cache.stats().tierTwo.repairs).toBe(1);
    fleet.store.isDown = false;
    await fleet.pass(2000, 100);
    expect(await fleet.process().get('other')).toBeUndefined();
  });

  it('is tried a last time when the cache is closed', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<number>();
    await cache.set('x', 1);
    fleet.store.isDown = true;
    await cache.delete('x');
    fleet.store.isDown = false;
    await cache.close();
    expect(fleet.store.keys()).toEqual([]);
    expect(fleet.scheduler.pending).toBe(0);
  });
});

describe('grace', () => {
  const options = { graceMs: 100_000, errorTtlMs: 1000 };

  it('answers with an expired value of the first tier, and asks the loader again only after errorTtlMs', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<number>(options);
    await cache.getOrLoad('x', () => 1);
    fleet.clock.advance(60_000);
    fleet.store.isDown = true;
    const source = counting(down);
    expect(await cache.getOrLoad('x', source.load)).toBe(1);
    expect(await cache.getOrLoad('x', source.load)).toBe(1);
    expect(source.keys).toHaveLength(1);
    fleet.clock.advance(1000);
    expect(await cache.getOrLoad('x', source.load)).toBe(1);
    expect(source.keys).toHaveLength(2);
    expect(fleet.errors).toMatchObject([
      { message: 'the source is down' },
      { message: 'the source is down' },
    ]);
    fleet.clock.advance(99_000);
    await expect(cache.getOrLoad('x', source.load)).rejects.toThrow('the source is down');
  });

  it('answers with an expired value of the second tier', async () => {
    const fleet = new Fleet();
    await fleet.process<number>(options).getOrLoad('x', () => 1);
    fleet.clock.advance(80_000);
    const cache = fleet.process<number>(options);
    const source = counting(down);
    expect(await cache.getOrLoad('x', source.load)).toBe(1);
    expect(await cache.getOrLoad('x', source.load)).toBe(1);
    expect(source.keys).toHaveLength(1);
    expect(cache.stats()).toMatchObject({
      tierTwo: { graceHits: 1 },
      loading: { failures: 1, loaded: 0, staleFallbacks: 1 },
    });
    expect(cache.getLocal('x')).toBeUndefined();
    expect(cache.engine.remainingTtlMs('x')).toBe(80_000);
    // The lease was given back.
    expect(await fleet.process<number>(options).getOrLoad('x', () => 2)).toBe(2);
  });

  it('reaches no further than graceMs', async () => {
    const fleet = new Fleet();
    await fleet.process<number>(options).getOrLoad('x', () => 1);
    fleet.clock.advance(160_000);
    await expect(fleet.process<number>(options).getOrLoad('x', down)).rejects.toThrow('the source is down');
  });

  it('answers get when the second tier fails', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<number>(options);
    await cache.getOrLoad('x', () => 1);
    fleet.clock.advance(60_000);
    fleet.store.isDown = true;
    expect(await cache.get('x')).toBe(1);
  });
});

describe('softTimeoutMs', () => {
  it('answers with the value in hand, and the load goes on', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<number>({ graceMs: 100_000, softTimeoutMs: 50 });
    await cache.getOrLoad('x', () => 1);
    fleet.clock.advance(60_000);
    const loading = gate<number>();
    const old = cache.getOrLoad('x', () => loading.promise);
    const other = cache.getOrLoad('y', () => loading.promise);
    await fleet.pass(50);
    expect(await old).toBe(1);
    loading.open(2);
    expect(await other).toBe(2);
    await settled();
    expect(cache.getLocal('x')).toBe(2);
  });
});

describe('a lost link', () => {
  it('puts the first tier out of use, at once or after maxStaleMs', async () => {
    const fleet = new Fleet();
    const sources = [new StoreSource(fleet.store), new StoreSource(fleet.store)] as const;
    const strict = fleet.process<number>({ source: sources[0] });
    const lenient = fleet.process<number>({ source: sources[1], maxStaleMs: 1000 });
    await strict.set('x', 1);
    for (const cache of [strict, lenient]) await cache.get('x');
    for (const source of sources) source.cut();
    await fleet.process<number>().set('x', 2);
    expect(strict.stats().tierOne.inUse).toBe(false);
    expect([strict.getLocal('x'), await strict.get('x')]).toEqual([undefined, 2]);
    expect([lenient.getLocal('x'), await lenient.get('x')]).toEqual([1, 1]);
    fleet.clock.advance(1000);
    expect([lenient.getLocal('x'), await lenient.get('x')]).toEqual([undefined, 2]);
  });

  it('leaves what is in the first tier for grace', async () => {
    const fleet = new Fleet();
    const source = new StoreSource(fleet.store);
    const cache = fleet.process<number>({ source, graceMs: 1000 });
    await cache.set('x', 1);
    await cache.get('x');
    source.cut();
    fleet.store.isDown = true;
    expect(await cache.getOrLoad('x', down)).toBe(1);
    expect(await cache.getOrLoad('x', () => 2)).toBe(2);
  });
});
