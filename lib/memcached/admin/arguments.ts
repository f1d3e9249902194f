/** Arguments of administrative commands: latin1 text, some of which are numbers. */

import { parseInt32, parseUint32 } from '../wire-number.js';

/** As memcached reads an unsigned number of 32 bits: digits only; undefined for anything else. */
export function uint32(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseUint32(Buffer.from(text, 'latin1'), 0, text.length);
}

/** The same for a signed one; a minus alone is 0. */
export function int32(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseInt32(Buffer.from(text, 'latin1'), 0, text.length);
}

/** As C writes decimals. No part of the pattern can match what another may: it takes time in proportion. */
export function decimal(text: string | undefined): number | undefined {
  return text !== undefined && /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)
    ? Number(text)
    : undefined;
}
