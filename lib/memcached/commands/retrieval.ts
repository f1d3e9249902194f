/** get, gets, gat, gats and touch: what they do to the items and the counters. */

import {
  CMD_GET,
  CMD_TOUCH,
  GET_EXPIRED,
  GET_HITS,
  GET_MISSES,
  TOUCH_HITS,
  TOUCH_MISSES,
} from '../counters.js';
import type { ItemStore } from '../item-store.js';
import type { Reply } from '../reply.js';
import type { Request } from '../request.js';
import { sawGet, sawLookup } from './observation.js';

/** The slot of the item under `key`, or 0. Counts as one `get`. */
export function fetch(items: ItemStore, key: string): number {
  const { counters } = items;
  counters[CMD_GET]!++;
  const slot = items.entries.readSlot(key);
  if (items.hasObservers) {
    sawLookup(items, key, slot);
    sawGet(items, key, slot);
  }
  return counted(items, slot);
}

/** As `fetch`, for the key whose bytes are `line[start, end)`; `hash` is theirs. */
export function fetchBytes(items: ItemStore, line: Buffer, start: number, end: number, hash: number): number {
  const { memo } = items;
  const known = items.hasObservers ? 0 : memo.find(line, start, end, hash);
  let entry: number;
  if (known === 0) entry = fetch(items, line.toString('latin1', start, end));
  else {
    items.counters[CMD_GET]!++;
    entry = counted(items, items.entries.readAt(known));
  }
  if (entry > 0 && entry !== known) memo.note(hash, entry);
  return entry;
}

function counted({ counters }: ItemStore, slot: number): number {
  if (slot > 0) {
    counters[GET_HITS]!++;
    return slot;
  }
  counters[GET_MISSES]!++;
  if (slot < 0) counters[GET_EXPIRED]!++;
  return 0;
}

/**
 * As `fetch`, for a command that gives the item a new exptime as well: counts as a `touch` and not as a `get`.
 * The caller touches the slot when it has read the item: a touch may be the end of it.
 */
export function fetchToTouch(items: ItemStore, key: string, retrieves: boolean): number {
  const { counters } = items;
  counters[CMD_TOUCH]!++;
  const slot = items.entries.readSlot(key);
  if (items.hasObservers) {
    sawLookup(items, key, slot);
    if (retrieves) sawGet(items, key, slot);
  }
  if (slot <= 0) {
    counters[TOUCH_MISSES]!++;
    return 0;
  }
  counters[TOUCH_HITS]!++;
  return slot;
}

export function touch(items: ItemStore, request: Request): Reply {
  const entry = fetchToTouch(items, request.key, false);
  if (entry === 0) return 'not-found';
  items.touch(entry, request.exptime);
  return 'touched';
}
