/** Larger copies of columns; what is new in them is 0, or `undefined` in a plain array. O(capacity). */

export function grownUint8(column: Uint8Array, capacity: number): Uint8Array {
  const grown = new Uint8Array(capacity);
  grown.set(column);
  return grown;
}

export function grownUint32(column: Uint32Array, capacity: number): Uint32Array {
  const grown = new Uint32Array(capacity);
  grown.set(column);
  return grown;
}

export function grownFloat64(column: Float64Array, capacity: number): Float64Array {
  const grown = new Float64Array(capacity);
  grown.set(column);
  return grown;
}

/** Exactly as large as asked for, where an array that is pushed to would take half as much again. */
export function grownArray<T>(column: readonly T[], capacity: number): (T | undefined)[] {
  const grown = new Array<T | undefined>(capacity);
  for (let i = 0; i < column.length; i++) grown[i] = column[i];
  return grown.fill(undefined, column.length);
}
