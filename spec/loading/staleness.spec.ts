/** Fresh, due for a refresh, stale, standing in for a failure, gone: at the very millisecond. */

import { describe, expect, it } from 'vitest';
import { makeLoading, outcome, Source, SparseSource, settled } from './fixture.js';

describe('a stale value (staleMs)', () => {
  it('answers at once, and one refresh goes on behind', async () => {
    const { cache, engine, clock } = makeLoading({ ttlMs: 100, staleMs: 50 });
    const source = new Source();
    cache.set('a', 1);
    clock.advance(99);
    expect(await cache.getOrLoad('a', source.load)).toBe(1);
    expect(source.calls).toHaveLength(0);
    clock.advance(1);
    for (let n = 0; n < 3; n++) expect(await cache.getOrLoad('a', source.load)).toBe(1);
    expect(source.calls).toHaveLength(1);
    expect(source.last.context.stale).toBe(1);
    source.last.resolve(2);
    await settled();
    expect(engine.get('a')).toBe(2);
    expect(engine.remainingTtlMs('a')).toBe(150);
    expect(cache.stats()).toMatchObject({ hits: 1, staleHits: 3, refreshes: 1, loads: 0, loaded: 1 });
  });

  it('is no answer once the window has passed', async () => {
    const { cache, clock } = makeLoading({ ttlMs: 100, staleMs: 50 });
    const source = new Source();
    cache.set('a', 1);
    clock.advance(149);
    expect(await cache.getOrLoad('a', source.load)).toBe(1);
    clock.advance(1);
    const waiting = cache.getOrLoad('a', source.load);
    expect(source.calls).toHaveLength(1);
    source.last.resolve(2);
    expect(await waiting).toBe(2);
    expect(cache.stats()).toMatchObject({ staleHits: 1, joins: 1 });
  });

  it('stays when its refresh fails, and the next read tries again', async () => {
    const { cache, clock, errors } = makeLoading({ ttlMs: 100, staleMs: 50 });
    const source = new Source();
    cache.set('a', 1);
    clock.advance(100);
    for (const calls of [1, 2]) {
      expect(await cache.getOrLoad('a', source.load)).toBe(1);
      expect(source.calls).toHaveLength(calls);
      source.last.reject(`down ${calls}`);
      await settled();
    }
    expect(errors).toEqual([
      ['down 1', 'a'],
      ['down 2', 'a'],
    ]);
    expect(cache.stats().failures).toBe(2);
  });

  it('goes when its refresh finds it gone', async () => {
    const { cache, engine, clock } = makeLoading({ ttlMs: 100, staleMs: 50, missTtlMs: 10 });
    const source = new SparseSource();
    cache.set('a', 1);
    clock.advance(100);
    await cache.getOrLoad('a', source.load);
    source.last.resolve(undefined);
    await settled();
    expect(engine.has('a')).toBe(false);
    expect(await cache.getOrLoad('a', source.load)).toBeUndefined();
    expect(source.calls).toHaveLength(1);
  });

  it('is one that anybody stored whose time left is within the window', async () => {
    const { cache, engine } = makeLoading({ ttlMs: 100, staleMs: 50 });
    const source = new Source();
    engine.set('soon', 1, { ttlMs: 50 });
    engine.set('later', 2, { ttlMs: 51 });
    engine.set('never', 3);
    for (const key of ['soon', 'later', 'never']) await cache.getOrLoad(key, source.load);
    expect(source.calls.map(({ asked }) => asked)).toEqual(['soon']);
  });

  it('needs no hook to fail quietly, and one that throws is not heard', async () => {
    for (const onError of [
      undefined,
      (): never => {
        throw new Error('the hook');
      },
      async (): Promise<never> => Promise.reject(new Error('the hook, later')),
    ]) {
      const { cache, clock } = makeLoading({ ttlMs: 1, staleMs: 1, ...(onError && { onError }) });
      cache.set('a', 1);
      clock.advance(1);
      const failing = (): Promise<number> => Promise.reject(new Error('down'));
      expect(await cache.getOrLoad('a', failing)).toBe(1);
      await settled();
      expect(cache.stats().failures).toBe(1);
    }
    // An unhandled rejection would fail this file.
    await new Promise(setImmediate);
  });
});

describe('a refresh ahead (refreshAheadMs)', () => {
  it('starts with a read near the end of the ttl, whose answer is a hit', async () => {
    const { cache, engine, clock } = makeLoading({ ttlMs: 100, refreshAheadMs: 20, staleMs: 30 });
    const source = new Source();
    cache.set('a', 1);
    clock.advance(79);
    await cache.getOrLoad('a', source.load);
    expect(source.calls).toHaveLength(0);
    clock.advance(1);
    expect(await cache.getOrLoad('a', source.load)).toBe(1);
    expect(source.calls).toHaveLength(1);
    source.last.resolve(2);
    await settled();
    expect(engine.remainingTtlMs('a')).toBe(130);
    expect(cache.stats()).toMatchObject({ hits: 2, staleHits: 0, refreshes: 1 });
  });
});

describe('an old value after a failure (staleOnErrorMs)', () => {
  it('stands in, for the time allowed and not longer', async () => {
    const { cache, clock, errors } = makeLoading({ ttlMs: 100, staleOnErrorMs: 50 });
    const source = new Source();
    cache.set('a', 1);
    clock.advance(149);
    const served = [cache.getOrLoad('a', source.load), cache.getOrLoad('a', source.load)];
    expect(source.calls).toHaveLength(1);
    expect(source.last.context.stale).toBe(1);
    source.last.reject('down');
    expect(await Promise.all(served)).toEqual([1, 1]);
    expect(errors).toEqual([['down', 'a']]);
    expect(cache.stats()).toMatchObject({ staleFallbacks: 2, failures: 1, staleHits: 0 });
    clock.advance(1);
    const rejected = outcome(cache.getOrLoad('a', source.load));
    source.last.reject('still down');
    expect(await rejected).toEqual(['still down']);
    expect(errors).toHaveLength(1);
  });

  it('is decided when the load fails, not when it starts', async () => {
    const { cache, clock } = makeLoading({ ttlMs: 100, staleOnErrorMs: 50 });
    const source = new Source();
    cache.set('a', 1);
    clock.advance(120);
    const got = outcome(cache.getOrLoad('a', source.load));
    clock.advance(30);
    source.last.reject('slow and down');
    expect(await got).toEqual(['slow and down']);
  });

  it('has to be enabled, whatever the other options are', async () => {
    const { cache } = makeLoading({ ttlMs: 100, staleMs: 50 });
    const source = new Source();
    const got = outcome(cache.getOrLoad('a', source.load));
    cache.set('a', 1);
    source.last.reject('down');
    expect(await got).toEqual(['down']);
  });

  it('is not served after an invalidation', async () => {
    const { cache, clock } = makeLoading({ ttlMs: 100, staleOnErrorMs: 50 });
    const source = new Source();
    cache.set('a', 1);
    clock.advance(120);
    const got = outcome(cache.getOrLoad('a', source.load));
    cache.invalidate('a');
    source.last.reject('down');
    expect(await got).toEqual(['down']);
  });

  it('comes after the stale window, which does not wait', async () => {
    const { cache, clock } = makeLoading({ ttlMs: 100, staleMs: 10, staleOnErrorMs: 50 });
    const source = new Source();
    cache.set('a', 1);
    clock.advance(109);
    expect(await cache.getOrLoad('a', source.load)).toBe(1);
    source.last.reject('down');
    await settled();
    clock.advance(1);
    const waiting = cache.getOrLoad('a', source.load);
    expect(source.calls).toHaveLength(2);
    source.last.resolve(2);
    expect(await waiting).toBe(2);
    expect(cache.stats()).toMatchObject({ staleHits: 1, refreshes: 1, loads: 1 });
  });
});
