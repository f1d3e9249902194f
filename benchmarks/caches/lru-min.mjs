/** lru.min: links in plain arrays beside a Map. */

import { createLRU } from 'lru.min';
import { PLAIN_LRU } from './features.mjs';

export const does = 'exact LRU, entry limit';
export const exactLru = true;
export const features = PLAIN_LRU;

export function create(entries) {
  return createLRU({ max: entries });
}
