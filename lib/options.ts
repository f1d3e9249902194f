/** Checks that several rooms share. Those of options throw `HOTSET_INVALID_OPTION`, `textArgument` `HOTSET_INVALID_ARGUMENT`. */

import { invalidArgument, invalidOption } from './errors.js';

export function functionOption<F, D>(name: string, value: F | undefined, defaultValue: D): F | D {
  if (value === undefined) return defaultValue;
  if (typeof value !== 'function') throw invalidOption(name, 'a function', value);
  return value;
}

/** An object with this method, such as a clock. */
export function methodOption<T>(
  name: string,
  method: keyof T & string,
  value: T | undefined,
  defaultValue: T,
): T {
  if (value === undefined) return defaultValue;
  if (typeof value?.[method] !== 'function')
    throw invalidOption(name, `an object with a ${method}() method`, value);
  return value;
}

/** A limit: a whole number from 1, or `Infinity`. */
export function limitOption(name: string, value: number | undefined, defaultValue: number): number {
  if (value === undefined) return defaultValue;
  if (value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && value >= 1)) return value;
  throw invalidOption(name, 'a whole number from 1, or Infinity', value);
}

/** An argument that must be a text, such as a key. */
export function textArgument(name: string, value: string): string {
  if (typeof value !== 'string') throw invalidArgument(name, 'a text', value);
  return value;
}
