/** Tags of loaded values: invalidating them reaches values, remembered misses and failures, and loads in flight. */

import { describe, expect, it } from 'vitest';
import { LoadingCache } from '../../lib/loading/index.js';
import {
  BatchSource,
  counted,
  type LoadingFixture,
  makeLoading,
  outcome,
  Source,
  SparseSource,
  settled,
} from './fixture.js';

const invalidators = [
  ['the cache', ({ cache }: LoadingFixture<string, number>, tags: string[]) => cache.invalidateTags(tags)],
  ['the engine', ({ engine }: LoadingFixture<string, number>, tags: string[]) => engine.invalidateTags(tags)],
] as const;

describe.each(invalidators)('tags that %s invalidates', (_, invalidate) => {
  it('remove loaded values, with tags of the cache, of the call, or of the value', async () => {
    const made = makeLoading({ tags: ['all'] });
    const { cache, engine } = made;
    await cache.getOrLoad('a', () => 1);
    await cache.getOrLoad('b', () => 2, { tags: ['b'] });
    await cache.getOrLoad('c', () => 3, { tags: (value, key) => [`${key}${value}`] });
    cache.set('d', 4, { tags: ['d'] });
    cache.set('e', 5);
    expect(['a', 'b', 'c', 'd', 'e'].map((key) => engine.getEntry(key)!.tags)).toEqual([
      ['all'],
      ['b'],
      ['c3'],
      ['d'],
      ['all'],
    ]);
    expect(invalidate(made, ['b', 'c3', 'd'])).toBe(3);
    expect([...engine.keys({ order: 'oldest-first' })]).toEqual(['a', 'e']);
    expect(invalidate(made, ['all'])).toBe(2);
  });

  it.each([
    ['a list', ['t']],
    ['a function', () => ['t']],
  ])(
    'keep a load that had begun from being stored; its callers get it, later ones another (%s)',
    async (how, tags) => {
      const made = makeLoading({ tags });
      const { cache, engine } = made;
      const source = new Source();
      const early = cache.getOrLoad('a', source.load);
      expect(invalidate(made, ['t'])).toBe(0);
      const late = cache.getOrLoad('a', source.load);
      await settled();
      if (how === 'a list') expect(source.calls).toHaveLength(2);
      source.calls[0]!.resolve(1);
      expect(await early).toBe(1);
      await settled();
      expect([engine.has('a'), source.calls.length, cache.stats().discards]).toEqual([false, 2, 1]);
      source.calls[1]!.resolve(2);
      expect([await late, engine.get('a')]).toEqual([2, 2]);
      expect([counted(cache.stats()), cache.stats().inFlight, cache.stats().loads]).toEqual([2, 0, 2]);
    },
  );

  it('leave a load alone whose value turns out to have other tags, and those who joined it', async () => {
    const made = makeLoading({ tags: (value) => [`v${value}`] });
    const { cache, engine } = made;
    const source = new Source();
    const early = cache.getOrLoad('a', source.load);
    invalidate(made, ['v2']);
    const late = cache.getOrLoad('a', source.load);
    source.last.resolve(1);
    expect([await early, await late, source.calls.length, engine.get('a')]).toEqual([1, 1, 1, 1]);
  });

  it('let a load that begins afterwards be stored', async () => {
    const made = makeLoading({ tags: ['t'] });
    invalidate(made, ['t']);
    await made.cache.getOrLoad('a', () => 1);
    expect(made.engine.get('a')).toBe(1);
  });

  it('forget misses and failures that are remembered, and no others', async () => {
    const made = makeLoading({
      missTtlMs: 1000,
      errorTtlMs: 1000,
      tags: (value, key) => [`${key}:${value}`],
    });
    const { cache } = made;
    const fails = () => Promise.reject(new Error('down'));
    for (const key of ['a', 'b']) await cache.getOrLoad(key, () => undefined);
    for (const key of ['c', 'd']) await outcome(cache.getOrLoad(key, fails));
    invalidate(made, ['a:undefined', 'c:undefined', 'other']);
    const again = ['a', 'b', 'c', 'd'].map((key) => outcome(cache.getOrLoad(key, () => 7)));
    expect(await Promise.all(again)).toEqual([7, undefined, 7, [new Error('down')]]);
  });

  it('keep a miss that was being loaded from being remembered', async () => {
    const made = makeLoading({ missTtlMs: 1000, errorTtlMs: 1000, tags: ['t'] });
    const { cache } = made;
    const source = new SparseSource();
    const [missed, failed] = [cache.getOrLoad('a', source.load), outcome(cache.getOrLoad('b', source.load))];
    invalidate(made, ['t']);
    source.calls[0]!.resolve(undefined);
    source.calls[1]!.reject(new Error('down'));
    expect([await missed, await failed]).toEqual([undefined, [new Error('down')]]);
    expect([await cache.getOrLoad('a', () => 1), await cache.getOrLoad('b', () => 2)]).toEqual([1, 2]);
  });

  it('keep a refresh from bringing an old value back', async () => {
    const made = makeLoading({ ttlMs: 10, staleMs: 100, tags: ['t'] });
    const { cache, engine, clock } = made;
    const source = new Source();
    cache.set('a', 1);
    clock.advance(10);
    expect(await cache.getOrLoad('a', source.load)).toBe(1);
    invalidate(made, ['t']);
    source.last.resolve(2);
    await settled();
    expect(engine.has('a')).toBe(false);
  });

  it('let those of a batch load again whose value is too old for them, and only these keys', async () => {
    const made = makeLoading({ tags: (value) => (value === 1 ? ['t'] : []) });
    const { cache, engine } = made;
    const first = new BatchSource();
    const second = new BatchSource();
    const early = cache.getOrLoadMany(['a', 'b'], first.load);
    invalidate(made, ['t']);
    const late = cache.getOrLoadMany(['b', 'a', 'c'], second.load);
    first.last.resolve([1, 2]);
    expect([...(await early)]).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
    second.calls[0]!.resolve([3]);
    await settled();
    expect(second.calls.map(({ asked }) => asked)).toEqual([['c'], ['a']]);
    second.last.resolve([4]);
    expect([...(await late)]).toEqual([
      ['b', 2],
      ['a', 4],
      ['c', 3],
    ]);
    expect([...engine.entries()].toSorted()).toEqual([
      ['a', 4],
      ['b', 2],
      ['c', 3],
    ]);
    expect(counted(cache.stats())).toBe(5);
  });
});

describe('invalidateTags', () => {
  it('aborts a refresh whose value nobody waits for', async () => {
    const { cache, clock } = makeLoading({ ttlMs: 10, staleMs: 100, tags: ['t'] });
    const source = new Source();
    cache.set('a', 1);
    clock.advance(10);
    await cache.getOrLoad('a', source.load);
    cache.invalidateTags(['t']);
    expect([source.last.context.signal.aborted, cache.stats().aborts]).toEqual([true, 1]);
  });

  it('reaches the flights of every cache over the engine', async () => {
    const { cache, engine } = makeLoading({ tags: ['t'] });
    const other = new LoadingCache(engine, { tags: ['t'] });
    const source = new Source();
    const got = other.getOrLoad('a', source.load);
    cache.invalidateTags(['t']);
    source.last.resolve(1);
    expect([await got, engine.has('a')]).toEqual([1, false]);
  });

  it('lets a flight whose tags it knows only by the number of invalidations pass for outdated', async () => {
    const { cache, engine } = makeLoading({ tags: ['t'] });
    const source = new Source();
    const [tagged, plain] = [
      cache.getOrLoad('a', source.load),
      cache.getOrLoad('b', source.load, { tags: [] }),
    ];
    engine.invalidateTags(Array.from({ length: 5000 }, (_, i) => `other ${i}`));
    for (const call of source.calls) call.resolve(1);
    expect([await tagged, await plain, engine.has('a'), engine.has('b')]).toEqual([1, 1, false, true]);
    await cache.getOrLoad('a', () => 2);
    expect(engine.get('a')).toBe(2);
  });

  it('lets a late caller give up while its first flight is on the way, and after it', async () => {
    const { cache, scheduler } = makeLoading({ tags: () => ['t'] });
    const source = new Source();
    const early = cache.getOrLoad('a', source.load);
    cache.invalidateTags(['t']);
    const caller = new AbortController();
    const late = outcome(cache.getOrLoad('a', source.load, { timeoutMs: 50 }));
    const gone = outcome(cache.getOrLoad('a', source.load, { signal: caller.signal }));
    source.last.resolve(1);
    await early;
    await settled();
    caller.abort('enough');
    scheduler.advance(50);
    expect([await late, await gone]).toMatchObject([[{ code: 'HOTSET_LOAD_TIMEOUT' }], ['enough']]);
    source.last.resolve(2);
    await settled();
    expect([cache.stats().inFlight, counted(cache.stats()), cache.engine.get('a')]).toEqual([0, 3, 2]);
  });

  it.each([['t'], [[7]], [['']], [null]])('refuses %o, and forgets nothing', async (tags) => {
    const { cache, engine } = makeLoading({ tags: ['t'] });
    const source = new Source();
    const got = cache.getOrLoad('a', source.load);
    expect(() => cache.invalidateTags(tags as never)).toThrow('tags');
    expect(() => cache.set('b', 1, { tags: tags as never })).toThrow('tags');
    expect(await outcome(cache.getOrLoad('b', source.load, { tags: tags as never }))).toMatchObject([
      { code: 'HOTSET_INVALID_ARGUMENT' },
    ]);
    source.last.resolve(1);
    expect([await got, engine.get('a'), engine.size]).toEqual([1, 1, 1]);
  });

  it('fails the load whose function returns no tags, and leaves nothing behind', async () => {
    const { cache, engine } = makeLoading({ tags: () => 't' as never });
    expect(await outcome(cache.getOrLoad('a', () => 1))).toMatchObject([{ code: 'HOTSET_INVALID_ARGUMENT' }]);
    expect([engine.size, cache.stats().failures, cache.stats().inFlight]).toEqual([0, 1, 0]);
  });
});

describe('deletePrefix', () => {
  it('forgets values, misses and flights whose keys begin so', async () => {
    const { cache, engine } = makeLoading({ missTtlMs: 1000 });
    const source = new Source();
    for (const key of ['user:1', 'user:2', 'page:1']) cache.set(key, 1);
    await cache.getOrLoad('user:none', () => undefined);
    const flights = ['user:3', 'page:3'].map((key) => cache.getOrLoad(key, source.load));
    expect(cache.deletePrefix('user:')).toBe(2);
    for (const call of source.calls) call.resolve(3);
    expect(await Promise.all(flights)).toEqual([3, 3]);
    expect([...engine.keys()].toSorted()).toEqual(['page:1', 'page:3']);
    expect(await cache.getOrLoad('user:none', () => 5)).toBe(5);
    expect(() => cache.deletePrefix(7 as never)).toThrow('prefix');
  });
});
