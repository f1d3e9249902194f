/** Random commands of the classic text protocol, over few keys so that they meet. */

import type { Random } from './random.js';
import { casOf, TAG, TAG_BYTES } from './template.js';

export const KEYS: readonly string[] = [
  `a${TAG}`,
  `b${TAG}`,
  `c${TAG}`,
  `n${TAG}`,
  `m${TAG}`,
  `\t\x01\xff\r${TAG}`,
  `${'k'.repeat(250 - TAG_BYTES)}${TAG}`,
];
const TOO_LONG_KEY = `${'k'.repeat(251 - TAG_BYTES)}${TAG}`;
const KEY_WEIGHTS = [5, 5, 3, 6, 4, 1, 1] as const;
const WEIGHTED_KEYS = KEYS.map((key, index) => [KEY_WEIGHTS[index]!, key] as const);

export function anyKey(random: Random): string {
  return random.weighted(WEIGHTED_KEYS);
}

export function anyKeyOrTooLong(random: Random): string {
  return random.chance(0.004) ? TOO_LONG_KEY : anyKey(random);
}

/** No minus: 1.6.18 looks for one behind a number from 2^63 on, in memory that is not the value. */
const NUMBERS: readonly string[] = [
  ...['0', '1', '7', '9', '10', '42', '99', '100', '0005', ' 5', '+5', '5 ', '5 6', '5\t', '5\0', '5abc'],
  ...['~5', '1.5', '', '  ', '99999999999999999999', '18446744073709551615', '18446744073709551616'],
  ...['9007199254740991', '9007199254740993', '999999999999999', '5\r\n6', '10        ', '\t12', '0x10'],
];

/** Values: numbers, good and bad, short texts, seldom long ones. */
export function anyValue(random: Random): string {
  return random.weighted<() => string>([
    [40, () => random.pick(NUMBERS)],
    [30, () => random.pick('abcdefgh'.split('')).repeat(2 + random.below(20))],
    [10, () => random.bytes(random.below(12)).toString('latin1').replaceAll('-', '~')],
    [5, () => 'y'.repeat(100 + random.below(2000))],
    [0.05, () => 'z'.repeat(60_000 + random.below(20_000))],
    // Around the largest value that fits, for keys of 1 to 250 bytes.
    [0.02, () => 'Z'.repeat(1_048_576 - 59 - 270 + random.below(290))],
  ])();
}

/** Flags of 64 bits, cut to 32. */
export function anyFlags(random: Random): string {
  return random.weighted<string>([
    [60, '0'],
    [25, String(random.below(70_000))],
    [10, random.pick(['4294967295', '4294967296', '18446744073709551615', '007', '+3', '2147483648'])],
    [1, random.pick(['-1', 'x', '1x', '18446744073709551616', '1.5', ''])],
  ]);
}

/** Exptimes of the storage commands: 64 bits, cut to 32. */
export function anyExptime(random: Random): string {
  return random.weighted<string>([
    [60, '0'],
    [20, String(1 + random.below(6))],
    [8, String(100 + random.below(3000))],
    [3, '-1'],
    [
      6,
      random.pick([
        ...EXPTIME_CORNERS,
        '4294967296',
        '2147483648',
        '-2147483649',
        '+4',
        '9223372036854775807',
      ]),
    ],
    [1, random.pick(['x', '1x', '9223372036854775808', '1.5'])],
  ]);
}

/** 2592000 is the last that counts from now; 1795262400 is about when the fuzzer's clock starts. */
const EXPTIME_CORNERS = ['-0', '00', '2592000', '2592001', '1000000000', '2147483647', '-2147483648', '-100'];

/** Exptimes of touch and gat: 32 bits. */
export function anyStrictExptime(random: Random): string {
  return random.weighted<string>([
    [30, '0'],
    [30, String(1 + random.below(6))],
    [20, String(100 + random.below(3000))],
    [4, '-1'],
    [8, random.pick(EXPTIME_CORNERS)],
    [2, random.pick(['x', '1x', '1.5', 'noreply'])],
  ]);
}

const DELTAS: readonly string[] = [
  ...['0', '1', '1', '2', '9', '10', '91', '100', '4294967295', '4294967296', '9007199254740993'],
  ...['9223372036854775807', '9223372036854775808', '18446744073709551615', '18446744073709551606', '0001'],
];
const BAD_DELTAS: readonly string[] = [
  'x',
  '-1',
  '1x',
  '18446744073709551616',
  '1.5',
  '99999999999999999999',
];

function noreply(random: Random): string {
  return random.chance(0.12) ? ' noreply' : '';
}

type Rule = (random: Random) => string;

function storage(verb: string): Rule {
  return (random) => {
    const value = anyValue(random);
    const key = anyKeyOrTooLong(random);
    const length = random.chance(0.004)
      ? random.pick(['-1', 'x', '2147483646', '2147483648', '99999999999', '1x', ''])
      : String(value.length);
    const cas = verb === 'cas' ? ` ${anyCas(random, key)}` : '';
    const line = `${verb} ${key} ${anyFlags(random)} ${anyExptime(random)} ${length}${cas}${noreply(random)}`;
    return `${line}\r\n${value}${dataEnd(random)}`;
  };
}

/** What follows the data: seldom something that makes it a bad chunk, and the rest of it a command. */
function dataEnd(random: Random): string {
  return random.chance(0.99)
    ? '\r\n'
    : random.pick(['xybogus\r\n', '\n\nversion\r\n', '\r\rget x\r\n', '12\r\n']);
}

export function anyCas(random: Random, key: string): string {
  return random.weighted<string>([
    [80, casOf(key)],
    [8, casOf(anyKey(random))],
    [4, '0'],
    [3, random.pick(['18446744073709551615', '9223372036854775807', '9007199254740993', '000'])],
    [1, random.pick(['x', '-1', '1x', '18446744073709551616'])],
  ]);
}

function keysOf(random: Random): string {
  const many = random.chance(0.02) ? 20 + random.below(60) : 1 + Math.floor(random.fraction() ** 3 * 8);
  return Array.from({ length: many }, () => anyKeyOrTooLong(random)).join(random.chance(0.02) ? '  ' : ' ');
}

function arithmetic(verb: string): Rule {
  return (random) => {
    const delta = random.chance(0.03) ? random.pick(BAD_DELTAS) : random.pick(DELTAS);
    return `${verb} ${anyKeyOrTooLong(random)} ${delta}${noreply(random)}\r\n`;
  };
}

const RULES: readonly (readonly [number, Rule])[] = [
  [14, (random) => `get ${keysOf(random)}\r\n`],
  [16, (random) => `gets ${keysOf(random)}\r\n`],
  [5, (random) => `gat ${anyStrictExptime(random)} ${keysOf(random)}\r\n`],
  [5, (random) => `gats ${anyStrictExptime(random)} ${keysOf(random)}\r\n`],
  [12, storage('set')],
  [6, storage('add')],
  [6, storage('replace')],
  [5, storage('append')],
  [5, storage('prepend')],
  [8, storage('cas')],
  [8, arithmetic('incr')],
  [7, arithmetic('decr')],
  [5, (random) => `touch ${anyKeyOrTooLong(random)} ${anyStrictExptime(random)}${noreply(random)}\r\n`],
  [
    5,
    (random) =>
      `delete ${anyKeyOrTooLong(random)}${random.pick(['', '', '', '', ' 0'])}${noreply(random)}\r\n`,
  ],
  [0.6, (random) => `flush_all${random.pick(['', '', ' 0', ' -1', ' 2', ' 5', ' x'])}${noreply(random)}\r\n`],
  [0.5, (random) => `version${random.pick(['', ' x', ' noreply', '  '])}\r\n`],
  [0.3, (random) => `verbosity ${random.pick(['0', '1', 'x'])}${noreply(random)}\r\n`],
  [
    1,
    (random) =>
      `${random.pick(['bogus', 'GET', 'Set', 'sets', 'ge', 'gett', 'increment', 'quitt'])} ${anyKey(random)}\r\n`,
  ],
  [0.05, (random) => `quit${random.pick(['', ' x'])}\r\n`],
];

/** One command, with its data where it has some. */
export function textCommand(random: Random): string {
  const command = random.weighted(RULES)(random);
  // A line may end in LF alone; data may not.
  return random.chance(0.01) ? command.replace('\r\n', '\n') : command;
}
