/** Methods that change entries. They count as memcached's commands do, and a refused write changes nothing. */

import { encodeKey } from '../../items/key-encoding.js';
import { adjust, countMiss } from '../../memcached/commands/arithmetic.js';
import { flush, remove } from '../../memcached/commands/deletion.js';
import { fetchToTouch } from '../../memcached/commands/retrieval.js';
import { beginStore, store } from '../../memcached/commands/storage.js';
import type { ItemStore } from '../../memcached/item-store.js';
import type { CasId, Reply, Request, StoreMode } from '../../memcached/request.js';
import type { Params } from '../../rpc-protocol.js';
import type { MethodContext, MethodsOf } from './methods.js';
import { RpcError } from './rpc-error.js';
import { casIdJson, receivedValue } from './stored-value.js';

const NOTHING = Buffer.alloc(0);
const NOT_FOUND = '{"result":"not-found"}';

export const WRITE_METHODS: MethodsOf<
  'set' | 'add' | 'replace' | 'compareAndSet' | 'delete' | 'touch' | 'increment' | 'flush'
> = {
  set: (on, params) => stored(on, 'set', params),
  add: (on, params) => stored(on, 'add', params),
  replace: (on, params) => stored(on, 'replace', params),
  compareAndSet: (on, params) => {
    if (!on.items.casIds)
      throw new RpcError('HOTSET_NO_VERSIONS', 'there are no versions to compare on this server');
    return stored(on, 'cas', params, casIdOf(params.version));
  },
  delete: (on, { key }) => `{"result":"${remove(on, beginWrite(on, key))}"}`,
  touch: (on, { key, ttlMs }) => {
    const { items } = on;
    const entry = fetchToTouch(on, beginWrite(on, key).key, false);
    if (entry === 0) return NOT_FOUND;
    items.touchMs(entry, ttlMs ?? Number.POSITIVE_INFINITY);
    return '{"result":"touched"}';
  },
  increment: (on, { key, by = 1 }) => {
    const { items } = on;
    const request = beginWrite(on, key);
    const version = nextVersionJson(items);
    const increments = by >= 0;
    const adjusted = adjust(on, { key: request.key, increments, delta: Math.abs(by), cas: 0 });
    if (typeof adjusted === 'object')
      return `{"result":"stored","value":"${adjusted.digits}","version":${version}}`;
    if (adjusted === 'not-found') countMiss(items, increments);
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

function stored(
  on: MethodContext,
  mode: StoreMode,
  { key, value, base64, ttlMs, flags }: Params['set'],
  cas: CasId = 0,
): string {
  const received = receivedValue(value, base64);
  const { items } = on;
  const request = beginWrite(on, key);
  request.mode = mode;
  request.cas = cas;
  request.flags = flags ?? received.flags;
  request.ttlMs = ttlMs ?? Number.POSITIVE_INFINITY;
  request.dataLength = received.bytes;
  if (beginStore(on, request) !== null) throw tooLarge();
  const version = nextVersionJson(items);
  const bytes = received.toBytes();
  request.data.set(bytes, 0, bytes.length);
  const reply = store(on, request);
  request.data.bytes = NOTHING;
  if (reply === 'not-stored') return mode === 'add' ? '{"result":"exists"}' : NOT_FOUND;
  return writeResult(items, reply, version);
}

/** The context's one request, refilled: commands do not keep it. What changes its key now, this client has changed. */
function beginWrite({ context: { request }, subscriptions }: MethodContext, key: string): Request {
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
 * The version that the next write will have. Afterwards the key may have another one, and another value: a listener in
 * the process may have written to it.
 */
function nextVersionJson(items: ItemStore): string {
  return casIdJson(items, items.entries.lastVersion + 1);
}

/** As the engine has it: a bigint where a number would not be exact. */
function casIdOf(digits: string): CasId {
  const id = BigInt(digits);
  return id <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(id) : id;
}
