/**
 * The key that `memoize` makes of arguments: never one for two calls that differ. What it cannot tell apart for
 * certain it refuses, since a key that means two things answers one caller with the value of another.
 */

import { invalidArgument } from '../errors.js';

/** Marks a text as one of several arguments, written out. */
const WRITTEN = '\u0000';

/**
 * One primitive argument is its own key; anything else is a text that says type and value of each part. Objects are
 * the same when their properties are, in any order. O(size of the arguments).
 *
 * Throws `HOTSET_INVALID_ARGUMENT` for functions, symbols beside others, circles, and instances of classes other
 * than Date: give a `keyOf`.
 */
export function argumentKey(args: readonly unknown[]): unknown {
  const [only] = args;
  if (args.length !== 1 || isObject(only)) return WRITTEN + written(args, []);
  // A text that looks written is written itself, so that it meets no other.
  return typeof only === 'string' && only.startsWith(WRITTEN) ? WRITTEN + written(args, []) : only;
}

function isObject(value: unknown): value is object {
  return typeof value === 'function' || (typeof value === 'object' && value !== null);
}

function written(value: unknown, within: readonly object[]): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'symbol') throw unwritable(value);
  // -0 becomes 0, as it does for the keys of a Map.
  if (!isObject(value)) return String(value);
  if (within.includes(value)) throw unwritable(value);
  const inside = [...within, value];
  const prototype: unknown = Object.getPrototypeOf(value);
  if (Array.isArray(value) && prototype === Array.prototype)
    return `[${Array.from(value, (item) => written(item, inside)).join()}]`;
  if (value instanceof Date && prototype === Date.prototype) return `Date(${value.getTime()})`;
  if (
    (prototype !== Object.prototype && prototype !== null) ||
    Object.getOwnPropertySymbols(value).length > 0
  )
    throw unwritable(value);
  const properties = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${properties.map(([name, item]) => `${JSON.stringify(name)}:${written(item, inside)}`).join()}}`;
}

function unwritable(value: unknown): Error {
  return invalidArgument(
    'memoize without keyOf',
    'primitives, plain objects, arrays and Dates as arguments, without circles',
    value,
  );
}
