/** set, add, replace, append, prepend, cas: protocol.txt, "Storage commands". */

import type { StoreOptions, StoreResult } from '../../engine/entry.js';
import { CAS_BADVAL, CAS_HITS, CAS_MISSES, CMD_SET, STORE_NO_MEMORY, STORE_TOO_LARGE } from '../counters.js';
import type { ItemStore } from '../item-store.js';
import type { Reply } from '../reply.js';
import type { Request } from '../request.js';
import { concatenated, type WireValue } from '../wire-value.js';

/** Reused: the engine reads it and does not keep it. Only a refused `set` takes the old value with it. */
const options: Required<StoreOptions> = { ttlMs: 0, flags: 0, keepRefused: false };

/**
 * What happens when the line is read and its data is still to come: counts the command, and answers
 * `too-large` for data that the item limit does not let in. A failed `set` deletes the old value.
 */
export function beginStore(items: ItemStore, request: Request): Reply | null {
  items.count(CMD_SET);
  if (!items.isTooLarge(request.key, request.flags, request.dataLength)) return null;
  items.count(STORE_TOO_LARGE);
  if (request.verb === 'set') items.engine.delete(request.key);
  return 'too-large';
}

export function store(items: ItemStore, request: Request, value: WireValue): Reply {
  const { engine } = items;
  const { key } = request;
  options.ttlMs = items.ttlMs(request.exptime);
  options.flags = request.flags;
  options.keepRefused = request.verb !== 'set';
  switch (request.verb) {
    case 'set':
      return answer(items, engine.set(key, value, options));
    case 'add': {
      const slot = engine.find(key);
      if (slot === 0) return answer(items, engine.set(key, value, options));
      // memcached makes the item that is in the way the newest.
      engine.promoteAt(slot);
      return 'not-stored';
    }
    case 'replace':
      return answer(items, engine.replace(key, value, options), 'not-stored');
    case 'append':
    case 'prepend':
      return extend(items, request, value);
    default:
      return compareAndSet(items, request, value);
  }
}

function extend(items: ItemStore, request: Request, value: WireValue): Reply {
  const { engine } = items;
  const slot = engine.find(request.key);
  if (slot === 0) return 'not-stored';
  const old = engine.valueAt(slot);
  if (items.isTooLarge(request.key, engine.flagsAt(slot), old.length + value.length)) return 'not-stored';
  const both = request.verb === 'append' ? concatenated(old, value) : concatenated(value, old);
  items.bytesCopied += both.length;
  return answer(items, engine.update(request.key, both, options));
}

function compareAndSet(items: ItemStore, request: Request, value: WireValue): Reply {
  const result = items.engine.compareAndSet(request.key, request.cas, value, options);
  if (result === 'stored') items.count(CAS_HITS);
  else if (result === 'exists') items.count(CAS_BADVAL);
  else if (result === 'not-found') items.count(CAS_MISSES);
  return result === 'exists' ? 'exists' : answer(items, result, 'not-found');
}

function answer(items: ItemStore, result: StoreResult, whenNotFound: Reply = 'not-stored'): Reply {
  switch (result) {
    case 'stored':
      return 'stored';
    case 'exists':
      return 'not-stored';
    case 'not-found':
      return whenNotFound;
    case 'too-large':
    case 'no-room':
      items.count(STORE_NO_MEMORY);
      return 'out-of-memory';
  }
}
