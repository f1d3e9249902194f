/** mnemonist's LRUMap: links in typed arrays beside a Map. */

import { createRequire } from 'node:module';

// By require: the package's ES module entry loads every structure that it has.
const LRUMap = createRequire(import.meta.url)('mnemonist/lru-map');

export const does = 'exact LRU, entry limit; cannot delete';
export const exactLru = true;
export const features = {
  entryLimit: 'on',
  byteBudget: 'no',
  ownSizes: 'no',
  ttl: 'no',
  perEntryTtl: 'no',
  exactExpiry: 'no',
  delete: 'no',
  anyKey: 'on',
  noTimers: 'on',
};

export function create(entries) {
  return new LRUMap(entries);
}
