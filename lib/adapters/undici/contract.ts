/** Checks what undici's interceptor, or a caller of its own, passes to a store. Each throws `HOTSET_INVALID_ARGUMENT`. */

import { invalidArgument } from '../../errors.js';
import type { CacheKey, CacheValue } from './types.js';

const KEY_TEXTS = ['origin', 'method', 'path'] as const;
const VALUE_NUMBERS = ['statusCode', 'cachedAt', 'staleAt', 'deleteAt'] as const;

export function checkKey(key: CacheKey): void {
  checkObject('key', key);
  for (const name of KEY_TEXTS)
    if (typeof key[name] !== 'string') throw invalidArgument(`key.${name}`, 'a text', key[name]);
  if (key.headers != null) checkObject('key.headers', key.headers);
}

export function checkValue(value: CacheValue): void {
  checkObject('value', value);
  for (const name of VALUE_NUMBERS)
    if (typeof value[name] !== 'number' || Number.isNaN(value[name]))
      throw invalidArgument(`value.${name}`, 'a number', value[name]);
  if (typeof value.statusMessage !== 'string')
    throw invalidArgument('value.statusMessage', 'a text', value.statusMessage);
  checkObject('value.headers', value.headers);
  if (value.vary != null) checkObject('value.vary', value.vary);
  if (value.cacheControlDirectives != null)
    checkObject('value.cacheControlDirectives', value.cacheControlDirectives);
  if (value.etag != null && typeof value.etag !== 'string')
    throw invalidArgument('value.etag', 'a text', value.etag);
}

function checkObject(name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) throw invalidArgument(name, 'an object', value);
}
