/** mnemonist's LRUCache: keys are properties of a plain object, and so are turned into strings. */

import { createRequire } from 'node:module';
import { PLAIN_LRU } from './features.mjs';

// By require: the package's ES module entry loads every structure that it has.
const LRUCache = createRequire(import.meta.url)('mnemonist/lru-cache');

export const does = 'exact LRU, entry limit; cannot delete; a plain object for a map (it "has" toString)';
export const exactLru = true;
export const features = { ...PLAIN_LRU, delete: 'no', anyKey: 'no' };

export function create(entries) {
  return new LRUCache(entries);
}
