/** lru-cache at its fastest: a number of entries. */

import { LRUCache } from 'lru-cache';

export const does = 'exact LRU, entry limit';
export const exactLru = true;

export function create(entries) {
  return new LRUCache({ max: entries });
}
