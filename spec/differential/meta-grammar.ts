/** Random meta commands, over the keys of the classic ones. */

import type { Random } from './random.js';
import { base64, casOf } from './template.js';
import { anyKey, anyKeyOrTooLong, anyStrictExptime, anyValue } from './text-grammar.js';

type FlagRule = (random: Random, key: string) => string;

const OPAQUES = ['O', 'O1', 'Oabc', `O${'o'.repeat(31)}`, 'O\t\xff', 'O=c12'];

const opaque: FlagRule = (random) => random.pick(OPAQUES);
const exptime =
  (letter: string): FlagRule =>
  (random) =>
    `${letter}${anyStrictExptime(random)}`;
const compare: FlagRule = (random, key) =>
  `C${random.weighted<string>([
    [80, casOf(key)],
    [10, casOf(anyKey(random))],
    [4, '0'],
    [4, random.pick(['18446744073709551615', '9223372036854775807'])],
    [1, random.pick(['', 'x', '-1', '18446744073709551616'])],
  ])}`;
const number =
  (letter: string): FlagRule =>
  (random) =>
    letter +
    random.weighted<string>([
      [60, String(random.below(200))],
      [20, random.pick(['0', '0007', '4294967295', '4294967296', '9223372036854775807', '99999999999999'])],
      [1, random.pick(['', 'x', '-1', '1x', '18446744073709551616', '1.5'])],
    ]);
const mode =
  (letters: string): FlagRule =>
  (random) =>
    `M${random.chance(0.97) ? random.pick(letters.split('')) : random.pick(['', 'Z', 's', 'a', 'r'])}`;
const clientFlags: FlagRule = (random) =>
  `F${random.weighted<string>([
    [50, String(random.below(70_000))],
    [10, random.pick(['0', '4294967295', '007'])],
    [1, random.pick(['', 'x', '-1', '1x'])],
  ])}`;
/** Longer than the ids that servers give out, and few enough to meet. */
const explicitCas: FlagRule = (random) => `E${EXPLICIT_IDS[random.below(EXPLICIT_IDS.length)]}`;
const EXPLICIT_IDS = ['7777777777777', '8888888888888', '18446744073709551615'];
const compareExplicit: FlagRule = (random) => `C${EXPLICIT_IDS[random.below(EXPLICIT_IDS.length)]}`;
const plain =
  (letter: string): FlagRule =>
  () =>
    letter;
/** Flags that mean nothing to the command, and some that no command knows. */
const stray: FlagRule = (random) =>
  random.pick(['L', 'P', 'Pabc', 'L5', 'h', 'u', 'v', 'z', 'Z', 'S5', 'I', 'w']);

type FlagRules = readonly (readonly [weight: number, rule: FlagRule])[];

const GET_FLAGS: FlagRules = [
  [12, plain('v')],
  [6, plain('c')],
  [4, plain('f')],
  [4, plain('h')],
  [2, plain('l')],
  [4, plain('k')],
  [4, plain('q')],
  [4, plain('s')],
  [6, plain('t')],
  [2, plain('u')],
  [3, opaque],
  [3, exptime('N')],
  [4, exptime('R')],
  [4, exptime('T')],
  [1, compare],
  [0.5, explicitCas],
  [0.5, stray],
];
const SET_FLAGS: FlagRules = [
  [8, clientFlags],
  [8, exptime('T')],
  [6, compare],
  [3, plain('I')],
  [10, mode('SSEAPR')],
  [4, plain('q')],
  [4, plain('k')],
  [6, plain('c')],
  [3, plain('s')],
  [2, exptime('N')],
  [1, explicitCas],
  [1, compareExplicit],
  [3, opaque],
  [0.5, stray],
];
const DELETE_FLAGS: FlagRules = [
  [6, compare],
  [8, plain('I')],
  [5, exptime('T')],
  [4, plain('q')],
  [4, plain('k')],
  [4, plain('x')],
  [2, clientFlags],
  [1, explicitCas],
  [1, compareExplicit],
  [3, opaque],
  [0.5, stray],
];
const ARITHMETIC_FLAGS: FlagRules = [
  [8, number('D')],
  [8, mode('IID+-')],
  [6, exptime('N')],
  [5, number('J')],
  [4, exptime('T')],
  [4, compare],
  [5, plain('t')],
  [5, plain('c')],
  [8, plain('v')],
  [3, plain('q')],
  [3, plain('k')],
  [1, explicitCas],
  [1, compareExplicit],
  [3, opaque],
  [0.5, stray],
];

function flagsOf(random: Random, rules: FlagRules, key: string): string {
  const flags: string[] = [];
  for (let left = Math.floor(random.fraction() ** 1.5 * 7); left > 0; left--) {
    const flag = random.weighted(rules)(random, key);
    const repeated = flags.some((other) => other[0] === flag[0]);
    if (!repeated || random.chance(0.01)) flags.push(flag);
  }
  return flags.map((flag) => ` ${flag}`).join('');
}

/** The key as it stands in a line, and the flag that says how. */
function keyAndFlag(random: Random, key: string): readonly [string, string] {
  if (random.chance(0.9)) return [key, ''];
  if (random.chance(0.03)) return [random.pick(['!!!!', 'YQ', 'YQ=', 'YQ==YQ==', key]), ' b'];
  return [base64(key), ' b'];
}

type Rule = (random: Random) => string;

function command(verb: string, rules: FlagRules): Rule {
  return (random) => {
    const key = anyKeyOrTooLong(random);
    const [shown, binary] = keyAndFlag(random, key);
    return `${verb} ${shown}${binary}${flagsOf(random, rules, key)}\r\n`;
  };
}

const store: Rule = (random) => {
  const key = anyKeyOrTooLong(random);
  const [shown, binary] = keyAndFlag(random, key);
  const value = anyValue(random);
  const length = random.chance(0.005) ? random.pick(['-1', 'x', '2147483646', '1x']) : String(value.length);
  const end = random.chance(0.99) ? '\r\n' : random.pick(['xybogus\r\n', '\n\nversion\r\n']);
  return `ms ${shown} ${length}${binary}${flagsOf(random, SET_FLAGS, key)}\r\n${value}${end}`;
};

const RULES: readonly (readonly [number, Rule])[] = [
  [30, command('mg', GET_FLAGS)],
  [30, store],
  [14, command('md', DELETE_FLAGS)],
  [20, command('ma', ARITHMETIC_FLAGS)],
  [3, command('me', [[1, plain('q')]])],
  [4, () => 'mn\r\n'],
];

/** One meta command, with its data where it has some. */
export function metaCommand(random: Random): string {
  return random.weighted(RULES)(random);
}
