/** Storing a value, for every protocol: protocol.txt, "Storage commands" and "Meta Set". */

import type { StoreResult } from '../../engine/types.js';
import { CAS_BADVAL, CAS_HITS, CAS_MISSES, CMD_SET, STORE_NO_MEMORY, STORE_TOO_LARGE } from '../counters.js';
import {
  type CommandContext,
  type ItemStore,
  KEY_BINARY,
  STALE,
  TOKEN_SENT,
  UNIX_TIME,
} from '../item-store.js';
import { LOWER, UPPER } from '../meta/meta-flags.js';
import type { CasId, Reply, Request } from '../request.js';
import { sawLookup, sawStore } from './observation.js';

/**
 * What happens when the length is known and the data is still to come: counts the command, or answers
 * `too-large` for data above the item limit.
 */
export function beginStore(context: CommandContext, request: Request): Reply | null {
  const { items } = context;
  // As in memcached, the meta commands are not among these statistics.
  if (items.prefixes.enabled && request.verb !== 'ms') items.prefixes.recordSet(request.key.text);
  if (!items.isTooLarge(request.key, request.flags, request.dataLength)) {
    items.count(CMD_SET);
    return null;
  }
  items.count(STORE_TOO_LARGE);
  if (request.dropsWhenRefused) items.entries.delete(request.key);
  if (items.hasObservers) sawStore(context, request, 'too-large', request.dataLength);
  return 'too-large';
}

/** The data was accepted, and discarded while it arrived, for lack of room. */
export function refuseStore(context: CommandContext, request: Request): Reply {
  const { items } = context;
  items.count(STORE_NO_MEMORY);
  if (request.dropsWhenRefused) items.entries.delete(request.key);
  if (items.hasObservers) sawStore(context, request, 'out-of-memory', request.dataLength);
  return 'out-of-memory';
}

/** `beginStore` and `store` for a plain set that is not too large, with an exptime in seconds, without observers. */
export function storeFast(items: ItemStore, { key, data }: Request, flags: number, exptime: number): Reply {
  items.count(CMD_SET);
  return answer(items, items.entries.set(key, data, items.ttlMs(exptime), flags, false));
}

/** Stores the request's data. */
export function store(context: CommandContext, request: Request): Reply {
  const { items } = context;
  if (!items.hasObservers) return storeData(context, request);
  const { length } = request.data;
  sawLookup(context, request.key, items.entries.peek(request.key));
  const reply = storeData(context, request);
  sawStore(context, request, reply, length);
  return reply;
}

function storeData(context: CommandContext, request: Request): Reply {
  const { items } = context;
  const { entries } = items;
  const { mode } = request;
  if (mode === 'set') return put(items, request);
  const entry = entries.peek(request.key);
  switch (mode) {
    case 'add':
      if (entry === 0) return put(items, request);
      // memcached makes the item that is in the way the newest.
      entries.promoteAt(entry);
      return 'not-stored';
    case 'replace':
      return entry === 0 ? 'not-stored' : put(items, request);
    case 'cas':
      return compareAndSet(items, request, entry);
    default:
      return extend(context, request, entry);
  }
}

function put(items: ItemStore, request: Request, exptime: number = request.exptime): Reply {
  const { key, data, flags, ttlMs, waitedMs, dropsWhenRefused, tags } = request;
  const result =
    ttlMs === null
      ? items.put(key, data, exptime, flags, !dropsWhenRefused, waitedMs)
      : items.entries.set(key, data, ttlMs, flags, !dropsWhenRefused, tags);
  if (hasBinaryKey(request) && result === 'stored') items.addAdapterBits(key, KEY_BINARY);
  return answer(items, result);
}

/** append and prepend. A cas id other than 0 is compared first; a meta command may create what is missing. */
function extend(context: CommandContext, request: Request, entry: number): Reply {
  const { items } = context;
  const { entries } = items;
  if (entry === 0) {
    if (!vivifies(request)) return 'not-stored';
    return put(items, request, request.meta.vivifyExptime);
  }
  if (items.casIds && request.cas !== 0 && request.cas !== items.casIdAt(entry)) return 'exists';
  const { key, data } = request;
  const bytes = entries.valueBytesAt(entry) + data.length;
  if (items.isTooLarge(key, entries.flagsAt(entry), bytes)) {
    items.oversizedAppends++;
    return 'not-stored';
  }
  context.bytesCopied += bytes;
  const before = request.mode === 'prepend';
  return answer(items, items.extend(key, entry, data, before, !request.dropsWhenRefused));
}

function compareAndSet(items: ItemStore, request: Request, entry: number): Reply {
  if (entry === 0) {
    items.count(CAS_MISSES);
    return 'not-found';
  }
  const current = items.casIdAt(entry);
  // A cas id of 0 is the answer to "which one?" where there are none; it matches nothing.
  const matches = request.cas !== 0 && request.cas === current;
  if (!matches && !acceptsOlder(request, current)) {
    items.count(CAS_BADVAL);
    return 'exists';
  }
  const reply = matches ? put(items, request) : putStale(items, request, entry);
  if (reply === 'stored') items.count(CAS_HITS);
  return reply;
}

/** The item was invalidated meanwhile: a stale value is better than none. */
function putStale(items: ItemStore, request: Request, entry: number): Reply {
  const { entries } = items;
  const { key, data, flags, dropsWhenRefused } = request;
  const kept = entries.adapterBitsAt(entry) & (TOKEN_SENT | UNIX_TIME);
  const ttlMs = entries.remainingTtlMsAt(entry);
  const result = entries.set(key, data, ttlMs, flags, !dropsWhenRefused);
  if (result === 'stored') items.addAdapterBits(key, STALE | kept | (hasBinaryKey(request) ? KEY_BINARY : 0));
  return answer(items, result);
}

/** Whether the request is content to be stored as stale, over something newer than it knows. */
function acceptsOlder(request: Request, current: CasId): boolean {
  return isMetaSet(request) && request.meta.hasUpper(UPPER.I) && request.cas !== 0 && request.cas < current;
}

function vivifies(request: Request): boolean {
  return isMetaSet(request) && request.meta.hasUpper(UPPER.N);
}

/** Whether what it stores goes by a key in base64. */
function hasBinaryKey(request: Request): boolean {
  return isMetaSet(request) && request.meta.has(LOWER.b);
}

function isMetaSet(request: Request): boolean {
  return request.verb === 'ms';
}

function answer(items: ItemStore, result: StoreResult): Reply {
  if (result === 'stored') return 'stored';
  items.count(STORE_NO_MEMORY);
  return 'out-of-memory';
}
