/** The ways in which memcached reads numbers, at their edges. */

import { describe, expect, it } from 'vitest';
import {
  decremented,
  incremented,
  parseExptime,
  parseFlags,
  parseInt32,
  parseStoredNumber,
  parseUint64,
} from '../../lib/memcached/wire-number.js';

type Parse = (bytes: Buffer, start: number, end: number) => number | bigint | undefined;

/** Inside a longer line, so that a parser that looks beyond its token shows it. */
function parsed(parse: Parse, text: string): number | bigint | undefined {
  const line = Buffer.from(`7${text}7`, 'latin1');
  return parse(line, 1, line.length - 1);
}

const BAD = undefined;
type Table = [text: string, value: number | bigint | undefined][];

const never: Table = [
  '',
  ' ',
  '\t',
  '+',
  '-',
  '+-1',
  '--1',
  '1.5',
  '5abc',
  'abc',
  '0x10',
  '1e3',
  '\xb2',
  '١',
].map((text) => [text, BAD]);

describe('flags, as strtoull reads them, cut to 32 bits', () => {
  const table: Table = [
    ...never,
    ['0', 0],
    ['5', 5],
    ['+5', 5],
    ['\t5', 5],
    ['\v\f5', 5],
    ['5\t', 5],
    ['007', 7],
    ['0000000000000000000000000000007', 7],
    ['999999999', 999_999_999],
    ['2147483647', 2 ** 31 - 1],
    ['2147483648', 2 ** 31],
    ['4294967295', 2 ** 32 - 1],
    ['4294967296', 0],
    ['4294967297', 1],
    ['9223372036854775807', 2 ** 32 - 1],
    ['9223372036854775808', 0],
    ['18446744073709551615', 2 ** 32 - 1],
    ['18446744073709551616', BAD],
    ['99999999999999999999999', BAD],
    ['-1', BAD],
    ['-5', BAD],
  ];
  it.each(table)('%j', (text, value) => expect(parsed(parseFlags, text)).toBe(value));
});

describe('exptime of the storage commands, as strtol reads it, cut to 32 bits', () => {
  const table: Table = [
    ...never,
    ['0', 0],
    ['60', 60],
    ['+60', 60],
    ['-1', -1],
    ['\t60', 60],
    ['60\t', 60],
    ['0060', 60],
    ['2147483647', 2 ** 31 - 1],
    ['2147483648', -(2 ** 31)],
    ['4294967295', -1],
    ['4294967296', 0],
    ['4294967297', 1],
    ['-2147483648', -(2 ** 31)],
    ['-2147483649', 2 ** 31 - 1],
    ['9223372036854775807', -1],
    ['9223372036854775808', BAD],
    ['-9223372036854775808', 0],
    ['-9223372036854775809', BAD],
    ['18446744073709551616', BAD],
  ];
  it.each(table)('%j', (text, value) => expect(parsed(parseExptime, text)).toBe(value));
});

describe('a strict signed number of 32 bits', () => {
  const table: Table = [
    ...never.filter(([text]) => text !== '-'),
    ['-', 0],
    ['0', 0],
    ['-0', 0],
    ['60', 60],
    ['-1', -1],
    ['+60', BAD],
    ['\t60', BAD],
    ['60\t', BAD],
    ['6 0', BAD],
    ['60\0', BAD],
    ['00000000007', 7],
    ['000000000007', BAD],
    ['2147483647', 2 ** 31 - 1],
    ['2147483648', BAD],
    ['-2147483648', -(2 ** 31)],
    ['-2147483649', BAD],
    ['4294967296', BAD],
  ];
  it.each(table)('%j', (text, value) => expect(parsed(parseInt32, text)).toBe(value));
});

describe('a strict unsigned number of 64 bits', () => {
  const table: Table = [
    ...never,
    ['0', 0],
    ['1', 1],
    ['+1', BAD],
    ['-1', BAD],
    ['-0', BAD],
    ['\t1', BAD],
    ['1\t', BAD],
    ['1\0', BAD],
    ['0000000000000000000007', 7],
    ['00000000000000000000007', BAD],
    ['4294967296', 2 ** 32],
    ['9007199254740991', 2 ** 53 - 1],
    ['9007199254740992', 2n ** 53n],
    ['9007199254740993', 2n ** 53n + 1n],
    ['9223372036854775807', 2n ** 63n - 1n],
    ['9223372036854775808', 2n ** 63n],
    ['18446744073709551615', 2n ** 64n - 1n],
    ['18446744073709551616', BAD],
  ];
  it.each(table)('%j', (text, value) => expect(parsed(parseUint64, text)).toBe(value));
});

describe('a stored value, as incr and decr read it', () => {
  const table: Table = [
    ...never,
    ['0', 0],
    ['5', 5],
    ['+5', 5],
    [' 5', 5],
    ['\t\n5', 5],
    ['5   ', 5],
    ['5 6', 5],
    ['5\t', 5],
    ['5\r\n6', 5],
    ['5\0abc', 5],
    ['0005', 5],
    ['-5', BAD],
    ['999999999999999', 999_999_999_999_999],
    ['4294967296', 2 ** 32],
    ['9223372036854775808', 2n ** 63n],
    ['18446744073709551615', 2n ** 64n - 1n],
    ['18446744073709551616', BAD],
    ['\0', BAD],
  ];
  // Which of the two types it is makes no difference to the sum.
  it.each(table)('%j', (text, value) => {
    const number = parseStoredNumber(text);
    expect(number === undefined ? undefined : BigInt(number)).toBe(
      value === undefined ? undefined : BigInt(value),
    );
  });
});

describe('sums', () => {
  it.each([
    [0, 0, '0'],
    [1, 2, '3'],
    [2 ** 53 - 1, 0, '9007199254740991'],
    [2 ** 53 - 1, 1, '9007199254740992'],
    [2 ** 53 - 1, 2 ** 53 - 1, '18014398509481982'],
    [2n ** 63n, 2n ** 63n, '0'],
    [2n ** 64n - 1n, 0, '18446744073709551615'],
    [2n ** 64n - 1n, 1, '0'],
    [1, 2n ** 64n - 1n, '0'],
    [2n ** 64n - 1n, 2n ** 64n - 1n, '18446744073709551614'],
  ])('%s + %s wraps at 2^64: %s', (number, delta, sum) => {
    expect(incremented(number, delta)).toBe(sum);
  });

  it.each([
    [5, 3, '2'],
    [5, 5, '0'],
    [5, 6, '0'],
    [5, 2n ** 64n - 1n, '0'],
    [2n ** 64n - 1n, 1, '18446744073709551614'],
    [2n ** 53n, 1, '9007199254740991'],
    [2n ** 64n - 1n, 2n ** 64n - 1n, '0'],
  ])('%s - %s stops at 0: %s', (number, delta, difference) => {
    expect(decremented(number, delta)).toBe(difference);
  });
});
