/** The response cache under each framework, over real HTTP: one table of what is cached, and what is not. */

import { once } from 'node:events';
import {
  request as httpRequest,
  type IncomingHttpHeaders,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { connect, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import express from 'express';
import fc from 'fast-check';
import fastify from 'fastify';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { responseCache } from '../../lib/adapters/express/index.js';
import { fastifyResponseCache } from '../../lib/adapters/fastify/index.js';
import { directiveMs, directivesOf, varyNames } from '../../lib/adapters/response-cache/cache-control.js';
import type { Flight } from '../../lib/adapters/response-cache/flight.js';
import type { ResponseCacheOptions } from '../../lib/adapters/response-cache/options.js';
import { ResponseCache } from '../../lib/adapters/response-cache/response-cache.js';
import { CacheEngine, ManualClock } from '../../lib/index.js';
import { listening } from '../support/listening.js';

/** What a handler sends: `body` at once, or `chunks` one after the other; `fails` throws. */
interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly chunks?: readonly string[];
  readonly fails?: boolean;
}
interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}
type Handler = (asked: Asked) => Reply | Promise<Reply>;

interface Running {
  readonly port: number;
  readonly cache: { invalidate(key: string): void; invalidateTags(tags: string[]): number; clear(): void };
  close(): Promise<void>;
}
type Start = (
  engine: CacheEngine<string, unknown>,
  options: ResponseCacheOptions<never>,
  handler: Handler,
) => Promise<Running>;

// biome-ignore lint/suspicious/noExplicitAny: requests of three frameworks
type AnyOptions = ResponseCacheOptions<any>;

const FRAMEWORKS: Record<string, Start> = {
  async express(engine, options, handler) {
    const app = express();
    app.set('env', 'test');
    const cache = responseCache(engine, options as AnyOptions);
    app.use(cache);
    app.use(async (request, response) => {
      const { status = 200, headers = {}, body = '', chunks, fails } = await handler(request);
      if (fails) throw new Error('the handler fails');
      response.status(status).set(headers);
      if (chunks === undefined) return void response.send(body);
      for (const chunk of chunks) response.write(chunk);
      response.end();
    });
    return { ...(await listening(app)), cache };
  },

  async fastify(engine, options, handler) {
    const app = fastify({ forceCloseConnections: true });
    await app.register(fastifyResponseCache, { engine, ...(options as AnyOptions) });
    app.all('/*', async (request, reply) => {
      const { status = 200, headers = {}, body = '', chunks, fails } = await handler(request.raw as Asked);
      if (fails) throw new Error('the handler fails');
      reply.code(status).headers(headers);
      return chunks === undefined ? body : reply.send(Readable.from(chunks));
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    return {
      port: (app.server.address() as AddressInfo).port,
      close: async () => void (await app.close()),
      cache: app.responseCache,
    };
  },

  async 'node:http'(engine, options, handler) {
    const cache = responseCache(engine, options as AnyOptions);
    const handle: RequestListener = (request, response) =>
      cache(request, response, async (error) => {
        if (error !== undefined) return void response.writeHead(500).end(String(error));
        const {
          status = 200,
          headers = {},
          body = '',
          chunks = [body],
          fails,
        } = await handler(request as Asked);
        if (fails) return void response.writeHead(500).end('the handler fails');
        try {
          response.writeHead(status, 'said', Object.entries(headers).flat());
        } catch (thrown) {
          return void response.writeHead(500).end(String(thrown));
        }
        for (const chunk of chunks) response.write(chunk, 'utf8');
        response.end();
      });
    return { ...(await listening(handle)), cache };
  },
};

let running: Running | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

/** What a handler waits for until the test lets it go on. */
function gateOf(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function ask(
  { port }: Running,
  url = '/',
  { method = 'GET', headers = {}, signal }: { method?: string; headers?: object; signal?: AbortSignal } = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const options = {
      port,
      host: '127.0.0.1',
      path: url,
      method,
      headers: { host: 'shop', ...headers },
      agent: false,
    };
    const sent = httpRequest(signal === undefined ? options : { ...options, signal }, async (response) => {
      const chunks: Buffer[] = [];
      try {
        for await (const chunk of response) chunks.push(chunk as Buffer);
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        });
      } catch (error) {
        reject(error as Error);
      }
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe.each(Object.entries(FRAMEWORKS))('%s', (_, start) => {
  const clock = new ManualClock(1_000_000);
  let asked: Asked[] = [];
  let engine: CacheEngine<string, unknown>;

  async function serve(options: ResponseCacheOptions<never>, handler: Handler): Promise<Running> {
    engine = new CacheEngine({ clock });
    asked = [];
    running = await start(engine, options, (one) => {
      asked.push(one);
      return handler(one);
    });
    return running;
  }

  it('answers the second request', async () => {
    const server = await serve({ ttlMs: 60_000 }, () => ({ headers: { 'x-made': 'once' }, body: 'hello' }));
    const first = await ask(server, '/a?b=1');
    clock.advance(12_500);
    const second = await ask(server, '/a?b=1');
    expect([first.body, second.body, second.status, second.headers['x-made']]).toEqual([
      'hello',
      'hello',
      200,
      'once',
    ]);
    expect([first.headers['cache-status'], second.headers['cache-status']]).toEqual([
      'hotset; fwd=uri-miss; stored',
      'hotset; hit; ttl=47',
    ]);
    expect([first.headers.age, second.headers.age, second.headers['content-length']]).toEqual([
      undefined,
      '12',
      '5',
    ]);
    expect(asked.length).toBe(1);
    await ask(server, '/a?b=2');
    await ask(server, '/a?b=1', { headers: { host: 'other' } });
    expect(asked.length).toBe(3);
    clock.advance(47_500);
    await ask(server, '/a?b=1');
    expect(asked.length).toBe(4);
  });

  it('says nothing of itself with cacheStatus: false', async () => {
    const server = await serve({ ttlMs: 60_000, cacheStatus: false }, () => ({ body: 'hello' }));
    for (let i = 0; i < 2; i++) expect((await ask(server)).headers['cache-status']).toBeUndefined();
  });

  const STORED: [string, Reply][] = [
    ['200', {}],
    ['203', { status: 203 }],
    ['301', { status: 301, headers: { location: '/b' } }],
    ['a 404 that says max-age', { status: 404, headers: { 'cache-control': 'max-age=10' } }],
    ['s-maxage before max-age', { headers: { 'cache-control': 'max-age=0, s-maxage=10' } }],
    ['Expires', { headers: { expires: new Date(Date.now() + 60_000).toUTCString() } }],
    ['a body in pieces', { chunks: ['one ', 'two ', 'three'] }],
    ['an empty body', { body: '' }],
    ['Vary by nothing', { headers: { vary: '' } }],
  ];
  it.each(STORED)('stores %s', async (_name, reply) => {
    const server = await serve({ ttlMs: 60_000 }, () => reply);
    const [first, second] = [await ask(server), await ask(server)];
    expect(asked.length).toBe(1);
    expect([second.status, second.body]).toEqual([first.status, first.body]);
  });

  const NOT_STORED: [string, Reply, object?][] = [
    ['404', { status: 404 }],
    ['500', { status: 500 }],
    ['no-store', { headers: { 'cache-control': 'no-store' } }],
    ['private', { headers: { 'cache-control': 'Private, max-age=60' } }],
    ['private of a field', { headers: { 'cache-control': 'private="x-name", max-age=60' } }],
    ['no-cache', { headers: { 'cache-control': 'no-cache' } }],
    ['max-age=0', { headers: { 'cache-control': 'max-age=0' } }],
    ['a max-age that is no number', { headers: { 'cache-control': 'max-age=ten' } }],
    ['Expires in the past', { headers: { expires: '0' } }],
    ['a response as old as it may be', { headers: { age: '10', 'cache-control': 'max-age=10' } }],
    ['Set-Cookie', { headers: { 'set-cookie': 'a=1' } }],
    ['Vary: *', { headers: { vary: 'accept, *' } }],
    ['a body above maxBodyBytes', { body: 'x'.repeat(2001) }],
    ['pieces above maxBodyBytes', { chunks: ['x'.repeat(1500), 'x'.repeat(1500)] }],
    ['a request with Authorization', {}, { authorization: 'Basic YTpi' }],
    ['a request with a cookie', {}, { cookie: 'a=1' }],
    ['a request with a range', {}, { range: 'bytes=0-1' }],
    ['a request with no-store', {}, { 'cache-control': 'no-store' }],
    ['a request with a condition for the handler', {}, { 'if-match': '"1"' }],
    ['a request with a date for the handler', {}, { 'if-unmodified-since': 'Thu, 01 Jan 2026 00:00:00 GMT' }],
    ['a request whose host has a path', {}, { host: 'shop/a' }],
    ['a request whose host has a query', {}, { host: 'shop?a=' }],
  ];
  it.each(NOT_STORED)('does not store %s', async (_name, reply, headers = {}) => {
    const server = await serve({ ttlMs: 60_000, maxBodyBytes: 2000 }, () => reply);
    const [first, second] = [await ask(server, '/', { headers }), await ask(server, '/', { headers })];
    expect(asked.length).toBe(2);
    expect([second.status, second.body]).toEqual([first.status, first.body]);
    expect(engine.size).toBe(0);
  });

  it('takes a TTL for each status', async () => {
    const server = await serve({ ttlMs: { 200: 60_000, 404: 5_000 } }, ({ url }) => ({
      status: Number(url.slice(1)),
    }));
    for (const url of ['/200', '/404', '/200', '/404', '/410', '/410']) await ask(server, url);
    expect(asked.map(({ url }) => url)).toEqual(['/200', '/404', '/410', '/410']);
    clock.advance(5_000);
    for (const url of ['/200', '/404']) await ask(server, url);
    expect(asked.length).toBe(5);
  });

  it('gives credentials what is public, and what varies by them', async () => {
    const replies: Record<string, Reply> = {
      '/public': { headers: { 'cache-control': 'public, max-age=60' } },
      '/varies': { headers: { vary: 'Cookie' } },
      '/plain': {},
    };
    const server = await serve({ ttlMs: 60_000 }, ({ url, headers }) => ({
      ...replies[url],
      body: headers.cookie ?? 'nobody',
    }));
    for (const url of Object.keys(replies)) await ask(server, url);
    const ann = (url: string) => ask(server, url, { headers: { cookie: 'ann' } });
    expect((await ann('/public')).body).toBe('nobody');
    expect((await ann('/varies')).body).toBe('ann');
    expect((await ann('/varies')).headers['cache-status']).toMatch('hit');
    expect((await ann('/plain')).body).toBe('ann');
    expect((await ask(server, '/plain')).body).toBe('nobody');
    expect((await ask(server, '/varies')).body).toBe('nobody');
  });

  it('keeps apart what varies', async () => {
    const server = await serve({ ttlMs: 60_000 }, ({ headers }) => ({
      headers: { vary: 'Accept-Language, accept' },
      body: headers['accept-language'] ?? 'none',
    }));
    const ask2 = async (language?: string) =>
      (await ask(server, '/', { headers: language === undefined ? {} : { 'accept-language': language } }))
        .body;
    for (let i = 0; i < 2; i++)
      for (const language of ['de', 'en', undefined]) expect(await ask2(language)).toBe(language ?? 'none');
    expect(asked.length).toBe(3);
    running!.cache.invalidate('shop/');
    await ask2('de');
    expect(asked.length).toBe(4);
    await ask2('en');
    expect(asked.length).toBe(5);
  });

  it('has one flight for each key', async () => {
    const gate = gateOf();
    const server = await serve({ ttlMs: 60_000 }, async ({ url }) => {
      await gate.promise;
      return { body: url };
    });
    const all = Array.from({ length: 20 }, (_, i) => ask(server, i % 2 ? '/odd' : '/even'));
    await expect.poll(() => asked.length).toBe(2);
    gate.resolve();
    expect(new Set((await Promise.all(all)).map(({ body }) => body))).toEqual(new Set(['/odd', '/even']));
    expect(asked.length).toBe(2);
  });

  it('lets go all who wait for what is not stored', async () => {
    const gate = gateOf();
    const server = await serve({ ttlMs: 60_000 }, async () => {
      if (asked.length === 1) await gate.promise;
      return { headers: { 'cache-control': 'no-store' } };
    });
    const all = Array.from({ length: 10 }, () => ask(server));
    await expect.poll(() => asked.length).toBe(1);
    gate.resolve();
    await Promise.all(all);
    expect(asked.length).toBe(10);
  });

  it('has another flight when the client of the first one leaves', async () => {
    const gate = gateOf();
    const server = await serve({ ttlMs: 60_000 }, async () => {
      if (asked.length === 1) await gate.promise;
      return { body: 'hello' };
    });
    const leaves = new AbortController();
    const first = ask(server, '/', { signal: leaves.signal }).catch(() => 'left');
    await expect.poll(() => asked.length).toBe(1);
    const others = Array.from({ length: 5 }, () => ask(server));
    leaves.abort();
    expect(await first).toBe('left');
    for (const { body } of await Promise.all(others)) expect(body).toBe('hello');
    expect(asked.length).toBe(2);
    gate.resolve();
  });

  it.each([
    ['answers 503', { status: 503, body: 'down' }],
    ['throws', { fails: true }],
    ['answers 500 in pieces', { status: 500, chunks: ['not ', 'now'] }],
  ] as [string, Reply][])('answers with what is stale when the handler %s', async (_name, failure) => {
    let isDown = false;
    const server = await serve({ ttlMs: 1_000, staleOnErrorMs: 10_000 }, () =>
      isDown
        ? { headers: { 'x-of': 'failure' }, ...failure }
        : { headers: { 'x-of': 'success' }, body: 'hello' },
    );
    await ask(server);
    isDown = true;
    clock.advance(2_000);
    const stale = await ask(server);
    expect([stale.status, stale.body, stale.headers['x-of'], stale.headers.age]).toEqual([
      200,
      'hello',
      'success',
      '2',
    ]);
    expect(stale.headers['cache-status']).toBe('hotset; hit; ttl=-1');
    expect(asked.length).toBe(2);
    const all = await Promise.all(Array.from({ length: 5 }, () => ask(server)));
    expect(all.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    clock.advance(9_000);
    expect((await ask(server)).status).toBeGreaterThanOrEqual(500);
    isDown = false;
    expect((await ask(server)).body).toBe('hello');
  });

  it('obeys must-revalidate and stale-if-error', async () => {
    let isDown = false;
    const says: Record<string, string> = {
      '/must': 'max-age=1, must-revalidate',
      '/may': 'max-age=1, stale-if-error=3',
    };
    const server = await serve({ staleOnErrorMs: 60_000 }, ({ url }) =>
      isDown ? { status: 500 } : { headers: { 'cache-control': says[url]! } },
    );
    for (const url of Object.keys(says)) await ask(server, url);
    isDown = true;
    clock.advance(2_000);
    expect((await ask(server, '/must')).status).toBe(500);
    expect((await ask(server, '/may')).status).toBe(200);
    clock.advance(2_000);
    expect((await ask(server, '/may')).status).toBe(500);
  });

  it('forgets a URL that is written to, when the write succeeds', async () => {
    const server = await serve({ ttlMs: 60_000 }, ({ method, headers }) =>
      method === 'POST' ? { status: Number(headers['x-status']) } : { body: 'hello' },
    );
    const post = (status: number) => ask(server, '/', { method: 'POST', headers: { 'x-status': status } });
    await ask(server);
    await post(500);
    await ask(server);
    expect(asked.length).toBe(2);
    await post(204);
    await ask(server);
    expect(asked.length).toBe(4);
  });

  it('answers HEAD and conditions from what is stored', async () => {
    const headers = { etag: '"1"', 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' };
    const server = await serve({ ttlMs: 60_000 }, () => ({ headers, body: 'hello' }));
    await ask(server, '/', { method: 'HEAD' });
    // The condition is taken from the handler: what it sends is whole.
    await ask(server, '/', { headers: { 'if-none-match': '"1"' } });
    expect(asked.map((one) => one.headers['if-none-match'])).toEqual([undefined, undefined]);
    const head = await ask(server, '/', { method: 'HEAD' });
    expect([head.status, head.body, head.headers['content-length']]).toEqual([200, '', '5']);
    for (const [name, value, status] of [
      ['if-none-match', '"0", W/"1"', 304],
      ['if-none-match', '*', 304],
      ['if-none-match', '"2"', 200],
      ['if-modified-since', 'Fri, 02 Jan 2026 00:00:00 GMT', 304],
      ['if-modified-since', 'Wed, 31 Dec 2025 00:00:00 GMT', 200],
      ['if-modified-since', 'yesterday', 200],
    ] as const)
      expect((await ask(server, '/', { headers: { [name]: value } })).status, `${name}: ${value}`).toBe(
        status,
      );
    expect(asked.length).toBe(2);
  });

  it('forgets by tag, also what is under way', async () => {
    const gate = gateOf();
    const tags = ((_request: unknown, { headers }: { headers: Record<string, unknown> }) => [
      String(headers['x-tag']),
    ]) as never;
    const server = await serve({ ttlMs: 60_000, tags }, async ({ url }) => {
      if (url === '/slow' && asked.filter((one) => one.url === '/slow').length === 1) await gate.promise;
      return { headers: { 'x-tag': url.slice(1) } };
    });
    await ask(server, '/a');
    await ask(server, '/b');
    const slow = ask(server, '/slow');
    await expect.poll(() => asked.length).toBe(3);
    expect(engine.invalidateTags(['a', 'slow'])).toBe(1);
    gate.resolve();
    expect((await slow).status).toBe(200);
    for (const url of ['/a', '/b', '/slow']) await ask(server, url);
    expect(asked.map(({ url }) => url)).toEqual(['/a', '/b', '/slow', '/a', '/slow']);
    server.cache.clear();
    expect(engine.size).toBe(0);
  });

  it('takes a key, and passes by where it says so', async () => {
    const server = await serve(
      {
        ttlMs: 60_000,
        key: ((request: Asked) =>
          request.url.startsWith('/private') ? null : request.url.split('?')[0]!) as never,
        bypass: ((request: Asked) => request.headers['x-fresh'] !== undefined) as never,
      },
      () => ({ body: 'hello' }),
    );
    for (const url of ['/a?utm=1', '/a?utm=2', '/private', '/private']) await ask(server, url);
    expect(asked.length).toBe(3);
    const { headers } = await ask(server, '/a', { headers: { 'x-fresh': '1' } });
    expect([asked.length, headers['cache-status']]).toEqual([4, 'hotset; fwd=bypass']);
    server.cache.invalidate('/a');
    await ask(server, '/a');
    expect(asked.length).toBe(5);
  });

  it('serves when a function of the user throws, and waits for nobody then', async () => {
    let isBroken = true;
    const tags = (() => {
      if (isBroken) throw new Error('no tags');
      return [];
    }) as never;
    const server = await serve({ ttlMs: 60_000, tags }, () => ({ body: 'hello' }));
    const broken = await Promise.all([ask(server), ask(server)]).catch(() => []);
    for (const { status } of broken) expect(status).toBe(500);
    isBroken = false;
    expect((await ask(server)).body).toBe('hello');
    expect((await ask(server)).headers['cache-status']).toMatch('hit');
  });

  it('keeps no response that the engine refuses', async () => {
    engine = new CacheEngine({ clock, maxBytes: 4096, evict: false });
    running = await start(engine, { ttlMs: 60_000 }, () => ({ body: 'x'.repeat(5000) }));
    const answers = await Promise.all([ask(running), ask(running), ask(running)]);
    expect(answers.map(({ body }) => body.length)).toEqual([5000, 5000, 5000]);
    expect(engine.size).toBe(0);
  });
});

describe('what an attacker tries', () => {
  type Route = (request: express.Request, response: express.Response) => unknown;

  /** Express with middleware before the cache, and a route behind it. */
  async function serveRoute(
    route: Route,
    before: express.RequestHandler[] = [],
    options: ResponseCacheOptions<never> = {},
  ): Promise<{ server: Running; engine: CacheEngine<string, unknown> }> {
    const engine = new CacheEngine<string, unknown>();
    const cache = responseCache(engine, { ttlMs: 60_000, ...(options as AnyOptions) });
    const app = express();
    app.set('env', 'test');
    for (const middleware of before) app.use(middleware);
    app.use(cache);
    app.all('/{*path}', route);
    running = { ...(await listening(app)), cache };
    return { server: running, engine };
  }

  it('gives nobody the cookie that middleware adds at the end', async () => {
    let visitors = 0;
    const { server, engine } = await serveRoute(
      (_request, response) => response.send(`for ${response.locals.visitor}`),
      [
        (_request, response, next) => {
          response.locals.visitor = ++visitors;
          const { writeHead } = response;
          response.writeHead = ((...all: unknown[]) => {
            response.setHeader('set-cookie', `visitor=${response.locals.visitor}`);
            return Reflect.apply(writeHead, response, all);
          }) as typeof response.writeHead;
          next();
        },
      ],
    );
    expect([(await ask(server)).body, (await ask(server)).body]).toEqual(['for 1', 'for 2']);
    expect(engine.size).toBe(0);
  });

  it('judges by the credentials that the client sent', async () => {
    const { server } = await serveRoute((request, response) => {
      const user = request.headers.authorization ?? 'nobody';
      delete request.headers.authorization;
      response.send(`secret of ${user}`);
    });
    await ask(server, '/', { headers: { authorization: 'ann' } });
    expect((await ask(server)).body).toBe('secret of nobody');
  });

  it('keeps apart hosts, paths and schemes', async () => {
    const { server } = await serveRoute((request, response) =>
      response.send(`${request.headers.host} ${request.url}`),
    );
    await ask(server, '/evil', { headers: { host: 'shop/api' } });
    expect((await ask(server, '/api/evil')).body).toBe('shop /api/evil');
    await ask(server, '/a', { headers: { host: 'SHOP' } });
    expect((await ask(server, '/a')).headers['cache-status']).toMatch('hit');

    const cache = new ResponseCache<object>(new CacheEngine<string, unknown>(), { ttlMs: 60_000 });
    const view = { request: {}, method: 'GET', url: '/', headers: { host: 'shop' } };
    const first = cache.begin({ ...view, isSecure: false }) as { kind: string; flight: Flight };
    first.flight.offer(301, {});
    first.flight.finish();
    expect(cache.begin({ ...view, isSecure: false })).toMatchObject({ kind: 'answer' });
    expect(cache.begin({ ...view, isSecure: true })).toMatchObject({ kind: 'flight' });
  });

  it('passes by a GET with a body', async () => {
    const { server, engine } = await serveRoute((_request, response) => response.send('hello'));
    for (const headers of [{ 'content-length': '0' }, { 'transfer-encoding': 'chunked' }])
      await ask(server, '/', { headers });
    expect(engine.size).toBe(1);
  });

  it('stores no body that was cut, and none that its writer changed', async () => {
    const half = await serveRoute((_request, response) => {
      response.setHeader('content-length', '100');
      response.write('half');
      response.end();
    });
    await ask(half.server).catch(() => {});
    expect(half.engine.size).toBe(0);
    await half.server.close();

    const buffer = Buffer.alloc(4);
    const { server } = await serveRoute(async (_request, response) => {
      for (const text of ['aaaa', 'bbbb']) {
        buffer.write(text);
        await new Promise((resolve) => response.write(buffer, resolve));
      }
      response.end();
    });
    for (let i = 0; i < 2; i++) expect((await ask(server)).body).toBe('aaaabbbb');
  });

  it('lets a cache inside another one have the request', async () => {
    const { server } = await serveRoute((_request, response) => response.send('hello'));
    await server.close();
    const clock = new ManualClock(0);
    const cached = responseCache(new CacheEngine<string, unknown>({ clock }), { ttlMs: 60_000 });
    const app = express();
    app.use(cached);
    app.get('/', cached.with({ ttlMs: 5_000 }), (_request, response) => void response.send('news'));
    running = { ...(await listening(app)), cache: cached };
    for (const status of ['miss; stored', 'hit; ttl=5'])
      expect((await ask(running)).headers['cache-status']).toMatch(status);
  });

  it('forgets a URL whose writer left before the answer', async () => {
    const gate = gateOf();
    let isAsked = false;
    let isWritten = false;
    const { server } = await serveRoute(async (request, response) => {
      if (request.method === 'POST') {
        isAsked = true;
        await gate.promise;
        isWritten = true;
      }
      response.send(isWritten ? 'new' : 'old');
    });
    await ask(server);
    const leaves = new AbortController();
    const post = ask(server, '/', { method: 'POST', signal: leaves.signal }).catch(() => {});
    await expect.poll(() => isAsked).toBe(true);
    leaves.abort();
    await post;
    gate.resolve();
    await expect.poll(async () => (await ask(server)).body).toBe('new');
  });

  it('waits once for a handler that hangs, and not again', async () => {
    const cache = new ResponseCache<object>(new CacheEngine<string, unknown>(), {
      ttlMs: 60_000,
      maxWaitMs: 10,
    });
    const begin = () =>
      cache.begin({ request: {}, method: 'GET', url: '/', headers: { host: 'shop' }, isSecure: false });
    expect(begin()).toMatchObject({ kind: 'flight' });
    const waits = begin();
    expect(waits).toBeInstanceOf(Promise);
    expect(await waits).toMatchObject({ kind: 'pass' });
    expect(begin()).toMatchObject({ kind: 'pass' });
  });

  it('bounds the bodies of all that is under way', async () => {
    const gate = gateOf();
    let written = 0;
    const { server, engine } = await serveRoute(
      async (_request, response) => {
        response.write('x'.repeat(1000));
        written++;
        await gate.promise;
        response.end();
      },
      [],
      { maxUnfinishedBytes: 2_500 },
    );
    const all = Array.from({ length: 5 }, (_, i) => ask(server, `/${i}`));
    await expect.poll(() => written).toBe(5);
    gate.resolve();
    for (const { body } of await Promise.all(all)) expect(body.length).toBe(1000);
    expect(engine.size).toBe(2);
    for (let i = 5; i < 7; i++) await ask(server, `/${i}`);
    expect(engine.size).toBe(4);
  });

  it('keeps headers of the request that was first to itself', async () => {
    let requests = 0;
    const { server } = await serveRoute(
      (_request, response) => response.setHeader('x-made', 'once').send('hello'),
      [
        (_request, response, next) => {
          response.setHeader('x-request-id', String(++requests));
          next();
        },
      ],
    );
    for (const id of ['1', '2'])
      expect((await ask(server)).headers).toMatchObject({ 'x-request-id': id, 'x-made': 'once' });
  });

  it('sends every header of a list', async () => {
    const { server } = await serveRoute((_request, response) => {
      response.writeHead(200, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']);
      response.end();
    });
    expect((await ask(server)).headers['set-cookie']).toEqual(['a=1', 'b=2']);
  });

  it('takes no engine whose reads renew entries, and no key but a text', async () => {
    expect(() => responseCache(new CacheEngine<string, unknown>({ ttlMs: 1000, ttlFrom: 'read' }))).toThrow(
      expect.objectContaining({ code: 'HOTSET_INVALID_ARGUMENT' }),
    );
    const { server } = await serveRoute((_request, response) => response.send('hello'), [], {
      key: (async () => 'a') as never,
    });
    expect((await ask(server)).status).toBe(500);
  });
});

it.each([true, false])('keeps apart hosts behind a proxy, where it is trusted: %s', async (isTrusted) => {
  const engines = [new CacheEngine<string, unknown>(), new CacheEngine<string, unknown>()];
  const app = express();
  app.set('trust proxy', isTrusted);
  const cached = responseCache(engines[0]!, { ttlMs: 60_000 });
  app.use(cached);
  app.get('/', (request, response) => void response.send(`${request.hostname}, ${request.headers.host}`));
  const other = fastify({ trustProxy: isTrusted, forceCloseConnections: true });
  await other.register(fastifyResponseCache, { engine: engines[1]!, ttlMs: 60_000 });
  other.get('/', async (request) => `${request.hostname}, ${request.headers.host}`);
  await other.listen({ port: 0, host: '127.0.0.1' });
  const { port, close } = await listening(app);
  onTestFinished(async () => {
    await close();
    await other.close();
  });
  const servers: Running[] = [
    { port, close, cache: cached },
    { port: (other.server.address() as AddressInfo).port, close, cache: other.responseCache },
  ];
  for (const server of servers) {
    const get = async (host: string, forwarded: string) =>
      ask(server, '/', { headers: { host, 'x-forwarded-host': forwarded } });
    const pairs = ['one', 'two'].flatMap((host) =>
      ['a.example', 'b.example'].map((each) => [host, each] as const),
    );
    for (let round = 0; round < 2; round++)
      for (const [host, forwarded] of pairs)
        expect((await get(host, forwarded)).body).toBe(`${isTrusted ? forwarded : host}, ${host}`);
    expect((await get('one', 'b.example')).headers['cache-status']).toMatch('hit');
    server.cache.invalidate(isTrusted ? 'a.example/' : 'one/');
    const left: string[] = [];
    for (const pair of pairs)
      left.push(/hit|miss/.exec(String((await get(...pair)).headers['cache-status']))![0]);
    expect(left).toEqual(isTrusted ? ['miss', 'hit', 'miss', 'hit'] : ['miss', 'hit', 'hit', 'hit']);
  }
});

it('caches over HTTP/2, which has no status messages and warns of them', async () => {
  const warned = vi.fn();
  process.on('warning', warned);
  onTestFinished(() => void process.off('warning', warned));
  const cached = responseCache(new CacheEngine<string, unknown>(), { ttlMs: 60_000 });
  let calls = 0;
  const server = createHttp2Server((request, response) =>
    cached(request as never, response as never, () => {
      calls++;
      (response as unknown as ServerResponse).flushHeaders();
      response.end('hello');
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(() => {
    client.close();
    server.close();
  });
  const get = async () => {
    const stream = client.request({ ':path': '/' });
    const [[headers]] = await Promise.all([once(stream, 'response'), stream.toArray()]);
    return (headers as IncomingHttpHeaders)['cache-status'];
  };
  expect([await get(), await get()]).toEqual(['hotset; fwd=uri-miss; stored', 'hotset; hit; ttl=59']);
  expect(calls).toBe(1);
  expect(warned).not.toHaveBeenCalled();
});

describe('options', () => {
  const engine = new CacheEngine<string, unknown>();

  it.each([
    { ttlMs: -1 },
    { ttlMs: Number.NaN },
    { ttlMs: Number.POSITIVE_INFINITY },
    { ttlMs: '60' },
    { ttlMs: { ok: 1 } },
    { ttlMs: { 200: -1 } },
    { ttlMs: null },
    { ttlMs: [60_000] },
    { ttlMs: new Map([[200, 60_000]]) },
    { staleOnErrorMs: null },
    { staleOnErrorMs: -1 },
    { key: 'url' },
    { bypass: true },
    { tags: ['a'] },
    { maxBodyBytes: -1 },
    { maxWaitMs: 'long' },
    { maxUnfinishedBytes: -1 },
    { keyPrefix: 1 },
    { cacheStatus: 'yes' },
    { ttl: 60 },
  ])('refuses %j', (options) => {
    expect(() => responseCache(engine, options as never)).toThrow(
      expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' }),
    );
    expect(() => responseCache(engine).with(options as never)).toThrow(
      expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' }),
    );
  });

  it.each([null, 5, 'ttlMs', true, [], new Map(), () => ({ ttlMs: 1 })])(
    'refuses %s in the place of options',
    async (options) => {
      const refusal = expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' });
      expect(() => responseCache(engine, options as never)).toThrow(refusal);
      expect(() => responseCache(engine).with(options as never)).toThrow(refusal);
      const app = fastify();
      await app.register(fastifyResponseCache, { engine });
      const route = { config: { responseCache: options as never } };
      expect(() => app.get('/', route, async () => 'hello')).toThrow(refusal);
      await app.close();
    },
  );

  it('refuses a key that is no text', () => {
    const cached = responseCache(engine);
    for (const key of [undefined, null, 7, Symbol('key'), {}])
      expect(() => cached.invalidate(key as never)).toThrow(
        expect.objectContaining({ code: 'HOTSET_INVALID_ARGUMENT' }),
      );
  });

  it('refuses anything but an engine', () => {
    for (const other of [undefined, null, new Map(), {}])
      expect(() => responseCache(other as never)).toThrow(
        expect.objectContaining({ code: 'HOTSET_INVALID_ARGUMENT' }),
      );
  });

  it('are a route’s own in Express and Fastify', async () => {
    const clock = new ManualClock();
    const shared = new CacheEngine<string, unknown>({ clock });
    const cached = responseCache(shared, { ttlMs: 60_000 });
    const app = express();
    app.get('/short', cached.with({ ttlMs: 1_000 }), (_request, response) => void response.send('short'));
    app.get('/long', cached, (_request, response) => void response.send('long'));
    running = { ...(await listening(app)), cache: cached };
    for (const url of ['/short', '/long']) await ask(running, url);
    clock.advance(1_000);
    expect((await ask(running, '/short')).headers['cache-status']).toMatch('miss');
    expect((await ask(running, '/long')).headers['cache-status']).toMatch('hit');
    await running.close();

    const other = fastify();
    await other.register(fastifyResponseCache, {
      engine: new CacheEngine<string, unknown>({ clock }),
      ttlMs: 60_000,
    });
    other.get('/short', { config: { responseCache: { ttlMs: 1_000 } } }, async () => 'short');
    other.get('/never', { config: { responseCache: false } }, async () => 'never');
    const status = async (url: string) => (await other.inject(url)).headers['cache-status'];
    expect([await status('/short'), await status('/short'), await status('/never')]).toEqual([
      'hotset; fwd=uri-miss; stored',
      'hotset; hit; ttl=1',
      undefined,
    ]);
    clock.advance(1_000);
    expect(await status('/short')).toMatch('miss');
    await other.close();
    running = undefined;
  });
});

it('keeps versions of Fastify’s routes apart, and forgets them together', async () => {
  const app = fastify();
  await app.register(fastifyResponseCache, { engine: new CacheEngine<string, unknown>(), ttlMs: 60_000 });
  let calls = 0;
  for (const version of ['1.0.0', '2.0.0'])
    app.get('/', { constraints: { version } }, async () => `${version} ${++calls}`);
  const get = async (version: string) =>
    (await app.inject({ url: '/', headers: { 'accept-version': version, host: 'shop' } })).body;
  expect([await get('1.0.0'), await get('2.0.0'), await get('1.0.0')]).toEqual([
    '1.0.0 1',
    '2.0.0 2',
    '1.0.0 1',
  ]);
  app.responseCache.invalidate('shop/');
  expect([await get('1.0.0'), await get('2.0.0')]).toEqual(['1.0.0 3', '2.0.0 4']);
  await app.close();
});

it('refuses bad options of a Fastify route when it is made', async () => {
  const app = fastify();
  await app.register(fastifyResponseCache, { engine: new CacheEngine<string, unknown>() });
  expect(() => app.get('/', { config: { responseCache: { ttl: 5 } as never } }, async () => 'hello')).toThrow(
    expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' }),
  );
  await app.close();
});

describe('headers', () => {
  it('of any text are read, in linear time', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        directivesOf(text);
        varyNames(text);
      }),
    );
    for (const text of [',', '=', '"', 'a=', 'a="', '\\', 'a,', ' ', 'a="\\'])
      directivesOf(text.repeat(100_000));
  });

  it('say what RFC 9111 says', () => {
    const directives = directivesOf('Max-Age="60", private="a, b=c",no-store , x=1, max-age=5');
    expect([...directives]).toEqual([
      ['max-age', '60'],
      ['private', 'a, b=c'],
      ['no-store', ''],
      ['x', '1'],
    ]);
    expect(directiveMs(directives, 'max-age')).toBe(60_000);
    expect(directiveMs(directives, 's-maxage')).toBeUndefined();
    expect(directiveMs(directivesOf('max-age'), 'max-age')).toBe(0);
    expect(directiveMs(directivesOf('max-age=99999999999999999999'), 'max-age')).toBe(2 ** 31 * 1000);
    expect(varyNames('Accept,  accept, B')).toEqual(['accept', 'b']);
    expect(varyNames('*')).toBeNull();
  });
});
