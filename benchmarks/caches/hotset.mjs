/** hotset as it is meant to be used: a budget in bytes, and TTLs. */

import { CacheEngine } from '../../dist/index.js';

export const does = 'exact LRU, byte budget (weighs every value itself), TTL';
export const exactLru = true;

/** The budget holds exactly `entries` entries like the sample. */
export function create(entries, sample) {
  const scales = new CacheEngine({ maxBytes: 2 ** 30 });
  scales.set(sample.key, sample.value);
  return new CacheEngine({ maxBytes: entries * scales.bytes, ttlMs: 3_600_000 });
}
