/**
 * The meta commands: a line's bytes to a Request. Pure: it knows neither items nor sockets.
 * Sources: memcached's protocol.txt, "Meta Commands", and the server's own answers where that is silent.
 */

import { KEY_MAX_BYTES } from '../../items/key.js';
import { DATA_LENGTH_END } from '../limits.js';
import { BAD_FORMAT, type LineOutcome, type MetaVerb, type Request, type StoreMode } from '../request.js';
import { parseInt32, parseUint32, parseUint64 } from '../wire-number.js';
import { FLAGS_MAX, LETTER, LOWER, type MetaFlags, UPPER } from './meta-flags.js';

const BAD_CLIENT_FLAGS = BAD_FORMAT;
const BAD_TOKEN = 'CLIENT_ERROR bad token in command line format';
const INVALID_FLAG = 'CLIENT_ERROR invalid flag';
const OPAQUE_TOO_LONG = 'CLIENT_ERROR opaque token too long';
const INVALID_OR_DUPLICATE = 'CLIENT_ERROR invalid or duplicate flag';

/** Command and key included. */
const TOKENS_MAX = FLAGS_MAX + 2;
/** The letter O included. */
const OPAQUE_MAX_BYTES = 32;

const SPACE = 0x20;
const LETTER_M = 0x6d;
const LOWER_A = 0x61;
const UPPER_A = 0x41;

/** Every known flag, as bits. */
const KNOWN_LOWER = Object.values(LOWER).reduce((all, bit) => all | bit, 0);
const KNOWN_UPPER = Object.values(UPPER).reduce((all, bit) => all | bit, 0);

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The second letter of the verbs. */
const VERBS: ReadonlyMap<number, MetaVerb> = new Map(
  (['mg', 'ms', 'md', 'ma', 'mn', 'me'] as const).map((verb) => [verb.charCodeAt(1), verb]),
);

/** Modes of ms, by their letter. */
const STORE_MODES: ReadonlyMap<number, StoreMode> = new Map([
  [0x53, 'set'],
  [0x45, 'add'],
  [0x41, 'append'],
  [0x50, 'prepend'],
  [0x52, 'replace'],
]);

/** The meta command that a line begins with; undefined for a line of the classic protocol. */
export function metaVerbOf(bytes: Buffer, start: number, end: number): MetaVerb | undefined {
  if (bytes[start] !== LETTER_M || end - start < 2) return undefined;
  if (end - start > 2 && bytes[start + 2] !== SPACE) return undefined;
  return VERBS.get(bytes[start + 1]!);
}

export class MetaParser {
  error = '';

  readonly #starts = new Int32Array(TOKENS_MAX);
  readonly #ends = new Int32Array(TOKENS_MAX);
  #count = 0;

  /** Parses what follows the verb, `bytes[start, end)`, into `request`. O(line). */
  parse(verb: MetaVerb, bytes: Buffer, start: number, end: number, request: Request): LineOutcome {
    request.verb = verb;
    request.noreply = false;
    request.meta.reset();
    if (verb === 'mn') return 'ready';
    this.#tokenize(bytes, start, end);
    if (verb === 'ms') return this.#store(bytes, request);
    if (this.#count === 0) return this.#fail(BAD_FORMAT);
    if (!this.#readFlags(bytes, 1, request)) return 'error';
    if (verb === 'ma' && !isArithmeticMode(request.meta.mode))
      return this.#fail('CLIENT_ERROR invalid mode for ma M token');
    return isOpaqueTooLong(request) ? this.#fail(OPAQUE_TOO_LONG) : 'ready';
  }

  /** `ms <key> <bytes> <flags>*`. An error found once the length is known discards the data. */
  #store(bytes: Buffer, request: Request): LineOutcome {
    if (this.#count < 2) return this.#fail(BAD_FORMAT);
    const length = parseInt32(bytes, this.#starts[1]!, this.#ends[1]!);
    if (length === undefined || length < 0 || length >= DATA_LENGTH_END) return this.#fail(BAD_FORMAT);
    request.dataLength = length;
    if (!this.#readFlags(bytes, 2, request)) return this.#strays ? 'error' : 'error-after-data';
    const { meta } = request;
    const mode = meta.hasUpper(UPPER.M) ? STORE_MODES.get(meta.mode) : 'set';
    if (mode === undefined) {
      this.error = 'CLIENT_ERROR invalid mode for ms M token';
      return 'error-after-data';
    }
    if (isOpaqueTooLong(request)) {
      this.error = OPAQUE_TOO_LONG;
      return 'error-after-data';
    }
    const compares = meta.hasUpper(UPPER.C) && (mode === 'set' || mode === 'replace');
    request.mode = compares ? 'cas' : mode;
    request.flags = meta.clientFlags;
    request.exptime = meta.exptime;
    request.cas = meta.cas;
    request.dropsWhenRefused = true;
    return 'data';
  }

  /** A flag begins with a byte that no flag begins with: memcached does not take such a line for an ms. */
  #strays = false;

  /** Reads the tokens from `first` on into the request's flags, and its key; false with `error` set. */
  #readFlags(bytes: Buffer, first: number, request: Request): boolean {
    const kept = Math.min(this.#count, TOKENS_MAX - 1);
    this.#strays = this.#hasStray(bytes, first, kept);
    if (this.#strays) {
      this.error = BAD_FORMAT;
      return false;
    }
    const error = this.#readKeyAndFlags(bytes, first, kept, request);
    if (error === null) return true;
    // ma has one text for all of these.
    this.error = request.verb === 'ma' ? INVALID_OR_DUPLICATE : error;
    return false;
  }

  /** The error, or null. */
  #readKeyAndFlags(bytes: Buffer, first: number, kept: number, request: Request): string | null {
    if (this.#ends[0]! - this.#starts[0]! > KEY_MAX_BYTES) return BAD_FORMAT;
    const { meta } = request;
    const ignoresFlags = request.verb === 'me';
    if (this.#count + 1 > TOKENS_MAX && !ignoresFlags) return 'CLIENT_ERROR options flags are too long';
    request.key.setBytes(bytes, this.#starts[0]!, this.#ends[0]!);
    for (let i = first; i < kept; i++) {
      const error = readLetter(bytes[this.#starts[i]!]!, meta);
      if (error !== null && !ignoresFlags) return error;
    }
    if (ignoresFlags) return meta.has(LOWER.b) && keyError(request) !== null ? BAD_FORMAT : null;
    // Of several errors memcached reports the last, and bad client flags only where there is no other.
    let error: string | null = null;
    for (let i = first; i < kept; i++) {
      const found =
        bytes[this.#starts[i]!] === LETTER.b
          ? keyError(request)
          : readArgument(bytes, this.#starts[i]!, this.#ends[i]!, meta);
      if (found !== null && (error === null || found !== BAD_CLIENT_FLAGS)) error = found;
    }
    return error;
  }

  #hasStray(bytes: Buffer, first: number, kept: number): boolean {
    for (let i = first; i < kept; i++) if (!mayBeFlag(bytes[this.#starts[i]!]!)) return true;
    return false;
  }

  #fail(error: string): LineOutcome {
    this.error = error;
    return 'error';
  }

  /** Finds the tokens in `bytes[start, end)`; keeps the bounds of as many as a line may have. */
  #tokenize(bytes: Buffer, start: number, end: number): void {
    let count = 0;
    let i = start;
    for (;;) {
      while (i < end && bytes[i] === SPACE) i++;
      if (i === end) break;
      if (count < TOKENS_MAX) this.#starts[count] = i;
      while (i < end && bytes[i] !== SPACE) i++;
      if (count < TOKENS_MAX) this.#ends[count] = i;
      count++;
    }
    this.#count = count;
  }
}

/** Decodes the key of a request in place; the error, or null. */
function keyError(request: Request): string | null {
  const key = decodedKey(request.key.text);
  if (key === undefined) return 'CLIENT_ERROR error decoding key';
  request.key.setBytes(key, 0, key.length);
  return null;
}

/** Reads the letter of a flag; the error, or null. */
function readLetter(letter: number, meta: MetaFlags): string | null {
  const isLower = letter >= LOWER_A && letter < LOWER_A + 26;
  const isUpper = letter >= UPPER_A && letter < UPPER_A + 26;
  if (!isLower && !isUpper) return INVALID_FLAG;
  const bit = 1 << (isLower ? letter - LOWER_A : letter - UPPER_A);
  if ((bit & (isLower ? KNOWN_LOWER : KNOWN_UPPER)) === 0) return INVALID_FLAG;
  if ((bit & (isLower ? meta.lower : meta.upper)) !== 0) return 'CLIENT_ERROR duplicate flag';
  if (isLower) meta.lower |= bit;
  else meta.upper |= bit;
  meta.letters[meta.count++] = letter;
  return null;
}

/** Reads what follows an upper-case letter; the error, or null. */
function readArgument(bytes: Buffer, start: number, end: number, meta: MetaFlags): string | null {
  const letter = bytes[start]!;
  if (letter >= LOWER_A) return null;
  const bit = 1 << (letter - UPPER_A);
  switch (bit) {
    case UPPER.O:
      meta.opaque = bytes.toString('latin1', start, Math.min(end, start + OPAQUE_MAX_BYTES + 1));
      return null;
    case UPPER.M:
      meta.mode = end - start > 1 ? bytes[start + 1]! : SPACE;
      return null;
    case UPPER.T:
    case UPPER.N:
    case UPPER.R: {
      const seconds = parseInt32(bytes, start + 1, end);
      if (seconds === undefined) return BAD_TOKEN;
      if (bit === UPPER.T) meta.exptime = seconds;
      else if (bit === UPPER.N) meta.vivifyExptime = seconds;
      else meta.recacheExptime = seconds;
      return null;
    }
    case UPPER.F: {
      const flags = parseUint32(bytes, start + 1, end);
      if (flags === undefined) return BAD_CLIENT_FLAGS;
      meta.clientFlags = flags;
      return null;
    }
    case UPPER.C:
    case UPPER.E:
    case UPPER.J:
    case UPPER.D: {
      const number = parseUint64(bytes, start + 1, end);
      if (number === undefined) return NUMBER_ERRORS.get(bit) ?? BAD_TOKEN;
      if (bit === UPPER.C) meta.cas = number;
      else if (bit === UPPER.E) meta.newCas = number;
      else if (bit === UPPER.J) meta.initial = number;
      else meta.delta = number;
      return null;
    }
    default:
      return null;
  }
}

const NUMBER_ERRORS: ReadonlyMap<number, string> = new Map([
  [UPPER.J, 'CLIENT_ERROR invalid numeric initial value'],
  [UPPER.D, 'CLIENT_ERROR invalid numeric delta value'],
]);

/** memcached finds this last, after all other errors of the line. */
function isOpaqueTooLong({ meta }: Request): boolean {
  return meta.opaque.length > OPAQUE_MAX_BYTES;
}

/** Letters, digits, and what stands between upper and lower case: bytes that memcached looks up among its flags. */
function mayBeFlag(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= UPPER_A && byte < LOWER_A + 26);
}

/** I + D -, and none. */
function isArithmeticMode(mode: number): boolean {
  return mode === 0 || mode === 0x49 || mode === 0x2b || isDecrement(mode);
}

/** Whether ma subtracts in this mode. */
export function isDecrement(mode: number): boolean {
  return mode === 0x44 || mode === 0x2d;
}

/** The raw bytes of a key in strict, padded base64; undefined for anything else. */
function decodedKey(text: string): Buffer | undefined {
  return BASE64.test(text) ? Buffer.from(text, 'base64') : undefined;
}
