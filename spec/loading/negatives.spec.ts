/** Remembered misses and failures: for as long as asked, in a bounded place. */

import { describe, expect, it } from 'vitest';
import { makeLoading, outcome, Source, SparseSource, settled } from './fixture.js';

const missing = (): undefined => undefined;
const failing = (): never => {
  throw new Error('down');
};

describe('a miss', () => {
  it('is remembered for missTtlMs, outside the engine', async () => {
    const { cache, engine, clock } = makeLoading({ missTtlMs: 100 });
    const source = new SparseSource();
    const first = cache.getOrLoad('a', source.load);
    source.last.resolve(undefined);
    await first;
    clock.advance(99);
    expect(await cache.getOrLoad('a', source.load)).toBeUndefined();
    expect(engine.has('a')).toBe(false);
    expect(source.calls).toHaveLength(1);
    clock.advance(1);
    const again = cache.getOrLoad('a', source.load);
    expect(source.calls).toHaveLength(2);
    source.last.resolve(1);
    expect(await again).toBe(1);
    expect(cache.stats()).toMatchObject({ negativeHits: 1, notFound: 1, loaded: 1 });
  });

  it.each(['set', 'engine.set', 'invalidate', 'clear', 'forceRefresh'])('gives way to %s', async (how) => {
    const { cache, engine } = makeLoading({ missTtlMs: 100 });
    await cache.getOrLoad('a', missing);
    if (how === 'set') cache.set('a', 1);
    if (how === 'engine.set') engine.set('a', 1);
    if (how === 'invalidate') expect(cache.invalidate('a')).toBe(true);
    if (how === 'clear') cache.clear();
    expect(await cache.getOrLoad('a', () => 1, { forceRefresh: how === 'forceRefresh' })).toBe(1);
    engine.delete('a');
    // A value was loaded or set since: the miss is no longer remembered, but for what only the engine has seen.
    const negativeHits = cache.stats().negativeHits;
    await cache.getOrLoad('a', () => 2);
    expect(cache.stats().negativeHits - negativeHits).toBe(how === 'engine.set' ? 1 : 0);
  });

  it('may be requested by one call', async () => {
    const { cache } = makeLoading();
    await cache.getOrLoad('a', missing, { missTtlMs: 5 });
    expect(await cache.getOrLoad('a', () => 1)).toBeUndefined();
  });
});

describe('a failure', () => {
  it('is remembered for errorTtlMs', async () => {
    const { cache, clock } = makeLoading({ errorTtlMs: 100 });
    const source = new Source();
    const first = outcome(cache.getOrLoad('a', source.load));
    source.last.reject('down');
    await first;
    clock.advance(99);
    expect(await outcome(cache.getOrLoad('a', source.load))).toEqual(['down']);
    clock.advance(1);
    const again = cache.getOrLoad('a', source.load);
    source.last.resolve(1);
    expect(await again).toBe(1);
  });

  it('holds refreshes off, and lets an old value stand in at once', async () => {
    const { cache, clock } = makeLoading({ ttlMs: 100, staleMs: 10, staleOnErrorMs: 50, errorTtlMs: 5 });
    const source = new Source();
    cache.set('a', 1);
    clock.advance(107);
    await cache.getOrLoad('a', source.load);
    source.last.reject('down');
    await settled();
    for (let n = 0; n < 5; n++, clock.advance(1)) expect(await cache.getOrLoad('a', source.load)).toBe(1);
    expect(source.calls).toHaveLength(1);
    void cache.getOrLoad('a', source.load);
    expect(source.calls).toHaveLength(2);
  });

  it('is not remembered after an invalidation that came before it', async () => {
    const { cache } = makeLoading({ errorTtlMs: 100, missTtlMs: 100 });
    const source = new SparseSource();
    for (const settle of [
      (): void => source.last.reject('down'),
      (): void => source.last.resolve(undefined),
    ]) {
      const early = outcome(cache.getOrLoad('a', source.load));
      cache.invalidate('a');
      settle();
      await early;
      expect(await cache.getOrLoad('a', () => 1)).toBe(1);
      cache.invalidate('a');
    }
  });
});

it('the place is bounded: the least recently used goes first', async () => {
  const { cache } = makeLoading({ missTtlMs: 100, errorTtlMs: 100, maxNegatives: 2 });
  await cache.getOrLoad('a', missing);
  await outcome(cache.getOrLoad('b', failing));
  await cache.getOrLoad('a', missing);
  await cache.getOrLoad('c', missing);
  expect(await cache.getOrLoad('b', () => 1)).toBe(1);
  expect(await cache.getOrLoad('a', () => 1)).toBeUndefined();
});
