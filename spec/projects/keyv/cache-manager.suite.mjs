/** The examples of cache-manager's README, over an engine. */

import { createCache } from 'cache-manager';
import { CacheEngine } from 'hotset';
import { KeyvHotset } from 'hotset/keyv';
import { Keyv } from 'keyv';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

let now = 0;
let engine;
let cache;

// cache-manager and Keyv read Date; the engine reads the same time.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 });
  now = Date.now();
  engine = new CacheEngine({ maxBytes: '1MiB', clock: { now: () => Date.now() - now } });
  cache = createCache({ stores: [new Keyv({ store: new KeyvHotset(engine) })] });
});
afterEach(() => vi.useRealTimers());

it('sets, gets, deletes and wraps', async () => {
  expect(await cache.set('foo', 'bar')).toBe('bar');
  expect(await cache.get('foo')).toBe('bar');
  expect(await cache.del('foo')).toBe(true);
  expect(await cache.get('foo')).toBeUndefined();
  expect(await cache.wrap('key', () => 'value')).toBe('value');
  expect(await cache.get('key')).toBe('value');
});

it('expires', async () => {
  await cache.set('key 2', 'value 2', 5000);
  expect(await cache.ttl('key 2')).toBe(Date.now() + 5000);
  vi.advanceTimersByTime(4999);
  expect(engine.size).toBe(1);
  expect(await cache.get('key 2')).toBe('value 2');
  vi.advanceTimersByTime(1);
  expect([...engine.keys()]).toEqual([]);
  expect(await cache.get('key 2')).toBeUndefined();
});

it('sets and gets many', async () => {
  await cache.mset([
    { key: 'key-1', value: 'value 1' },
    { key: 'key-2', value: 'value 2', ttl: 5000 },
  ]);
  expect(await cache.mget(['key-1', 'key-2', 'key-3'])).toEqual(['value 1', 'value 2', undefined]);
  await cache.mdel(['key-1', 'key-2']);
  expect(await cache.mget(['key-1', 'key-2'])).toEqual([undefined, undefined]);
});

it('clears', async () => {
  engine.set('not of Keyv', 1);
  await cache.set('key-1', 'value 1');
  await cache.set('key-2', 'value 2');
  expect(await cache.clear()).toBe(true);
  expect(await cache.get('key-1')).toBeUndefined();
  expect([...engine.keys()]).toEqual(['not of Keyv']);
});

it('wraps, and refreshes below the threshold', async () => {
  const wrap = (value) => cache.wrap('key', () => value, 5000, 3000);
  expect(await wrap(1)).toBe(1);
  expect(await wrap(2)).toBe(1);
  expect(await cache.wrap('key', () => 2, { ttl: 5000, refreshThreshold: 3000, raw: true })).toEqual({
    value: 1,
    expires: Date.now() + 5000,
  });
  vi.advanceTimersByTime(3000);
  const refreshed = new Promise((resolve) => cache.on('refresh', resolve));
  expect(await wrap(2)).toBe(1);
  await refreshed;
  expect(await wrap(3)).toBe(2);
  await expect(
    cache.wrap('error', () => {
      throw new Error('failed');
    }),
  ).rejects.toThrow('failed');
});

it('is the first of two stores', async () => {
  const second = new CacheEngine();
  const two = createCache({
    stores: [new Keyv({ store: new KeyvHotset(engine) }), new Keyv({ store: new KeyvHotset(second) })],
  });
  await two.set('foo', 'bar', 60_000);
  engine.clear();
  expect(await two.wrap('foo', () => 'not called', 60_000)).toBe('bar');
  expect([engine.size, second.size]).toEqual([1, 1]);
});

it('iterates over a store', async () => {
  await cache.set('key-1', 'value 1');
  await cache.set('key-2', 'value 2');
  const entries = [];
  for await (const entry of cache.stores[0].iterator({})) entries.push(entry);
  expect(entries.toSorted()).toEqual([
    ['key-1', 'value 1'],
    ['key-2', 'value 2'],
  ]);
});

it('takes objects as they are, without serialization', async () => {
  const keyv = new Keyv({ store: new KeyvHotset(engine) });
  keyv.serialize = undefined;
  keyv.deserialize = undefined;
  const memory = createCache({ stores: [keyv] });
  const value = { bytes: new Uint8Array([1, 2]), map: new Map([['a', 1n]]) };
  await memory.set('foo', value);
  expect(await memory.get('foo')).toBe(value);
});
