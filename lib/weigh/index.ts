/**
 * What keys and values weigh: estimates of the bytes that V8 holds for them, measured by filling a process and
 * dividing (benchmarks/memory). Linear in the size of what is weighed; cycles are counted once. Weighing changes
 * nothing that it weighs. The file of each kind has its figures and what JavaScript does not show: primitives.ts,
 * objects.ts, graph.ts, host-objects.ts, views.ts. A `sizeOf` hook can know better.
 */

import { HotsetError, shown } from '../errors.js';
import { weighObject } from './graph.js';
import { numberBytes, primitiveBytes, textBytes } from './primitives.js';
import { buffersBytes, viewBytes } from './views.js';

export { type ObjectWeight, weighObject } from './graph.js';
export { latin1Bytes, paddedBytes, textBytes } from './primitives.js';
export { bareViewBytes, bufferBytes, buffersBytes, isSharedView, viewBytes } from './views.js';

/**
 * A hook that returns the bytes of a value, 0 or more. The engine adds key and overhead. It runs before the write
 * and must not write to the engine.
 */
export type SizeOf<K, V> = (value: V, key: K) => number;

/**
 * Bytes of any value, with everything that it keeps alive: the default for keys, and for values without a `sizeOf`
 * hook. A slice (`isSharedView`) counts the whole buffer behind it; the engine knows what entries share.
 */
export function valueBytes(value: unknown): number {
  if (typeof value === 'string') return textBytes(value);
  if (typeof value === 'number') return numberBytes(value);
  if (typeof value !== 'object') return primitiveBytes(value);
  if (value === null) return 0;
  if (ArrayBuffer.isView(value)) return viewBytes(value);
  const { bytes, shared } = weighObject(value);
  return shared === null ? bytes : bytes + buffersBytes(shared);
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
