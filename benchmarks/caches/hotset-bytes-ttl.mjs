/** hotset as it is meant to be used: a budget in bytes, and TTLs. */

import { CacheEngine } from '../../dist/index.js';
import { limitsFor } from './hotset-limits.mjs';

export const does = 'exact LRU, byte budget (weighs every value itself), TTL';
export const exactLru = true;
export const features = {
  entryLimit: 'on',
  byteBudget: 'on',
  ownSizes: 'on',
  ttl: 'on',
  perEntryTtl: 'on',
  exactExpiry: 'on',
  delete: 'on',
  anyKey: 'on',
  noTimers: 'on',
};

export function create(entries, sample) {
  return createWithTtl(entries, sample, 3_600_000);
}

export function createWithTtl(entries, sample, ttlMs) {
  return new CacheEngine({ ttlMs, ...limitsFor(entries, sample, new CacheEngine({ ttlMs })) });
}
