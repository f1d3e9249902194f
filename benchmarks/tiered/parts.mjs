/** What the children of this part share: the traffic, and the ways to second tiers. */

import { createRequire } from 'node:module';
import { HotsetClient } from '../../dist/client/index.js';
import { clientTier, memcachedTier, redisTier } from '../../dist/tiered/index.js';

/** For packages of the repository, which has other versions of some than the benchmarks. */
export const require = createRequire(new URL('../../package.json', import.meta.url));

export const TTL_MS = 3_600_000;
export const KEYS = Array.from({ length: 1_000 }, (_, at) => `user:${at}`);

/** Of about 1 kB. */
export function newValue(key, version = 0) {
  return { name: key, version, tags: ['a', 'b'], text: 'x'.repeat(950) };
}

/** As ioredis is to be set behind a cache: see docs/tiered-redis.md. */
export function ioredis(path) {
  const { Redis } = require('ioredis');
  const client = new Redis({ path, autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 1 });
  client.on('error', () => {});
  return client;
}

async function nodeRedis(path) {
  const client = require('@redis/client').createClient({ socket: { path } });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** Reports nothing, and is alive: the first tier and known versions are in use. */
export const signs = {
  name: 'signs',
  /** @param {string} _prefix @param {import('../../dist/tiered/index.js').InvalidationListener} listener */
  start(_prefix, listener) {
    listener.connected();
    const alive = () => listener.alive?.(performance.now());
    alive();
    setInterval(alive, 1_000).unref();
  },
  stop: async () => {},
};

/**
 * Kind of server -> client -> how it is made at an address: `plain`, its own way to store and read a text, `bytes`, the same for bytes
 * where those are another thing on the wire, and the tier, where it has one.
 */
export const CLIENTS = {
  redis: {
    '@redis/client': async (path) => {
      const client = await nodeRedis(path);
      return {
        tier: redisTier(client),
        plain: {
          set: (key, text) => client.set(key, text, { PX: TTL_MS }),
          get: (key) => client.get(key),
        },
      };
    },
    ioredis: async (path) => {
      const client = ioredis(path);
      return {
        tier: redisTier(client),
        plain: { set: (key, text) => client.set(key, text, 'PX', TTL_MS), get: (key) => client.get(key) },
      };
    },
  },
  memcached: {
    memcachedTier: async (address) => ({ tier: memcachedTier(address) }),
    memjs: async (address) => {
      const client = require('memjs').Client.create(address);
      return {
        plain: {
          set: (key, text) => client.set(key, text, { expires: TTL_MS / 1_000 }),
          get: async (key) => (await client.get(key)).value.toString(),
        },
      };
    },
    memcache: async (address) => {
      const { Memcache } = await import(import.meta.resolve('memcache'));
      const client = new Memcache({ nodes: [address] });
      return {
        plain: {
          set: (key, text) => client.set(key, text, TTL_MS / 1_000),
          get: (key) => client.get(key),
        },
      };
    },
  },
  hotset: {
    HotsetClient: async (path) => {
      const client = new HotsetClient(`ws+unix:${path}:/ws`);
      return {
        tier: clientTier(client),
        plain: {
          set: (key, text) => client.set(key, text, { ttlMs: TTL_MS }),
          get: (key) => client.get(key),
        },
        bytes: {
          set: (key, text) => client.set(key, Buffer.from(text), { ttlMs: TTL_MS }),
          get: (key) => client.get(key, { as: 'bytes' }),
        },
      };
    },
  },
};
