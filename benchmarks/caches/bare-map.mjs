/** The floor of every lookup: a Map. */

import { PLAIN_LRU } from './features.mjs';

export const does = 'no bound, no order, no TTL: the floor';
export const exactLru = false;
export const unbounded = true;
export const floor = true;
export const features = { ...PLAIN_LRU, entryLimit: 'no' };

export function create() {
  return new Map();
}
