/** Methods that read values. They count, and promote, as memcached's `get` does. */

import { fetch } from '../../../memcached/commands/retrieval.js';
import { encodeKey } from '../../../memcached/key-encoding.js';
import { required } from '../params.js';
import { RpcError } from '../rpc-error.js';
import { entryJson } from '../stored-value.js';
import { AS, type Call, isTexts, KEY, type Method, method, type Steps } from './method.js';

export const READS: Readonly<Record<string, Method>> = {
  get: method('values', { key: KEY, as: AS }, (call, { key, as }) =>
    read(call, encodeKey(key), as === 'base64'),
  ),
  getMany: method(
    'values',
    { keys: required('an array of texts', isTexts), as: AS },
    (call, { keys, as }) => {
      const { maxBatch } = call.context.settings;
      if (keys.length > maxBatch)
        throw new RpcError('HOTSET_TOO_MANY', `keys takes up to ${maxBatch} keys; got ${keys.length}`);
      return readAll(call, keys.map(encodeKey), as === 'base64');
    },
  ),
};

function* readAll(call: Call, keys: readonly string[], asBase64: boolean): Steps {
  const entries: string[] = [];
  for (const key of keys) {
    entries.push(read(call, key, asBase64));
    yield;
  }
  return `[${entries.join(',')}]`;
}

function read(call: Call, key: string, asBase64: boolean): string {
  const { items, room } = call;
  const entry = fetch(call, key);
  return entry === 0 ? 'null' : entryJson(items, entry, asBase64, room);
}
