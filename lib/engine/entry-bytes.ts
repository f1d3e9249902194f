/**
 * What an entry weighs: estimates of the bytes that V8 (64-bit, as Node ships it) holds for keys and values,
 * measured by filling a process and dividing (benchmarks/memory). Linear in the size of what is weighed; cycles
 * are counted once.
 *
 * What JavaScript cannot see is not counted: the names of properties that no other object has (an object used
 * as a dictionary takes several times what is counted: use a Map), slack of arrays that were pushed to, the
 * long text that a short slice of it keeps alive. A `sizeOf` hook can know better.
 */

import { HotsetError, shown } from '../errors.js';

const WORD_BYTES = 8;
/** Type, hash and length. */
const STRING_HEADER_BYTES = 16;
/** Type and the 64-bit float: any number that is not a small integer. */
const HEAP_NUMBER_BYTES = 16;
/** Type, hash, description and flags. */
const SYMBOL_BYTES = 40;
/** Type, further properties and elements. */
const OBJECT_HEADER_BYTES = 24;
/** An object's header, a length, and the header of the elements; for exact arrays, slack is not visible. */
const ARRAY_BYTES = 48;
/** A Date keeps its fields beside its time once somebody has asked for them. */
const DATE_BYTES = 96;
/** Map or Set: the object, and the header of its table. */
const MAP_BYTES = 72;
/** Key, value and chain, with half a bucket for each place of the table. */
const MAP_PLACE_BYTES = 28;
/** As in a Map, without the value. */
const SET_PLACE_BYTES = 20;
/** The first size of a Map's or Set's table; it doubles from there. */
const MAP_MIN_PLACES = 4;
/** An ArrayBuffer in V8's heap, and what V8 and malloc keep for its memory outside: 90 and 174, measured. */
const ARRAY_BUFFER_BYTES = 264;
/** A Buffer or typed array with an ArrayBuffer of its own, without the bytes themselves. */
const VIEW_BYTES = 96 + ARRAY_BUFFER_BYTES;

/**
 * A hook that weighs a value: bytes, 0 or more. The engine adds key and overhead. It is called before the
 * write that needs it, and must not write to the engine itself.
 */
export type SizeOf<K, V> = (value: V, key: K) => number;

export function stringBytes(text: string): number {
  // V8 keeps one byte for each character unless one of them needs two.
  return paddedString(isOneByte(text) ? text.length : text.length * 2);
}

/** Bytes of a string known to hold no character above U+00FF. */
export function latin1Bytes(text: string): number {
  return paddedString(text.length);
}

function paddedString(characterBytes: number): number {
  return STRING_HEADER_BYTES + Math.ceil(characterBytes / WORD_BYTES) * WORD_BYTES;
}

/**
 * V8 compiles the pattern for each way that it holds strings, and knows that a one-byte string cannot match:
 * no character is looked at, which beats a loop from about ten characters on.
 */
const NEEDS_TWO_BYTES = /[^\0-\xff]/;

function isOneByte(text: string): boolean {
  return !NEEDS_TWO_BYTES.test(text);
}

/** Bytes of a view, with all of the memory that it keeps alive: a slice of a pool pins the pool's block. */
export function viewBytes(view: ArrayBufferView): number {
  return VIEW_BYTES + view.buffer.byteLength;
}

/** Bytes of anything: the default for keys, and for values without a `sizeOf` hook. */
export function valueBytes(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return stringBytes(value);
    case 'number':
      return numberBytes(value);
    case 'object':
      if (value === null) return 0;
      return ArrayBuffer.isView(value) ? viewBytes(value) : graphBytes(value);
    case 'bigint':
      return bigintBytes(value);
    case 'symbol':
      return SYMBOL_BYTES;
    case 'function':
      return OBJECT_HEADER_BYTES * 2;
    default:
      return 0;
  }
}

function numberBytes(value: number): number {
  // Small integers live in the reference itself.
  return Number.isInteger(value) && Math.abs(value) < 2 ** 31 && !Object.is(value, -0)
    ? 0
    : HEAP_NUMBER_BYTES;
}

function bigintBytes(value: bigint): number {
  return 2 * WORD_BYTES + Math.ceil(value.toString(16).length / 16) * WORD_BYTES;
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number';
}

/** Places in the table of a Map or Set: a power of two. */
function tablePlaces(size: number): number {
  let places = MAP_MIN_PLACES;
  while (places < size) places *= 2;
  return places;
}

/** Walks an object graph without recursion, each object once. */
function graphBytes(root: object): number {
  const seen = new Set<object>([root]);
  const waiting: object[] = [root];
  let bytes = 0;

  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) bytes += valueBytes(value);
    else if (!seen.has(value)) {
      seen.add(value);
      waiting.push(value);
    }
  };

  for (let object = waiting.pop(); object !== undefined; object = waiting.pop()) {
    if (ArrayBuffer.isView(object)) {
      if (seen.has(object.buffer)) bytes += VIEW_BYTES - ARRAY_BUFFER_BYTES;
      else {
        seen.add(object.buffer);
        bytes += viewBytes(object);
      }
    } else if (object instanceof ArrayBuffer || object instanceof SharedArrayBuffer) {
      bytes += ARRAY_BUFFER_BYTES + object.byteLength;
    } else if (Array.isArray(object)) {
      bytes += ARRAY_BYTES + object.length * WORD_BYTES;
      // An array of numbers alone holds them unboxed.
      if (!object.every(isNumber)) for (const item of object) visit(item);
    } else if (object instanceof Map) {
      bytes += MAP_BYTES + tablePlaces(object.size) * MAP_PLACE_BYTES;
      for (const [key, item] of object) {
        visit(key);
        visit(item);
      }
    } else if (object instanceof Set) {
      bytes += MAP_BYTES + tablePlaces(object.size) * SET_PLACE_BYTES;
      for (const item of object) visit(item);
    } else if (object instanceof Date) {
      bytes += DATE_BYTES;
    } else {
      const names = Object.keys(object);
      bytes += OBJECT_HEADER_BYTES + names.length * WORD_BYTES;
      for (const name of names) visit((object as Record<string, unknown>)[name]);
    }
  }
  return bytes;
}

/** Checks what a `sizeOf` hook returned; rounds up, so that sums of sizes are exact. */
export function checkedSize(bytes: unknown): number {
  if (typeof bytes !== 'number' || !(bytes >= 0) || bytes === Number.POSITIVE_INFINITY)
    throw new HotsetError(
      'HOTSET_INVALID_SIZE',
      `sizeOf must return a finite number of bytes, 0 or more; it returned ${shown(bytes)}`,
    );
  return Math.ceil(bytes);
}
