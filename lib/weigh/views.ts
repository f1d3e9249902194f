/**
 * Bytes of binary data: views (Buffers, typed arrays, DataViews) and the ArrayBuffers behind them, as
 * `process.memoryUsage()` has them: heap and external memory. malloc's bookkeeping for memory outside the heap is
 * in neither and is not counted: some 140 bytes for each ArrayBuffer (benchmarks/memory shows it).
 *
 * Reading a view's `buffer` moves up to 64 bytes from V8's heap to the outside, once. There is no other way to
 * learn whether a short view is a slice of a long buffer; the figures are those afterwards. Only built-in getters
 * are called, so that no code of a subclass runs.
 */

import { builtInGetter, typeChecks } from './type-checks.js';

/** A Buffer or typed array without its ArrayBuffer: 96 on Node 20 and 22, 104 since. */
const VIEW_BYTES = 100;
/** A DataView: 80 and 88. */
const DATA_VIEW_BYTES = 84;
/** An ArrayBuffer in V8's heap: 88 on Node 20 and 22, 96 since. */
const ARRAY_BUFFER_BYTES = 92;

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const typedArrayBuffer = builtInGetter<ArrayBufferLike>(typedArray, 'buffer');
const typedArrayLength = builtInGetter<number>(typedArray, 'byteLength');
/** Undefined for what is no typed array. */
const typedArrayName = builtInGetter<string | undefined>(typedArray, Symbol.toStringTag);
const dataViewBuffer = builtInGetter<ArrayBufferLike>(DataView.prototype, 'buffer');
const dataViewLength = builtInGetter<number>(DataView.prototype, 'byteLength');
const bufferLength = builtInGetter<number>(ArrayBuffer.prototype, 'byteLength');

function isDataView(view: ArrayBufferView): boolean {
  return typedArrayName.call(view) === undefined;
}

/** The buffer behind a view. */
export function bufferOf(view: ArrayBufferView): ArrayBufferLike {
  return (isDataView(view) ? dataViewBuffer : typedArrayBuffer).call(view);
}

/** Bytes of a view alone, without the memory that it shows. O(1). */
export function bareViewBytes(view: ArrayBufferView): number {
  return isDataView(view) ? DATA_VIEW_BYTES : VIEW_BYTES;
}

/** Bytes of an ArrayBuffer with its memory. O(1). */
export function bufferBytes(buffer: ArrayBufferLike): number {
  return ARRAY_BUFFER_BYTES + lengthOf(buffer);
}

/** Bytes of several buffers. */
export function buffersBytes(buffers: readonly ArrayBufferLike[]): number {
  let bytes = 0;
  for (const buffer of buffers) bytes += bufferBytes(buffer);
  return bytes;
}

/** Bytes of a view, with all of the memory that it keeps alive: a slice of a pool pins the pool's block. O(1). */
export function viewBytes(view: ArrayBufferView): number {
  return bareViewBytes(view) + bufferBytes(bufferOf(view));
}

/**
 * Whether a view shows only a part of its buffer, so that other values may keep the same buffer alive: a slice of
 * Node's pool, of what was read from a file or a socket, a `subarray`. A view of a buffer that can be resized
 * always counts as one.
 */
export function isSharedView(view: ArrayBufferView): boolean {
  const buffer = bufferOf(view);
  const { resizable, growable } = buffer as { resizable?: boolean; growable?: boolean };
  if (resizable === true || growable === true) return true;
  const length = lengthOf(buffer);
  // A DataView whose buffer was detached throws when its length is read.
  return length > 0 && length > (isDataView(view) ? dataViewLength : typedArrayLength).call(view);
}

function lengthOf(buffer: ArrayBufferLike): number {
  return typeChecks.isSharedArrayBuffer(buffer)
    ? (buffer as SharedArrayBuffer).byteLength
    : bufferLength.call(buffer);
}
