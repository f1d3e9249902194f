/** mnemonist's LRUMapWithDelete: the LRUMap, and a list of places that deleting has freed. */

import { createRequire } from 'node:module';
import { PLAIN_LRU } from './features.mjs';

// By require: the package's ES module entry loads every structure that it has.
const LRUMapWithDelete = createRequire(import.meta.url)('mnemonist/lru-map-with-delete');

export const does = 'exact LRU, entry limit';
export const exactLru = true;
export const features = PLAIN_LRU;

export function create(entries) {
  return new LRUMapWithDelete(entries);
}
