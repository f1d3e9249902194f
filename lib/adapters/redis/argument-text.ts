/**
 * Arguments of a command as texts of one character for each byte, whether they are texts or Buffers: two are equal if
 * the server gets the same bytes.
 */

import type { RedisArgument } from '@redis/client';

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is ASCII
const NOT_ASCII = /[^\x00-\x7f]/;

export function argumentText(argument: RedisArgument): string {
  if (typeof argument !== 'string') return argument.toString('latin1');
  return NOT_ASCII.test(argument) ? Buffer.from(argument).toString('latin1') : argument;
}

/** A whole command. */
export function commandText(args: readonly RedisArgument[]): string {
  let text = '';
  for (const argument of args) {
    const each = argumentText(argument);
    text += `${each.length}:${each}`;
  }
  return text;
}
