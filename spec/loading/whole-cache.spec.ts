/** A loader for the whole cache, what a Map has, and windows without an end. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { LoadingCache, memoize } from '../../lib/loading/index.js';
import { PROJECT_DIR } from '../support/project.js';
import { makeLoading, outcome, Source, settled } from './fixture.js';

describe('the option load', () => {
  it('is what get loads with, once for all who ask', async () => {
    const source = new Source();
    const { cache } = makeLoading({ load: source.load });
    const both = [cache.get('a'), cache.get('a')];
    source.last.resolve(1);
    expect([await Promise.all(both), await cache.get('a'), source.calls.length]).toEqual([[1, 1], 1, 1]);
  });

  it('lets a call have options, and getOrLoad a loader of its own', async () => {
    const { cache, engine } = makeLoading({ load: () => 1, ttlMs: 100 });
    expect(await cache.get('a', { ttlMs: 5, tags: ['t'] })).toBe(1);
    expect(engine.getEntry('a')).toMatchObject({ remainingTtlMs: 5, tags: ['t'] });
    expect(await cache.getOrLoad('b', () => 2)).toBe(2);
    expect(await cache.get('a', { forceRefresh: true })).toBe(1);
  });

  it('is a function, and memoize has its own', () => {
    for (const load of [7, null, {}])
      expect(() => makeLoading({ load: load as never })).toThrow(/load takes/);
    expect(() => memoize(() => 1, { load: () => 1 } as object)).toThrow(/there is no option "load"/);
  });

  it('is needed by get', async () => {
    const { cache } = makeLoading();
    expect(await outcome(cache.get('a'))).toMatchObject([
      { code: 'HOTSET_INVALID_OPTION', message: expect.stringContaining('load') },
    ]);
  });
});

describe('peek, has and delete', () => {
  it('look at what get would answer with at once, and change nothing', async () => {
    const { cache, clock } = makeLoading({ ttlMs: 10, staleMs: 10, staleOnErrorMs: 100, load: () => 2 });
    const seen = () => [cache.peek('a'), cache.has('a')];
    expect(seen()).toEqual([undefined, false]);
    cache.set('a', 1);
    expect(seen()).toEqual([1, true]);
    clock.advance(15);
    expect(seen()).toEqual([1, true]);
    clock.advance(10);
    expect(seen()).toEqual([undefined, false]);
    expect([cache.engine.peek('a'), cache.stats()]).toMatchObject([1, { hits: 0, loads: 0, refreshes: 0 }]);
    expect([cache.delete('a'), cache.delete('a'), cache.engine.size]).toEqual([true, false, 0]);
  });

  it('delete keeps a load that has begun from being stored', async () => {
    const source = new Source();
    const { cache } = makeLoading({ load: source.load });
    const got = cache.get('a');
    expect(cache.delete('a')).toBe(true);
    source.last.resolve(1);
    expect([await got, cache.has('a')]).toEqual([1, false]);
  });
});

describe('windows of Infinity', () => {
  it('keep a stale value as an answer for ever, exactly from the end of its ttl', async () => {
    const source = new Source();
    const { cache, clock } = makeLoading({ ttlMs: 10.25, staleMs: Infinity, load: source.load });
    cache.set('a', 1);
    clock.advance(10.125);
    expect([await cache.get('a'), cache.stats().hits]).toEqual([1, 1]);
    clock.advance(0.125);
    expect([await cache.get('a'), cache.stats().staleHits]).toEqual([1, 1]);
    source.last.reject(new Error('down'));
    await settled();
    clock.advance(1e12);
    expect([await cache.get('a'), cache.stats().staleHits]).toEqual([1, 2]);
    source.last.resolve(2);
    await settled();
    expect([await cache.get('a'), cache.stats().hits]).toEqual([2, 2]);
  });

  it('let an old value be the answer to a failure for ever', async () => {
    const { cache, clock } = makeLoading<string, number>({
      ttlMs: 10,
      staleOnErrorMs: Infinity,
      load: () => Promise.reject<number>(new Error('down')),
    });
    cache.set('a', 1);
    clock.advance(1e12);
    expect([await cache.get('a'), cache.stats().staleFallbacks]).toEqual([1, 1]);
  });

  it('are not for refreshAheadMs', () => {
    expect(() => makeLoading({ ttlMs: () => 5, refreshAheadMs: Infinity })).toThrow('refreshAheadMs');
  });
});

describe('an engine whose TTLs count from the last read', () => {
  it('expires what nobody asks for, and takes no windows, which a read would reset', async () => {
    const { cache, clock } = makeLoading({ ttlMs: 10, load: () => 1 }, { ttlFrom: 'read' });
    await cache.get('a');
    for (let i = 0; i < 5; i++) {
      clock.advance(9);
      await cache.get('a');
    }
    expect(cache.stats()).toMatchObject({ loads: 1, hits: 5 });
    clock.advance(10);
    expect(cache.has('a')).toBe(false);
    const engine = new CacheEngine<string, number>({ ttlFrom: 'read' });
    for (const window of ['staleMs', 'staleOnErrorMs', 'refreshAheadMs'])
      expect(() => new LoadingCache(engine, { ttlMs: 10, [window]: 5 })).toThrow('ttlFrom');
  });
});

it('what JSON shows of a loading cache is limits and counts', async () => {
  const { cache } = makeLoading({ load: () => 1 }, { maxEntries: 5 });
  await cache.get('secret');
  expect(JSON.parse(JSON.stringify(cache))).toEqual({
    size: 1,
    bytes: 0,
    maxBytes: null,
    maxEntries: 5,
    inFlight: 0,
  });
});

describe('a script', () => {
  const run = (body: string) =>
    promisify(execFile)(process.execPath, [
      '--input-type=module',
      '-e',
      `import { CacheEngine } from '${PROJECT_DIR}dist/index.js';
       import { LoadingCache } from '${PROJECT_DIR}dist/loading/index.js';
       const hung = () => new Promise(() => {});
       ${body}`,
    ]);

  it.each(['timeoutMs', 'flightTimeoutMs'])(
    'that waits for a hung loader gets the error of %s',
    async (option) => {
      const { stdout } = await run(`
      const cache = new LoadingCache(new CacheEngine(), { ${option}: 100, load: hung });
      console.log(await cache.get('a').catch(({ code }) => code));
    `);
      expect(stdout).toBe('HOTSET_LOAD_TIMEOUT\n');
    },
  );

  it('that gives one signal to many calls gets no warning', async () => {
    const { stderr } = await run(`
      const cache = new LoadingCache(new CacheEngine(), { load: hung });
      const caller = new AbortController();
      const calls = Array.from({ length: 50 }, (_, i) => cache.get(i, { signal: caller.signal }).catch(() => {}));
      caller.abort();
      await Promise.all(calls);
    `);
    expect(stderr).toBe('');
  });
});
