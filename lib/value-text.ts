/** Values as text, for all that store or send them. */

import { HotsetError, invalidArgument } from './errors.js';

const LONE_SURROGATE = /\p{Surrogate}/u;

/** False for a text with half of a character: UTF-8 has no bytes for it, and would make all such texts the same. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/** What `JSON.stringify` writes for NaN, infinities and elements that are undefined, and for -0; and where these may be what was meant. */
const MAY_BE_INEXACT = /(?:^|[[:,])(?:null|0)(?:$|[\],}])/;

/**
 * The value's JSON. Every number in it is what it was, -0 too. Throws `HOTSET_INVALID_ARGUMENT` for what JSON cannot say: NaN,
 * infinities and bigints anywhere in it, elements of an array that are undefined, circles, and undefined itself. Members that are
 * undefined are left out.
 */
export function jsonOf(value: unknown): string {
  const json = stringify(value);
  return MAY_BE_INEXACT.test(json) && !isExact(value) ? exactJson(value, json) : json;
}

/** Whether plain objects and arrays hold nothing inexact; false also where that is not plain. Five times as fast as a replacer. */
function isExact(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++)
      if (NOT_JSON.has(typeof value[i]) || !isExact(value[i])) return false;
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if ((prototype !== Object.prototype && prototype !== null) || 'toJSON' in value) return false;
  for (const name in value) if (!isExact((value as Record<string, unknown>)[name])) return false;
  return true;
}

/** The same, with a look at everything in it. */
function exactJson(value: unknown, inexact: string): string {
  // A placeholder that the text does not contain marks each -0, until it is replaced.
  let marker = '"-0"';
  while (inexact.includes(marker)) marker = `"-${marker.slice(1)}`;
  const json = stringify(value, function (this: unknown, _name: string, member: unknown): unknown {
    if (typeof member === 'number' || member instanceof Number) {
      const number = Number(member);
      if (!Number.isFinite(number)) throw unsayable(number);
      if (Object.is(number, -0)) return marker.slice(1, -1);
    } else if (Array.isArray(this) && NOT_JSON.has(typeof member)) throw unsayable(member);
    return member;
  });
  return json.replaceAll(marker, '-0');
}

/** What becomes null as an element. */
const NOT_JSON: ReadonlySet<string> = new Set(['undefined', 'function', 'symbol']);

function stringify(
  value: unknown,
  replacer?: (this: unknown, name: string, member: unknown) => unknown,
): string {
  let json: string | undefined;
  let cause: unknown;
  try {
    json = JSON.stringify(value, replacer);
  } catch (error) {
    if (error instanceof HotsetError) throw error;
    // A bigint, a circle, or a toJSON that throws.
    cause = error;
  }
  if (json !== undefined) return json;
  throw unsayable(value, cause);
}

function unsayable(value: unknown, cause?: unknown): HotsetError {
  const error = invalidArgument('value', 'text, bytes or what JSON can say', value);
  return cause === undefined ? error : new HotsetError(error.code, error.message, { cause });
}
