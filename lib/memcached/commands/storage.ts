/** Storing a value, for every protocol: protocol.txt, "Storage commands" and "Meta Set". */

import type { StoreResult } from '../../engine/types.js';
import { CAS_BADVAL, CAS_HITS, CAS_MISSES, CMD_SET, STORE_NO_MEMORY, STORE_TOO_LARGE } from '../counters.js';
import { STALE, TOKEN_SENT } from '../item-marks.js';
import type { ItemStore } from '../item-store.js';
import { UPPER } from '../meta/meta-flags.js';
import type { Reply } from '../reply.js';
import type { CasId, Request } from '../request.js';
import { concatenated, type WireValue } from '../wire-value.js';
import { sawLookup, sawStore } from './observation.js';

/**
 * What happens when the length is known and the data is still to come: counts the command, or answers
 * `too-large` for data that the item limit does not let in.
 */
export function beginStore(items: ItemStore, request: Request): Reply | null {
  // As in memcached, the meta commands are not among these statistics.
  if (items.prefixes.enabled && request.verb !== 'ms') items.prefixes.recordSet(request.key);
  if (!items.isTooLarge(request.key, request.flags, request.dataLength)) {
    items.count(CMD_SET);
    return null;
  }
  items.count(STORE_TOO_LARGE);
  if (request.dropsWhenRefused) items.engine.delete(request.key);
  if (items.hasObservers) sawStore(items, request, 'too-large', request.dataLength);
  return 'too-large';
}

/** `beginStore` where nobody observes and the data is let in: counts a command and returns true, or has done nothing. */
export function acceptsData(items: ItemStore, keyBytes: number, flags: number, valueBytes: number): boolean {
  if (items.itemBytes(keyBytes, flags, valueBytes) > items.maxItemBytes) return false;
  items.count(CMD_SET);
  return true;
}

export function store(items: ItemStore, request: Request, value: WireValue): Reply {
  if (!items.hasObservers) return storeValue(items, request, value);
  sawLookup(items, request.key, items.entries.peekSlot(request.key));
  const reply = storeValue(items, request, value);
  sawStore(items, request, reply, value.length);
  return reply;
}

/**
 * A plain set, all of which has come at once, while nobody observes: as `store`. `known` is the number of the
 * key's entry, or 0.
 */
export function storeFast(
  items: ItemStore,
  known: number,
  key: string,
  flags: number,
  exptime: number,
  value: WireValue,
): Reply {
  return answer(items, items.entries.setWithHint(known, key, value, items.ttlMs(exptime), flags, false));
}

function storeValue(items: ItemStore, request: Request, value: WireValue): Reply {
  const { entries } = items;
  const { mode } = request;
  const ttlMs = request.ttlMs ?? items.ttlMs(request.exptime, request.waitedMs);
  if (mode === 'set') return put(items, request, 0, value, ttlMs);
  const entry = entries.peekSlot(request.key);
  switch (mode) {
    case 'add':
      if (entry === 0) return put(items, request, 0, value, ttlMs);
      // memcached makes the item that is in the way the newest.
      entries.promoteAt(entry);
      return 'not-stored';
    case 'replace':
      return entry === 0 ? 'not-stored' : put(items, request, entry, value, ttlMs);
    case 'cas':
      return compareAndSet(items, request, value, entry, ttlMs);
    default:
      return extend(items, request, value, entry);
  }
}

/** `entry` is the slot of the key's entry, or 0. */
function put(items: ItemStore, request: Request, entry: number, value: WireValue, ttlMs: number): Reply {
  const { key, flags, dropsWhenRefused } = request;
  return answer(items, items.entries.setWithHint(entry, key, value, ttlMs, flags, !dropsWhenRefused));
}

/** append and prepend. A cas id other than 0 is compared first; a meta command may create what is missing. */
function extend(items: ItemStore, request: Request, value: WireValue, entry: number): Reply {
  const { entries } = items;
  if (entry === 0) {
    if (!vivifies(request)) return 'not-stored';
    return put(items, request, 0, value, items.ttlMs(request.meta.vivifyExptime, request.waitedMs));
  }
  if (items.casIds && request.cas !== 0 && request.cas !== items.casIdAt(entry)) return 'exists';
  const old = entries.valueAt(entry);
  if (items.isTooLarge(request.key, entries.flagsAt(entry), old.length + value.length)) {
    items.oversizedAppends++;
    return 'not-stored';
  }
  const both = request.mode === 'append' ? concatenated(old, value) : concatenated(value, old);
  items.bytesCopied += both.length;
  return answer(items, entries.update(entry, both, !request.dropsWhenRefused));
}

function compareAndSet(
  items: ItemStore,
  request: Request,
  value: WireValue,
  entry: number,
  ttlMs: number,
): Reply {
  const { entries } = items;
  if (entry === 0) {
    items.count(CAS_MISSES);
    return 'not-found';
  }
  const current = items.casIdAt(entry);
  // A cas id of 0 is the answer to "which one?" where there are none; it matches nothing.
  if (request.cas !== 0 && request.cas === current) {
    const reply = put(items, request, entry, value, ttlMs);
    if (reply === 'stored') items.count(CAS_HITS);
    return reply;
  }
  if (!acceptsOlder(request, current)) {
    items.count(CAS_BADVAL);
    return 'exists';
  }
  // Somebody has invalidated it meanwhile: better a value that is marked stale than none.
  const bits = STALE | (entries.adapterBitsAt(entry) & TOKEN_SENT);
  const reply = put(items, request, entry, value, entries.remainingTtlMsAt(entry));
  if (reply === 'stored') items.mark(request.key, bits);
  return reply;
}

/** Whether the request is content to be stored as stale, over something newer than it knows. */
function acceptsOlder(request: Request, current: CasId): boolean {
  return isMetaSet(request) && request.meta.hasUpper(UPPER.I) && request.cas !== 0 && request.cas < current;
}

function vivifies(request: Request): boolean {
  return isMetaSet(request) && request.meta.hasUpper(UPPER.N);
}

function isMetaSet(request: Request): boolean {
  return request.verb === 'ms';
}

function answer(items: ItemStore, result: StoreResult): Reply {
  if (result === 'stored') return 'stored';
  items.count(STORE_NO_MEMORY);
  return 'out-of-memory';
}
