/**
 * node --expose-gc http-cache-child.mjs CONTENDER ORIGIN TRAFFIC
 *
 * Asks with undici 8 where this Node has it, else with 7. Prints figures as JSON: us of CPU time for each request, the part
 * that the server did not see, MB held after collection, and what the store alone takes.
 */

import { HotsetCacheStore } from '../../dist/adapters/undici/index.js';
import { CacheEngine } from '../../dist/index.js';
import { growth, steady } from '../memory/held.mjs';
import { seededRandom, zipf } from '../workloads/random.mjs';

const [, , contender, origin, trafficText] = process.argv;
const traffic = JSON.parse(trafficText);
const library = Number.parseInt(process.versions.node, 10) >= 22 ? 'undici-8' : 'undici';
const { Agent, cacheStores, interceptors, request } = await import(library);

const VARIANTS = 200;
const CALLS = 20_000;

const STORES = {
  'hotset/undici': (maxSize) => new HotsetCacheStore(new CacheEngine({ maxBytes: maxSize })),
  "undici's MemoryCacheStore": (maxSize) => new cacheStores.MemoryCacheStore({ maxSize, maxCount: 2 ** 31 }),
};

const figures = { library, node: process.versions.node, ...(await overHttp()) };
if (contender in STORES) Object.assign(figures, await alone());
console.log(JSON.stringify(figures));

async function overHttp() {
  const store = STORES[contender]?.(traffic.budget);
  const agent = new Agent();
  const dispatcher = store === undefined ? agent : agent.compose(interceptors.cache({ store }));
  const draw = zipf(traffic.urls, traffic.exponent, seededRandom(2));
  let hits = 0;
  const ask = async () => {
    const { headers, body } = await request(`${origin}/${draw()}`, { dispatcher });
    if (headers.age !== undefined) hits++;
    await body.dump();
  };
  for (let i = 0; i < 100; i++) await ask();
  const before = await steady();
  hits = 0;
  const began = process.cpuUsage();
  let left = traffic.requests;
  await Promise.all(
    Array.from({ length: traffic.atOnce }, async () => {
      while (left-- > 0) await ask();
    }),
  );
  const { user, system } = process.cpuUsage(began);
  const after = await steady();
  await agent.close();
  return {
    cpuUs: (user + system) / traffic.requests,
    hitRatio: hits / traffic.requests,
    heldMB: growth(before, after).held / 1e6,
    /** So that the store lives until here. */
    isHeld: store === undefined || typeof store.get === 'function',
  };
}

async function alone() {
  const store = STORES[contender](2 ** 28);
  const key = (path, headers = {}) => ({ origin, method: 'GET', path, headers });
  const body = Buffer.alloc(4096);
  const put = (at, vary) => {
    const now = Date.now();
    const stream = store.createWriteStream(at, {
      statusCode: 200,
      statusMessage: 'OK',
      headers: { 'content-type': 'text/html', 'content-length': '4096', etag: '"1"' },
      ...(vary === undefined ? {} : { vary }),
      cacheControlDirectives: { 'max-age': 600 },
      cachedAt: now,
      staleAt: now + 600_000,
      deleteAt: now + 1_200_000,
    });
    stream?.write(body);
    stream?.end();
  };
  const user = (i) => ({ 'x-user': `user ${i % VARIANTS}` });
  const storeNs = await timed((i) => put(key(`/${i % 1000}`)));
  const hitNs = await timed((i) => store.get(key(`/${i % 1000}`)) ?? missed());
  for (let i = 0; i < VARIANTS; i++) put(key('/user', user(i)), user(i));
  const variantNs = await timed((i) => store.get(key('/user', user(i))) ?? missed());
  return { storeNs, hitNs, variantNs };
}

function missed() {
  throw new Error('a miss');
}

/** ns of CPU time for each call, the second time round. */
async function timed(call) {
  let ns = 0;
  for (let round = 0; round < 2; round++) {
    const began = process.cpuUsage();
    for (let i = 0; i < CALLS; i++) {
      call(i);
      // Streams end in turns of their own.
      if (i % 100 === 99) await new Promise((resolve) => setImmediate(resolve));
    }
    const { user, system } = process.cpuUsage(began);
    ns = ((user + system) * 1000) / CALLS;
  }
  return ns;
}
