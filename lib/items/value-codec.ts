/**
 * The values of a service as memcached's clients see them, and theirs as the service does: flags say what a value is, in
 * the way that common clients use them.
 *
 * | value | flags | bytes |
 * |---|---|---|
 * | text | 0 | UTF-8; flags 1 and 16 are read as text too |
 * | bytes | 4 | themselves; other flags are read as bytes too |
 * | anything else | 2 | JSON; a text that is stored with these flags, too |
 *
 * Short bytes are texts of latin1, which take a third of a Buffer's memory. A short text of ASCII is its own bytes.
 */

import type { Codec, Encoded } from '../engine/forms.js';
import { HotsetError, shown } from '../errors.js';
import { isWellFormed, jsonOf } from '../value-text.js';
import { latin1Text } from './key.js';

/** Bytes up to this many are held as a text. */
export const TEXT_MAX_BYTES = 4096;

/** Flags that clients other than this package's use. Those of three kinds may be equal: PHP has none for bytes. */
export interface KindFlags {
  /** Of texts. Default: 0. */
  readonly text?: number | undefined;
  /** Of everything that is stored as JSON. Default: 2. */
  readonly json?: number | undefined;
  /** Of bytes. Default: 4. */
  readonly bytes?: number | undefined;
}

/** Flags of texts, as npm memcached has them. */
export const TEXT_FLAGS = 0;
/** Flags of values stored as JSON. */
export const JSON_FLAGS = 2;
/** Flags of bytes. */
export const BYTES_FLAGS = 4;

/** pymemcache's documented JSON serializer has 1 for a text, pylibmc and python-memcached have 16. */
export const READ_AS_TEXT: ReadonlySet<number> = new Set([TEXT_FLAGS, 1, 16]);

const NOT_ASCII = /[^\0-\x7f]/;

export class ValueCodec implements Codec<string, unknown> {
  readonly #text: number;
  readonly #json: number;
  readonly #bytes: number;

  constructor(flags: KindFlags = {}) {
    this.#text = flags.text ?? TEXT_FLAGS;
    this.#json = flags.json ?? JSON_FLAGS;
    this.#bytes = flags.bytes ?? BYTES_FLAGS;
  }

  encode(value: unknown, flags: number): Encoded | null {
    if (typeof value === 'string')
      return textBytes(flags === this.#json && flags !== this.#text ? JSON.stringify(value) : value);
    if (value instanceof Uint8Array) return value;
    try {
      return textBytes(jsonOf(value));
    } catch {
      return null;
    }
  }

  flagsOf(value: unknown): number {
    if (typeof value === 'string') return this.#text;
    return value instanceof Uint8Array ? this.#bytes : this.#json;
  }

  isKind(flags: number): boolean {
    return flags === this.#text || flags === this.#json || flags === this.#bytes;
  }

  decode(encoded: Encoded, flags: number, key: string): unknown {
    if (flags === this.#json) return parseJson(key, flags, utf8Of(encoded));
    if (flags === this.#text || (flags !== this.#bytes && READ_AS_TEXT.has(flags))) return utf8Of(encoded);
    return this.bytesOf(encoded);
  }

  bytesOf(encoded: Encoded): Buffer {
    if (typeof encoded === 'string') return ownBytes(encoded, 'latin1', encoded.length);
    return encoded instanceof Buffer
      ? encoded
      : Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  }
}

/** Null for a text that has no bytes: with half of a surrogate pair. */
function textBytes(text: string): Encoded | null {
  const isAscii = !NOT_ASCII.test(text);
  if (isAscii && text.length <= TEXT_MAX_BYTES) return text;
  if (!isAscii && !isWellFormed(text)) return null;
  const bytes = ownBytes(text, 'utf8', isAscii ? text.length : Buffer.byteLength(text));
  return bytes.length <= TEXT_MAX_BYTES ? latin1Text(bytes, 0, bytes.length) : bytes;
}

/** In memory of its own: a slice of Node's pool would keep the whole of it. */
function ownBytes(text: string, encoding: BufferEncoding, length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  bytes.write(text, encoding);
  return bytes;
}

function utf8Of(encoded: Encoded): string {
  if (typeof encoded !== 'string') return Buffer.prototype.toString.call(encoded, 'utf8');
  return NOT_ASCII.test(encoded) ? Buffer.from(encoded, 'latin1').toString('utf8') : encoded;
}

function parseJson(key: string, flags: number, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new HotsetError(
      'HOTSET_UNREADABLE_VALUE',
      `the value under ${shown(key)} has the flags of JSON (${flags}) and is not JSON: ${shown(text)}`,
      { cause },
    );
  }
}
