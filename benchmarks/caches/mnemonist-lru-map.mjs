/** mnemonist's LRUMap: links in typed arrays beside a Map. */

import { createRequire } from 'node:module';
import { PLAIN_LRU } from './features.mjs';

// By require: the package's ES module entry loads every structure that it has.
const LRUMap = createRequire(import.meta.url)('mnemonist/lru-map');

export const does = 'exact LRU, entry limit; cannot delete';
export const exactLru = true;
export const features = { ...PLAIN_LRU, delete: 'no' };

export function create(entries) {
  return new LRUMap(entries);
}
