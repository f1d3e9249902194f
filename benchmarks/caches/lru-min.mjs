/** lru.min: links in plain arrays beside a Map. */

import { createLRU } from 'lru.min';

export const does = 'exact LRU, entry limit';
export const exactLru = true;
export const features = {
  entryLimit: 'on',
  byteBudget: 'no',
  ownSizes: 'no',
  ttl: 'no',
  perEntryTtl: 'no',
  exactExpiry: 'no',
  delete: 'on',
  anyKey: 'on',
  noTimers: 'on',
};

export function create(entries) {
  return createLRU({ max: entries });
}
