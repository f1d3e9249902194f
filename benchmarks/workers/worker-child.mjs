/**
 * node worker-child.mjs CONTENDER SOCKET TRAFFIC: a process of the service. It reads through its cache, and asks its parent,
 * the database, for what is not there.
 */

import { HotsetClientSideCache } from '../../dist/adapters/redis/index.js';
import { HotsetClient } from '../../dist/client/index.js';
import { CacheEngine } from '../../dist/index.js';
import { createClient } from '../harness/redis-client.mjs';
import { seededRandom, zipf } from '../workloads/random.mjs';

const [, , contender, path, trafficText] = process.argv;
const traffic = JSON.parse(trafficText);
const AT_ONCE = 16;
const FILLING = 'x'.repeat(400);

const waiting = new Map();
let lastId = 0;
process.on('message', (/** @type {any} */ { id, version, go, check }) => {
  if (go) void serve(go);
  else if (check) void lookAtHotSet();
  else {
    waiting.get(id)(version);
    waiting.delete(id);
  }
});
process.on('disconnect', () => process.exit());

const ask = (question) =>
  new Promise((resolve) => {
    waiting.set(++lastId, resolve);
    process.send?.({ id: lastId, ...question });
  });

/** What a contender reads and writes with: `get` gives undefined or null for none, and `add` leaves alone what is there. */
const caches = {
  'each process alone': () => {
    const engine = new CacheEngine({ maxBytes: '64MiB' });
    const set = (key, value) => engine.set(key, value);
    return { get: (key) => engine.get(key), set, add: set };
  },
  'hotset, near caches': () => new HotsetClient(`ws+unix:${path}:/ws`, { nearCache: { maxBytes: '16MiB' } }),
  'hotset, no near caches': () => new HotsetClient(`ws+unix:${path}:/ws`),
  'Redis, hotset/redis in each': () => redis(new HotsetClientSideCache({ maxBytes: 16 * 2 ** 20 })),
  Redis: () => redis(undefined),
};

/** @param {any} clientSideCache */
async function redis(clientSideCache) {
  /** @type {{ path: string, tls: false }} */
  const socket = { path, tls: false };
  const client = createClient(
    clientSideCache === undefined ? { socket } : { socket, RESP: 3, clientSideCache },
  );
  await client.connect();
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    add: (key, value) => client.setNX(key, value),
  };
}

const cache = await caches[contender]();
const random = seededRandom(traffic.seed);
const draw = zipf(traffic.keys, traffic.exponent, random);
const value = (version) => `${version} ${FILLING}`;

async function serve(requests) {
  const began = process.cpuUsage();
  const beganAt = performance.now();
  let left = requests;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (left-- > 0) {
        const key = draw();
        if (left % traffic.updateEvery === 0)
          await cache.set(`item:${key}`, value(await ask({ update: key })));
        else if (((await cache.get(`item:${key}`)) ?? null) === null)
          // What another process has written meanwhile is newer.
          await cache.add(`item:${key}`, value(await ask({ load: key })));
      }
    }),
  );
  const { user, system } = process.cpuUsage(began);
  process.send?.({ done: true, cpu: user + system, seconds: (performance.now() - beganAt) / 1000 });
}

/** The versions of the most wanted keys, as this process sees them. */
async function lookAtHotSet() {
  const versions = [];
  for (let key = 0; key < traffic.hot; key++) {
    const text = (await cache.get(`item:${key}`)) ?? null;
    versions.push(text === null ? null : Number(text.split(' ')[0]));
  }
  process.send?.({ versions });
}

process.send?.({ ready: true });
