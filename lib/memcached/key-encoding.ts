/**
 * Keys as bytes and as text. The engine holds a wire key as a latin1 string, one character for each byte, so
 * that no two keys can meet. ASCII keys are the same in both worlds; these helpers convert the others.
 */

import { HotsetError, shown } from '../errors.js';
import { isWellFormed } from '../value-text.js';
import { KEY_MAX_BYTES } from './limits.js';

/**
 * The key that a memcached client means by `text`: its UTF-8 bytes, as the engine holds them.
 * Throws `HOTSET_INVALID_KEY` for a text that no client could send: empty, over 250 bytes, with a blank, a
 * control character or half of a surrogate pair (protocol.txt, "Keys").
 */
export function encodeKey(text: string): string {
  if (!isWellFormed(text))
    throw new HotsetError('HOTSET_INVALID_KEY', `a key takes well-formed text; got ${shown(text)}`);
  const key = isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
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

/** The text of a key as the engine holds it: the reverse of `encodeKey`. */
export function decodeKey(key: string): string {
  return isAscii(key) ? key : Buffer.from(key, 'latin1').toString('utf8');
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7e) return false;
  return true;
}
