/** Methods that change entries. They count as memcached's commands do, and a refused write changes nothing. */

import { adjust, countMiss } from '../../../memcached/commands/arithmetic.js';
import { flush, remove } from '../../../memcached/commands/deletion.js';
import { fetchToTouch } from '../../../memcached/commands/retrieval.js';
import { beginStore, store } from '../../../memcached/commands/storage.js';
import type { ItemStore } from '../../../memcached/item-store.js';
import { encodeKey } from '../../../memcached/key-encoding.js';
import { type CasId, type Reply, Request, type StoreMode } from '../../../memcached/request.js';
import { isWellFormed } from '../../../value-text.js';
import { optional, type ParamsOf, required } from '../params.js';
import { RpcError } from '../rpc-error.js';
import { casIdJson, givenValue } from '../stored-value.js';
import { type Call, isText, isTtlMs, KEY, type Method, method } from './method.js';

const UINT32_END = 2 ** 32;
/** Digits of the largest cas id. */
const CAS_ID = /^\d{1,20}$/;
/** Flat, so that a long text costs it no stack; the length says the rest. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

const TTL_TAKES = 'milliseconds, 0 or more, or null for never';

const STORE_PARAMS = {
  key: KEY,
  value: optional('well-formed text, or any other JSON', isStorable),
  base64: optional('base64', isBase64),
  ttlMs: optional(TTL_TAKES, isTtlMs),
  flags: optional('a whole number from 0 to 4294967295', isFlags),
};

const NOT_FOUND = '{"result":"not-found"}';

/** Reused: what executes it does not keep it. */
const request = new Request();

export const WRITES: Readonly<Record<string, Method>> = {
  set: method('changes', STORE_PARAMS, (call, params) => stored(call, 'set', params)),
  add: method('changes', STORE_PARAMS, (call, params) => stored(call, 'add', params)),
  replace: method('changes', STORE_PARAMS, (call, params) => stored(call, 'replace', params)),
  compareAndSet: method(
    'changes',
    { ...STORE_PARAMS, version: required('a text of digits', isCasId) },
    (call, params) => {
      if (!call.items.casIds)
        throw new RpcError('HOTSET_NO_VERSIONS', 'there are no versions to compare on this server');
      return stored(call, 'cas', params, casIdOf(params.version));
    },
  ),
  delete: method('changes', { key: KEY }, (call, { key }) => {
    fill(beginWrite(call, key));
    return `{"result":"${remove(call, request)}"}`;
  }),
  touch: method('changes', { key: KEY, ttlMs: required(TTL_TAKES, isTtlMs) }, (call, { key, ttlMs }) => {
    const { items } = call;
    const entry = fetchToTouch(call, beginWrite(call, key), false);
    if (entry === 0) return NOT_FOUND;
    items.entries.touchAt(entry, ttlMs ?? Number.POSITIVE_INFINITY);
    return '{"result":"touched"}';
  }),
  increment: method(
    'changes',
    { key: KEY, by: optional('a whole number, of at most 2^53 - 1 either way', isWhole) },
    (call, { key, by = 1 }) => {
      const { items } = call;
      const wire = beginWrite(call, key);
      const version = nextVersionJson(items);
      const increments = by >= 0;
      const adjusted = adjust(call, { key: wire, increments, delta: Math.abs(by), cas: 0 });
      if (typeof adjusted === 'object')
        return `{"result":"stored","value":"${adjusted.digits}","version":${version}}`;
      if (adjusted === 'not-found') countMiss(items, increments);
      return answer(items, adjusted, version);
    },
  ),
  flush: method('changes', {}, ({ items, subscriptions }) => {
    if (!items.allowFlush) throw new RpcError('HOTSET_FORBIDDEN', 'flush is forbidden on this server');
    fill('');
    subscriptions.beginWrite(undefined);
    flush(items, request);
    return '{"result":"flushed"}';
  }),
};

function stored(
  call: Call,
  mode: StoreMode,
  { key, value, base64, ttlMs, flags }: ParamsOf<typeof STORE_PARAMS>,
  cas: CasId = 0,
): string {
  const given = givenValue(value, base64);
  const { items } = call;
  const wire = beginWrite(call, key);
  fill(wire);
  request.mode = mode;
  request.cas = cas;
  request.flags = flags ?? given.flags;
  request.ttlMs = ttlMs ?? Number.POSITIVE_INFINITY;
  request.dataLength = given.bytes;
  if (beginStore(call, request) !== null) throw tooLarge();
  const version = nextVersionJson(items);
  const reply = store(call, request, given.toWire());
  if (reply === 'not-stored') return mode === 'add' ? '{"result":"exists"}' : NOT_FOUND;
  return answer(items, reply, version);
}

/** The key as the engine holds it. What changes it now is the client's own doing. */
function beginWrite({ subscriptions }: Call, key: string): string {
  const wire = encodeKey(key);
  subscriptions.beginWrite(wire);
  return wire;
}

function fill(key: string): void {
  request.key = key;
  request.cas = 0;
  request.exptime = 0;
}

/** What the client is told of a reply to something that stores; `version` is what that has, if it does. */
function answer(items: ItemStore, reply: Reply, version: string): string {
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
      throw new Error(`no answer to ${reply}`);
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

function isStorable(value: unknown): value is unknown {
  return typeof value !== 'string' || isWellFormed(value);
}

function isBase64(value: unknown): value is string {
  return isText(value) && value.length % 4 === 0 && BASE64.test(value);
}

function isFlags(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < UINT32_END;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isCasId(value: unknown): value is string {
  return isText(value) && CAS_ID.test(value);
}

/** As the engine tells it: a bigint where a number would not be exact. */
function casIdOf(digits: string): CasId {
  const id = BigInt(digits);
  return id <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(id) : id;
}
