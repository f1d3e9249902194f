/**
 * node undici-child.mjs PACKAGE (undici or undici-8)
 *
 * Requests through undici's cache interceptor to a real server, with `request` and with `fetch`. Prints the names of the
 * scenarios that hold; the first that does not ends the process.
 */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as after, setImmediate as turn } from 'node:timers/promises';
import { CacheEngine } from 'hotset';
import { HotsetCacheStore } from 'hotset/undici';

const { Agent, cacheStores, fetch, interceptors, request } = await import(process.argv[2]);

// undici measures ages with Date.now(), which stands still here until a scenario moves it.
let nowMs = Date.now();
Date.now = () => nowMs;

/** path -> what answers, and how often each was asked. */
let routes = {};
let asked = {};
const server = createServer((message, response) => {
  const { pathname } = new URL(message.url, 'http://localhost');
  response.sendDate = false;
  asked[`${message.method} ${pathname}`] = (asked[`${message.method} ${pathname}`] ?? 0) + 1;
  routes[pathname](message, response);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const origin = `http://127.0.0.1:${server.address().port}`;

const CLIENTS = {
  request: async (dispatcher, path, options = {}) => {
    const { statusCode, headers, body } = await request(origin + path, { dispatcher, ...options });
    return { status: statusCode, headers, body: Buffer.from(await body.arrayBuffer()) };
  },
  fetch: async (dispatcher, path, options = {}) => {
    const response = await fetch(origin + path, { dispatcher, ...options });
    const body = Buffer.from(await response.arrayBuffer());
    return { status: response.status, headers: Object.fromEntries(response.headers), body };
  },
};

const SCENARIOS = {
  'serves a fresh response, the same to the byte': async ({ get, store }) => {
    const body = randomBytes(1_000_000);
    routes['/'] = (_, response) => {
      response.writeHead(200, {
        'cache-control': 'max-age=60',
        'content-type': 'image/png',
        'x-two': ['a', 'b'],
      });
      for (let i = 0; i < 10; i++) response.write(body.subarray(i * 100_000, (i + 1) * 100_000));
      response.end();
    };
    const first = await get('/');
    const second = await get('/');
    assert.deepEqual(first.body, body);
    assert.deepEqual(second.body, body);
    assert.equal(second.headers.age, '0');
    assert.equal(second.headers['content-type'], 'image/png');
    assert.deepEqual(second.headers['x-two'], first.headers['x-two']);
    assert.equal(asked['GET /'], 1);
    const { hits, misses, stored } = store.stats();
    assert.deepEqual({ hits, misses, stored }, { hits: 1, misses: 1, stored: 1 });
  },

  'serves no response body where there is none': async ({ get }) => {
    routes['/'] = (_, response) => response.writeHead(204, { 'cache-control': 'max-age=60' }).end();
    assert.equal((await get('/')).status, 204);
    assert.equal((await get('/')).body.length, 0);
    assert.equal(asked['GET /'], 1);
  },

  'keeps a response for each value of what it varies on': async ({ get }) => {
    routes['/'] = ({ headers }, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60', vary: 'X-Language, X-Kind' });
      response.end(`${headers['x-language']} ${headers['x-kind']}`);
    };
    const wanted = [
      { 'x-language': 'de' },
      { 'x-language': 'en' },
      { 'x-language': 'en', 'x-kind': 'b' },
      {},
    ];
    for (let round = 0; round < 3; round++)
      for (const headers of wanted)
        assert.equal(
          (await get('/', { headers })).body.toString(),
          `${headers['x-language']} ${headers['x-kind']}`,
        );
    assert.equal(asked['GET /'], 4);
  },

  'keeps HEAD and GET apart': async ({ get }) => {
    routes['/'] = (_, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60', 'content-length': '3' });
      response.end('abc');
    };
    for (const [method, length] of Object.entries({ HEAD: 0, GET: 3, head: 0, get: 3 }))
      assert.equal((await get('/', { method: method.toUpperCase() })).body.length, length);
    assert.deepEqual([asked['GET /'], asked['HEAD /']], [1, 1]);
  },

  'serves stale while it revalidates, and then the new one': async ({ get, store }) => {
    let version = 1;
    routes['/'] = (_, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=10, stale-while-revalidate=60' });
      response.end(`version ${version++}`);
    };
    await get('/');
    nowMs += 20_000;
    const stale = await get('/');
    assert.deepEqual(
      [stale.body.toString(), stale.headers.warning],
      ['version 1', '110 - "response is stale"'],
    );
    await until(() => store.stats().stored === 2);
    assert.equal((await get('/')).body.toString(), 'version 2');
    assert.equal(asked['GET /'], 2);
    nowMs += 80_000;
    assert.equal((await get('/')).body.toString(), 'version 3');
  },

  'revalidates with an etag in the background, and keeps the body': async ({ get, store }) => {
    const body = randomBytes(300_000);
    routes['/'] = ({ headers }, response) => {
      const known = headers['if-none-match'] === '"1"';
      response.writeHead(known ? 304 : 200, {
        'cache-control': 'max-age=10, stale-while-revalidate=60',
        etag: '"1"',
        'x-asked': `${asked['GET /']}`,
      });
      response.end(known ? undefined : body);
    };
    await get('/');
    nowMs += 20_000;
    assert.deepEqual((await get('/')).body, body);
    await until(() => store.stats().stored === 2);
    const fresh = await get('/');
    assert.deepEqual(fresh.body, body);
    assert.deepEqual([fresh.headers['x-asked'], fresh.headers.warning, asked['GET /']], ['2', undefined, 2]);
  },

  'revalidates before it serves, where it must': async ({ get }) => {
    routes['/'] = ({ headers }, response) => {
      const known = headers['if-none-match'] === '"1"';
      response.writeHead(known ? 304 : 200, { 'cache-control': 'no-cache, max-age=10', etag: '"1"' });
      response.end(known ? undefined : 'abc');
    };
    for (let i = 1; i <= 3; i++) {
      const { status, body } = await get('/');
      assert.deepEqual([status, body.toString(), asked['GET /']], [200, 'abc', i]);
    }
  },

  'serves stale when the server fails, for as long as it may': async ({ get }) => {
    let fails = false;
    routes['/'] = (_, response) => {
      response.writeHead(fails ? 500 : 200, { 'cache-control': 'max-age=10, stale-if-error=60' });
      response.end(fails ? 'no' : 'yes');
    };
    await get('/');
    fails = true;
    nowMs += 20_000;
    assert.equal((await get('/')).body.toString(), 'yes');
    nowMs += 80_000;
    assert.equal((await get('/')).body.toString(), 'no');
  },

  'forgets a URL, its variants and what Location names after an unsafe method': async ({ get, engine }) => {
    let version = 1;
    routes['/'] = ({ method }, response) => {
      response.writeHead(method === 'GET' ? 200 : 201, {
        'cache-control': 'max-age=60',
        vary: 'x-user',
        location: '/created',
      });
      response.end(`${version}`);
    };
    routes['/created'] = (_, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60' });
      response.end(`${version}`);
    };
    const read = async () => [
      (await get('/', { headers: { 'x-user': 'a' } })).body.toString(),
      (await get('/', { headers: { 'x-user': 'b' } })).body.toString(),
      (await get('/created')).body.toString(),
    ];
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const before = `${version}`;
      assert.deepEqual(await read(), [before, before, before]);
      assert.deepEqual(await read(), [before, before, before]);
      version++;
      await get('/', { method });
      assert.equal(engine.size, 0);
      assert.deepEqual(await read(), [`${version}`, `${version}`, `${version}`]);
    }
  },

  'does not store a response that was under way when its URL was invalidated': async ({ get, store }) => {
    let finish;
    routes['/'] = ({ method }, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60' });
      if (method === 'POST') response.end();
      else {
        response.write('old, ');
        finish = () => response.end('but whole');
      }
    };
    const slow = get('/');
    await until(() => store.stats().unfinished === 1);
    await get('/', { method: 'POST' });
    finish();
    assert.equal((await slow).body.toString(), 'old, but whole');
    assert.deepEqual([store.stats().cancelled, store.stats().stored], [1, 0]);
    const next = get('/');
    await until(() => asked['GET /'] === 2);
    finish();
    await next;
  },

  'passes on a body that is too large, and stores nothing of it': async ({ get, store, engine }) => {
    const sizes = { '/chunked': 1_500_000, '/declared': 1_500_000, '/fits': 1_000_000 };
    for (const [path, size] of Object.entries(sizes))
      routes[path] = (_, response) => {
        response.writeHead(200, {
          'cache-control': 'max-age=60',
          ...(path === '/declared' ? { 'content-length': `${size}` } : {}),
        });
        response.end(Buffer.alloc(size, 'x'));
      };
    for (let round = 0; round < 2; round++)
      for (const [path, size] of Object.entries(sizes)) assert.equal((await get(path)).body.length, size);
    assert.deepEqual(asked, { 'GET /chunked': 2, 'GET /declared': 2, 'GET /fits': 1 });
    assert.equal(engine.size, 1);
    assert.deepEqual([store.stats().unfinished, store.stats().unfinishedBytes], [0, 0]);
  },

  'stores nothing of a response that breaks off': async ({ get, store, engine }) => {
    routes['/'] = (_, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60', 'content-length': '1000' });
      response.write('half');
      setTimeout(() => response.destroy(), 5);
    };
    await assert.rejects(get('/'));
    await until(() => store.stats().unfinished === 0);
    assert.deepEqual([engine.size, store.stats().unfinishedBytes], [0, 0]);
  },

  'stores nothing of a request that is aborted': async ({ get, store, engine }) => {
    routes['/'] = (_, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60' });
      response.write('half');
    };
    const controller = new AbortController();
    const aborted = get('/', { signal: controller.signal });
    await until(() => store.stats().unfinished === 1);
    controller.abort();
    await assert.rejects(aborted);
    await until(() => store.stats().unfinished === 0);
    assert.deepEqual([engine.size, store.stats().unfinishedBytes], [0, 0]);
  },

  'bounds what arrives at once: 60 slow bodies of 300 kB': async ({ get, store }) => {
    routes['/'] = async (_, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60' });
      response.write(Buffer.alloc(200_000));
      while (asked['GET /'] < 60) await after(1);
      for (let i = 0; i < 10; i++) {
        response.write(Buffer.alloc(10_000));
        await after(1);
        assert.ok(store.stats().unfinishedBytes <= 4_000_000);
      }
      response.end();
    };
    const bodies = await Promise.all(Array.from({ length: 60 }, (_, i) => get(`/?${i}`)));
    assert.ok(bodies.every(({ body }) => body.length === 300_000));
    const { stored, refused, unfinishedBytes } = store.stats();
    assert.deepEqual([stored + refused, unfinishedBytes], [60, 0]);
    assert.ok(refused > 0 && stored > 0, `${stored} stored, ${refused} refused`);
  },

  'two agents over one engine are apart by namespace': async ({ get, engine, client }) => {
    routes['/'] = (_, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60' });
      response.end(`${asked['GET /']}`);
    };
    const other = agent(new HotsetCacheStore(engine, { namespace: 'other' }));
    assert.equal((await get('/')).body.toString(), '1');
    assert.equal((await client(other, '/')).body.toString(), '2');
    assert.equal((await get('/')).body.toString(), '1');
    await other.close();
  },

  "answers as undici's own store does, over 400 requests at random": async ({ get, client, engine }) => {
    const own = agent(new cacheStores.MemoryCacheStore());
    const versions = {};
    for (let i = 0; i < 12; i++)
      routes[`/${i}`] = ({ method, headers, url }, response) => {
        const { pathname } = new URL(url, origin);
        // Both agents change what they see: a version for each.
        const id = `${headers['x-agent']} ${pathname}`;
        versions[id] ??= 1;
        if (method === 'POST') versions[id]++;
        response.writeHead(i % 5 === 4 ? 404 : 200, {
          'cache-control': `max-age=${1 + (i % 3) * 20}, stale-while-revalidate=${(i % 2) * 30}`,
          ...(i % 3 === 0 ? { vary: 'accept-language' } : {}),
        });
        response.end(`${pathname} ${versions[id]} ${headers['accept-language']}`);
      };
    let seed = 1;
    const random = (n) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % n;
    };
    for (let i = 0; i < 400; i++) {
      const path = `/${random(12)}`;
      const language = ['de', 'en', 'fr'][random(3)];
      const method = random(10) === 0 ? 'POST' : 'GET';
      if (random(20) === 0) nowMs += 7_000;
      const ask = (name, dispatch) =>
        dispatch(path, { method, headers: { 'x-agent': name, 'accept-language': language } });
      const [mine, theirs] = [
        await ask('hotset', get),
        await ask('undici', (...args) => client(own, ...args)),
      ];
      // Revalidations in the background end before the next request.
      await after(1);
      for (const one of [mine, theirs])
        for (const name of ['connection', 'keep-alive']) delete one.headers[name];
      assert.deepEqual({ i, path, method, ...mine }, { i, path, method, ...theirs });
    }
    assert.deepEqual(engine.verify(), []);
    await own.close();
  },

  'forgets by tag; what the tags throw fails the request': async ({ client, engine }) => {
    const tags = (_, { headers }) => {
      if (headers['cache-tag'] === 'throw') throw new Error('no such tag');
      return [headers['cache-tag']];
    };
    const own = agent(new HotsetCacheStore(engine, { tags }));
    let calls = 0;
    for (const tag of ['news', 'sports', 'throw'])
      routes[`/${tag}`] = (_, response) => {
        response.writeHead(200, { 'cache-control': 'max-age=60', 'cache-tag': tag });
        response.end(`${tag} ${++calls}`);
      };
    const said = async (path) => String((await client(own, path)).body);
    const all = async () => [await said('/news'), await said('/sports')];
    assert.deepEqual([await all(), await all()], Array(2).fill(['news 1', 'sports 2']));
    assert.equal(engine.invalidateTags(['news']), 1);
    assert.deepEqual(await all(), ['news 3', 'sports 2']);
    await assert.rejects(client(own, '/throw'));
    assert.deepEqual([engine.size, await all()], [2, ['news 3', 'sports 2']]);
    await own.close();
  },
};

function agent(store) {
  return new Agent().compose(interceptors.cache({ store, methods: ['GET', 'HEAD'] }));
}

async function until(holds) {
  const ends = performance.now() + 10_000;
  while (!holds()) {
    assert.ok(performance.now() < ends, `never: ${holds}`);
    await turn();
  }
}

const passed = [];
for (const [clientName, client] of Object.entries(CLIENTS))
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    routes = {};
    asked = {};
    const engine = new CacheEngine({ maxBytes: '64MiB' });
    const store = new HotsetCacheStore(engine, { maxBodyBytes: 1_000_000, maxUnfinishedBytes: 4_000_000 });
    const dispatcher = agent(store);
    try {
      await scenario({ engine, store, client, get: (path, options) => client(dispatcher, path, options) });
    } catch (error) {
      throw new Error(`${clientName} ${name}`, { cause: error });
    }
    assert.deepEqual(engine.verify(), []);
    await dispatcher.close();
    passed.push(`${clientName} ${name}`);
  }
server.close();
server.closeAllConnections();
console.log(JSON.stringify(passed));
