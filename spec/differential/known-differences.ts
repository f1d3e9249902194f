/**
 * Where hotset answers otherwise than memcached, and why: it follows 1.6.45 and this is 1.6.18, or memcached itself
 * is not to be copied. Streams hold no such lines, but for those that come about when data is cut otherwise than it
 * was meant; a difference that shrinks to one of these lines is none.
 */

import type { MemcachedRelease } from '../support/memcached-binaries.js';
import { isStorage, type Line, linesOf } from './lines.js';

export interface KnownDifference {
  readonly name: string;
  readonly reason: string;
  /** Only 1.6.18 differs here. */
  readonly only1618?: true;
  /** The line of docs/memcached.md that tells of it: of a wire table or of other-differences.ts. */
  readonly listedAs?: string;
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
  verbosity: [1, 2],
};
const BARE: ReadonlySet<string> = new Set(['version', 'quit', 'mn']);
/** Compared row by row in the wire tables: these tell of the server itself, or change it for all. */
const ADMINISTRATION =
  /^(stats|lru|lru_crawler|slabs|watch|shutdown|cache_memlimit|debugtime|debugitem|misbehave|refresh_certs|extstore|gat2)$/;

const RETRIEVAL: ReadonlySet<string> = new Set(['get', 'gets', 'gat', 'gats', 'mg']);
const ARITHMETIC: ReadonlySet<string> = new Set(['incr', 'decr', 'ma']);

export const NO_NUMBERS: RegExp = /^[c\t]/;

export function isBlank(data: string | undefined): boolean {
  return data !== undefined && /^[\t-\r ]+$/.test(data);
}

/** memcached keeps it in pieces. */
export function isInChunks(data: string | undefined): boolean {
  return data !== undefined && data.length > 400_000;
}

/** From 2^62 on: two of them make 2^63. */
export function isLarge(text: string): boolean {
  const digits = /^[\t-\r ]*\+?(\d{19,20})(?!\d)/.exec(text)?.[1];
  return digits !== undefined && BigInt(digits) >= 2n ** 62n && BigInt(digits) < 2n ** 64n;
}

function casIdsIn(tokens: readonly string[]): readonly string[] {
  if (tokens[0] === 'cas') return tokens.slice(5, 6);
  if (!META.has(tokens[0] ?? '')) return [];
  return metaFlags(tokens).flatMap((flag) => (flag[0] === 'C' ? [flag.slice(1)] : []));
}

/** The key of a command with one; of a meta command as it is decoded. */
function keyOf(tokens: readonly string[]): string {
  const key = tokens[1] ?? '';
  const encoded = META.has(tokens[0] ?? '') && flagLetters(tokens).includes('b');
  return encoded ? Buffer.from(key, 'base64').toString('latin1') : key;
}

function retrieves(tokens: readonly string[], key: string): boolean {
  return tokens[0] === 'mg' ? keyOf(tokens) === key : tokens.includes(key);
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
  ms: [2, 32],
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
  if (token === '-') return bits === 64;
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

const META: ReadonlySet<string> = new Set(['mg', 'ms', 'md', 'ma', 'me', 'mn']);
const META_FLAGS = /^[bcfhklqstuvxCDEFIJLMNOPRT]/;

function metaFlags(tokens: readonly string[]): readonly string[] {
  return tokens.slice(tokens[0] === 'ms' ? 3 : 2);
}

function flagLetters(tokens: readonly string[]): string {
  return metaFlags(tokens)
    .map((flag) => flag[0])
    .join('');
}

/** A meta line that is refused before any item is looked at. */
function isBadMeta(tokens: readonly string[]): boolean {
  const flags = metaFlags(tokens);
  const letters = flagLetters(tokens);
  return (
    tokens.length < (tokens[0] === 'ms' ? 3 : 2) ||
    tokens.length > 18 ||
    new Set(letters).size !== letters.length ||
    flags.some((flag) => !META_FLAGS.test(flag) || !argumentIsGood(flag)) ||
    tokens[1]!.length > KEY_MAX_BYTES ||
    (letters.includes('b') &&
      !/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==|[A-Za-z0-9+/]=))?$/.test(tokens[1]!))
  );
}

function argumentIsGood(flag: string): boolean {
  const argument = flag.slice(1);
  switch (flag[0]) {
    case 'T':
    case 'N':
    case 'R':
      return STRICT_32.test(argument) && Math.abs(Number(argument)) < 2 ** 31;
    case 'F':
      return /^\d{1,10}$/.test(argument) && Number(argument) < 2 ** 32;
    case 'C':
    case 'D':
    case 'J':
      return !badCas(argument);
    case 'M':
      return argument.length === 1;
    case 'O':
      return argument.length < 32;
    default:
      return true;
  }
}

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    name: 'bget',
    only1618: true,
    reason: 'an old name of get that protocol.txt does not have',
    applies: ({ tokens }) => tokens[0] === 'bget',
  },
  {
    name: 'short line',
    only1618: true,
    reason:
      '1.6.18 answers ERROR to blank and one-character lines, and takes commands of two bytes without a CR',
    applies: ({ text, length }) =>
      length < 3 || text.trim().length < 2 || text.replaceAll(' ', '').length < 2,
  },
  {
    name: 'leading space',
    only1618: true,
    reason: '1.6.18 skips spaces before a command',
    applies: ({ text }) => text.startsWith(' '),
  },
  {
    name: 'leading space of some commands',
    listedAs: 'a space before flush_all and verbosity',
    reason: '1.6.45 skips spaces before these commands',
    applies: ({ text }) => /^ +(flush_all|verbosity)(?: |$)/.test(text),
  },
  {
    name: 'E of a store with bad data',
    listedAs: '`ms a 1 E99` with a bad data chunk, then `append b …`',
    reason: 'memcached gives the id of E to what the connection stores next',
    applies: ({ tokens, terminated }) =>
      tokens[0] === 'ms' && !terminated && metaFlags(tokens).some((flag) => flag[0] === 'E'),
  },
  {
    name: 'NUL',
    only1618: true,
    reason: '1.6.18 takes a NUL for the end of a line; to 1.6.45 it is a byte as any other',
    applies: ({ text }) => text.includes('\0'),
  },
  {
    name: 'arguments',
    only1618: true,
    reason: '1.6.18 counts arguments and answers ERROR to too few or too many',
    applies: ({ tokens }) => {
      const bounds = Object.hasOwn(ARGUMENTS, tokens[0] ?? '') ? ARGUMENTS[tokens[0]!]! : undefined;
      return bounds !== undefined && (tokens.length - 1 < bounds[0] || tokens.length - 1 > bounds[1]);
    },
  },
  {
    name: 'long key of many',
    listedAs: 'one long key makes the whole multi-get an error',
    reason:
      '1.6.45 sends a second CRLF; 1.6.18 takes back the replies that wait, those of other commands too',
    applies: ({ tokens }) =>
      /^(get|gets|gat|gats)$/.test(tokens[0] ?? '') && tokens.some(({ length }) => length > KEY_MAX_BYTES),
  },
  {
    name: 'delete with more words',
    listedAs: 'delete with more than four tokens',
    reason: 'memcached ignores what follows; memccapable demands an error',
    applies: ({ tokens }) => tokens[0] === 'delete' && tokens.length > 4,
  },
  {
    name: 'negative numbers',
    listedAs: 'client flags below -2^63',
    reason: 'memcached takes a number below -2^63 for what is left of it in 64 bits',
    applies: ({ tokens, data }) =>
      (isStorage(tokens[0]) && /^-\d{19}/.test(tokens[2] ?? '')) || /^[\t-\r ]*-\d{19}/.test(data ?? ''),
  },
  {
    name: 'blank numbers',
    listedAs: 'a number of a storage command that is white space',
    reason: '1.6.45 reads on into the next word where a number of a storage command is white space',
    applies: ({ tokens }) =>
      isStorage(tokens[0]) && tokens.slice(2, 4).some((token) => /^[\t-\r]+$/.test(token)),
  },
  {
    name: 'long opaque of a command that creates',
    listedAs: 'an opaque that is too long, in a command that creates an item',
    reason: 'memcached finds the opaque too long when it has created the item',
    applies: ({ tokens }) =>
      META.has(tokens[0] ?? '') && metaFlags(tokens).some((flag) => flag[0] === 'O' && flag.length > 32),
  },
  {
    name: 'delete usage',
    only1618: true,
    reason: '1.6.18 answers delete with its usage text unless 0 or noreply follow the key',
    applies: ({ tokens }) =>
      tokens[0] === 'delete' &&
      tokens.length > 2 &&
      !/^(0|noreply|0 noreply)$/.test(tokens.slice(2).join(' ')),
  },
  {
    name: 'noreply of unknown commands',
    only1618: true,
    reason: '1.6.18 answers unknown commands whatever their last word is; HTTP/ closes 1.6.45',
    applies: ({ tokens, last }) =>
      !Object.hasOwn(ARGUMENTS, tokens[0] ?? '') &&
      !BARE.has(tokens[0] ?? '') &&
      (last === 'noreply' || last.startsWith('HTTP/')),
  },
  {
    name: 'swallowed data',
    only1618: true,
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
    only1618: true,
    reason: '1.6.18 silences the error of a bad data length or a missing level',
    applies: ({ tokens, last }) => last === 'noreply' && (isStorage(tokens[0]) || tokens[0] === 'verbosity'),
  },
  {
    name: 'strict numbers',
    only1618: true,
    reason: '1.6.18 reads these numbers with strtol, which takes blanks, signs and wider numbers',
    applies: ({ tokens }) => {
      const strict = STRICT_NUMBERS[tokens[0] ?? ''];
      const token = strict === undefined ? undefined : tokens[strict[0]];
      return token !== undefined && !readAlike(token, strict![1]);
    },
  },
  {
    name: 'arithmetic on an item that a reply holds',
    listedAs: 'a number that gets shorter after a retrieval in the same packet',
    reason:
      'memcached pads a number in place only if no reply that waits, of the same packet, refers to the item',
    applies: ({ tokens }, before) =>
      ARITHMETIC.has(tokens[0] ?? '') &&
      before.some((line) => RETRIEVAL.has(line.tokens[0] ?? '') && retrieves(line.tokens, keyOf(tokens))),
  },
  {
    name: 'cas ids',
    listedAs: '`set a …`, `gets a`, `add a …`, `set a …`, `gets a`',
    reason:
      'each server gives out its own; a number made up may be one of them (those told have twelve digits here)',
    applies: ({ tokens }) => casIdsIn(tokens).some((id) => /^0*[1-9]\d*$/.test(id) && id.length < 12),
  },
  {
    name: 'large numbers',
    listedAs: 'a value that is blank or in several chunks, then `incr`',
    reason: '1.6.18 looks for a minus behind a stored number from 2^63 on, in memory that is not the value',
    applies: ({ tokens, data = '' }) =>
      isLarge(data) ||
      (tokens[0] === 'incr' && isLarge(tokens[2] ?? '')) ||
      (tokens[0] === 'ma' && metaFlags(tokens).some((flag) => /^[DJ]/.test(flag) && isLarge(flag.slice(1)))),
  },
  {
    name: 'numbers that are none',
    listedAs: 'a value that is blank or in several chunks, then `incr`',
    reason:
      'after a value of blanks memcached reads on, into memory that is not the value; one in several chunks it takes for no number before it compares cas ids: some keys may hold such, others be numbers',
    applies: ({ tokens, data }) => {
      if (NO_NUMBERS.test(keyOf(tokens))) return ARITHMETIC.has(tokens[0] ?? '');
      return isBlank(data) || isInChunks(data);
    },
  },
  {
    name: 'long line',
    listedAs: 'no difference',
    reason: 'how much of a line without end both tolerate depends on how the packets are read',
    applies: ({ text, tokens }) => text.length > LINE_MAX_BYTES && !/^gets? /.test(text) && tokens.length > 0,
  },
  {
    name: 'meta flags of 1.6.45',
    only1618: true,
    reason: '1.6.18 has no x, no E, no s for ms, no C for mg, and no N for the modes append and prepend',
    applies: ({ tokens }) => {
      const verb = tokens[0] ?? '';
      if (!META.has(verb)) return false;
      const letters = flagLetters(tokens);
      if (/[xE]/.test(letters)) return true;
      if (verb === 'mg') return letters.includes('C');
      return verb === 'ms' && (letters.includes('s') || (letters.includes('N') && letters.includes('M')));
    },
  },
  {
    name: 'quiet autovivification',
    only1618: true,
    reason: '1.6.18 answers HD to a quiet ma that creates its number',
    applies: ({ tokens }) => tokens[0] === 'ma' && /q.*N|N.*q/.test(flagLetters(tokens)),
  },
  {
    name: 'loose base64',
    listedAs: 'loose base64',
    reason:
      'memcached skips bytes that are not of base64, and decodes padding anywhere; hotset takes both for the errors that they are',
    applies: ({ tokens }) =>
      META.has(tokens[0] ?? '') &&
      flagLetters(tokens).includes('b') &&
      /[^A-Za-z0-9+/=]|=[^=]/.test(tokens[1] ?? ''),
  },
  {
    name: 'b of me',
    listedAs: 'me takes a key in base64',
    reason: 'memcached heeds it only where more tokens follow',
    applies: ({ tokens }) => tokens[0] === 'me' && flagLetters(tokens).includes('b'),
  },
  {
    name: 'T and E of a number that grows',
    listedAs: 'T of a number that gets longer',
    reason: 'memcached gives the new TTL and the cas id to the item that the longer number has replaced',
    applies: ({ tokens }) => {
      const flags = tokens[0] === 'ma' ? metaFlags(tokens) : [];
      return flags.some((flag) => /^[TE]/.test(flag)) && !flags.some((flag) => /^M[D-]/.test(flag));
    },
  },
  {
    name: 'meta errors',
    only1618: true,
    reason: '1.6.18 words some errors otherwise, and passes over the data of other refused lines',
    applies: ({ tokens }) => META.has(tokens[0] ?? '') && tokens[0] !== 'mn' && isBadMeta(tokens),
  },
  {
    name: 'administration',
    listedAs: 'no difference',
    reason: 'it tells of the server itself, or changes it for all',
    applies: ({ tokens }) => ADMINISTRATION.test(tokens[0] ?? ''),
  },
];

/** The first known difference in what one packet holds. */
export function knownDifference(packet: string, release: MemcachedRelease): KnownDifference | undefined {
  const before: Line[] = [];
  for (const line of linesOf(packet)) {
    const known = KNOWN_DIFFERENCES.find(
      ({ only1618, applies }) => !(only1618 && release === 'reference') && applies(line, before),
    );
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
