/** mnemonist's LRUMapWithDelete: the LRUMap, and a list of places that deleting has freed. */

import { createRequire } from 'node:module';

// By require: the package's ES module entry loads every structure that it has.
const LRUMapWithDelete = createRequire(import.meta.url)('mnemonist/lru-map-with-delete');

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
  return new LRUMapWithDelete(entries);
}
