/** Arguments of administrative commands: latin1 text, some of which are numbers. */

/** As memcached reads an unsigned number of 32 bits: digits only; undefined for anything else. */
export function uint32(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,11}$/.test(text)) return undefined;
  const number = Number(text);
  return number > 0xffffffff ? undefined : number;
}

/** The same for a signed one. */
export function int32(text: string | undefined): number | undefined {
  if (text === undefined || !/^-?\d{1,10}$/.test(text)) return undefined;
  const number = Number(text);
  return number > 0x7fffffff || number < -0x80000000 ? undefined : number;
}

/** As C writes decimals. No part of the pattern can match what another may: it takes time in proportion. */
export function decimal(text: string | undefined): number | undefined {
  return text !== undefined && /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)
    ? Number(text)
    : undefined;
}
