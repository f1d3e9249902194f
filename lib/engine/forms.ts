/**
 * The forms that a value is held in while clients of another kind, which know bytes only, see the entries too: the
 * value, its bytes, or both. What a service stores is encoded when a client first reads it; what a client stores is
 * decoded when the service first reads it. Each form is kept once made, and weighs what it takes.
 *
 * An engine that serves nobody has no forms: every value is `PLAIN`, and no column says so.
 */

import { latin1Bytes, viewBytes } from '../weigh/index.js';

// What the value column holds. Up to BOTH it is the value itself, so that a read needs one comparison.

/** The value. */
export const PLAIN = 0;
/** The value, which is its own bytes: a text whose characters are its bytes, or bytes. */
export const SAME = 1;
/** The value, which has no bytes: clients do not see it. */
export const HIDDEN = 2;
/** The value; its bytes are in `SideBytes`. */
export const BOTH = 3;
/** The bytes. */
export const ENCODED = 4;

/** Bytes: as a text with a latin1 character for each, or in memory of their own. They never change. */
export type Encoded = string | Uint8Array;

/** How values become bytes, and bytes values. */
export interface Codec<K, V> {
  /**
   * The value's bytes under these flags, the very value where it is its own bytes; null where it has none. May run code
   * of the value's (`toJSON`); throws nothing.
   */
  encode(value: V, flags: number): Encoded | null;
  /** The flags that go with the bytes of a value that was stored without any. */
  flagsOf(value: V): number;
  /** Whether flags say no more than what kind of value it is, as `flagsOf` does. */
  isKind(flags: number): boolean;
  /** Runs no code of others. Throws `HOTSET_UNREADABLE_VALUE` when bytes are not what their flags say. */
  decode(encoded: Encoded, flags: number, key: K): V;
  /** The bytes as a value. */
  bytesOf(encoded: Encoded): V;
}

export function encodedBytes(encoded: Encoded): number {
  return typeof encoded === 'string' ? latin1Bytes(encoded) : viewBytes(encoded);
}
