/** What dumps tell of an item, in the units of memcached. */

import { type ItemStore, KEY_BINARY } from '../item-store.js';
import type { WalkedItem } from './walk.js';

/** Unix time of the item's expiry, null for never: at or before the end of the item. */
export function expiresAtSeconds(items: ItemStore, entry: number): number | null {
  const ttlMs = items.entries.remainingTtlMsAt(entry);
  return ttlMs === Number.POSITIVE_INFINITY ? null : Math.floor((items.wallClock.now() + ttlMs) / 1000);
}

/** Unix time of the last access. */
export function usedAtSeconds(items: ItemStore, entry: number): number {
  return Math.floor((items.wallClock.now() - items.entries.idleMsAt(entry)) / 1000);
}

/** Whether the key is one that a line of text cannot hold, or was stored as base64. */
export function isBinaryKey(items: ItemStore, { key, entry }: WalkedItem): boolean {
  if ((items.entries.adapterBitsAt(entry) & KEY_BINARY) !== 0) return true;
  for (let i = 0; i < key.length; i++) {
    const byte = key.charCodeAt(i);
    if (byte <= 0x20 || byte === 0x7f) return true;
  }
  return false;
}
