/**
 * Where hotset answers otherwise than Debian's memcached 1.6.18, and why: it follows 1.6.45, or memcached itself is
 * not to be copied. Streams hold no such lines, but for those that come about when data is cut otherwise than it
 * was meant; a difference that shrinks to one of these lines is none.
 */

import { isStorage, type Line, linesOf } from './lines.js';

export interface KnownDifference {
  readonly name: string;
  readonly reason: string;
  applies(line: Line, before: readonly Line[]): boolean;
}

/** Fewest and most arguments that 1.6.18 takes. */
const ARGUMENTS: Readonly<Record<string, readonly [fewest: number, most: number]>> = {
  get: [1, Number.POSITIVE_INFINITY],
  gets: [1, Number.POSITIVE_INFINITY],
  gat: [2, Number.POSITIVE_INFINITY],
  gats: [2, Number.POSITIVE_INFINITY],
  set: [4, 5],
  add: [4, 5],
  replace: [4, 5],
  append: [4, 5],
  prepend: [4, 5],
  cas: [5, 6],
  incr: [2, 3],
  decr: [2, 3],
  touch: [2, 3],
  delete: [1, 3],
  flush_all: [0, 2],
  verbosity: [1, Number.POSITIVE_INFINITY],
};
const BARE: ReadonlySet<string> = new Set(['version', 'quit', 'mn']);
/** Compared row by row in the wire tables: these tell of the server itself, or change it for all. */
const ADMINISTRATION =
  /^(stats|lru|lru_crawler|slabs|watch|shutdown|cache_memlimit|debugtime|debugitem|misbehave|refresh_certs|extstore|gat2)$/;

const RETRIEVAL: ReadonlySet<string> = new Set(['get', 'gets', 'gat', 'gats', 'mg']);
const ARITHMETIC: ReadonlySet<string> = new Set(['incr', 'decr', 'ma']);

const MAY_BE_BLANK = /^[c\t]/;

function isBlank(data: string | undefined): boolean {
  return data !== undefined && /^[\t-\r ]*$/.test(data);
}

const KEY_MAX_BYTES = 250;
const LINE_MAX_BYTES = 1900;
const STRICT_32 = /^-?\d{1,10}$/;
const STRTOL = /^[\t-\r ]*[+-]?\d+(?:[\t-\r \0]|$)/;

/** Where a number of 32 or 64 bits stands that 1.6.45 reads strictly. */
const STRICT_NUMBERS: Readonly<Record<string, readonly [place: number, bits: 32 | 64]>> = {
  set: [4, 32],
  add: [4, 32],
  replace: [4, 32],
  append: [4, 32],
  prepend: [4, 32],
  cas: [4, 32],
  touch: [2, 32],
  gat: [1, 32],
  gats: [1, 32],
  flush_all: [1, 32],
  incr: [2, 64],
  decr: [2, 64],
  verbosity: [1, 32],
};

/** Both regimes agree on it: plain digits in range, or nothing that either takes for a number. */
function readAlike(token: string, bits: 32 | 64): boolean {
  if (!STRTOL.test(token)) return true;
  if (bits === 64) return /^\d{1,22}$/.test(token);
  return STRICT_32.test(token) && Math.abs(Number(token)) < 2 ** 31;
}

function outOfRange(token: string, end: bigint, start: bigint): boolean {
  const match = /^[\t-\r ]*([+-]?)(\d+)(?:[\t-\r ]|$)/.exec(token);
  if (match === null) return true;
  const number = BigInt(`${match[1] === '-' ? '-' : ''}${match[2]}`);
  return number >= end || number < start;
}

function badFlags(token: string): boolean {
  return outOfRange(token, 2n ** 64n, 0n);
}

function badExptime(token: string): boolean {
  return outOfRange(token, 2n ** 63n, -(2n ** 63n));
}

function badCas(token: string): boolean {
  return !/^\d{1,22}$/.test(token) || BigInt(token) >= 2n ** 64n;
}

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    name: 'short line',
    reason: '1.6.18 answers ERROR to blank and one-character lines',
    applies: ({ text }) => text.trim().length < 2 || text.replaceAll(' ', '').length < 2,
  },
  {
    name: 'leading space',
    reason: '1.6.18 skips spaces before a command',
    applies: ({ text }) => text.startsWith(' '),
  },
  {
    name: 'NUL',
    reason: '1.6.18 takes a NUL for the end of a line; to 1.6.45 it is a byte as any other',
    applies: ({ text }) => text.includes('\0'),
  },
  {
    name: 'arguments',
    reason: '1.6.18 counts arguments and answers ERROR to too few or too many',
    applies: ({ tokens }) => {
      const bounds = Object.hasOwn(ARGUMENTS, tokens[0] ?? '') ? ARGUMENTS[tokens[0]!]! : undefined;
      return bounds !== undefined && (tokens.length - 1 < bounds[0] || tokens.length - 1 > bounds[1]);
    },
  },
  {
    name: 'long key of many',
    reason: '1.6.18 takes back the replies that wait, those of other commands too',
    applies: ({ tokens }) =>
      /^(get|gets|gat|gats)$/.test(tokens[0] ?? '') && tokens.some(({ length }) => length > KEY_MAX_BYTES),
  },
  {
    name: 'delete usage',
    reason: '1.6.18 answers delete with its usage text unless 0 or noreply follow the key',
    applies: ({ tokens }) =>
      tokens[0] === 'delete' &&
      tokens.length > 2 &&
      !/^(0|noreply|0 noreply)$/.test(tokens.slice(2).join(' ')),
  },
  {
    name: 'noreply of unknown commands',
    reason: '1.6.18 answers unknown commands whatever their last word is; HTTP/ closes 1.6.45',
    applies: ({ tokens, last }) =>
      !Object.hasOwn(ARGUMENTS, tokens[0] ?? '') &&
      !BARE.has(tokens[0] ?? '') &&
      (last === 'noreply' || last.startsWith('HTTP/')),
  },
  {
    name: 'swallowed data',
    reason: '1.6.18 does not pass over the data of a refused line',
    applies: ({ tokens }) =>
      isStorage(tokens[0]) &&
      ((tokens[1] ?? '').length > KEY_MAX_BYTES ||
        badFlags(tokens[2] ?? '') ||
        badExptime(tokens[3] ?? '') ||
        (tokens[0] === 'cas' && badCas(tokens[5] ?? ''))),
  },
  {
    name: 'errors with noreply',
    reason: '1.6.18 silences the error of a bad data length or a missing level',
    applies: ({ tokens, last }) => last === 'noreply' && (isStorage(tokens[0]) || tokens[0] === 'verbosity'),
  },
  {
    name: 'strict numbers',
    reason: '1.6.18 reads these numbers with strtol, which takes blanks, signs and wider numbers',
    applies: ({ tokens }) => {
      const strict = STRICT_NUMBERS[tokens[0] ?? ''];
      const token = strict === undefined ? undefined : tokens[strict[0]];
      return token !== undefined && !readAlike(token, strict![1]);
    },
  },
  {
    name: 'arithmetic on an item that a reply holds',
    reason:
      'memcached pads a number in place only if no reply that waits, of the same packet, refers to the item',
    applies: ({ tokens }, before) =>
      ARITHMETIC.has(tokens[0] ?? '') &&
      before.some((line) => RETRIEVAL.has(line.tokens[0] ?? '') && line.tokens.includes(tokens[1] ?? '')),
  },
  {
    name: 'blanks as numbers',
    reason:
      'after a value of blanks memcached reads on, into memory that is not the value; some keys may hold such, others be numbers',
    applies: ({ tokens, data }) =>
      ARITHMETIC.has(tokens[0] ?? '')
        ? MAY_BE_BLANK.test(tokens[1] ?? '')
        : isBlank(data) && !MAY_BE_BLANK.test(tokens[1] ?? ''),
  },
  {
    name: 'long line',
    reason: 'how much of a line without end both tolerate depends on how the packets are read',
    applies: ({ text, tokens }) => text.length > LINE_MAX_BYTES && !/^gets? /.test(text) && tokens.length > 0,
  },
  {
    name: 'administration',
    reason: 'it tells of the server itself, or changes it for all',
    applies: ({ tokens }) => ADMINISTRATION.test(tokens[0] ?? ''),
  },
];

/** The first known difference in what one packet holds. */
export function knownDifference(packet: string): KnownDifference | undefined {
  const before: Line[] = [];
  for (const line of linesOf(packet)) {
    const known = KNOWN_DIFFERENCES.find((difference) => difference.applies(line, before));
    if (known !== undefined) return known;
    before.push(line);
  }
  return undefined;
}

const FLUSH_LATER = /^flush_all +0*[1-9]/;

/**
 * memcached removes what a flush_all has hit only when somebody asks for it, and a later one with a delay takes that
 * back: items return from the dead. So a stream has any number that strike at once, or one with a delay.
 */
export class Flushes {
  #now = 0;
  #later = 0;

  /** False when `packet` would make such a mixture. */
  admit(packet: string): boolean {
    let now = this.#now;
    let later = this.#later;
    for (const { text, tokens } of linesOf(packet)) {
      if (tokens[0] !== 'flush_all') continue;
      if (FLUSH_LATER.test(text)) later++;
      else now++;
    }
    if (later > 1 || (later === 1 && now > 0)) return false;
    this.#now = now;
    this.#later = later;
    return true;
  }
}
