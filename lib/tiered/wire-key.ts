/**
 * Keys of any text as keys that memcached's protocol and hotset.v1 take: 1 to 250 bytes of UTF-8 without blanks and control
 * characters. One to one: no two texts share a key.
 *
 * What can go as it is does. Other characters are escaped: `%20`, `%25`, and `%uD83D` for half of a surrogate pair. A key that is
 * too long then keeps its first 128 bytes and ends in `%~` and its SHA-256, so that it still begins with its prefix. O(characters).
 */

import { createHash } from 'node:crypto';
import { invalidArgument } from '../errors.js';

const KEY_MAX_BYTES = 250;
/** What a key that is too long keeps. A subscription's prefix is no longer. */
export const HEAD_MAX_BYTES = 128;
const HASHED = '%~';
/** No escape begins so. */
const EMPTY = '%-';

const PLAIN = /^[!-$&-~]{1,250}$/;
const ESCAPED = /[\0-\x20%\x7f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const ESCAPE = /%(?:u([0-9A-F]{4})|([0-9A-F]{2}))/g;

/** The key on the wire. */
export function wireKeyOf(key: string): string {
  if (PLAIN.test(key)) return key;
  if (key === '') return EMPTY;
  const whole = escaped(key);
  if (Buffer.byteLength(whole) <= KEY_MAX_BYTES) return whole;
  return headOf(whole) + HASHED + createHash('sha256').update(whole).digest('base64url');
}

/** The beginning of the keys on the wire that begin with `prefix`. Throws `HOTSET_INVALID_ARGUMENT` for one that is too long. */
export function wirePrefixOf(prefix: string): string {
  const wire = escaped(prefix);
  if (Buffer.byteLength(wire) > HEAD_MAX_BYTES)
    throw invalidArgument('prefix', `a text of at most ${HEAD_MAX_BYTES} bytes`, prefix);
  return wire;
}

/** The text that `wireKeyOf` has made this of; `undefined` where only its hash is there. */
export function keyOfWireKey(wire: string): string | undefined {
  if (!wire.includes('%')) return wire;
  if (wire === EMPTY) return '';
  if (wire.includes(HASHED)) return undefined;
  return wire.replace(ESCAPE, (_, unit: string | undefined, byte: string) =>
    String.fromCharCode(Number.parseInt(unit ?? byte, 16)),
  );
}

function escaped(text: string): string {
  return text.replace(ESCAPED, (character) => {
    const code = character.charCodeAt(0);
    const digits = code.toString(16).toUpperCase();
    return code > 0xff ? `%u${digits}` : `%${digits.padStart(2, '0')}`;
  });
}

/** No character or escape is cut: what was hashed as a whole may also be shown. */
function headOf(whole: string): string {
  let bytes = 0;
  let head = '';
  for (const [part] of whole.matchAll(/%u....|%..|[^%]/gsu)) {
    bytes += Buffer.byteLength(part);
    if (bytes > HEAD_MAX_BYTES) break;
    head += part;
  }
  return head;
}
