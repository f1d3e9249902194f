/** LoadContext.storeAs: what a loader says of one value. softTimeoutMs. */

import { describe, expect, it } from 'vitest';
import type { LoadContext, StoreAs } from '../../lib/loading/index.js';
import { makeLoading, Source, settled } from './fixture.js';

/** A loader that says how its value is kept. */
function saying<V>(options: StoreAs, value: V): (key: string, context: LoadContext<number>) => V {
  return (_key, { storeAs }) => {
    storeAs(options);
    return value;
  };
}

describe('storeAs', () => {
  it('gives one value a ttl and tags of its own', async () => {
    const { cache, engine } = makeLoading({ ttlMs: 1000, tags: ['all'] });
    await cache.getOrLoad('a', (_key, { storeAs }) => {
      storeAs({ ttlMs: 1 });
      storeAs({ ttlMs: 50, tags: ['t'] });
      return 1;
    });
    await cache.getOrLoad('b', () => 2);
    expect(engine.getEntry('a')).toMatchObject({ remainingTtlMs: 50, tags: ['t'] });
    expect(engine.getEntry('b')).toMatchObject({ remainingTtlMs: 1000, tags: ['all'] });
    expect(cache.invalidateTags(['t'])).toBe(1);
  });

  it('does so for keys of a batch', async () => {
    const { cache, engine } = makeLoading({ ttlMs: 1000 });
    await cache.getOrLoadMany(['a', 'b'], (keys, { storeAs }) => {
      storeAs('a', { ttlMs: 50 });
      return keys.map(() => 1);
    });
    expect([engine.remainingTtlMs('a'), engine.remainingTtlMs('b')]).toEqual([50, 1000]);
  });

  it('takes an age off the ttl', async () => {
    const { cache, engine } = makeLoading({ ttlMs: 1000, staleMs: 500, staleOnErrorMs: 800 });
    const load = (ageMs: number) => cache.getOrLoad(`${ageMs}`, saying({ ageMs }, 1));
    for (const ageMs of [0, 400, 1200, 1600, 1800]) expect(await load(ageMs)).toBe(1);
    expect(engine.remainingTtlMs('400')).toBe(1400);
    expect(['0', '400', '1200', '1600', '1800'].map((key) => cache.has(key))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
    expect([engine.has('1600'), engine.has('1800')]).toEqual([true, false]);
    // What is stale is refreshed by the next read.
    expect(await cache.getOrLoad('1200', () => 2)).toBe(1);
    await settled();
    expect(cache.peek('1200')).toBe(2);
  });

  it('with a ttl of 0 stores nothing, and removes an old value', async () => {
    const { cache, engine } = makeLoading({ ttlMs: 1000 });
    await cache.getOrLoad('a', () => 1);
    await cache.getOrLoad('a', saying({ ttlMs: 0 }, 2), { forceRefresh: true });
    expect(engine.has('a')).toBe(false);
  });

  it('says how long a miss is remembered', async () => {
    const { cache, clock } = makeLoading<string, number>();
    const source = new Source();
    expect(await cache.getOrLoad('a', saying({ ttlMs: 50 }, undefined))).toBeUndefined();
    clock.advance(49);
    expect(await cache.getOrLoad('a', source.load)).toBeUndefined();
    clock.advance(1);
    void cache.getOrLoad('a', source.load);
    expect(source.calls).toHaveLength(1);
  });

  it('tells tags that were invalidated while the value was loaded', async () => {
    const { cache, engine } = makeLoading();
    const loaded = cache.getOrLoad('a', async (_key, { storeAs }) => {
      storeAs({ tags: ['t'] });
      await settled();
      return 1;
    });
    cache.invalidateTags(['t']);
    expect(await loaded).toBe(1);
    expect(engine.size).toBe(0);
  });

  it.each([
    { ttlMs: Number.NaN },
    { ttlMs: '1' },
    { ageMs: -1 },
    { ageMs: Infinity },
    { tags: 't' },
    { age: 1 },
    null,
  ])('refuses %o', async (options) => {
    const { cache } = makeLoading({ ttlMs: 1000 });
    const loaded = cache.getOrLoad('a', saying(options as never, 1));
    await expect(loaded).rejects.toMatchObject({ name: 'HotsetError' });
  });

  it('refuses an age without a ttl', async () => {
    const { cache } = makeLoading();
    const loaded = cache.getOrLoad('a', saying({ ageMs: 1 }, 1));
    await expect(loaded).rejects.toMatchObject({ code: 'HOTSET_INVALID_OPTION' });
  });
});

describe('softTimeoutMs', () => {
  it('answers with an old value, and the flight continues', async () => {
    const { cache, clock, scheduler } = makeLoading({ ttlMs: 1000, staleOnErrorMs: 5000, softTimeoutMs: 30 });
    const source = new Source();
    await cache.getOrLoad('a', () => 1);
    clock.advance(1000);
    const [old, none] = [cache.getOrLoad('a', source.load), cache.getOrLoad('b', source.load)];
    scheduler.advance(30);
    expect(await old).toBe(1);
    for (const call of source.calls) call.resolve(2);
    expect(await none).toBe(2);
    expect(cache.peek('a')).toBe(2);
    expect(cache.stats()).toMatchObject({ staleFallbacks: 1, callerTimeouts: 0 });
    expect(scheduler.pending).toBe(0);
  });

  it('waits where one key of a batch has no old value', async () => {
    const { cache, clock, scheduler } = makeLoading({ ttlMs: 1000, staleOnErrorMs: 5000, softTimeoutMs: 30 });
    await cache.getOrLoad('a', () => 1);
    clock.advance(1000);
    let answer!: (values: number[]) => void;
    const many = cache.getOrLoadMany(
      ['a', 'b'],
      () => new Promise<number[]>((resolve) => (answer = resolve)),
    );
    scheduler.advance(30);
    answer([2, 3]);
    expect([...(await many).values()]).toEqual([2, 3]);
  });

  it('does not answer a forced load, and is nothing where timeoutMs is shorter', async () => {
    const { cache, scheduler } = makeLoading({
      ttlMs: 1000,
      staleOnErrorMs: 5000,
      softTimeoutMs: 30,
      timeoutMs: 20,
    });
    const source = new Source();
    await cache.getOrLoad('a', () => 1);
    const forced = cache.getOrLoad('a', source.load, { forceRefresh: true });
    expect(scheduler.pending).toBe(1);
    scheduler.advance(20);
    await expect(forced).rejects.toMatchObject({ code: 'HOTSET_LOAD_TIMEOUT' });
  });
});
