/**
 * What an entry weighs: estimates of the bytes that V8 (64-bit, as Node ships it) holds for keys and values,
 * measured by filling a process and dividing. Linear in the size of what is weighed; cycles are counted once.
 */

import { HotsetError, shown } from '../errors.js';

/** Columns, index and list for one entry, with the slack that growing leaves. */
export const ENTRY_OVERHEAD_BYTES = 104;

const WORD_BYTES = 8;
const STRING_HEADER_BYTES = 16;
const HEAP_NUMBER_BYTES = 16;
const SYMBOL_BYTES = 40;
const OBJECT_HEADER_BYTES = 24;
const ARRAY_BYTES = 48;
const MAP_BYTES = 200;
const MAP_ENTRY_BYTES = 44;
const SET_ENTRY_BYTES = 28;
/** A Buffer or typed array and its ArrayBuffer, in V8's heap and outside, without the bytes themselves. */
const VIEW_BYTES = 320;
const ARRAY_BUFFER_BYTES = 200;

/** A hook that weighs a value: bytes, 0 or more. The engine adds key and overhead. */
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

function isOneByte(text: string): boolean {
  if (text.length > 64) return !/[^\0-\xff]/.test(text);
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return false;
  return true;
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
      return value === null ? 0 : graphBytes(value);
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
      for (const item of object) visit(item);
    } else if (object instanceof Map) {
      bytes += MAP_BYTES + object.size * MAP_ENTRY_BYTES;
      for (const [key, item] of object) {
        visit(key);
        visit(item);
      }
    } else if (object instanceof Set) {
      bytes += MAP_BYTES + object.size * SET_ENTRY_BYTES;
      for (const item of object) visit(item);
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
