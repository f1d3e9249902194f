/** tiny-lru: linked objects, found as properties of an object without a prototype. */

import { lru } from 'tiny-lru';

export const does = 'exact LRU, entry limit; keys are turned into strings; TTL (off but in ttl-churn)';
export const exactLru = true;
export const features = {
  entryLimit: 'on',
  byteBudget: 'no',
  ownSizes: 'no',
  ttl: 'off',
  perEntryTtl: 'no',
  exactExpiry: 'off',
  delete: 'on',
  anyKey: 'no',
  noTimers: 'on',
};

export function create(entries) {
  return lru(entries);
}

export function createWithTtl(entries, _sample, ttlMs) {
  return lru(entries, ttlMs);
}
