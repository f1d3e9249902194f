/** quick-lru: two Maps, an old and a new generation; the old one is dropped whole. */

import QuickLRU from 'quick-lru';
import { PLAIN_LRU } from './features.mjs';

export const does =
  'two generations instead of an order; holds up to twice its limit of entries; TTL (off but in ttl-churn)';
export const exactLru = false;
export const features = {
  ...PLAIN_LRU,
  entryLimit: 'no',
  ttl: 'off',
  perEntryTtl: 'off',
  exactExpiry: 'off',
};

export function create(entries) {
  return new QuickLRU({ maxSize: entries });
}

export function createWithTtl(entries, _sample, ttlMs) {
  return new QuickLRU({ maxSize: entries, maxAge: ttlMs });
}
