/** tiny-lru: linked objects, found as properties of an object without a prototype. */

import { lru } from 'tiny-lru';
import { PLAIN_LRU } from './features.mjs';

export const does = 'exact LRU, entry limit; keys are turned into strings; TTL (off but in ttl-churn)';
export const exactLru = true;
export const features = { ...PLAIN_LRU, ttl: 'off', exactExpiry: 'off', anyKey: 'no' };

export function create(entries) {
  return lru(entries);
}

export function createWithTtl(entries, _sample, ttlMs) {
  return lru(entries, ttlMs);
}
