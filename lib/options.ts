/** Checks that the options of several rooms share. Each throws `HOTSET_INVALID_OPTION`. */

import { invalidOption } from './errors.js';

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
