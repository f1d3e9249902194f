/**
 * lru-cache with the features of hotset: a budget in sizes, and TTLs.
 *
 * `max` is given as well: its documentation advises so, and without it lru-cache uses slower links. `ttlResolution`
 * stays at its default of 1: a clock reading is kept until a timer of 1 ms has run, so it is read once for each
 * turn of the event loop that takes longer, and an expired entry may be returned until then.
 */

import { LRUCache } from 'lru-cache';
import { PLAIN_LRU } from './features.mjs';

export const does =
  'exact LRU, size budget (size function of one addition), TTL (clock kept for 1 ms or a turn)';
export const exactLru = true;
export const features = {
  ...PLAIN_LRU,
  byteBudget: 'on',
  ttl: 'on',
  perEntryTtl: 'on',
  exactExpiry: 'off',
  noTimers: 'off',
};

const OVERHEAD = 100;

export function create(entries, sample) {
  return createWithTtl(entries, sample, 3_600_000);
}

export function createWithTtl(entries, sample, ttlMs) {
  return new LRUCache({
    max: entries,
    maxSize: entries * sizeOf(sample.value),
    sizeCalculation: sizeOf,
    ttl: ttlMs,
  });
}

function sizeOf(value) {
  return OVERHEAD + (typeof value === 'string' ? value.length : 8);
}
