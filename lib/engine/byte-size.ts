/** Bytes as people write them: a number, `'64MiB'`, or `'25%'` of the memory that the process may use. */

import { invalidOption } from '../errors.js';
import { processMemoryBytes } from './process-memory.js';

const UNIT_BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

const SIZE = /^(\d+(?:\.\d+)?) ?(%|[kmgt]?i?b)$/i;

const TAKES =
  "a whole number of bytes from 1, Infinity, a size such as '64MiB', '1.5 GB' or '500kB', or a share such as '25%' of the memory that the process may use";

/** The option's value in whole bytes; throws `HOTSET_INVALID_OPTION` for a bad size. */
export function bytesOption(name: string, value: number | string | undefined, defaultValue: number): number {
  if (value === undefined) return defaultValue;
  const bytes = typeof value === 'string' ? parsedBytes(value, name) : value;
  if (value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(bytes) && bytes >= 1)) return bytes;
  throw invalidOption(name, TAKES, value);
}

/** Whole bytes; NaN for a text that is no size, or a share over 100 %. */
function parsedBytes(text: string, name: string): number {
  const [, digits, unit] = SIZE.exec(text) ?? [];
  if (digits === undefined || unit === undefined) return Number.NaN;
  if (unit !== '%') return Math.floor(Number(digits) * (UNIT_BYTES[unit.toLowerCase()] ?? Number.NaN));
  return Number(digits) <= 100 ? Math.floor((Number(digits) / 100) * processMemoryBytes(name)) : Number.NaN;
}
