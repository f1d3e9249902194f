/**
 * Bytes that V8 (64-bit, pointers not compressed, as Node ships it) holds for values that are not objects, beside
 * the reference to them. Exact where V8 keeps what JavaScript shows. What it cannot show:
 * - A literal and a string of one character exist once for all references, and count for each.
 * - A string of 13 characters and more that was sliced out of another keeps all of that one alive.
 * - A field that held a fraction once keeps whole numbers as floats too, 16 bytes each.
 * - What a function closes over, what it is bound to, and properties of its own.
 */

const WORD_BYTES = 8;
/** Type, hash and length. */
const STRING_HEADER_BYTES = 16;
/** Type and the 64-bit float: any number that is not a small integer. */
const HEAP_NUMBER_BYTES = 16;
const BIGINT_HEADER_BYTES = 16;
/** Type, hash, flags and the reference to the description. */
const SYMBOL_BYTES = 24;
/** A closure, and a context with the variables of one call: 64 and 32, measured. */
const FUNCTION_BYTES = 96;

const MAX_UINT64 = 2n ** 64n - 1n;

/** Bytes of a value that is not an object; for an object, 0. */
export function primitiveBytes(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return textBytes(value);
    case 'number':
      return numberBytes(value);
    case 'bigint':
      return bigintBytes(value);
    case 'symbol':
      return SYMBOL_BYTES + (value.description === undefined ? 0 : textBytes(value.description));
    case 'function':
      return FUNCTION_BYTES;
    default:
      return 0;
  }
}

/**
 * V8 compiles the pattern for each way that it holds strings, and knows that a one-byte string cannot match:
 * no character is looked at. 10 ns at any length.
 */
const NEEDS_TWO_BYTES = /[^\0-\xff]/;

/**
 * Bytes of a string. V8 keeps one byte for each character unless one of them needs two. Only the characters show
 * which; reading them makes a joined string flat, as a lookup by it does, and the flat string counts. O(1) for
 * one-byte strings, O(length) for others.
 */
export function textBytes(text: string): number {
  return NEEDS_TWO_BYTES.test(text) ? paddedBytes(text.length * 2) : latin1Bytes(text);
}

/** Bytes of a string known to hold no character above U+00FF. O(1), and leaves a joined string joined. */
export function latin1Bytes(text: string): number {
  return paddedBytes(text.length);
}

/** Bytes of a string whose characters take so many. */
export function paddedBytes(characterBytes: number): number {
  return STRING_HEADER_BYTES + ((characterBytes + WORD_BYTES - 1) & -WORD_BYTES);
}

/** Bytes of a number beside its reference: small integers, of 32 bits, live in the reference; -0 is none. */
export function numberBytes(value: number): number {
  return (value | 0) === value && (value !== 0 || 1 / value > 0) ? 0 : HEAP_NUMBER_BYTES;
}

function bigintBytes(value: bigint): number {
  const size = value < 0n ? -value : value;
  const digits = size <= MAX_UINT64 ? (size === 0n ? 0 : 1) : Math.ceil(size.toString(16).length / 16);
  return BIGINT_HEADER_BYTES + digits * WORD_BYTES;
}
