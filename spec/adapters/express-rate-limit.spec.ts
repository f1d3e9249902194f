/** Limits of express-rate-limit over an engine and over a server, by real requests. */

import express from 'express';
import { rateLimit } from 'express-rate-limit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { HotsetRateLimitStore } from '../../lib/adapters/express-rate-limit/index.js';
import { HotsetClient } from '../../lib/client/index.js';
import { CacheEngine, ManualClock } from '../../lib/index.js';
import { attachWebSocket } from '../../lib/websocket/index.js';
import { listening } from '../support/listening.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  vi.useRealTimers();
});

async function serve(store: HotsetRateLimitStore, limit: number): Promise<() => Promise<Response>> {
  const app = express();
  app.use(rateLimit({ windowMs: 60_000, limit, store, standardHeaders: 'draft-7', legacyHeaders: false }));
  app.get('/', (_request, response) => void response.send('hello'));
  const { url, close } = await listening(app);
  closers.push(close);
  return () => fetch(url);
}

async function connectedClient(engine: CacheEngine<string, unknown>): Promise<HotsetClient> {
  const endpoint = attachWebSocket(engine, { port: 0 });
  const { port } = (await endpoint.listen()) as { port: number };
  const client = new HotsetClient(`ws://127.0.0.1:${port}/`);
  closers.push(
    () => endpoint.close(),
    () => client.close(),
  );
  return client;
}

describe.each(['CacheEngine', 'HotsetClient'])('over a %s', (kind) => {
  const clock = new ManualClock();
  const made = async () => {
    const engine = new CacheEngine<string, unknown>({ clock });
    return { engine, cache: kind === 'CacheEngine' ? engine : await connectedClient(engine) };
  };

  it('counts requests, and refuses those above the limit until the window ends', async () => {
    const { cache } = await made();
    const ask = await serve(new HotsetRateLimitStore(cache), 3);
    const answers = [];
    for (let i = 0; i < 5; i++) answers.push((await ask()).status);
    expect(answers).toEqual([200, 200, 200, 429, 429]);
    expect((await ask()).headers.get('ratelimit')).toMatch(/limit=3, remaining=0, reset=60/);
    clock.advance(60_000);
    expect((await ask()).status).toBe(200);
  });

  it('has the methods of a store', async () => {
    const { cache, engine } = await made();
    const store = new HotsetRateLimitStore(cache, { prefix: 'l:' });
    store.init({ windowMs: 10_000 } as never);
    expect(store.localKeys).toBe(kind === 'CacheEngine');
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 });
    expect(await store.get('ann')).toBeUndefined();
    expect(await store.increment('ann')).toEqual({ totalHits: 1, resetTime: new Date(1_010_000) });
    clock.advance(4_000);
    expect(await store.increment('ann')).toEqual({ totalHits: 2, resetTime: new Date(1_006_000) });
    await store.decrement('ann');
    await store.decrement('nobody');
    expect(await store.get('ann')).toEqual({ totalHits: 1, resetTime: new Date(1_006_000) });
    await store.increment('bob');
    await store.resetKey('ann');
    expect(await store.get('ann')).toBeUndefined();
    engine.set('other', 1);
    await store.resetAll();
    expect([...engine.keys()]).toEqual(['other']);
  });

  it('counts each of many requests at once', async () => {
    const { cache } = await made();
    const store = new HotsetRateLimitStore(cache);
    const all = await Promise.all(Array.from({ length: 200 }, () => store.increment('ann')));
    expect(all.map(({ totalHits }) => totalHits).sort((a, b) => a - b)).toEqual(
      [...Array(200).keys()].map((i) => i + 1),
    );
  });
});

it('counts the requests of all processes together', async () => {
  const engine = new CacheEngine<string, unknown>();
  const stores = [await connectedClient(engine), await connectedClient(engine)].map(
    (client) => new HotsetRateLimitStore(client),
  );
  for (const store of stores) for (let i = 0; i < 5; i++) await store.increment('ann');
  expect((await stores[0]!.get('ann'))?.totalHits).toBe(10);
});

it('reports a count that the cache refuses', async () => {
  const engine = new CacheEngine<string, unknown>({ maxEntries: 1, evict: false });
  engine.set('full', 1);
  await expect(new HotsetRateLimitStore(engine).increment('ann')).rejects.toMatchObject({
    code: 'HOTSET_NO_ROOM',
  });
});

it('refuses a window with which nothing would be counted: the limiter logs it, and the window stays a minute', async () => {
  const engine = new CacheEngine<string, unknown>({ clock: new ManualClock() });
  const store = new HotsetRateLimitStore(engine);
  const error = vi.fn();
  const logger = { error, warn: error, info: error, debug: error };
  const windows = [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '60000'];
  for (const windowMs of windows) rateLimit({ windowMs: windowMs as never, store, validate: false, logger });
  expect(error.mock.calls.map(([thrown]) => thrown.code)).toEqual(windows.map(() => 'HOTSET_INVALID_OPTION'));
  expect(() => store.init(undefined as never)).toThrow(
    expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' }),
  );
  for (const hits of [1, 2]) expect((await store.increment('ann')).totalHits).toBe(hits);
  expect(engine.remainingTtlMs('rate-limit:ann')).toBe(60_000);
});

it('refuses keys that are no text, and counts that are no number', async () => {
  const engine = new CacheEngine<string, unknown>();
  const store = new HotsetRateLimitStore(engine);
  for (const key of [undefined, 7, Symbol('key')])
    for (const method of ['get', 'increment', 'decrement', 'resetKey'] as const)
      await expect(store[method](key as never)).rejects.toMatchObject({ code: 'HOTSET_INVALID_ARGUMENT' });
  expect(engine.size).toBe(0);
  engine.set('rate-limit:ann', 'of another');
  for (const method of ['get', 'increment', 'decrement'] as const)
    await expect(store[method]('ann')).rejects.toMatchObject({ code: 'HOTSET_NOT_A_NUMBER' });
  expect(engine.get('rate-limit:ann')).toBe('of another');
});

it('refuses bad arguments', () => {
  for (const cache of [undefined, {}, new Map()])
    expect(() => new HotsetRateLimitStore(cache as never)).toThrow(
      expect.objectContaining({ code: 'HOTSET_INVALID_ARGUMENT' }),
    );
  for (const options of [{ prefix: 1 }, { window: 1 }])
    expect(() => new HotsetRateLimitStore(new CacheEngine<string, unknown>(), options as never)).toThrow(
      expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' }),
    );
});
