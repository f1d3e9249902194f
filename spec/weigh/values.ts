/** Values of every kind, for properties. */

import fc from 'fast-check';
import { valueBytes } from '../../lib/weigh/index.js';

export const anything: fc.Arbitrary<unknown> = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withObjectString: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
  withUnicodeString: true,
});

/** Takes a buffer's memory away. */
export function detached(buffer: ArrayBuffer): void {
  structuredClone(buffer, { transfer: [buffer] });
}

/** What a value weighs once its names and short texts have been met: the first of its kind brings them. */
export function familiarBytes(value: unknown): number {
  valueBytes(value);
  return valueBytes(value);
}
