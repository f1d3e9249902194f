/**
 * node --expose-gc redis-cache-child.mjs CONTENDER SOCKET KIND TRAFFIC
 *
 * Prints figures as JSON: us of CPU time for each read of the traffic, the part that the server did not see, MB held after
 * collection, and us for a hit alone.
 */

import { HotsetClientSideCache } from '../../dist/adapters/redis/index.js';
import { BasicClientSideCache, createClient } from '../harness/redis-client.mjs';
import { growth, steady } from '../memory/held.mjs';
import { lognormal, seededRandom, zipf } from '../workloads/random.mjs';

const [, , contender, path, kind, trafficText] = process.argv;
const traffic = JSON.parse(trafficText);
const AT_ONCE = 16;
const WRITE_EVERY = 50;
const HITS = 50_000;

const CACHES = {
  'hotset/redis': () => new HotsetClientSideCache({ maxBytes: traffic.budget }),
  BasicClientSideCache: () => new BasicClientSideCache({ maxEntries: traffic.entries }),
};
/** kind -> what is written and how it is read. */
const KINDS = {
  texts: {
    write: (client, key, size) => client.set(key, 'x'.repeat(size)),
    read: (client, key) => client.get(key),
  },
  hashes: {
    write: (client, key, size) =>
      client.hSet(
        key,
        Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`field${i}`, 'x'.repeat(size / 8)])),
      ),
    read: (client, key) => client.hGetAll(key),
  },
};

const random = seededRandom(1);
const sizes = lognormal(400, 1, [40, 20_000], random);
const cache = CACHES[contender]?.();
/** @type {{ path: string, tls: false }} */
const socket = { path, tls: false };
const writer = createClient({ socket });
const client = createClient(cache === undefined ? { socket } : { socket, clientSideCache: cache });
await Promise.all([writer.connect(), client.connect()]);
const { write, read } = KINDS[kind];

await writer.flushAll();
for (let i = 0; i < traffic.keys; i += 500)
  await Promise.all(
    Array.from({ length: Math.min(500, traffic.keys - i) }, (_, j) =>
      write(writer, `user:${i + j}`, sizes()),
    ),
  );

const draw = zipf(traffic.keys, traffic.exponent, random);
const before = await steady();
const began = process.cpuUsage();
let left = traffic.reads;
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    while (left-- > 0) {
      if (left % WRITE_EVERY === 0) await write(writer, `user:${draw()}`, sizes());
      await read(client, `user:${draw()}`);
    }
  }),
);
const { user, system } = process.cpuUsage(began);
const after = await steady();
const stats = cache?.stats();

await read(client, 'user:0');
const hitsBegan = process.cpuUsage();
if (cache !== undefined) for (let i = 0; i < HITS; i++) await read(client, 'user:0');
const hits = process.cpuUsage(hitsBegan);

console.log(
  JSON.stringify({
    node: process.versions.node,
    cpuUs: (user + system) / traffic.reads,
    hitRatio: stats?.hitRate() ?? 0,
    heldMB: growth(before, after).held / 1e6,
    entries: cache?.size() ?? 0,
    hitUs: (hits.user + hits.system) / HITS,
  }),
);
client.destroy();
writer.destroy();
