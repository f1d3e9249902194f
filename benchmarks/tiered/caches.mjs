/**
 * Caches with two tiers over the same Redis, each as its manual sets it up for several processes: name -> how it is made.
 *
 * `entries`: the first tier's limit. Values are not copied where that is a choice. bentocache has it (`serialize: false`), but its `get`
 * then throws for what came from the second tier.
 */

import { CacheEngine } from '../../dist/index.js';
import { redisTier, redisTracking, TieredCache } from '../../dist/tiered/index.js';
import { ioredis, TTL_MS } from './parts.mjs';

function hotset(path, { entries, ...options }) {
  const client = ioredis(path);
  const cache = new TieredCache({
    tier: redisTier(client),
    source: redisTracking(client),
    engine: new CacheEngine({ maxEntries: entries }),
    ttlMs: TTL_MS,
    ...options,
  });
  return {
    ready: () => cache.stats().tierOne.inUse,
    get: (key) => cache.get(key),
    getOrLoad: (key, load) => cache.getOrLoad(key, load),
    set: (key, value) => cache.set(key, value),
  };
}

export const CACHES = {
  hotset: (path, { entries }) => hotset(path, { entries, graceMs: 600_000 }),
  'hotset, maxStaleMs: 30,000': (path, { entries }) =>
    hotset(path, { entries, graceMs: 600_000, maxStaleMs: 30_000 }),
  bentocache: async (path, { entries }) => {
    const { BentoCache, bentostore } = await import('bentocache');
    const { memoryDriver } = await import('bentocache/drivers/memory');
    const { redisBusDriver, redisDriver } = await import('bentocache/drivers/redis');
    const bento = new BentoCache({
      default: 'tiers',
      ttl: TTL_MS,
      grace: 600_000,
      stores: {
        tiers: bentostore()
          .useL1Layer(memoryDriver({ maxItems: entries }))
          .useL2Layer(redisDriver({ connection: ioredis(path) }))
          .useBus(redisBusDriver({ connection: { path, maxRetriesPerRequest: null } })),
      },
    });
    return {
      ready: () => true,
      get: (key) => bento.get({ key }),
      getOrLoad: (key, load) => bento.getOrSet({ key, factory: load }),
      set: (key, value) => bento.set({ key, value }),
    };
  },
  cacheable: async (path, { entries }) => {
    const { Cacheable, createKeyv, Keyv } = await import('cacheable');
    const { default: KeyvRedis } = await import('@keyv/redis');
    /** @type {any} */
    const options = { socket: { path } };
    const store = new KeyvRedis(options);
    store.on('error', () => {});
    const primary = createKeyv({ lruSize: entries, useClone: false });
    // With several copies of keyv installed it knows one by its methods, which this lacks until it is taken.
    Object.assign(primary, { serialize: String, deserialize: String });
    const cache = new Cacheable({
      primary,
      secondary: new Keyv({ store }),
      ttl: TTL_MS,
    });
    cache.on('error', () => {});
    Object.assign(primary, { serialize: undefined, deserialize: undefined });
    return {
      ready: () => true,
      get: (key) => cache.get(key),
      getOrLoad: (key, load) => cache.getOrSet(key, load),
      set: (key, value) => cache.set(key, value),
    };
  },
};
