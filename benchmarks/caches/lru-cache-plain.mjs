/** lru-cache at its fastest: a number of entries. */

import { LRUCache } from 'lru-cache';

export const does = 'exact LRU, entry limit';
export const exactLru = true;
export const features = {
  entryLimit: 'on',
  byteBudget: 'off',
  ownSizes: 'no',
  ttl: 'off',
  perEntryTtl: 'off',
  exactExpiry: 'off',
  delete: 'on',
  anyKey: 'on',
  noTimers: 'on',
};

export function create(entries) {
  return new LRUCache({ max: entries });
}
