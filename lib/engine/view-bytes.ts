/**
 * Bytes of binary data: views (Buffers, typed arrays, DataViews) and the ArrayBuffers behind them, as
 * `process.memoryUsage()` has them: heap and external memory. malloc's bookkeeping for memory outside the
 * heap is in neither and is not counted: some 140 bytes for each ArrayBuffer (benchmarks/memory shows it).
 *
 * Asking a view for its buffer moves up to 64 bytes that V8 kept in its own heap outside, once. There is no
 * other way to learn whether a short view is a slice of a long buffer.
 */

/** A Buffer or typed array without its ArrayBuffer: 96 on Node 20 and 22, 104 on 24. */
const VIEW_BYTES = 100;
/** A DataView: 80 and 88. */
const DATA_VIEW_BYTES = 84;
/** An ArrayBuffer in V8's heap: 88 on Node 20 and 22, 96 on 24. */
const ARRAY_BUFFER_BYTES = 92;

/** Bytes of a view alone, without the memory that it shows. */
export function bareViewBytes(view: ArrayBufferView): number {
  return view instanceof DataView ? DATA_VIEW_BYTES : VIEW_BYTES;
}

/** Bytes of an ArrayBuffer with its memory. */
export function bufferBytes(buffer: ArrayBufferLike): number {
  return ARRAY_BUFFER_BYTES + buffer.byteLength;
}

export function buffersBytes(buffers: readonly ArrayBufferLike[]): number {
  let bytes = 0;
  for (const buffer of buffers) bytes += bufferBytes(buffer);
  return bytes;
}

/** Bytes of a view, with all of the memory that it keeps alive: a slice of a pool pins the pool's block. */
export function viewBytes(view: ArrayBufferView): number {
  return bareViewBytes(view) + bufferBytes(view.buffer);
}

/**
 * Whether a view shows a part of its buffer only, so that other values may well keep the same buffer alive: a
 * slice of Node's pool, of what was read from a file or a socket, a `subarray`. A view of a buffer that can be
 * resized always counts as one.
 */
export function isSharedView(value: ArrayBufferView): boolean {
  const buffer = value.buffer as ArrayBufferLike & { resizable?: boolean; growable?: boolean };
  if (buffer.resizable === true || (buffer.resizable === undefined && buffer.growable === true)) return true;
  const { byteLength } = buffer;
  // A DataView whose buffer was detached throws when it is asked for its length.
  return byteLength > 0 && byteLength > value.byteLength;
}
