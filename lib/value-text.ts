/** Values as text: what all that send them ask of one before it can be told. */

import { HotsetError, invalidArgument } from './errors.js';

const LONE_SURROGATE = /\p{Surrogate}/u;

/** False for a text with half of a character: UTF-8 has no bytes for it, and would make all such texts the same. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/** The value's JSON. Throws `HOTSET_INVALID_ARGUMENT` for what JSON cannot say. */
export function jsonOf(value: unknown): string {
  let json: string | undefined;
  let cause: unknown;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    // A bigint, a circle, or a toJSON that throws.
    cause = error;
  }
  if (json !== undefined) return json;
  const error = invalidArgument('value', 'text, bytes or what JSON can say', value);
  throw cause === undefined ? error : new HotsetError(error.code, error.message, { cause });
}
