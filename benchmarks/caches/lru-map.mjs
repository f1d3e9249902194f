/** lru_map: linked objects beside a Map. */

import lruMap from 'lru_map';

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
  return new lruMap.LRUMap(entries);
}
