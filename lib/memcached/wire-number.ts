/**
 * Numbers on the wire. memcached reads them in two ways, which differ on the wire:
 * C's strtol family (flags and exptime of the storage commands, stored numbers), and a strict one.
 * All functions take the bytes of one token; `undefined` means that it is not such a number.
 */

const ZERO = 0x30;
const NINE = 0x39;
const MINUS = 0x2d;

const UINT64_END = 2n ** 64n;
const INT64_END = 2n ** 63n;
const UINT64_MAX_DIGITS = 20;

/** Nine digits cannot overflow anything here. */
const QUICK_DIGITS = 9;

/** A short run of digits, the usual case; -1 for anything else. */
function quick(bytes: Buffer, start: number, end: number): number {
  if (end === start || end - start > QUICK_DIGITS) return -1;
  let number = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte < ZERO || byte > NINE) return -1;
    number = number * 10 + (byte - ZERO);
  }
  return number;
}

/** Flags of the storage commands: an unsigned 64-bit number as strtoull reads it, cut to 32 bits. */
export function parseFlags(bytes: Buffer, start: number, end: number): number | undefined {
  const short = quick(bytes, start, end);
  if (short >= 0) return short;
  const number = strtoull(bytes.toString('latin1', start, end));
  return number === undefined ? undefined : Number(BigInt.asUintN(32, number));
}

/** Exptime of the storage commands: a signed 64-bit number as strtol reads it, cut to 32 bits. */
export function parseExptime(bytes: Buffer, start: number, end: number): number | undefined {
  const short = quick(bytes, start, end);
  if (short >= 0) return short;
  const match = /^[\t-\r ]*([+-]?)(\d+)(?:[\t-\r \0]|$)/.exec(bytes.toString('latin1', start, end));
  const digits = match === null ? undefined : bigOf(match[2]!);
  if (match === null || digits === undefined) return undefined;
  const number = match[1] === '-' ? -digits : digits;
  return number >= -INT64_END && number < INT64_END ? Number(BigInt.asIntN(32, number)) : undefined;
}

/** A strict signed 32-bit number: digits with an optional minus, at most 11 characters. A minus alone is 0. */
export function parseInt32(bytes: Buffer, start: number, end: number): number | undefined {
  const short = quick(bytes, start, end);
  if (short >= 0) return short;
  if (end - start === 1 && bytes[start] === MINUS) return 0;
  const number = strict(bytes, start, end, 11);
  if (number === undefined || number < -(2n ** 31n) || number >= 2n ** 31n) return undefined;
  return Number(number);
}

/** A strict unsigned 32-bit number: digits, at most 11 characters. */
export function parseUint32(bytes: Buffer, start: number, end: number): number | undefined {
  const short = quick(bytes, start, end);
  if (short >= 0) return short;
  const number = unsigned(bytes, start, end, 11);
  return number === undefined || number >= 2n ** 32n ? undefined : Number(number);
}

/** A strict unsigned 64-bit number: digits, at most 22. A number where that is exact, else a bigint. */
export function parseUint64(bytes: Buffer, start: number, end: number): number | bigint | undefined {
  const short = quick(bytes, start, end);
  if (short >= 0) return short;
  const number = unsigned(bytes, start, end, 22);
  if (number === undefined || number >= UINT64_END) return undefined;
  return number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : number;
}

/** A minus is refused, before 0 as well. */
function unsigned(bytes: Buffer, start: number, end: number, maxLength: number): bigint | undefined {
  return bytes[start] === MINUS ? undefined : strict(bytes, start, end, maxLength);
}

function strict(bytes: Buffer, start: number, end: number, maxLength: number): bigint | undefined {
  if (end - start > maxLength) return undefined;
  let first = start;
  const negative = bytes[first] === MINUS;
  if (negative) first++;
  if (first === end) return undefined;
  for (let i = first; i < end; i++) if (bytes[i]! < ZERO || bytes[i]! > NINE) return undefined;
  const number = BigInt(bytes.toString('latin1', first, end));
  return negative ? -number : number;
}

/** What strtoull makes of a text, as memcached checks it: it must end at white space, NUL or the end. */
export function strtoull(text: string): bigint | undefined {
  const match = /^[\t-\r ]*([+-]?)(\d+)(?:[\t-\r \0]|$)/.exec(text);
  if (match === null) return undefined;
  const number = bigOf(match[2]!);
  if (number === undefined || (match[1] === '-' && number !== 0n)) return undefined;
  return number < UINT64_END ? number : undefined;
}

/** Digits as a bigint; undefined for more than 64 bits can hold, which costs no more to find than to read. */
function bigOf(digits: string): bigint | undefined {
  const significant = digits.replace(/^0+(?=\d)/, '');
  return significant.length <= UINT64_MAX_DIGITS ? BigInt(significant) : undefined;
}

/** A stored value as incr and decr read it: a number where that is exact, else a bigint. */
export function parseStoredNumber(text: string): number | bigint | undefined {
  if (text.length <= 15 && /^\d+$/.test(text)) return Number(text);
  return strtoull(text);
}

/** `number + delta` modulo 2^64, in decimal. */
export function incremented(number: number | bigint, delta: number | bigint): string {
  if (typeof number === 'number' && typeof delta === 'number') {
    const sum = number + delta;
    if (sum <= Number.MAX_SAFE_INTEGER) return String(sum);
  }
  return String(BigInt.asUintN(64, BigInt(number) + BigInt(delta)));
}

/** `number - delta`, not below 0, in decimal. */
export function decremented(number: number | bigint, delta: number | bigint): string {
  if (number <= delta) return '0';
  if (typeof number === 'number' && typeof delta === 'number') return String(number - delta);
  return String(BigInt(number) - BigInt(delta));
}
