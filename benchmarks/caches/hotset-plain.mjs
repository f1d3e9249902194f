/** hotset with no more than the plain rivals have: a number of entries. */

import { CacheEngine } from '../../dist/index.js';

export const does = 'exact LRU, entry limit';
export const exactLru = true;
export const features = {
  entryLimit: 'on',
  byteBudget: 'off',
  ownSizes: 'off',
  ttl: 'off',
  perEntryTtl: 'off',
  exactExpiry: 'off',
  delete: 'on',
  anyKey: 'on',
  noTimers: 'on',
};

export function create(entries) {
  return new CacheEngine({ maxBytes: Number.POSITIVE_INFINITY, maxEntries: entries });
}
