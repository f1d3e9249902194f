/** delete and flush_all, for every protocol. */

import { CMD_FLUSH, DELETE_HITS, DELETE_MISSES } from '../counters.js';
import type { IncrementalTask } from '../incremental-task.js';
import type { CommandContext, ItemStore } from '../item-store.js';
import type { Reply, Request } from '../request.js';
import { sawDeletion, sawLookup } from './observation.js';

/** Removes the item, unless the request has a cas id (not 0) that differs from the item's. */
export function remove(context: CommandContext, request: Request): Reply {
  const { items } = context;
  const { entries } = items;
  if (items.hasObservers) observe(context, request);
  if (request.cas !== 0) {
    const entry = entries.peek(request.key);
    if (entry !== 0 && items.casIdAt(entry) !== request.cas) return 'exists';
  }
  const deleted = entries.delete(request.key);
  items.count(deleted ? DELETE_HITS : DELETE_MISSES);
  return deleted ? 'deleted' : 'not-found';
}

/** Removes an item that a walk has found. Counts as a `delete`. */
export function removeAt(items: ItemStore, entry: number): void {
  const { entries, prefixes } = items;
  if (prefixes.enabled) prefixes.recordDelete(entries.keyAt(entry));
  if (items.hasObservers) sawDeletion(items, 'delete', entry);
  items.count(DELETE_HITS);
  entries.deleteAt(entry);
}

function observe(context: CommandContext, { key, cas }: Request): void {
  const { items } = context;
  const { prefixes } = items;
  if (prefixes.enabled) prefixes.recordDelete(key.text);
  const entry = items.entries.peek(key);
  sawLookup(context, key, entry);
  if (entry !== 0 && (cas === 0 || cas === items.casIdAt(entry))) sawDeletion(items, 'delete', entry);
}

/** A reply, or work that is to be done in steps before the reply `ok`. */
export function flush(items: ItemStore, request: Request): Reply | IncrementalTask {
  items.count(CMD_FLUSH);
  if (!items.allowFlush) return 'flush-not-allowed';
  if (Number.isNaN(request.exptime)) return 'bad-exptime';
  return items.flush(request.exptime) ?? 'ok';
}
