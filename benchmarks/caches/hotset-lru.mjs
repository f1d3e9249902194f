/** hotset as in hotset-plain.mjs, which takes part in ttl-churn as well. */

import { CacheEngine } from '../../dist/index.js';

export { create, does, exactLru, features } from './hotset-plain.mjs';

export function createWithTtl(entries, _sample, ttlMs) {
  return new CacheEngine({ maxBytes: Number.POSITIVE_INFINITY, maxEntries: entries, ttlMs });
}
