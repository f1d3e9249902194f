/** Holds nothing: what building the keys and the loop around the cache cost by themselves. */

import { PLAIN_LRU } from './features.mjs';

export const does = 'nothing: the cost of keys and loop, subtracted in the net columns';
export const exactLru = false;
export const unbounded = true;
export const floor = true;
export const features = { ...PLAIN_LRU, entryLimit: 'no', anyKey: 'no' };

export function create() {
  return new NoCache();
}

/** The waves of the ttl-churn workload have a cost of their own, too. */
export const createWithTtl = create;

class NoCache {
  // Kept in a field, so that the compiler cannot leave out building the key.
  lastKey = undefined;

  get(key) {
    this.lastKey = key;
    return undefined;
  }

  set(key, _value) {
    this.lastKey = key;
  }

  delete(key) {
    this.lastKey = key;
    return false;
  }
}
