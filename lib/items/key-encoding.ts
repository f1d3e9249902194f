/**
 * Keys between a service and the wire. The wire's are bytes, which this package passes as texts with a latin1 character for
 * each; a service's are texts. ASCII keys are the same in both worlds.
 *
 * A service's key is the text whose UTF-8 a client sends. Bytes that are not UTF-8 become lone surrogates, U+DC80 to U+DCFF
 * (Python's surrogateescape), so that no two keys meet, whichever world they come from.
 */

import { isUtf8 } from 'node:buffer';
import { HotsetError, shown } from '../errors.js';
import { isWellFormed } from '../value-text.js';
import { KEY_MAX_BYTES } from './key.js';

const ESCAPED = 0xdc00;
const FIRST_ESCAPED = 0xdc80;
const LAST_ESCAPED = 0xdcff;

const NOT_ASCII = /[^\0-\x7f]/;

/** The service's key for a key of the wire. O(bytes). */
export function keyOfWire(latin1: string): string {
  if (!NOT_ASCII.test(latin1)) return latin1;
  const bytes = Buffer.from(latin1, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : escaped(bytes);
}

/** The wire's key for a service's; null for what no client can name. O(characters). */
export function wireOfKey(key: unknown): string | null {
  if (typeof key !== 'string' || key.length === 0 || key.length > KEY_MAX_BYTES) return null;
  if (!NOT_ASCII.test(key)) return key;
  const bytes = isWellFormed(key) ? Buffer.from(key, 'utf8') : unescaped(key);
  if (bytes === null || bytes.length > KEY_MAX_BYTES) return null;
  return bytes.toString('latin1');
}

/**
 * The key that a memcached client means by `text`: its UTF-8 bytes.
 * Throws `HOTSET_INVALID_KEY` for a text that no client could send: empty, over 250 bytes, with a blank, a
 * control character or half of a surrogate pair (protocol.txt, "Keys").
 */
export function encodeKey(text: string): string {
  if (!isWellFormed(text))
    throw new HotsetError('HOTSET_INVALID_KEY', `a key takes well-formed text; got ${shown(text)}`);
  const key = NOT_ASCII.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
  if (key.length === 0 || key.length > KEY_MAX_BYTES)
    throw new HotsetError(
      'HOTSET_INVALID_KEY',
      `a key takes 1 to ${KEY_MAX_BYTES} bytes of UTF-8; ${shown(text)} has ${key.length}`,
    );
  for (let i = 0; i < key.length; i++) {
    const byte = key.charCodeAt(i);
    if (byte <= 0x20 || byte === 0x7f)
      throw new HotsetError(
        'HOTSET_INVALID_KEY',
        `a key takes no blanks or control characters; got ${shown(text)}`,
      );
  }
  return key;
}

/** The text of a key of the wire, for people: what is not UTF-8 in it becomes U+FFFD. */
export function decodeKey(key: string): string {
  return NOT_ASCII.test(key) ? Buffer.from(key, 'latin1').toString('utf8') : key;
}

/** UTF-8 as far as it is that, and a surrogate for each byte that is not. */
function escaped(bytes: Buffer): string {
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length === 0) text += String.fromCharCode(ESCAPED + bytes[at]!);
    else text += bytes.toString('utf8', at, at + length);
    at += Math.max(length, 1);
  }
  return text;
}

/** Bytes of the character at `at`; 0 where none begins. */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  return isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}

/** Null for a text that `escaped` has not made. */
function unescaped(key: string): Buffer | null {
  const parts: Buffer[] = [];
  for (const character of key) {
    const code = character.codePointAt(0)!;
    if (code >= FIRST_ESCAPED && code <= LAST_ESCAPED) parts.push(Buffer.of(code - ESCAPED));
    else parts.push(Buffer.from(character, 'utf8'));
  }
  const bytes = Buffer.concat(parts);
  // Also for what would be another key: other surrogates, and surrogates whose bytes are UTF-8 together.
  return keyOfWire(bytes.toString('latin1')) === key ? bytes : null;
}
