/**
 * The key that `memoize` makes of arguments: one for calls that are structurally equal, never one for two that
 * differ. It refuses arguments that it cannot distinguish for certain.
 */

import { HotsetError } from '../errors.js';

/** Marks a text as arguments, written out. */
const WRITTEN = '\u0000';

/** Deeper ones are refused, before the stack ends. */
const MAX_DEPTH = 500;

/**
 * One primitive argument is its own key; anything else is a text with the type and value of each part. Objects are
 * the same when their properties are, in any order; -0 is not 0; arrays, plain objects and Dates may come from any
 * realm. O(size of the arguments).
 *
 * Throws `HOTSET_INVALID_ARGUMENT` for values that are more than their properties; those need a `keyOf`.
 */
export function argumentKey(args: readonly unknown[]): unknown {
  const [only] = args;
  const isItself =
    args.length === 1 &&
    !isObject(only) &&
    !Object.is(only, -0) &&
    // A text that looks written is written itself, so that it meets no other.
    !(typeof only === 'string' && only.startsWith(WRITTEN));
  return isItself ? only : WRITTEN + written(args, []);
}

function isObject(value: unknown): value is object {
  return typeof value === 'function' || (typeof value === 'object' && value !== null);
}

/** `within`: the objects around the value. */
function written(value: unknown, within: object[]): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'symbol') throw unwritable('a symbol beside others');
  if (!isObject(value)) return Object.is(value, -0) ? '-0' : String(value);
  if (within.includes(value)) throw unwritable('a circle');
  if (within.length >= MAX_DEPTH) throw unwritable(`objects more than ${MAX_DEPTH} deep`);
  within.push(value);
  const text = Array.isArray(value) ? writtenArray(value, within) : writtenObject(value, within);
  within.pop();
  return text;
}

/** Holes are not `undefined`, and some arrays have more than elements: matches, the texts of a template. */
function writtenArray(value: readonly unknown[], within: object[]): string {
  if (!isOwnOf(value, Array)) throw unwritable('an array of a class');
  const keys = Reflect.ownKeys(value);
  const { length } = value;
  // Indices come first, then the other names, of which `length` is the oldest.
  const isPlain = keys.length === length + 1 && keys[length] === 'length';
  if (isPlain) return `[${Array.from(value, (item) => written(item, within)).join()}]`;
  return `${length}[${writtenProperties(
    value,
    keys.filter((key) => key !== 'length'),
    within,
  )}]`;
}

function writtenObject(value: object, within: object[]): string {
  const keys = Reflect.ownKeys(value);
  if (Object.getPrototypeOf(value) === null) return `null{${writtenProperties(value, keys, within)}}`;
  const kind = Object.prototype.toString.call(value);
  if (kind === '[object Object]' && isOwnOf(value, Object))
    return `{${writtenProperties(value, keys, within)}}`;
  if (kind === '[object Date]' && isOwnOf(value, Date) && keys.length === 0)
    return `Date(${Date.prototype.getTime.call(value)})`;
  throw unwritable(
    typeof value === 'function' ? 'a function' : `${kind.slice(8, -1)}, or an instance of a class`,
  );
}

/** Those that a `for…in` does not see are marked. */
function writtenProperties(value: object, keys: readonly PropertyKey[], within: object[]): string {
  const names = keys.map((key) => {
    if (typeof key === 'symbol') throw unwritable('a property under a symbol');
    return String(key);
  });
  const isSeen = (name: string): boolean => Object.prototype.propertyIsEnumerable.call(value, name);
  return names
    .sort()
    .map(
      (name) =>
        `${isSeen(name) ? '' : '!'}${JSON.stringify(name)}:${written((value as Record<string, unknown>)[name], within)}`,
    )
    .join();
}

/** Whether it is no instance of a subclass: its prototype is that of `builtIn`, in this realm or another. */
function isOwnOf(value: object, builtIn: typeof Array | typeof Object | typeof Date): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === builtIn.prototype) return true;
  if (!isObject(prototype)) return false;
  const made: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return (
    typeof made === 'function' &&
    made.prototype === prototype &&
    // Only what is native is written so: `function Object() { [native code] }`.
    Function.prototype.toString.call(made) === Function.prototype.toString.call(builtIn)
  );
}

function unwritable(what: string): HotsetError {
  return new HotsetError(
    'HOTSET_INVALID_ARGUMENT',
    `memoize without keyOf takes primitives, plain objects, arrays and Dates as arguments; got ${what}. Give it a keyOf that makes a key of the arguments`,
  );
}
