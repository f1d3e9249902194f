/**
 * The contenders. A process loads one of them alone. Each module exports
 * `create(entries, sample)`  makes a cache with get and set, and delete where `features` says so, that holds
 *                            `entries` entries of the sample's size
 * `createWithTtl(…, ttlMs)`  the same with a time to live; left out by a contender that takes no part in ttl-churn
 * `does`                     in words
 * `exactLru`                 whether it must have the same hits as the others that say so
 * `features`                 see features.mjs
 * `unbounded`                true where it has no limit and evicts nothing
 * `floor`                    true where it is no cache but what one is measured against
 * `onlyIn`                   the workloads that it takes part in, where those are few
 * `stringKeysOnly`           true where integer keys are not to be asked of it
 * `absent`                   why it cannot run here, where that is not for a missing package
 *
 * Another contender is another file here and another line below.
 */

export const contenders = {
  'no cache': './no-cache.mjs',
  'bare Map': './bare-map.mjs',
  'FIFO Map': './fifo-map.mjs',
  'hotset, bytes + TTL': './hotset-bytes-ttl.mjs',
  'lru-cache, size + TTL': './lru-cache.mjs',
  'hotset, plain': './hotset-plain.mjs',
  'lru-cache, plain': './lru-cache-plain.mjs',
  'mnemonist LRUMap': './mnemonist-lru-map.mjs',
  'mnemonist LRUMapWithDelete': './mnemonist-lru-map-with-delete.mjs',
  'mnemonist LRUCache': './mnemonist-lru-cache.mjs',
  'lru.min': './lru-min.mjs',
  lru_map: './lru-map.mjs',
  'tiny-lru': './tiny-lru.mjs',
  'quick-lru': './quick-lru.mjs',
  '@isaacs/ttlcache': './ttlcache.mjs',
  '@cacheable/memory': './cacheable-memory.mjs',
  'node-cache': './node-cache.mjs',
};

/** hotset by policy: compared with each other alone. */
export const policies = {
  lru: './hotset-lru.mjs',
  sieve: './hotset-sieve.mjs',
  's3-fifo': './hotset-s3-fifo.mjs',
  'w-tinylfu': './hotset-w-tinylfu.mjs',
};

/** What the tables and charts lean on. */
export const NO_CACHE = 'no cache';
export const BARE_MAP = 'bare Map';
export const FIFO_MAP = 'FIFO Map';
export const HOTSET = 'hotset, bytes + TTL';
export const HOTSET_PLAIN = 'hotset, plain';
export const LRU_CACHE = 'lru-cache, size + TTL';
export const LRU_CACHE_PLAIN = 'lru-cache, plain';
export const LRU_MAP = 'mnemonist LRUMap';
export const LRU_MAP_WITH_DELETE = 'mnemonist LRUMapWithDelete';

export function loadContender(name) {
  return import(new URL(contenders[name] ?? policies[name], import.meta.url).href);
}

/**
 * Those of `names` that can be loaded, as a Map of name -> module, and `missing`: lines that say what is left out.
 * hotset itself must load: without it there is nothing to compare.
 */
export async function availableContenders(names = Object.keys(contenders)) {
  const available = new Map();
  const missing = [];
  for (const name of names) {
    try {
      const module = await loadContender(name);
      if (module.absent === undefined) available.set(name, module);
      else missing.push(`${name} is left out: ${module.absent}`);
    } catch (error) {
      const notInstalled = error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND';
      if (!notInstalled || name.startsWith('hotset')) throw error;
      missing.push(`${name} is left out, because it is not installed: ${error.message.split('\n')[0]}`);
    }
  }
  return { available, missing };
}
