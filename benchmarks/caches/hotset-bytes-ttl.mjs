/** hotset as it is meant to be used: a budget in bytes, and TTLs. */

import { CacheEngine } from '../../dist/index.js';
import { PLAIN_LRU } from './features.mjs';
import { limitsFor } from './hotset-limits.mjs';

export const does = 'exact LRU, byte budget (weighs every value itself), TTL';
export const exactLru = true;
export const features = {
  ...PLAIN_LRU,
  byteBudget: 'on',
  ownSizes: 'on',
  ttl: 'on',
  perEntryTtl: 'on',
  exactExpiry: 'on',
};

export function create(entries, sample) {
  return createWithTtl(entries, sample, 3_600_000);
}

export function createWithTtl(entries, sample, ttlMs) {
  return new CacheEngine({ ttlMs, ...limitsFor(entries, sample, new CacheEngine({ ttlMs })) });
}
