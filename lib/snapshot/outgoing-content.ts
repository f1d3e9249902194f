/**
 * A key or a value on its way into a file: which tag, how many bytes, and where they come from. One object
 * serves all entries. Strings, numbers, Buffers and the like are written without a detour; anything else is
 * serialized first.
 */

import { endianness } from 'node:os';
import { TAG } from './format.js';
import { serialize } from './serialization.js';

const SERIALIZED: number = endianness() === 'LE' ? TAG.SERIALIZED_LE : TAG.SERIALIZED_BE;
/** Up to here a loop over the characters is quicker than a call into Node. */
const SHORT_TEXT_CHARACTERS = 24;
/** A search by V8's own means, which knows that a one-byte string cannot match. */
const NEEDS_TWO_BYTES = /[^\0-\xff]/;
const NOTHING = new Uint8Array(0);

export class OutgoingContent {
  tag = 0;
  /** How many bytes it takes. */
  bytes = 0;
  #text = '';
  #number = 0;
  #view: Uint8Array = NOTHING;

  /** Takes a key or value. O(1), but linear for what has to be serialized, which throws if it cannot be. */
  set(content: unknown): void {
    switch (typeof content) {
      case 'string':
        this.#setText(content);
        return;
      case 'number':
        this.#setNumber(content);
        return;
      case 'boolean':
        this.#setBare(content ? TAG.TRUE : TAG.FALSE);
        return;
      case 'undefined':
        this.#setBare(TAG.UNDEFINED);
        return;
      default:
        this.#setOther(content);
    }
  }

  /** Takes what a codec has made of a value. */
  setEncoded(bytes: Uint8Array): void {
    this.#setView(TAG.CODEC, bytes);
  }

  /** Releases the content: the largest entry so far must not stay in memory. */
  clear(): void {
    this.#text = '';
    this.#view = NOTHING;
  }

  /**
   * Writes its bytes, leaving out the first `from`, into `target[at, limit)`, as many as there is room for.
   * Returns how many; a number, or half of a UTF-16 unit, is not begun where it does not fit.
   */
  put(target: Buffer, view: DataView, at: number, limit: number, from: number): number {
    const { tag } = this;
    const room = Math.min(limit - at, this.bytes - from);
    switch (tag) {
      case TAG.LATIN1:
        return this.#putLatin1(target, at, room, from);
      case TAG.UTF16: {
        const units = room >> 1;
        return target.write(this.#text.slice(from >> 1, (from >> 1) + units), at, 'utf16le');
      }
      case TAG.INT32:
        if (room < 4) return 0;
        view.setInt32(at, this.#number, true);
        return 4;
      case TAG.FLOAT64:
        if (room < 8) return 0;
        view.setFloat64(at, this.#number, true);
        return 8;
      default:
        if (room > 0)
          target.set(
            from === 0 && room === this.bytes ? this.#view : this.#view.subarray(from, from + room),
            at,
          );
        return room;
    }
  }

  #putLatin1(target: Buffer, at: number, room: number, from: number): number {
    const text = this.#text;
    if (room <= SHORT_TEXT_CHARACTERS) {
      for (let i = 0; i < room; i++) target[at + i] = text.charCodeAt(from + i);
      return room;
    }
    return target.write(room === text.length ? text : text.slice(from, from + room), at, 'latin1');
  }

  #setText(text: string): void {
    const wide = NEEDS_TWO_BYTES.test(text);
    this.tag = wide ? TAG.UTF16 : TAG.LATIN1;
    this.bytes = wide ? text.length * 2 : text.length;
    this.#text = text;
  }

  #setNumber(number: number): void {
    const small = (number | 0) === number && !Object.is(number, -0);
    this.tag = small ? TAG.INT32 : TAG.FLOAT64;
    this.bytes = small ? 4 : 8;
    this.#number = number;
  }

  #setOther(content: unknown): void {
    if (content === null) this.#setBare(TAG.NULL);
    else if (Buffer.isBuffer(content)) this.#setView(TAG.BUFFER, content);
    else if (content instanceof Uint8Array && Object.getPrototypeOf(content) === Uint8Array.prototype)
      this.#setView(TAG.UINT8ARRAY, content);
    else this.#setView(SERIALIZED, serialize(content));
  }

  #setView(tag: number, bytes: Uint8Array): void {
    this.tag = tag;
    this.bytes = bytes.length;
    this.#view = bytes;
  }

  /** The tag says it all. */
  #setBare(tag: number): void {
    this.tag = tag;
    this.bytes = 0;
    this.#view = NOTHING;
  }
}
