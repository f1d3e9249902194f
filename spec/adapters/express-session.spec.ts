/** Sessions of express-session in caches of three kinds, by real requests. */

import express from 'express';
import session, { type SessionData } from 'express-session';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { HotsetSessionStore } from '../../lib/adapters/express-session/index.js';
import { HotsetClient } from '../../lib/client/index.js';
import { CacheEngine, ManualClock } from '../../lib/index.js';
import { SharedStore } from '../../lib/shared/index.js';
import { attachWebSocket } from '../../lib/websocket/index.js';
import { listening } from '../support/listening.js';

declare module 'express-session' {
  interface SessionData {
    visits: number;
  }
}

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  vi.useRealTimers();
});

async function serve(store: HotsetSessionStore, cookie: session.CookieOptions = {}): Promise<string> {
  const app = express();
  app.use(session({ store, secret: 'secret', resave: false, saveUninitialized: false, cookie }));
  app.get('/visit', (request, response) => {
    request.session.visits = (request.session.visits ?? 0) + 1;
    response.send(String(request.session.visits));
  });
  app.get('/look', (request, response) => void response.send(String(request.session.visits ?? 'none')));
  app.get('/leave', (request, response) => void request.session.destroy(() => response.send('left')));
  const { url, close } = await listening(app);
  closers.push(close);
  return url;
}

/** A browser that keeps its cookie. */
function browser(url: string) {
  let cookie = '';
  return async (path: string) => {
    const response = await fetch(url + path, { headers: { cookie } });
    cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
    return { status: response.status, text: await response.text() };
  };
}

const CACHES = {
  CacheEngine: async () => new CacheEngine<string, unknown>(),
  SharedStore: async () => new SharedStore({ maxBytes: '8MiB' }),
  HotsetClient: async () => {
    const endpoint = attachWebSocket(new CacheEngine(), { port: 0 });
    const { port } = (await endpoint.listen()) as { port: number };
    const client = new HotsetClient(`ws://127.0.0.1:${port}/`);
    closers.push(
      () => endpoint.close(),
      () => client.close(),
    );
    return client;
  },
};

describe.each(Object.entries(CACHES))('over a %s', (_, make) => {
  it('keeps sessions apart, renews and ends them', async () => {
    const url = await serve(new HotsetSessionStore(await make()), { maxAge: 60_000 });
    const [ann, bob] = [browser(url), browser(url)];
    for (const expected of ['1', '2', '3']) expect((await ann('/visit')).text).toBe(expected);
    expect((await bob('/visit')).text).toBe('1');
    expect((await ann('/look')).text).toBe('3');
    await ann('/leave');
    expect([(await ann('/look')).text, (await bob('/look')).text]).toEqual(['none', '1']);
  });
});

const call = <T>(run: (callback: (error?: unknown, result?: T) => void) => void) =>
  new Promise<T | undefined>((resolve, reject) =>
    run((error, result) => (error ? reject(error) : resolve(result))),
  );

describe('the store', () => {
  const data = (expires?: Date) =>
    ({ cookie: { expires: expires ?? null }, visits: 1 }) as unknown as SessionData;

  it('keeps a session as long as its cookie, or for ttlMs', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 });
    const clock = new ManualClock();
    const engine = new CacheEngine<string, unknown>({ clock });
    const store = new HotsetSessionStore(engine, { ttlMs: 5_000, prefix: 's:' });
    await call((done) => store.set('a', data(), done));
    await call((done) => store.set('b', data(new Date(1_002_000)), done));
    await call((done) => store.set('past', data(new Date(999_000)), done));
    expect([...engine.keys()].sort()).toEqual(['s:a', 's:b']);
    expect([engine.remainingTtlMs('s:a'), engine.remainingTtlMs('s:b')]).toEqual([5_000, 2_000]);
    await call((done) => store.touch('b', data(new Date(1_004_000)), done));
    clock.advance(3_000);
    expect(await call((done) => store.get('b', done as never))).toMatchObject({ visits: 1 });
    clock.advance(1_000);
    expect(await call((done) => store.get('b', done as never))).toBeNull();
    expect(await call((done) => store.get('a', done as never))).toMatchObject({ visits: 1 });
    engine.set('other', 1);
    await call((done) => store.clear(done));
    expect([...engine.keys()]).toEqual(['other']);
    await call((done) => store.destroy('a', done));
  });

  it('reports a session that the cache refuses, and one that is damaged', async () => {
    const engine = new CacheEngine<string, unknown>({ maxEntryBytes: 1000 });
    const store = new HotsetSessionStore(engine);
    const large = { ...data(), text: 'x'.repeat(2000) };
    await expect(call((done) => store.set('a', large as SessionData, done))).rejects.toMatchObject({
      code: 'HOTSET_TOO_LARGE',
    });
    for (const stored of ['{', 'null', '7', 7, { cookie: {} }]) {
      engine.set('session:b', stored);
      await expect(call((done) => store.get('b', done as never))).rejects.toMatchObject({
        code: 'HOTSET_UNREADABLE_VALUE',
      });
    }
    // Without a callback nobody hears of it, and nothing is unhandled.
    store.set('a', large as SessionData);
  });

  it('refuses what is no session and no id, and stores nothing', async () => {
    const engine = new CacheEngine<string, unknown>();
    const store = new HotsetSessionStore(engine);
    const refusal = { code: 'HOTSET_INVALID_ARGUMENT' };
    const sessions = [undefined, null, 7, 'text', Symbol('s'), { ...data(), big: 1n }];
    const dates = ['soon', new Date(Number.NaN), true, Symbol('s'), {}].map((expires) => ({
      cookie: { expires },
    }));
    for (const session of [...sessions, ...dates])
      await expect(call((done) => store.set('a', session as never, done))).rejects.toMatchObject(refusal);
    for (const session of [null, ...dates.slice(0, 3)])
      await expect(call((done) => store.touch('a', session as never, done))).rejects.toMatchObject(refusal);
    for (const sid of [undefined, 7, Symbol('s')]) {
      await expect(call((done) => store.get(sid as never, done as never))).rejects.toMatchObject(refusal);
      await expect(call((done) => store.set(sid as never, data(), done))).rejects.toMatchObject(refusal);
      await expect(call((done) => store.destroy(sid as never, done))).rejects.toMatchObject(refusal);
    }
    expect(engine.size).toBe(0);
  });

  it('cannot clear a cache that cannot remove a prefix', async () => {
    const store = new HotsetSessionStore(new SharedStore());
    await expect(call((done) => store.clear(done))).rejects.toMatchObject({
      code: 'HOTSET_INVALID_ARGUMENT',
    });
  });

  it('refuses bad arguments', () => {
    const engine = new CacheEngine<string, unknown>();
    for (const cache of [undefined, null, {}, new Set()])
      expect(() => new HotsetSessionStore(cache as never)).toThrow(
        expect.objectContaining({ code: 'HOTSET_INVALID_ARGUMENT' }),
      );
    for (const options of [{ ttlMs: 0 }, { ttlMs: '1' }, { prefix: 1 }, { ttl: 1 }])
      expect(() => new HotsetSessionStore(engine, options as never)).toThrow(
        expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' }),
      );
  });
});
