/** lru_map: linked objects beside a Map. */

import lruMap from 'lru_map';
import { PLAIN_LRU } from './features.mjs';

export const does = 'exact LRU, entry limit';
export const exactLru = true;
export const features = PLAIN_LRU;

export function create(entries) {
  return new lruMap.LRUMap(entries);
}
