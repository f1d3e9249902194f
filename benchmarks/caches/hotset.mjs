/** hotset as it is meant to be used: a budget in bytes, and TTLs. */

import { CacheEngine } from '../../dist/index.js';

export const does = 'exact LRU, byte budget (weighs every value itself), TTL';
export const exactLru = true;

/** The budget holds exactly `entries` entries like the sample. */
export function create(entries, sample) {
  const options = { ttlMs: 3_600_000 };
  const scales = new CacheEngine(options);
  scales.set(sample.key, sample.value);
  return new CacheEngine({ ...options, maxBytes: entries * scales.bytes });
}
