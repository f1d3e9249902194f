/** Methods that change entries. They count as memcached's commands do, and a refused write changes nothing. */

import type { Key } from '../../items/key.js';
import { encodeKey } from '../../items/key-encoding.js';
import { adjust, countMiss, createNumber } from '../../memcached/commands/arithmetic.js';
import { flush, remove } from '../../memcached/commands/deletion.js';
import { fetch, fetchToTouch } from '../../memcached/commands/retrieval.js';
import { beginStore, store } from '../../memcached/commands/storage.js';
import type { ItemStore } from '../../memcached/item-store.js';
import type { CasId, Reply, Request, StoreMode } from '../../memcached/request.js';
import type { Params, Whole } from '../../rpc-protocol.js';
import { deleteByPrefix, removeTagged, tagsOf } from './bulk-work.js';
import type { MethodContext, MethodsOf } from './method-context.js';
import { invalidParams, RpcError } from './rpc-error.js';
import { casIdJson, entryJson, type ReceivedValue, receivedText, receivedValue } from './stored-value.js';

const NOTHING = Buffer.alloc(0);
const NOT_FOUND = '{"result":"not-found"}';

export const WRITE_METHODS: MethodsOf<
  | 'set'
  | 'add'
  | 'replace'
  | 'compareAndSet'
  | 'append'
  | 'prepend'
  | 'delete'
  | 'getAndDelete'
  | 'deletePrefix'
  | 'invalidateTags'
  | 'touch'
  | 'getAndTouch'
  | 'increment'
  | 'flush'
> = {
  set: (on, params) => setValue(on, 'set', params),
  add: (on, params) => setValue(on, 'add', params),
  replace: (on, params) => setValue(on, 'replace', params),
  compareAndSet: (on, params) => {
    if (!on.items.casIds)
      throw new RpcError('HOTSET_NO_VERSIONS', 'there are no versions to compare on this server');
    return setValue(on, 'cas', params, wholeOf(params.version));
  },
  append: (on, { key, value, base64 }) => stored(on, 'append', key, receivedText(value, base64)),
  prepend: (on, { key, value, base64 }) => stored(on, 'prepend', key, receivedText(value, base64)),
  delete: (on, { key }) => `{"result":"${remove(on, beginWrite(on, key))}"}`,
  getAndDelete: (on, { key, as }) => {
    const request = beginWrite(on, key);
    const entry = fetch(on, request.key);
    if (entry === 0) return 'null';
    // What does not fit into a reply stays.
    const json = entryJson(on, entry, as === 'base64');
    remove(on, request);
    return json;
  },
  deletePrefix: (on, params) => deleteByPrefix(on, params),
  invalidateTags: (on, { tags }) => removeTagged(on, tags),
  touch: (on, { key, ttlMs }) => {
    const { items } = on;
    const entry = fetchToTouch(on, beginWrite(on, key).key, false);
    if (entry === 0) return NOT_FOUND;
    items.touchMs(entry, ttlMs ?? Number.POSITIVE_INFINITY);
    return '{"result":"touched"}';
  },
  getAndTouch: (on, { key, ttlMs, as }) => {
    const entry = fetchToTouch(on, beginWrite(on, key).key, true);
    if (entry === 0) return 'null';
    const json = entryJson(on, entry, as === 'base64', JSON.stringify(ttlMs));
    on.items.touchMs(entry, ttlMs ?? Number.POSITIVE_INFINITY);
    return json;
  },
  increment: (on, { key, by = 1, initial, ttlMs }) => {
    if (ttlMs !== undefined && initial === undefined)
      throw invalidParams('ttlMs is that of an entry with initial, which is missing');
    const { items } = on;
    const request = beginWrite(on, key);
    const version = nextVersionJson(items, request.key);
    const change = wholeOf(by);
    const increments = change >= 0;
    const delta = increments ? change : -change;
    let adjusted = adjust(on, { key: request.key, increments, delta, cas: 0 });
    if (adjusted === 'not-found') {
      if (initial === undefined) countMiss(items, increments);
      else adjusted = createNumber(on, request.key, wholeOf(initial), 0, ttlMs ?? Number.POSITIVE_INFINITY);
    }
    if (typeof adjusted === 'object')
      return `{"result":"stored","value":"${adjusted.digits}","version":${version}}`;
    return writeResult(items, adjusted, version);
  },
  flush: (on) => {
    const { items, subscriptions } = on;
    if (!items.allowFlush) throw new RpcError('HOTSET_FORBIDDEN', 'flush is forbidden on this server');
    subscriptions.beginWrite(undefined);
    on.context.request.exptime = 0;
    flush(items, on.context.request);
    return '{"result":"flushed"}';
  },
};

/** What a method that stores does. `cas`: what the mode `cas` compares with. */
export function setValue(on: MethodContext, mode: StoreMode, params: Params['set'], cas?: CasId): string {
  if (params.tags !== undefined) tagsOf(on.items);
  return stored(on, mode, params.key, receivedValue(params.value, params.base64), params, cas);
}

function stored(
  on: MethodContext,
  mode: StoreMode,
  key: string,
  received: ReceivedValue,
  { ttlMs, flags, tags }: Partial<Pick<Params['set'], 'ttlMs' | 'flags' | 'tags'>> = {},
  cas: CasId = 0,
): string {
  const { items } = on;
  const request = beginWrite(on, key);
  request.mode = mode;
  request.cas = cas;
  request.flags = flags ?? received.flags;
  request.ttlMs = ttlMs ?? Number.POSITIVE_INFINITY;
  request.tags = tags === undefined || tags.length === 0 ? null : [...new Set(tags)];
  request.dataLength = received.bytes;
  if (beginStore(on, request) !== null) throw tooLarge();
  const version = nextVersionJson(items, request.key);
  const bytes = received.toBytes();
  request.data.set(bytes, 0, bytes.length);
  const reply = store(on, request);
  request.data.bytes = NOTHING;
  if (reply === 'not-stored') {
    if (mode === 'add') return '{"result":"exists"}';
    // One that is there, and would be too large.
    if (mode !== 'replace' && items.entries.peek(request.key) !== 0) throw tooLarge();
    return NOT_FOUND;
  }
  return writeResult(items, reply, version);
}

/** The context's one request, refilled: commands do not keep it. What changes its key now, this client has changed. */
export function beginWrite({ context: { request }, subscriptions }: MethodContext, key: string): Request {
  const wireKey = encodeKey(key);
  subscriptions.beginWrite(wireKey);
  request.key.setText(wireKey);
  request.cas = 0;
  request.exptime = 0;
  return request;
}

/** The result of a storage command's reply; `version` is that of a stored value. */
function writeResult(items: ItemStore, reply: Reply, version: string): string {
  switch (reply) {
    case 'stored':
      return `{"result":"stored","version":${version}}`;
    case 'exists':
    case 'not-found':
      return `{"result":"${reply}"}`;
    case 'non-numeric':
      throw new RpcError('HOTSET_NOT_A_NUMBER', 'increment takes a value of digits, below 2^64');
    case 'out-of-memory':
      // An engine that evicts makes room for whatever can fit.
      throw items.entries.evicts
        ? tooLarge()
        : new RpcError('HOTSET_NO_ROOM', 'the cache is full and does not evict');
    default:
      throw new Error(`no result for ${reply}`);
  }
}

function tooLarge(): RpcError {
  return new RpcError('HOTSET_TOO_LARGE', 'the value is larger than an item, or the whole cache, may be');
}

/**
 * The version that the next write of the key will have. Afterwards the key may have another one, and another value: a listener in
 * the process may have written to it.
 */
function nextVersionJson(items: ItemStore, key: Key): string {
  return casIdJson(items, items.entries.nextVersion(key));
}

/** A number where that is exact, else a bigint. */
export function wholeOf(whole: Whole): number | bigint {
  const number = Number(whole);
  return Number.isSafeInteger(number) ? number : BigInt(whole);
}
