/**
 * What the flags of a value on the wire say of it, in the way that common clients use them; for all who see values
 * as texts, JSON and bytes, and not as the wire's own representation.
 */

import { isUtf8 } from 'node:buffer';
import { bytesOf, type WireValue } from './wire-value.js';

/**
 * Flags that are written unless told otherwise: npm memcached's. Read as well: 0 and 16 (pymemcache, pylibmc, python-memcached) as
 * text, 1 (pymemcache's documented JSON serializer: a string) as text. Other flags are read as bytes.
 */
export const TEXT_FLAGS = 0;
/** Flags of values stored as JSON. */
export const JSON_FLAGS = 2;
/** Flags of values stored as bytes. */
export const BYTES_FLAGS = 4;

export const READ_AS_TEXT: ReadonlySet<number> = new Set([TEXT_FLAGS, 1, 16]);

const ASCII = /^[\0-\x7f]*$/;

/** The text that the value's bytes are in UTF-8; null where they are not. */
export function textOf(value: WireValue): string | null {
  if (typeof value === 'string' && ASCII.test(value)) return value;
  const bytes = bytesOf(value);
  return isUtf8(bytes) ? bytes.toString('utf8') : null;
}
