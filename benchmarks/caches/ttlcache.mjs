/**
 * @isaacs/ttlcache: ordered by time of expiry, never by use. Its `checkAgeOnGet`, which would make reads exact,
 * is left at its default: off is faster.
 */

import { TTLCache } from '@isaacs/ttlcache';
import { PLAIN_LRU } from './features.mjs';

export const does = 'entry limit, TTL; evicts what expires soonest; a timer removes what has expired';
export const exactLru = false;
export const features = { ...PLAIN_LRU, ttl: 'on', perEntryTtl: 'on', exactExpiry: 'off', noTimers: 'no' };

export function create(entries) {
  return createWithTtl(entries, undefined, 3_600_000);
}

export function createWithTtl(entries, _sample, ttlMs) {
  return new TTLCache({ max: entries, ttl: ttlMs });
}
