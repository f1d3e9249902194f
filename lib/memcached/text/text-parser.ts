/**
 * The classic text commands: a line's bytes to a Request. Pure: it knows neither items nor sockets.
 * Sources: memcached's protocol.txt, and the server's own answers where that is silent.
 */

import { KEY_MAX_BYTES } from '../../items/key.js';
import { DATA_LENGTH_END } from '../limits.js';
import {
  BAD_FORMAT,
  type CasId,
  type LineOutcome,
  type MetaVerb,
  type Request,
  type StoreMode,
  type Verb,
} from '../request.js';
import { parseExptime, parseFlags, parseInt32, parseUint64 } from '../wire-number.js';

export const UNKNOWN_COMMAND = 'ERROR';
const BAD_EXPTIME = 'CLIENT_ERROR invalid exptime argument';
const BAD_DELTA = 'CLIENT_ERROR invalid numeric delta argument';

const SPACE = 0x20;
/** Tokens whose bounds are kept; of a longer line also the last one. */
const TOKENS_KEPT = 8;
/** What memcached's own clients and `memccapable` agree on: `delete k 0 noreply` is the longest form. */
const DELETE_MAX_TOKENS = 4;

export class TextParser {
  error = '';

  readonly #starts = new Int32Array(TOKENS_KEPT);
  readonly #ends = new Int32Array(TOKENS_KEPT);
  #count = 0;
  #lastStart = 0;
  #lastEnd = 0;

  /** Parses the line in `bytes[start, end)`, without its end, into `request`. O(line). */
  parse(bytes: Buffer, start: number, end: number, request: Request): LineOutcome {
    request.noreply = false;
    if (bytes[start] === SPACE) return this.#unknown(bytes, start, end, request);
    let wordEnd = start;
    while (wordEnd < end && bytes[wordEnd] !== SPACE) wordEnd++;
    const command = commandOf(bytes, start, wordEnd);
    if (command === undefined) return this.#unknown(bytes, start, end, request);
    request.verb = command.verb;
    return this[command.method](bytes, wordEnd, end, request);
  }

  /** `get k …`, `gets k …` */
  retrieval(bytes: Buffer, start: number, end: number, request: Request): LineOutcome {
    let longest = 0;
    let length = 0;
    for (let i = start; i < end; i++) {
      length = bytes[i] === SPACE ? 0 : length + 1;
      if (length > longest) longest = length;
    }
    if (longest === 0 || longest > KEY_MAX_BYTES) return this.#fail(BAD_FORMAT);
    request.line = bytes;
    request.keysStart = start;
    request.keysEnd = end;
    return 'ready';
  }

  /** `gat <exptime> k …`, `gats <exptime> k …` */
  getAndTouch(bytes: Buffer, start: number, end: number, request: Request): LineOutcome {
    this.#tokenize(bytes, start, end);
    if (this.#count < 2) return this.#fail(BAD_FORMAT);
    const exptime = parseInt32(bytes, this.#starts[0]!, this.#ends[0]!);
    if (exptime === undefined) return this.#fail(BAD_EXPTIME);
    request.exptime = exptime;
    return this.retrieval(bytes, this.#ends[0]!, end, request);
  }

  /**
   * `set k <flags> <exptime> <bytes> [noreply]` and alike; `cas` has the id before `noreply`. Once the length is known,
   * any further error discards the data: it must never run as commands.
   */
  storage(bytes: Buffer, start: number, end: number, request: Request): LineOutcome {
    this.#tokenize(bytes, start, end);
    if (this.#count < 4) return this.#fail(BAD_FORMAT);
    const starts = this.#starts;
    const ends = this.#ends;
    const length = parseInt32(bytes, starts[3]!, ends[3]!);
    // Found before noreply is read: it is answered, and no data is discarded.
    if (length === undefined || length < 0 || length >= DATA_LENGTH_END) return this.#fail(BAD_FORMAT);
    request.dataLength = length;
    request.noreply = this.#endsWithNoreply(bytes);
    const flags = parseFlags(bytes, starts[1]!, ends[1]!);
    const exptime = parseExptime(bytes, starts[2]!, ends[2]!);
    const cas = request.verb === 'cas' ? this.#casId(bytes) : 0;
    if (this.#keyTooLong() || flags === undefined || exptime === undefined || cas === undefined) {
      this.error = BAD_FORMAT;
      return 'error-after-data';
    }
    request.key.setBytes(bytes, this.#starts[0]!, this.#ends[0]!);
    request.flags = flags;
    request.exptime = exptime;
    request.cas = cas;
    // The verbs of this method are the modes.
    request.mode = request.verb as StoreMode;
    request.dropsWhenRefused = request.verb === 'set';
    return 'data';
  }

  #casId(bytes: Buffer): CasId | undefined {
    return this.#count > 4 ? parseUint64(bytes, this.#starts[4]!, this.#ends[4]!) : undefined;
  }

  /** `delete k [0] [noreply]` */
  deletion(bytes: Buffer, start: number, end: number, request: Request): LineOutcome {
    this.#tokenize(bytes, start, end);
    if (this.#count < 1 || this.#count > DELETE_MAX_TOKENS - 1) return this.#fail(BAD_FORMAT);
    request.cas = 0;
    return this.#keyOnly(bytes, request);
  }

  /** `incr k <delta> [noreply]`, `decr k <delta> [noreply]` */
  arithmetic(bytes: Buffer, start: number, end: number, request: Request): LineOutcome {
    this.#tokenize(bytes, start, end);
    if (this.#count < 2) return this.#fail(BAD_FORMAT);
    const outcome = this.#keyOnly(bytes, request);
    if (outcome !== 'ready') return outcome;
    const delta = parseUint64(bytes, this.#starts[1]!, this.#ends[1]!);
    if (delta === undefined) return this.#fail(BAD_DELTA);
    request.delta = delta;
    return 'ready';
  }

  /** `touch k <exptime> [noreply]` */
  touch(bytes: Buffer, start: number, end: number, request: Request): LineOutcome {
    this.#tokenize(bytes, start, end);
    if (this.#count < 2) return this.#fail(BAD_FORMAT);
    const outcome = this.#keyOnly(bytes, request);
    if (outcome !== 'ready') return outcome;
    const exptime = parseInt32(bytes, this.#starts[1]!, this.#ends[1]!);
    if (exptime === undefined) return this.#fail(BAD_EXPTIME);
    request.exptime = exptime;
    return 'ready';
  }

  /** `flush_all [delay] [noreply]` */
  flush(bytes: Buffer, start: number, end: number, request: Request): LineOutcome {
    this.#tokenize(bytes, start, end);
    request.noreply = this.#endsWithNoreply(bytes);
    const hasDelay = this.#count > (request.noreply ? 1 : 0);
    const exptime = hasDelay ? parseInt32(bytes, this.#starts[0]!, this.#ends[0]!) : 0;
    // For the command to refuse: it counts whatever stands there.
    request.exptime = exptime ?? Number.NaN;
    return 'ready';
  }

  /** A command whose arguments are tokens, the last of which may be noreply: `verbosity 1 noreply`. */
  wordsOrNoreply(bytes: Buffer, start: number, end: number, request: Request): LineOutcome {
    this.#tokenize(bytes, start, end);
    request.noreply = this.#endsWithNoreply(bytes);
    return this.tokens(bytes, start, end, request);
  }

  /** A command whose arguments are tokens, and which is always answered: `stats items`. */
  tokens(bytes: Buffer, start: number, end: number, request: Request): LineOutcome {
    request.args = bytes
      .toString('latin1', start, end)
      .split(' ')
      .filter((token) => token !== '');
    return 'ready';
  }

  /** A command that ignores whatever follows it, `noreply` too. */
  bare(_bytes: Buffer, _start: number, _end: number, _request: Request): LineOutcome {
    return 'ready';
  }

  #keyOnly(bytes: Buffer, request: Request): LineOutcome {
    request.noreply = this.#endsWithNoreply(bytes);
    if (this.#keyTooLong()) return this.#fail(BAD_FORMAT);
    request.key.setBytes(bytes, this.#starts[0]!, this.#ends[0]!);
    return 'ready';
  }

  #keyTooLong(): boolean {
    return this.#ends[0]! - this.#starts[0]! > KEY_MAX_BYTES;
  }

  #fail(error: string): LineOutcome {
    this.error = error;
    return 'error';
  }

  #unknown(bytes: Buffer, start: number, end: number, request: Request): LineOutcome {
    this.#tokenize(bytes, start, end);
    request.noreply = this.#endsWithNoreply(bytes);
    const last = bytes.toString('latin1', this.#lastStart, Math.min(this.#lastEnd, this.#lastStart + 5));
    if (this.#count > 1 && last === 'HTTP/') return 'close';
    return this.#fail(UNKNOWN_COMMAND);
  }

  /** Finds the tokens in `bytes[start, end)`: separated by spaces, and by nothing else. */
  #tokenize(bytes: Buffer, start: number, end: number): void {
    let count = 0;
    let i = start;
    this.#lastStart = end;
    this.#lastEnd = end;
    for (;;) {
      while (i < end && bytes[i] === SPACE) i++;
      if (i === end) break;
      const tokenStart = i;
      while (i < end && bytes[i] !== SPACE) i++;
      if (count < TOKENS_KEPT) {
        this.#starts[count] = tokenStart;
        this.#ends[count] = i;
      }
      this.#lastStart = tokenStart;
      this.#lastEnd = i;
      count++;
    }
    this.#count = count;
  }

  #endsWithNoreply(bytes: Buffer): boolean {
    return (
      this.#lastEnd - this.#lastStart === 7 &&
      bytes.toString('latin1', this.#lastStart, this.#lastEnd) === 'noreply'
    );
  }
}

type TextVerb = Exclude<Verb, MetaVerb>;

/** Which method parses a command's arguments. */
const METHOD_BY_VERB = {
  get: 'retrieval',
  gets: 'retrieval',
  gat: 'getAndTouch',
  gats: 'getAndTouch',
  set: 'storage',
  add: 'storage',
  replace: 'storage',
  append: 'storage',
  prepend: 'storage',
  cas: 'storage',
  delete: 'deletion',
  incr: 'arithmetic',
  decr: 'arithmetic',
  touch: 'touch',
  flush_all: 'flush',
  version: 'bare',
  quit: 'bare',
  verbosity: 'wordsOrNoreply',
  stats: 'tokens',
  cache_memlimit: 'wordsOrNoreply',
  shutdown: 'wordsOrNoreply',
  debugtime: 'wordsOrNoreply',
  lru: 'wordsOrNoreply',
  lru_crawler: 'wordsOrNoreply',
  slabs: 'wordsOrNoreply',
  extstore: 'wordsOrNoreply',
  watch: 'tokens',
  refresh_certs: 'tokens',
} as const satisfies Record<TextVerb, Exclude<keyof TextParser, 'error' | 'parse'>>;

interface Command {
  readonly verb: TextVerb;
  readonly method: (typeof METHOD_BY_VERB)[TextVerb];
}

/** The commands, by the first byte of their names. */
const COMMANDS_BY_LETTER: readonly (readonly Command[] | undefined)[] = commandsByLetter();

function commandsByLetter(): (Command[] | undefined)[] {
  const table = new Array<Command[] | undefined>(256).fill(undefined);
  for (const verb of Object.keys(METHOD_BY_VERB) as TextVerb[]) {
    const letter = verb.charCodeAt(0);
    table[letter] ??= [];
    table[letter].push({ verb, method: METHOD_BY_VERB[verb] });
  }
  return table;
}

/** Compared by their bytes: a string for each line's verb would take longer than reading most lines. */
function commandOf(bytes: Buffer, start: number, end: number): Command | undefined {
  const commands = COMMANDS_BY_LETTER[bytes[start]!];
  if (commands === undefined) return undefined;
  for (const command of commands) if (isVerb(command.verb, bytes, start, end)) return command;
  return undefined;
}

function isVerb(verb: string, bytes: Buffer, start: number, end: number): boolean {
  if (verb.length !== end - start) return false;
  for (let i = 1; i < verb.length; i++) if (verb.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}
