/**
 * Walks over all items in slices of about a millisecond. They survive any change made between slices. Below them:
 * what dumps show of an item, in memcached's units.
 */

import { type ItemStore, KEY_BINARY } from '../item-store.js';

const SLICE_MS = 1;
/** Items between two readings of the clock. */
const LOOK_EVERY_ITEMS = 32;
/** Expired items reclaimed at once, which the engine would otherwise skip in one run. */
const RECLAIMED_AT_ONCE = 500;

export type WalkOrder = 'oldest-first' | 'newest-first';

/**
 * Slots of live items, and 0 where a pause is due: the caller continues in a later turn. An item that is
 * used or stored meanwhile may be missed.
 */
export function* walkItems(
  items: ItemStore,
  order: WalkOrder = 'oldest-first',
): Generator<number, void, undefined> {
  const { entries } = items;
  for (const _ of reclaimAll(items)) yield 0;
  let pauseAt = performance.now() + SLICE_MS;
  let unlooked = 0;
  for (const entry of entries.walk(order)) {
    yield entry;
    if (++unlooked < LOOK_EVERY_ITEMS) continue;
    unlooked = 0;
    if (performance.now() < pauseAt) continue;
    yield 0;
    items.applyDueFlush();
    entries.sweepExpired(RECLAIMED_AT_ONCE);
    pauseAt = performance.now() + SLICE_MS;
  }
}

/** Passes over what was used during the pass before: each is a fraction of it, unless clients outrun the walk. */
const PASSES_MAX = 10;
/** After so many items in a row that were not used meanwhile, a pass has seen all that were. */
const UNUSED_MAX = 1000;

/**
 * As `walkItems`, without missing what is used meanwhile, the hot set of all things: what was used during the
 * walk is walked over once more, newest first. So an item may come twice, as in memcached's crawls.
 */
export function* walkAllItems(items: ItemStore): Generator<number, void, undefined> {
  const { entries } = items;
  let since = Number.NEGATIVE_INFINITY;
  for (let pass = 1; pass <= PASSES_MAX; pass++) {
    let pausedAt = Number.POSITIVE_INFINITY;
    let unused = 0;
    for (const entry of walkItems(items, pass === 1 ? 'oldest-first' : 'newest-first')) {
      if (entry === 0) {
        // Until its first pause a walk is alone.
        pausedAt = Math.min(pausedAt, entries.clock.now());
        yield 0;
      } else if (entries.clock.now() - entries.idleMsAt(entry) >= since) {
        unused = 0;
        yield entry;
      } else if (++unused >= UNUSED_MAX) break;
    }
    if (pausedAt === Number.POSITIVE_INFINITY) return;
    since = pausedAt;
  }
}

/**
 * Removes what has expired by now, looking at `limit` entries at most. Yields how many it has removed, where
 * a pause is due.
 */
export function* reclaimAll(
  items: ItemStore,
  limit: number = Number.POSITIVE_INFINITY,
): Generator<number, void, undefined> {
  const { entries } = items;
  let reclaimed = 0;
  let pauseAt = performance.now() + SLICE_MS;
  // Twice round is enough, however many clients let expire meanwhile: the first round may begin in the middle.
  const looks = Math.min(limit, entries.size * 2 + RECLAIMED_AT_ONCE);
  for (let left = looks; left > 0 && entries.mayHaveExpired; left -= RECLAIMED_AT_ONCE) {
    reclaimed += entries.sweepExpired(Math.min(left, RECLAIMED_AT_ONCE));
    if (performance.now() < pauseAt) continue;
    yield reclaimed;
    reclaimed = 0;
    pauseAt = performance.now() + SLICE_MS;
  }
  if (reclaimed > 0) yield reclaimed;
}

/** The item's size, as memcached reckons it. */
export function itemBytesAt(items: ItemStore, entry: number): number {
  const { entries } = items;
  return items.itemBytes(entries.keyAt(entry).length, entries.flagsAt(entry), entries.valueBytesAt(entry));
}

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
export function isBinaryKey(items: ItemStore, entry: number): boolean {
  const key = items.entries.keyAt(entry);
  if ((items.entries.adapterBitsAt(entry) & KEY_BINARY) !== 0) return true;
  for (let i = 0; i < key.length; i++) {
    const byte = key.charCodeAt(i);
    if (byte <= 0x20 || byte === 0x7f) return true;
  }
  return false;
}
