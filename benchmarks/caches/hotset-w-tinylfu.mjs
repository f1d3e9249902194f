/** hotset as in hotset-plain.mjs, under another policy. */

import { CacheEngine } from '../../dist/index.js';
import { features as plain } from './hotset-plain.mjs';

export const does = 'w-tinylfu, entry limit';
export const exactLru = false;
export const features = plain;

export function create(entries) {
  return new CacheEngine({ maxBytes: Number.POSITIVE_INFINITY, maxEntries: entries, policy: 'w-tinylfu' });
}

export function createWithTtl(entries, _sample, ttlMs) {
  return new CacheEngine({
    maxBytes: Number.POSITIVE_INFINITY,
    maxEntries: entries,
    policy: 'w-tinylfu',
    ttlMs,
  });
}
