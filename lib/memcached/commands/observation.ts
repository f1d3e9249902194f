/**
 * Reports commands to the log and the statistics by prefix. Callers check `items.hasObservers` first: without
 * observers, that is the whole cost.
 */

import type { KeyBytes } from '../../items.js';
import { type CommandContext, type ItemStore, secondsLeft } from '../item-store.js';
import type { Reply, Request } from '../request.js';
import {
  DELETIONS,
  deleted,
  FETCHERS,
  type FetchStatus,
  itemGet,
  itemStore,
  MUTATIONS,
  type StoreStatus,
} from '../watch/lines.js';

/** An item was looked for: its slot, 0 for none, -1 for one that has expired. */
export function sawLookup({ items, id }: CommandContext, key: KeyBytes, entry: number): void {
  const { log } = items;
  if ((log.watched & FETCHERS) === 0) return;
  const status: FetchStatus = entry > 0 ? 'found' : entry < 0 ? 'expired' : 'not_found';
  const size = entry > 0 ? items.entries.valueBytesAt(entry) : 0;
  itemGet(log, key.text, status, id, size);
}

/** A retrieval command has read the key. */
export function sawGet(items: ItemStore, key: KeyBytes, entry: number): void {
  const { prefixes } = items;
  if (prefixes.enabled) prefixes.recordGet(key.text, entry > 0);
}

const STORE_STATUS: Readonly<Partial<Record<Reply, StoreStatus>>> = {
  stored: 'stored',
  'not-stored': 'not_stored',
  exists: 'exists',
  'not-found': 'not_found',
  'too-large': 'too_large',
  'out-of-memory': 'no_memory',
};

/** A storage command has ended; `size` is that of the value it came with. */
export function sawStore(
  { items, id }: CommandContext,
  request: Pick<Request, 'mode' | 'exptime'> & { readonly key: KeyBytes },
  reply: Reply,
  size: number,
): void {
  const { log } = items;
  if ((log.watched & MUTATIONS) === 0) return;
  const { entries } = items;
  const entry = reply === 'stored' ? entries.peek(request.key) : 0;
  const ttlMs = entry === 0 ? items.ttlMs(request.exptime) : entries.remainingTtlMsAt(entry);
  itemStore(
    log,
    request.key.text,
    STORE_STATUS[reply] ?? 'not_stored',
    request.mode,
    ttlMs === Number.POSITIVE_INFINITY ? 0 : secondsLeft(ttlMs),
    id,
    entry === 0 ? size : entries.valueBytesAt(entry),
  );
}

/** An item is about to be deleted. */
export function sawDeletion({ log, entries }: ItemStore, command: 'delete' | 'md', entry: number): void {
  if ((log.watched & DELETIONS) === 0) return;
  deleted(log, entries.keyAt(entry), command, entries.valueBytesAt(entry));
}
