/** TieredCache: writes, deletions, tags and prefixes, in this process and in others. */

import { describe, expect, it } from 'vitest';
import { counting, Fleet, gate, settled } from './fixture.js';

describe('set', () => {
  it('stores in both tiers, and tells the others', async () => {
    const fleet = new Fleet();
    const [a, b] = [fleet.process<number>({ source: true }), fleet.process<number>({ source: true })];
    await b.getOrLoad('x', () => 1);
    expect(await a.set('x', 2, { ttlMs: 9000, tags: ['t'] })).toBe(true);
    expect(b.getLocal('x')).toBeUndefined();
    expect(await b.get('x')).toBe(2);
    expect(b.engine.getEntry('x')).toMatchObject({ remainingTtlMs: 9000, tags: ['t'] });
    expect(await a.get('x')).toBe(2);
    expect(a.stats().tierTwo).toMatchObject({ writes: 1 });
  });

  it('keeps the value in the first tier where nobody changed the key meanwhile', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<number>();
    await cache.set('x', 1);
    expect(cache.getLocal('x')).toBe(1);
    // Two at once: only the second tier knows which is later.
    await Promise.all([cache.set('x', 2), cache.set('x', 3)]);
    expect(cache.getLocal('x')).toBeUndefined();
    expect(await cache.get('x')).toBe(3);
  });

  it('ends a flight that began before', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<number>();
    const loading = gate<number>();
    const loaded = cache.getOrLoad('x', () => loading.promise);
    await settled();
    expect(await cache.set('x', 2)).toBe(true);
    loading.open(1);
    expect(await loaded).toBe(1);
    expect([cache.getLocal('x'), await fleet.process().get('x')]).toEqual([2, 2]);
  });

  it('around: removes the key from both tiers', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<number>({ writes: 'around' });
    await cache.getOrLoad('x', () => 1);
    expect(await cache.set('x', 2)).toBe(true);
    expect([cache.getLocal('x'), fleet.store.keys()]).toEqual([undefined, []]);
    expect(await cache.set('x', 2, { writes: 'through' })).toBe(true);
    expect(cache.getLocal('x')).toBe(2);
  });

  it('with a ttl of 0 removes the key', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<number>();
    await cache.set('x', 1);
    await cache.set('x', 1, { ttlMs: () => 0 });
    expect([cache.getLocal('x'), fleet.store.keys()]).toEqual([undefined, []]);
  });

  it('changes nothing when the value is refused', async () => {
    const fleet = new Fleet();
    const cache = fleet.process({ maxValueBytes: 10 });
    await cache.set('x', 1);
    await expect(cache.set('x', 'far too long')).rejects.toMatchObject({ code: 'HOTSET_TOO_LARGE' });
    await expect(cache.set('x', () => 1)).rejects.toMatchObject({ code: 'HOTSET_UNSERIALIZABLE_VALUE' });
    await expect(cache.set('x', undefined)).rejects.toMatchObject({ code: 'HOTSET_INVALID_ARGUMENT' });
    await expect(cache.set('x', 1, { other: 1 } as never)).rejects.toMatchObject({
      code: 'HOTSET_INVALID_OPTION',
    });
    expect(await fleet.process().get('x')).toBe(1);
    expect(cache.getLocal('x')).toBe(1);
  });
});

describe('a value that the second tier cannot take', () => {
  it('stays in the first, and is reported', async () => {
    const fleet = new Fleet();
    const cache = fleet.process();
    const value = () => 1;
    expect(await cache.getOrLoad('x', () => value)).toBe(value);
    expect(cache.getLocal('x')).toBe(value);
    expect(fleet.errors).toMatchObject([{ code: 'HOTSET_UNSERIALIZABLE_VALUE' }]);
    expect(cache.stats().tierTwo.unstorable).toBe(1);
  });
});

describe('delete', () => {
  it('removes a value, and a remembered miss, in all processes', async () => {
    const fleet = new Fleet();
    const [a, b] = [
      fleet.process<number>({ source: true, missTtlMs: 9000 }),
      fleet.process<number>({ source: true, missTtlMs: 9000 }),
    ];
    const source = counting<number | undefined>(() => undefined);
    await a.getOrLoad('x', source.load);
    await b.getOrLoad('x', source.load);
    expect(await a.delete('x')).toBe(true);
    await b.getOrLoad('x', source.load);
    expect(source.keys).toHaveLength(2);
  });

  it('of another process refuses the fill of a load that is under way', async () => {
    const fleet = new Fleet();
    const [a, b] = [fleet.process<number>(), fleet.process<number>()];
    const loading = gate<number>();
    const loaded = a.getOrLoad('x', () => loading.promise);
    await settled();
    await b.delete('x');
    loading.open(1);
    expect(await loaded).toBe(1);
    expect([a.getLocal('x'), fleet.store.keys()]).toEqual([undefined, []]);
    expect(a.stats().tierTwo).toMatchObject({ fills: 0, refusedFills: 1 });
  });
});

describe.each([true, false])('tags (versions of tags are known: %s)', (source) => {
  it('remove what has them in all processes, with leases for those who load it again', async () => {
    const fleet = new Fleet();
    const [a, b] = [fleet.process<number>({ source }), fleet.process<number>({ source })];
    for (const key of ['x', 'y']) await a.getOrLoad(key, () => 1, { tags: ['all', key] });
    expect(await b.getMany(['x', 'y'])).toEqual(
      new Map([
        ['x', 1],
        ['y', 1],
      ]),
    );
    expect(await a.invalidateTags(['x'])).toBe(true);
    const fresh = fleet.process<number>({ source });
    expect([await fresh.get('x'), await fresh.get('y')]).toEqual([undefined, 1]);
    expect(fresh.stats().tierTwo.outdated).toBe(1);
    if (source) expect([b.getLocal('x'), b.getLocal('y')]).toEqual([undefined, 1]);
    await fresh.getOrLoad('x', () => 2, { tags: ['x'] });
    expect(await fleet.process({ source }).get('x')).toBe(2);
    await a.invalidateTags(['all']);
    expect(await fresh.getMany(['x', 'y'], { forceRefresh: true })).toEqual(new Map([['x', 2]]));
  });

  it('that a function or the loader names are those of before the load, from the second such load on', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<number>({ source });
    const load = async (key: string, result: Promise<number>): Promise<number> =>
      cache.getOrLoad(key, (_key, { storeAs }) => {
        storeAs({ tags: ['late'] });
        return result;
      });
    await load('first', Promise.resolve(1));
    await load('second', Promise.resolve(1));
    expect(await fleet.process().get('second')).toBe(1);
    const loading = gate<number>();
    const loaded = load('x', loading.promise);
    await settled();
    await fleet.process().invalidateTags(['late']);
    loading.open(1);
    expect(await loaded).toBe(1);
    expect(await fleet.process().getMany(['second', 'x'])).toEqual(new Map());
    await load('y', Promise.resolve(2));
    expect(await fleet.process().get('y')).toBe(2);
  });

  it('of a load that began before the invalidation are too old', async () => {
    const fleet = new Fleet();
    const [a, b] = [fleet.process<number>({ source }), fleet.process<number>({ source })];
    const loading = gate<number>();
    const loaded = a.getOrLoad('x', () => loading.promise, { tags: ['t'] });
    await settled();
    await b.invalidateTags(['t']);
    loading.open(1);
    expect(await loaded).toBe(1);
    expect(await b.get('x')).toBeUndefined();
  });

  it('whose versions the tier has lost cost hits', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<number>({ source });
    await cache.getOrLoad('x', () => 1, { tags: ['t'] });
    fleet.store.evict('hotset:t:t');
    expect(await fleet.process({ source }).get('x')).toBeUndefined();
  });
});

describe.each([true, false])('clear and deletePrefix (the tier deletes by prefix: %s)', (hasDeletePrefix) => {
  it('remove all keys, or those with the prefix where the tier can', async () => {
    const fleet = new Fleet();
    const tier = { hasDeletePrefix };
    const [a, b] = [
      fleet.process<number>({ source: true }, tier),
      fleet.process<number>({ source: true }, tier),
    ];
    for (const key of ['a1', 'a2', 'b1']) await a.set(key, 1);
    await b.getMany(['a1', 'a2', 'b1']);
    expect(await a.deletePrefix('a')).toBe(true);
    const left = new Map(hasDeletePrefix ? [['b1', 1]] : []);
    for (const process of [a, b, fleet.process<number>({}, tier)])
      expect(await process.getMany(['a1', 'a2', 'b1'])).toEqual(left);
    await a.set('c', 2);
    expect(await b.get('c')).toBe(2);
    expect(await a.clear()).toBe(true);
    for (const process of [a, b, fleet.process<number>({}, tier)])
      expect(await process.get('c')).toBeUndefined();
    await b.getOrLoad('c', () => 3);
    expect(await a.get('c')).toBe(3);
  });

  it('a load that was under way during a clear leaves nothing', async () => {
    const fleet = new Fleet();
    const tier = { hasDeletePrefix };
    const [a, b] = [
      fleet.process<number>({ source: true }, tier),
      fleet.process<number>({ source: true }, tier),
    ];
    const loading = gate<number>();
    const loaded = a.getOrLoad('x', () => loading.promise);
    await settled();
    await b.clear();
    loading.open(1);
    expect(await loaded).toBe(1);
    for (const process of [a, b]) expect(await process.get('x')).toBeUndefined();
  });
});

describe('close', () => {
  it('ends the cache, once', async () => {
    const fleet = new Fleet();
    const cache = fleet.process<number>({ source: true });
    await cache.set('x', 1);
    await Promise.all([cache.close(), cache[Symbol.asyncDispose]()]);
    expect(cache.getLocal('x')).toBeUndefined();
    for (const call of [
      cache.get('x'),
      cache.set('x', 1),
      cache.delete('x'),
      cache.invalidateTags(['t']),
      cache.clear(),
    ])
      await expect(call).rejects.toMatchObject({ code: 'HOTSET_CLOSED' });
    expect(fleet.store.watchers.size).toBe(0);
  });
});
