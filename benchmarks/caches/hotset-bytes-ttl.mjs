/**
 * hotset as it is meant to be used: a budget in bytes, and TTLs. Its default clock may answer up to 64 times out of one
 * reading within one piece of synchronous work, so its expiry is not exact here; a clock that is given is read each time.
 */

import { CacheEngine } from '../../dist/index.js';
import { PLAIN_LRU } from './features.mjs';
import { limitsFor } from './hotset-limits.mjs';

export const does =
  'exact LRU, byte budget (weighs every value itself), TTL (a clock reading answers up to 64 times in one piece of synchronous work)';
export const exactLru = true;
export const features = {
  ...PLAIN_LRU,
  byteBudget: 'on',
  ownSizes: 'on',
  ttl: 'on',
  perEntryTtl: 'on',
  exactExpiry: 'off',
};

export function create(entries, sample) {
  return createWithTtl(entries, sample, 3_600_000);
}

export function createWithTtl(entries, sample, ttlMs) {
  return new CacheEngine({ ttlMs, ...limitsFor(entries, sample, new CacheEngine({ ttlMs })) });
}
