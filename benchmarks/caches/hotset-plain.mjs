/** hotset with no more than the plain rivals have: a number of entries. */

import { CacheEngine } from '../../dist/index.js';
import { PLAIN_LRU } from './features.mjs';

export const does = 'exact LRU, entry limit';
export const exactLru = true;
export const features = {
  ...PLAIN_LRU,
  byteBudget: 'off',
  ownSizes: 'off',
  ttl: 'off',
  perEntryTtl: 'off',
  exactExpiry: 'off',
};

export function create(entries) {
  return new CacheEngine({ maxBytes: Number.POSITIVE_INFINITY, maxEntries: entries });
}
