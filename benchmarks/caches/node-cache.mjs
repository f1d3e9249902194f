/**
 * node-cache: properties of a plain object. `maxKeys` makes a full cache throw and evicts nothing, so it is not
 * given: this contender keeps everything. `useClones: false` is what its documentation advises for speed.
 */

import NodeCache from 'node-cache';
import { PLAIN_LRU } from './features.mjs';

export const does = 'no bound, no order; TTL (off but in ttl-churn)';
export const exactLru = false;
export const unbounded = true;
export const features = {
  ...PLAIN_LRU,
  entryLimit: 'no',
  ttl: 'off',
  perEntryTtl: 'off',
  exactExpiry: 'off',
  anyKey: 'no',
  noTimers: 'off',
};

export function create() {
  return new DeletingNodeCache({ useClones: false });
}

/** `options`: further ones of the library. */
export function createWithTtl(_entries, _sample, ttlMs, options = {}) {
  return new DeletingNodeCache({ useClones: false, stdTTL: ttlMs / 1000, ...options });
}

/** Its `del`, under the name that the others have. */
class DeletingNodeCache extends NodeCache {
  delete(key) {
    return this.del(key);
  }
}
