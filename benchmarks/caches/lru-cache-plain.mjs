/** lru-cache at its fastest: a number of entries. */

import { LRUCache } from 'lru-cache';
import { PLAIN_LRU } from './features.mjs';

export const does = 'exact LRU, entry limit';
export const exactLru = true;
export const features = {
  ...PLAIN_LRU,
  byteBudget: 'off',
  ttl: 'off',
  perEntryTtl: 'off',
  exactExpiry: 'off',
};

export function create(entries) {
  return new LRUCache({ max: entries });
}
