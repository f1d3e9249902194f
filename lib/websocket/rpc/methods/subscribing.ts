/** Methods by which a client is told of changes. */

import { optional, required } from '../params.js';
import { invalidParams, RpcError } from '../rpc-error.js';
import { isTexts, type Method, method } from './method.js';

export const SUBSCRIBING: Readonly<Record<string, Method>> = {
  subscribe: method(
    'metadata',
    {
      prefixes: optional('an array of texts', isTexts),
      keys: optional('an array of texts', isTexts),
      noEcho: optional('true or false', isBoolean),
    },
    ({ items, subscriptions }, { prefixes = [], keys = [], noEcho = false }) => {
      if (prefixes.length + keys.length === 0)
        throw invalidParams('prefixes or keys is missing: an array of at least one text');
      // Like memcached's `watch`, they show keys that the client need not know.
      if (prefixes.length > 0 && !items.allowWatch)
        throw new RpcError('HOTSET_FORBIDDEN', 'only single keys may be watched on this server');
      return `{"subscription":${subscriptions.add(prefixes, keys, noEcho)}}`;
    },
  ),
  unsubscribe: method(
    'metadata',
    { subscription: required('the number that subscribe has given', isNumber) },
    ({ subscriptions }, { subscription }) =>
      `{"result":"${subscriptions.remove(subscription) ? 'unsubscribed' : 'not-found'}"}`,
  ),
};

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}
