/** Where columns get their memory, and larger copies of them: what is new there is 0, or `undefined`. O(capacity). */

export interface ColumnSource {
  uint8(length: number): Uint8Array;
  uint32(length: number): Uint32Array;
  float64(length: number): Float64Array;
  /** Takes back a column that nobody will use again. */
  free(column: ArrayBufferView): void;
}

/** Columns with memory of their own, which the collector takes back. */
export const OWN_MEMORY: ColumnSource = {
  uint8: (length) => new Uint8Array(length),
  uint32: (length) => new Uint32Array(length),
  float64: (length) => new Float64Array(length),
  free: () => {},
};

export function grownUint8(source: ColumnSource, column: Uint8Array, capacity: number): Uint8Array {
  const grown = source.uint8(capacity);
  grown.set(column);
  source.free(column);
  return grown;
}

export function grownUint32(source: ColumnSource, column: Uint32Array, capacity: number): Uint32Array {
  const grown = source.uint32(capacity);
  grown.set(column);
  source.free(column);
  return grown;
}

export function grownFloat64(source: ColumnSource, column: Float64Array, capacity: number): Float64Array {
  const grown = source.float64(capacity);
  grown.set(column);
  source.free(column);
  return grown;
}

/** The same numbers, each with room for more. */
export function widened(source: ColumnSource, column: Uint32Array): Float64Array {
  const wide = source.float64(column.length);
  wide.set(column);
  source.free(column);
  return wide;
}

/** Exactly as large as asked for, where an array that is pushed to would take half as much again. */
export function grownArray<T>(column: readonly T[], capacity: number): (T | undefined)[] {
  const grown = new Array<T | undefined>(capacity);
  for (let i = 0; i < column.length; i++) grown[i] = column[i];
  return grown.fill(undefined, column.length);
}
