/** The examples of cacheable's README, over engines and over a client of a server. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import { Cacheable, CacheableEvents, CacheableHooks } from 'cacheable';
import { CacheEngine } from 'hotset';
import { HotsetClient } from 'hotset/client';
import { KeyvHotset } from 'hotset/keyv';
import { attachWebSocket } from 'hotset/websocket';
import { Keyv } from 'keyv';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

let clock;
let engine;
let secondaryEngine;
let cache;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 });
  clock = { now: () => Date.now() - 1_700_000_000_000 };
  engine = new CacheEngine({ maxBytes: '1MiB', clock });
  secondaryEngine = new CacheEngine({ maxBytes: '1MiB', clock });
  cache = new Cacheable({
    primary: new Keyv({ store: new KeyvHotset(engine) }),
    secondary: new KeyvHotset(secondaryEngine),
  });
});
afterEach(() => vi.useRealTimers());

it('sets and gets', async () => {
  await cache.set('key', 'value', 1000);
  expect(await cache.get('key')).toBe('value');
  expect([engine.size, secondaryEngine.size]).toEqual([1, 1]);
  vi.advanceTimersByTime(1001);
  expect(await cache.get('key')).toBeUndefined();
});

it('calls hooks and reports hits and misses', async () => {
  const seen = [];
  cache.onHook(CacheableHooks.BEFORE_SET, (data) => {
    data.ttl = { primary: '10s', secondary: '5m' };
  });
  cache.on(CacheableEvents.CACHE_HIT, ({ key, store }) => seen.push(['hit', key, store]));
  cache.on(CacheableEvents.CACHE_MISS, ({ key, store }) => seen.push(['miss', key, store]));
  await cache.set('key', 'value');
  vi.advanceTimersByTime(10_001);
  expect(await cache.get('key')).toBe('value');
  expect(await cache.get('none')).toBeUndefined();
  expect(seen).toContainEqual(['hit', 'key', 'secondary']);
  expect(seen).toContainEqual(['miss', 'none', 'primary']);
});

it('fills the first tier from the second, for what is left of its TTL', async () => {
  const primary = new Keyv({ store: new KeyvHotset(engine), ttl: 200 });
  const secondary = new Keyv({ store: new KeyvHotset(secondaryEngine), ttl: 1000 });
  const tiers = new Cacheable({ primary, secondary });
  await tiers.set('key', 'value');
  vi.advanceTimersByTime(900);
  expect(await tiers.get('key')).toBe('value');
  const [key] = engine.keys();
  expect(engine.remainingTtlMs(key)).toBe(100);
});

it('invalidates tags', async () => {
  const tagged = new Cacheable({ primary: new Keyv({ store: new KeyvHotset(engine) }), tags: true });
  await tagged.set('page:/products', 'list', { ttl: '10m', tags: ['entity:42', 'collection:products'] });
  await tagged.set('page:/products/42', 'detail', { ttl: '10m', tags: ['entity:42'] });
  await tagged.set('page:/about', 'about', { ttl: '10m', tags: ['entity:1'] });
  await tagged.tags.invalidateTag('entity:42');
  expect(await tagged.get('page:/products')).toBeUndefined();
  expect(await tagged.get('page:/products/42')).toBeUndefined();
  expect(await tagged.get('page:/about')).toBe('about');
});

it('wraps, once for calls at the same time', async () => {
  let calls = 0;
  const wrapped = cache.wrap(
    async (value) => {
      calls++;
      return value * 2;
    },
    { ttl: '1h', keyPrefix: 'p1' },
  );
  expect(await Promise.all([wrapped(2), wrapped(2), wrapped(2)])).toEqual([4, 4, 4]);
  expect(await wrapped(2)).toBe(4);
  expect(calls).toBe(1);
});

it('iterates over the second tier', async () => {
  await cache.set('user:1', { name: 'Alice', role: 'admin' });
  await cache.set('user:2', { name: 'Bob', role: 'user' });
  const users = {};
  for await (const [key, value] of cache.secondary.iterator()) users[key] = value;
  expect(users).toEqual({
    'user:1': { name: 'Alice', role: 'admin' },
    'user:2': { name: 'Bob', role: 'user' },
  });
});

it('has a namespace, and clears only that', async () => {
  engine.set('not of Keyv', 1);
  cache.namespace = 'shop';
  await cache.set('key', 'value');
  expect([...engine.keys()].some((key) => key.startsWith('shop::'))).toBe(true);
  await cache.clear();
  expect([...engine.keys()]).toEqual(['not of Keyv']);
});

it('has a server as its second tier, and goes on without it', async () => {
  vi.useRealTimers();
  const server = createServer();
  const endpoint = attachWebSocket(secondaryEngine, { server, path: '/ws' });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${server.address().port}/ws`;
  const client = new HotsetClient(url, { timeoutMs: 3000 });
  const tiers = new Cacheable({
    primary: new Keyv({ store: new KeyvHotset(engine) }),
    secondary: new KeyvHotset(client),
  });
  const errors = [];
  tiers.on(CacheableEvents.ERROR, (error) => errors.push(error.code));
  await tiers.set('key', { n: 1 }, '1h');
  engine.clear();
  expect(await tiers.get('key')).toEqual({ n: 1 });
  await endpoint.close();
  server.close();
  expect(await tiers.get('key')).toEqual({ n: 1 });
  expect(await tiers.get('another')).toBeUndefined();
  expect(errors).not.toEqual([]);
  await tiers.disconnect();
  expect(client.state).toBe('closed');
});
