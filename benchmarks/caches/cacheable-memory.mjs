/**
 * @cacheable/memory: hooks and linked objects around Maps. `storeHashSize: 1` is what its documentation gives
 * together with `lruSize`; `useClone: false` is what it advises against copies. Its keys are strings: an oldest key
 * of 0 is taken for none, and nothing is evicted any more.
 */

import { CacheableMemory } from '@cacheable/memory';
import { PLAIN_LRU } from './features.mjs';

export const does = 'exact LRU, entry limit; TTL (off but in ttl-churn); string keys only';
export const exactLru = true;
export const stringKeysOnly = true;
export const features = { ...PLAIN_LRU, ttl: 'off', perEntryTtl: 'off', exactExpiry: 'off', anyKey: 'no' };

export function create(entries) {
  return createWithTtl(entries, undefined, undefined);
}

/** `options`: further ones of the library. */
export function createWithTtl(entries, _sample, ttlMs, options = {}) {
  return new CacheableMemory({ lruSize: entries, storeHashSize: 1, useClone: false, ttl: ttlMs, ...options });
}
