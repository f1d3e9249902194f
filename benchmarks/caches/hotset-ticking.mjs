/**
 * hotset with a budget in bytes, TTLs, and a clock that is read once in a millisecond or a turn of the event loop,
 * whichever is longer: what lru-cache does by default, for who can do without exact expiry.
 */

import * as hotset from '../../dist/index.js';
import { PLAIN_LRU } from './features.mjs';
import { limitsFor } from './hotset-limits.mjs';

export const does = 'exact LRU, byte budget (weighs every value itself), TTL (clock kept for 1 ms or a turn)';
export const exactLru = true;
export const absent = hotset.TickingClock === undefined ? 'this hotset has no TickingClock' : undefined;
export const features = {
  ...PLAIN_LRU,
  byteBudget: 'on',
  ownSizes: 'on',
  ttl: 'on',
  perEntryTtl: 'on',
  exactExpiry: 'off',
  noTimers: 'off',
};

export function create(entries, sample) {
  return createWithTtl(entries, sample, 3_600_000);
}

export function createWithTtl(entries, sample, ttlMs) {
  const { CacheEngine, TickingClock } = hotset;
  const options = { ttlMs, clock: new TickingClock() };
  return new CacheEngine({ ...options, ...limitsFor(entries, sample, new CacheEngine(options)) });
}
