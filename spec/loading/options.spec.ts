/** Options are checked where they are given; a bad one names itself. */

import { describe, expect, it } from 'vitest';
import type { LoadingOptions, LoadOptions } from '../../lib/loading/index.js';
import { makeLoading } from './fixture.js';

const NOT_MS = [Number.NaN, -1, '5', null, 5n];

describe('the options of a LoadingCache', () => {
  it.each<[string, unknown[]]>([
    ['ttlMs', [...NOT_MS, 0]],
    ['staleMs', NOT_MS],
    ['staleOnErrorMs', NOT_MS],
    ['refreshAheadMs', [...NOT_MS, Number.POSITIVE_INFINITY, 100, 101]],
    ['missTtlMs', NOT_MS],
    ['errorTtlMs', NOT_MS],
    ['timeoutMs', [...NOT_MS, 0]],
    ['flightTimeoutMs', [...NOT_MS, 0]],
    ['ttlJitter', [Number.NaN, -0.1, 1.1, '0.5', null]],
    ['maxFlights', [0, -1, 1.5, '5', Number.NaN, null]],
    ['maxNegatives', [0, -1, 1.5, '5', Number.NaN, null, Number.POSITIVE_INFINITY]],
    ['onError', ['log', null]],
    ['load', ['log', null, {}]],
    ['random', [0.5, null]],
    ['scheduler', [{}, null, 5]],
    ['loadClock', [{}, null, 5]],
  ])('%s takes what makes sense', (name, bad) => {
    for (const value of bad)
      expect(() => makeLoading({ ttlMs: 100, [name]: value }), String(value)).toThrowError(
        expect.objectContaining({ code: 'HOTSET_INVALID_OPTION', message: expect.stringContaining(name) }),
      );
  });

  it('0 means none, where it makes sense', async () => {
    const { cache } = makeLoading({
      staleMs: 0,
      staleOnErrorMs: 0,
      refreshAheadMs: 0,
      missTtlMs: 0,
      errorTtlMs: 0,
      ttlJitter: 0,
    });
    await cache.getOrLoad('a', () => undefined);
    expect(await cache.getOrLoad('a', () => 1)).toBe(1);
  });

  it.each<LoadingOptions<string, number>>([
    { staleMs: 1 },
    { staleOnErrorMs: 1 },
    { refreshAheadMs: 1 },
    { ttlJitter: 0.5 },
  ])('windows need a ttl: %o', (options) => {
    expect(() => makeLoading(options)).toThrowError(
      expect.objectContaining({
        code: 'HOTSET_INVALID_OPTION',
        message: expect.stringContaining('need a ttlMs'),
      }),
    );
  });

  it('a refresh must not be due from the start, jitter included', () => {
    expect(() => makeLoading({ ttlMs: 100, refreshAheadMs: 50, ttlJitter: 0.5 })).toThrowError(
      expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' }),
    );
    makeLoading({ ttlMs: 100, refreshAheadMs: 50, ttlJitter: 0.4 });
    makeLoading({ ttlMs: () => 10, refreshAheadMs: 50 });
  });

  it('none is unknown', () => {
    expect(() => makeLoading({ staleWhileRevalidate: 5 } as object)).toThrowError(
      expect.objectContaining({ code: 'HOTSET_INVALID_OPTION', message: expect.stringContaining('staleMs') }),
    );
  });
});

describe('the options of a call', () => {
  it.each<[string, object]>([
    ['ttlMs', { ttlMs: 0 }],
    ['refreshAheadMs', { ttlMs: 10 }],
    ['missTtlMs', { missTtlMs: -1 }],
    ['errorTtlMs', { errorTtlMs: Number.NaN }],
    ['timeoutMs', { timeoutMs: 0 }],
    ['flightTimeoutMs', { flightTimeoutMs: -5 }],
    ['signal', { signal: null }],
    ['signal', { signal: new AbortController() }],
    ['forceRefresh', { forceRefresh: 1 }],
    ['staleMs', { staleMs: 5 }],
    ['options', null as unknown as object],
  ])('%s: a bad one rejects', async (name, options) => {
    const { cache } = makeLoading({ ttlMs: 100, refreshAheadMs: 20 });
    const rejected = { code: 'HOTSET_INVALID_OPTION', message: expect.stringContaining(name) };
    const loading = options as LoadOptions<string, number>;
    await expect(cache.getOrLoad('a', () => 1, loading)).rejects.toMatchObject(rejected);
    await expect(cache.getOrLoadMany(['a'], () => [1], loading)).rejects.toMatchObject(rejected);
    expect(cache.stats().loads).toBe(0);
  });

  it('may leave out what it has', async () => {
    const { cache } = makeLoading();
    expect(await cache.getOrLoad('a', () => 1, { signal: undefined })).toBe(1);
  });

  it.each<[string, unknown]>([
    ['options', null],
    ['options', 5000],
    ['options', 'text'],
    ['ttlMs', { ttlMs: '5' }],
    ['ttlMs', { ttlMs: 0 }],
    ['ttlMs', { ttlMs: Number.NaN }],
    ['ttl', { ttl: 5 }],
    // Those of a load mean nothing here, and would be silently ignored.
    ['signal', { signal: new AbortController().signal }],
    ['forceRefresh', { forceRefresh: true }],
    ['missTtlMs', { missTtlMs: 5 }],
    ['flightTimeoutMs', { flightTimeoutMs: 5 }],
  ])('set refuses %s by name: %o', (name, options) => {
    const { cache, engine } = makeLoading({ ttlMs: 100 });
    cache.set('a', 1);
    expect(() => cache.set('a', 2, options as never)).toThrowError(
      expect.objectContaining({ code: 'HOTSET_INVALID_OPTION', message: expect.stringContaining(name) }),
    );
    expect(engine.get('a')).toBe(1);
  });

  it('set takes a ttl, and checks it', () => {
    const { cache, engine } = makeLoading({ ttlMs: 100, staleMs: 10 });
    expect(cache.set('a', 1, { ttlMs: 5 })).toBe('stored');
    expect(engine.remainingTtlMs('a')).toBe(15);
    expect(() => cache.set('a', 1, { ttlMs: 0 })).toThrowError(
      expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' }),
    );
  });
});
