/** quick-lru: two Maps, an old and a new generation; the old one is dropped whole. */

import QuickLRU from 'quick-lru';

export const does =
  'two generations instead of an order; holds up to twice the entries it is told; TTL (off but in ttl-churn)';
export const exactLru = false;
export const features = {
  // Up to twice `maxSize`: the new generation fills up before the old one goes.
  entryLimit: 'no',
  byteBudget: 'no',
  ownSizes: 'no',
  ttl: 'off',
  perEntryTtl: 'off',
  exactExpiry: 'off',
  delete: 'on',
  anyKey: 'on',
  noTimers: 'on',
};

export function create(entries) {
  return new QuickLRU({ maxSize: entries });
}

export function createWithTtl(entries, _sample, ttlMs) {
  return new QuickLRU({ maxSize: entries, maxAge: ttlMs });
}
