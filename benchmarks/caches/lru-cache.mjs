/** lru-cache with the features of hotset: a budget in sizes, and TTLs. */

import { LRUCache } from 'lru-cache';

export const does = 'exact LRU, size budget (size function of one addition), TTL';
export const exactLru = true;

const OVERHEAD = 100;

/** `max` is given as well: without it lru-cache uses slower links. */
export function create(entries, sample) {
  return new LRUCache({
    max: entries,
    maxSize: entries * (OVERHEAD + sample.value.length),
    sizeCalculation: (value) => OVERHEAD + value.length,
    ttl: 3_600_000,
  });
}
