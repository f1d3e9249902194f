/** What happens to a key while it is being loaded: the newer write wins, and nothing invalidated comes back. */

import { describe, expect, it } from 'vitest';
import { type LoadingFixture, makeLoading, Source, SparseSource, settled } from './fixture.js';

describe('a value that was set during the flight', () => {
  it.each(['set', 'engine.set', 'engine.add'])('stays (%s where nothing was)', async (how) => {
    const { cache, engine } = makeLoading();
    const source = new Source();
    const got = cache.getOrLoad('a', source.load);
    if (how === 'set') cache.set('a', 5);
    if (how === 'engine.set') engine.set('a', 5);
    if (how === 'engine.add') engine.add('a', 5);
    source.last.resolve(1);
    expect(await got).toBe(1);
    expect(engine.get('a')).toBe(5);
    expect(cache.stats().discards).toBe(1);
  });

  it.each(['set', 'engine.set', 'engine.replace', 'engine.update'])(
    'stays (%s over an old value, even an equal one)',
    async (how) => {
      const { cache, engine, clock } = makeLoading({ ttlMs: 10, staleMs: 10 });
      const source = new Source();
      cache.set('a', 5);
      clock.advance(10);
      await cache.getOrLoad('a', source.load);
      if (how === 'set') cache.set('a', 5);
      if (how === 'engine.set') engine.set('a', 5);
      if (how === 'engine.replace') engine.replace('a', 5);
      if (how === 'engine.update') engine.update('a', 5);
      source.last.resolve(1);
      await settled();
      expect(engine.get('a')).toBe(5);
    },
  );

  it('stays when the loader finds nothing', async () => {
    const { cache, engine } = makeLoading({ missTtlMs: 100 });
    const source = new SparseSource();
    const got = cache.getOrLoad('a', source.load);
    engine.set('a', 5);
    source.last.resolve(undefined);
    expect(await got).toBeUndefined();
    expect(await cache.getOrLoad('a', source.load)).toBe(5);
    engine.evictOldest();
    expect(await cache.getOrLoad('a', () => 6)).toBe(6);
  });

  it('stays when a refresh finds nothing', async () => {
    const { cache, engine, clock } = makeLoading({ ttlMs: 10, staleMs: 10 });
    const source = new SparseSource();
    cache.set('a', 1);
    clock.advance(10);
    await cache.getOrLoad('a', source.load);
    engine.set('a', 5);
    source.last.resolve(undefined);
    await settled();
    expect(engine.get('a')).toBe(5);
  });

  it('answers later callers', async () => {
    const { cache, engine } = makeLoading();
    const source = new Source();
    const early = cache.getOrLoad('a', source.load);
    engine.set('a', 5);
    expect(await cache.getOrLoad('a', source.load)).toBe(5);
    source.last.resolve(1);
    expect(await early).toBe(1);
  });
});

describe('invalidate', () => {
  it('detaches the flight: its waiters get the value, it is not stored, the next caller starts a new one', async () => {
    const { cache, engine } = makeLoading();
    const source = new Source();
    const before = cache.getOrLoad('a', source.load);
    expect(cache.invalidate('a')).toBe(true);
    const after = cache.getOrLoad('a', source.load);
    expect(source.calls).toHaveLength(2);
    source.calls[1]!.resolve(2);
    expect(await after).toBe(2);
    source.calls[0]!.resolve(1);
    expect(await before).toBe(1);
    expect(engine.get('a')).toBe(2);
    expect(cache.stats()).toMatchObject({ loaded: 2, discards: 1, inFlight: 0 });
  });

  it('takes the value, and aborts a refresh without waiters', async () => {
    const { cache, engine, clock } = makeLoading({ ttlMs: 10, staleMs: 10 });
    const source = new Source();
    cache.set('a', 1);
    clock.advance(10);
    await cache.getOrLoad('a', source.load);
    cache.invalidate('a');
    expect(source.last.context.signal.aborted).toBe(true);
    source.last.resolve(2);
    await settled();
    expect(engine.has('a')).toBe(false);
    expect(cache.stats()).toMatchObject({ aborts: 1, inFlight: 0 });
  });

  it('lets those who still wait for a detached flight give up', async () => {
    const { cache } = makeLoading();
    const source = new Source();
    const caller = new AbortController();
    const got = cache.getOrLoad('a', source.load, { signal: caller.signal });
    cache.invalidate('a');
    expect(source.last.context.signal.aborted).toBe(false);
    caller.abort('enough');
    await expect(got).rejects.toBe('enough');
    expect(source.last.context.signal.aborted).toBe(true);
  });

  it('says whether there was anything', async () => {
    const { cache, engine } = makeLoading();
    const source = new Source();
    expect(cache.invalidate('a')).toBe(false);
    engine.set('a', 1);
    expect(cache.invalidate('a')).toBe(true);
    expect(cache.invalidate('a')).toBe(false);
    void cache.getOrLoad('a', source.load);
    expect(cache.invalidate('a')).toBe(true);
    expect(cache.invalidate('a')).toBe(false);
  });

  it('holds for calls from a removal listener, and from a listener of the signal', async () => {
    const source = new Source();
    const asked: Promise<number>[] = [];
    const ask = (): void => void asked.push(cache.getOrLoad('a', source.load));
    const { cache, clock } = makeLoading({ ttlMs: 10, staleMs: 10 }, { onRemoval: ask });
    cache.set('a', 1);
    clock.advance(10);
    await cache.getOrLoad('a', source.load);
    source.last.context.signal.addEventListener('abort', ask);
    cache.invalidate('a');
    expect(source.calls).toHaveLength(2);
    source.calls[0]!.resolve(2);
    source.calls[1]!.resolve(3);
    expect(await Promise.all(asked)).toEqual([3, 3]);
  });
});

describe('an emptied cache', () => {
  it('by clear() ignores the flights that were in progress', async () => {
    const { cache, engine, clock } = makeLoading({ ttlMs: 10, staleMs: 10, missTtlMs: 100 });
    const source = new Source();
    cache.set('stale', 1);
    clock.advance(10);
    await cache.getOrLoad('stale', source.load);
    await cache.getOrLoad('missing', () => undefined);
    const waiting = cache.getOrLoad('absent', source.load);
    cache.clear();
    expect(source.calls.map(({ context }) => context.signal.aborted)).toEqual([true, false]);
    for (const call of source.calls) call.resolve(9);
    expect(await waiting).toBe(9);
    await settled();
    expect(engine.size).toBe(0);
    expect(await cache.getOrLoad('missing', () => 3)).toBe(3);
    expect(engine.verify()).toEqual([]);
  });

  it('by engine.clear() or engine.delete() is unknown to flights: what they bring is stored', async () => {
    for (const how of ['clear', 'delete'] as const) {
      const { cache, engine, clock } = makeLoading({ ttlMs: 10, staleMs: 10 });
      const source = new Source();
      cache.set('stale', 1);
      clock.advance(10);
      await cache.getOrLoad('stale', source.load);
      const waiting = cache.getOrLoad('absent', source.load);
      if (how === 'clear') engine.clear();
      else engine.delete('stale');
      for (const call of source.calls) call.resolve(9);
      expect(await waiting).toBe(9);
      await settled();
      expect([...engine.entries()].sort()).toEqual([
        ['absent', 9],
        ['stale', 9],
      ]);
      expect(engine.verify()).toEqual([]);
    }
  });
});

describe('a removal listener that runs when versions are begun', () => {
  /** Two entries that just fit; numbering them evicts the first. Both are then past their ttl. */
  function makeFull(onEvicted: () => void): LoadingFixture<string, number> {
    const fixture = makeLoading({ ttlMs: 10, staleOnErrorMs: 10 }, { onRemoval: onEvicted });
    fixture.cache.set('a', 1);
    fixture.cache.set('b', 2);
    fixture.engine.resize({ maxBytes: fixture.engine.bytes });
    fixture.clock.advance(10);
    return fixture;
  }

  it('may have started the flight that was about to start', async () => {
    const source = new Source();
    const asked: Promise<number>[] = [];
    const { cache } = makeFull(() => asked.push(cache.getOrLoad('b', source.load)));
    asked.push(cache.getOrLoad('b', source.load));
    expect(asked).toHaveLength(2);
    expect(source.calls).toHaveLength(1);
    source.last.resolve(3);
    expect(await Promise.all(asked)).toEqual([3, 3]);
    expect(cache.stats()).toMatchObject({ loads: 1, joins: 1, inFlight: 0 });
  });

  it('may have invalidated a flight that was about to be joined', async () => {
    const source = new Source();
    const { cache } = makeFull(() => cache.invalidate('c'));
    const early = cache.getOrLoad('c', source.load);
    const many = cache.getOrLoadMany(['c', 'b'], (keys) => keys.map((_, index) => index));
    expect([...(await many)]).toEqual([
      ['c', 0],
      ['b', 1],
    ]);
    source.last.resolve(9);
    expect(await early).toBe(9);
    expect(cache.stats()).toMatchObject({ loads: 3, inFlight: 0 });
  });

  it('may have aborted the caller, and then no loader is called', async () => {
    const source = new Source();
    const caller = new AbortController();
    const { cache } = makeFull(() => caller.abort('from the listener'));
    const got = cache.getOrLoad('b', source.load, { signal: caller.signal });
    await expect(got).rejects.toBe('from the listener');
    expect(source.calls).toEqual([]);
    expect(cache.stats()).toMatchObject({ skips: 1, loads: 0, inFlight: 0 });
  });
});

it('versions are begun by the first flight over an entry that is there, and not by others', async () => {
  const { cache, engine, clock } = makeLoading({ ttlMs: 10, staleMs: 10 });
  await cache.getOrLoad('a', () => 1);
  await cache.getOrLoad('b', () => 1);
  const before = engine.bytes;
  clock.advance(10);
  await cache.getOrLoad('a', () => 2);
  await settled();
  // Numbers take room.
  expect(engine.bytes).toBeGreaterThan(before);
});
