/** How values become bytes for the second tier. */

import { Buffer } from 'node:buffer';
import { HotsetError, invalidOption } from '../errors.js';
import { deserialize, serialize } from '../snapshot/serialization.js';
import { fromJson, toJson } from './json-values.js';

/** A serializer of the user's own. */
export interface Serializer<V> {
  /** The bytes of a value. */
  serialize(value: V): Uint8Array;
  /** The value of these bytes, which it must not keep. May throw: that counts as a miss. */
  deserialize(bytes: Uint8Array): V;
}

/**
 * - `json`: plain data, Dates, Maps, Sets, BigInts, bytes, `undefined` and all numbers; refuses instances of classes.
 * - `v8`: whatever can be cloned, cycles too. For a second tier that only trusted programs write.
 */
export type SerializerChoice<V> = 'json' | 'v8' | Serializer<V>;

/** A serializer with its number in the envelope. `mark`: a bit of its own. */
export interface Codec<V> {
  readonly number: number;
  encode(value: V): { readonly bytes: Uint8Array; readonly mark: boolean };
  decode(bytes: Buffer, mark: boolean): V;
}

/** Throws `HOTSET_INVALID_OPTION`. */
export function codecOf<V>(choice: SerializerChoice<V> = 'json'): Codec<V> {
  if (choice === 'json')
    return {
      number: 0,
      encode: (value) => {
        const { text, isMarked } = toJson(value);
        return { bytes: Buffer.from(text), mark: isMarked };
      },
      decode: (bytes, isMarked) => fromJson({ text: bytes.toString(), isMarked }) as V,
    };
  if (choice === 'v8')
    return {
      number: 1,
      encode: (value) => ({ bytes: refusing(() => serialize(value)), mark: false }),
      decode: (bytes) => deserialize(bytes) as V,
    };
  if (typeof choice?.serialize !== 'function' || typeof choice.deserialize !== 'function')
    throw invalidOption(
      'serializer',
      "'json', 'v8', or an object with serialize() and deserialize()",
      choice,
    );
  return {
    number: 2,
    encode: (value) => {
      const bytes = refusing(() => choice.serialize(value));
      if (!(bytes instanceof Uint8Array))
        throw new HotsetError('HOTSET_UNSERIALIZABLE_VALUE', 'serialize() of the serializer returns bytes');
      return { bytes, mark: false };
    },
    decode: (bytes) => choice.deserialize(bytes),
  };
}

function refusing<T>(serialized: () => T): T {
  try {
    return serialized();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HotsetError('HOTSET_UNSERIALIZABLE_VALUE', `a value does not serialize: ${reason}`, {
      cause: error,
    });
  }
}
