/**
 * The contenders. Each module has `create(entries, sample)`, which makes a cache with get and set that holds
 * `entries` entries of the sample's size, and says what it `does`. A process loads one of them alone.
 */

export const contenders = {
  'no cache': './no-cache.mjs',
  'bare Map': './bare-map.mjs',
  'hotset, bytes + TTL': './hotset.mjs',
  'lru-cache, size + TTL': './lru-cache.mjs',
  'hotset, plain': './hotset-plain.mjs',
  'lru-cache, plain': './lru-cache-plain.mjs',
  'mnemonist LRUMapWithDelete': './mnemonist.mjs',
};

export function loadContender(name) {
  return import(new URL(contenders[name], import.meta.url).href);
}
