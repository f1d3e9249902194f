/** Handles the text protocol: lines of the classic and the meta commands, and the data that follows some. */

import { HASH_FACTOR, KEY_MAX_BYTES } from '../../items/key.js';
import { admin, TOO_MANY_WATCHERS } from '../admin/admin.js';
import type { AdminAnswer } from '../admin/answers.js';
import { GIVEN_UP } from '../byte-collector.js';
import { adjust, countMiss } from '../commands/arithmetic.js';
import { flush, remove } from '../commands/deletion.js';
import { metaArithmetic } from '../commands/meta/meta-arithmetic.js';
import { metaDebug } from '../commands/meta/meta-debug.js';
import { metaDelete } from '../commands/meta/meta-delete.js';
import { metaGet } from '../commands/meta/meta-get.js';
import { metaSet } from '../commands/meta/meta-set.js';
import { answerKey, answerKeys, touch } from '../commands/retrieval.js';
import { beginStore, refuseStore, store, storeFast } from '../commands/storage.js';
import type { IncrementalTask, Lines } from '../incremental-task.js';
import {
  GET_LINE_MAX_BYTES,
  LINE_MAX_BYTES,
  LINE_MAX_LEADING_BLANKS,
  LINE_MIN_BYTES,
  RELATIVE_EXPTIME_MAX_SECONDS,
  REPLIES_MAX_BYTES,
} from '../limits.js';
import { LOWER } from '../meta/meta-flags.js';
import { MetaParser, metaVerbOf } from '../meta/meta-parser.js';
import { BAD_FORMAT, type LineOutcome, type Reply, type Request } from '../request.js';
import { NOTHING, type ProtocolHandler, type SessionIo, TRACE_VERBOSITY } from '../session-io.js';
import type { Watcher } from '../watch/watcher.js';
import { TextParser } from './text-parser.js';
import { TEXT_REPLIES } from './text-replies.js';

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const ZERO = 0x30;
const UPPER_F = 0x46;
const UPPER_T = 0x54;
const LOWER_A = 0x61;
const LOWER_E = 0x65;
const LOWER_G = 0x67;
const LOWER_M = 0x6d;
const LOWER_S = 0x73;
const LOWER_T = 0x74;

const NUMBER_MAX_DIGITS = 9;

/** What ends the line of a command that wants no answer. */
const NOREPLY = ' noreply';

/** All but `b`, which makes the key another one. */
const PLAIN_FLAGS = Object.values(LOWER).reduce((all, bit) => all | bit, 0) & ~LOWER.b;

/**
 * - `line`: a command is awaited or half read;
 * - `keys`, `dump`: a long reply is sent in chunks;
 * - `data`, `swallow`: data arrives, to be stored or discarded;
 * - `watch`: the client receives lines of the log.
 */
type Phase = 'line' | 'keys' | 'data' | 'swallow' | 'dump' | 'watch';

export class TextHandler implements ProtocolHandler {
  readonly #io: SessionIo;
  readonly #request: Request;
  readonly #fastPath: FastPath;
  readonly #textParser = new TextParser();
  readonly #metaParser = new MetaParser();
  #phase: Phase = 'line';

  /** When the command that the data belongs to arrived. */
  #dataSinceMs = 0;
  /** Bytes of refused data still to discard, and the reply after them. */
  #toSwallow = 0;
  #afterSwallow = '';
  #dump: Lines | null = null;
  #watcher: Watcher | null = null;

  constructor(io: SessionIo) {
    this.#io = io;
    this.#request = io.request;
    this.#fastPath = new FastPath(io);
  }

  get idle(): boolean {
    return (this.#phase === 'line' && this.#io.incomplete.length === 0) || this.#phase === 'watch';
  }

  get receivingData(): boolean {
    return this.#phase === 'data' || this.#phase === 'swallow';
  }

  get watching(): boolean {
    return this.#phase === 'watch';
  }

  get hasWork(): boolean {
    if (this.#phase === 'data') return this.#io.hasReadData;
    return this.#phase === 'keys' || this.#phase === 'dump' || this.#watcher?.waits === true;
  }

  step(): void {
    switch (this.#phase) {
      case 'line':
        this.#readLine();
        break;
      case 'keys':
        this.#continueKeys();
        break;
      case 'data':
        this.#readData();
        break;
      case 'swallow':
        this.#swallow();
        break;
      case 'dump':
        this.#continueDump();
        break;
      case 'watch':
        // The connection takes no commands any more.
        this.#io.position = this.#io.chunk.length;
        this.#io.out.text(this.#watcher!.take());
        break;
    }
  }

  close(): void {
    this.#dump?.return?.();
    this.#dump = null;
    this.#watcher?.close();
  }

  // Lines

  #readLine(): void {
    const io = this.#io;
    const { chunk, position, incomplete } = io;
    if (incomplete.length === 0 && io.items.verbosity < TRACE_VERBOSITY && this.#fastPath.serves()) {
      if (this.#request.line.length > 0) this.#phase = 'keys';
      return;
    }
    const lineEnd = chunk.indexOf(LF, position);
    if (lineEnd === -1) {
      this.#keepPartialLine();
      return;
    }
    io.position = lineEnd + 1;
    io.requestsLeft--;
    if (incomplete.length === 0) {
      this.#executeLine(chunk, position, lineEnd);
      return;
    }
    incomplete.append(chunk, position, lineEnd);
    const { length } = incomplete;
    const line = io.takeIncomplete();
    if (line === GIVEN_UP) {
      io.out.text('SERVER_ERROR out of memory reading request\r\n');
      io.fail();
    } else this.#executeLine(line, 0, length);
  }

  #keepPartialLine(): void {
    const io = this.#io;
    const held = io.incomplete;
    held.append(io.chunk, io.position, io.chunk.length);
    io.position = io.chunk.length;
    if (held.length <= LINE_MAX_BYTES) return;
    io.noteIncomplete();
    const mayBeGet = held.isGivenUp || beginsLikeGet(held.bytes);
    if (held.length > GET_LINE_MAX_BYTES || !mayBeGet) io.fail();
  }

  #executeLine(bytes: Buffer, start: number, lineEnd: number): void {
    const request = this.#request;
    const end = lineEnd > start && bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
    const io = this.#io;
    io.items.applyDueFlush();
    if (io.traces) io.trace(bytes, start, end);
    if (lineEnd - start < LINE_MIN_BYTES) {
      this.#line(BAD_FORMAT);
      return;
    }
    const metaVerb = metaVerbOf(bytes, start, end);
    if (metaVerb === undefined) {
      this.#act(this.#textParser.parse(bytes, start, end, request), this.#textParser);
    } else {
      this.#act(this.#metaParser.parse(metaVerb, bytes, start + 2, end, request), this.#metaParser);
    }
  }

  #act(outcome: LineOutcome, parser: { readonly error: string }): void {
    const request = this.#request;
    switch (outcome) {
      case 'ready':
        this.#execute(request);
        break;
      case 'data':
        this.#beginData(request);
        break;
      case 'error':
        if (!request.noreply) this.#line(parser.error);
        break;
      case 'error-after-data':
        this.#beginSwallow(request.noreply ? '' : `${parser.error}\r\n`);
        break;
      case 'close':
        this.#io.fail();
        break;
    }
  }

  #execute(request: Request): void {
    const { items, out } = this.#io;
    switch (request.verb) {
      case 'get':
      case 'gets':
      case 'gat':
      case 'gats':
        this.#continueKeys();
        break;
      case 'mg':
        this.#io.keysLeft--;
        metaGet(this.#io, request);
        break;
      case 'md':
        metaDelete(this.#io, request);
        break;
      case 'ma':
        metaArithmetic(this.#io, request);
        break;
      case 'mn':
        out.text('MN\r\n');
        break;
      case 'me':
        out.text(metaDebug(this.#io, request));
        break;
      case 'delete':
        this.#reply(remove(this.#io, request));
        break;
      case 'touch':
        this.#reply(touch(this.#io, request));
        break;
      case 'incr':
      case 'decr':
        this.#adjust(request);
        break;
      case 'flush_all':
        this.#flush(request);
        break;
      case 'quit':
        this.#io.closed = true;
        break;
      default:
        this.#answer(admin(items, request));
    }
  }

  #adjust(request: Request): void {
    const { items } = this.#io;
    const { key, delta } = request;
    const increments = request.verb === 'incr';
    const result = adjust(this.#io, { key, increments, delta, cas: 0 });
    if (result === 'not-found') countMiss(items, increments);
    if (typeof result === 'string') this.#reply(result);
    else if (!request.noreply) this.#line(result.digits);
  }

  #flush(request: Request): void {
    const outcome = flush(this.#io.items, request);
    if (typeof outcome === 'string') this.#reply(outcome);
    else {
      this.#dump = slowly(outcome, request.noreply ? '' : TEXT_REPLIES.ok);
      this.#phase = 'dump';
    }
  }

  // Administration

  #answer(answer: AdminAnswer): void {
    if (answer === null) this.#io.closed = true;
    else if (typeof answer === 'string') {
      if (!this.#request.noreply) this.#io.out.text(answer);
    } else if ('lines' in answer) {
      this.#dump = this.#request.noreply ? silently(answer.lines) : answer.lines;
      this.#phase = 'dump';
    } else this.#beginWatching(answer.watch);
  }

  #beginWatching(categories: number): void {
    const { items, out, wake } = this.#io;
    this.#watcher = items.log.open(categories, wake);
    if (this.#watcher === null) out.text(TOO_MANY_WATCHERS);
    else this.#phase = 'watch';
  }

  #continueDump(): void {
    if (!writeLines(this.#io, this.#dump!)) return;
    this.#dump = null;
    this.#phase = 'line';
  }

  #continueKeys(): void {
    this.#phase = answerKeys(this.#io, this.#request) ? 'line' : 'keys';
  }

  // Data of storage commands

  #beginData(request: Request): void {
    const io = this.#io;
    const refusal = beginStore(io, request);
    if (refusal !== null) {
      this.#beginSwallow(request.noreply ? '' : TEXT_REPLIES[refusal]);
      return;
    }
    const start = io.position;
    const end = start + request.dataLength;
    if (end + 2 > io.chunk.length) {
      io.beginData(request.dataLength, 2);
      this.#phase = 'data';
      this.#dataSinceMs = io.items.clock.now();
      return;
    }
    // The usual case: all of it is here.
    request.waitedMs = 0;
    io.position = end + 2;
    request.data.set(io.chunk, start, end);
    this.#store(endsInCrlf(io.chunk, end));
  }

  #readData(): void {
    const io = this.#io;
    const ended = io.collectData(this.#request.dataLength, 2);
    if (ended === null) return;
    this.#phase = 'line';
    io.items.applyDueFlush();
    // A time to live counts from the command on.
    this.#request.waitedMs = io.items.clock.now() - this.#dataSinceMs;
    if (ended === GIVEN_UP) this.#reply(refuseStore(io, this.#request));
    else this.#store(endsInCrlf(ended, this.#request.data.end));
    io.endData();
  }

  #store(isWhole: boolean): void {
    const request = this.#request;
    if (!isWhole) this.#reply('bad-data');
    else if (request.verb === 'ms') metaSet(this.#io, request);
    else this.#reply(store(this.#io, request));
  }

  #beginSwallow(answer: string): void {
    this.#toSwallow = this.#request.dataLength + 2;
    this.#request.key.bytes = NOTHING;
    this.#afterSwallow = answer;
    this.#phase = 'swallow';
  }

  #swallow(): void {
    this.#toSwallow = this.#io.skip(this.#toSwallow);
    if (this.#toSwallow > 0) return;
    this.#phase = 'line';
    this.#io.out.text(this.#afterSwallow);
  }

  #reply(reply: Reply): void {
    if (!this.#request.noreply) this.#io.out.text(TEXT_REPLIES[reply]);
  }

  #line(text: string): void {
    const { out } = this.#io;
    out.text(text);
    out.text('\r\n');
  }
}

function endsInCrlf(bytes: Buffer, at: number): boolean {
  return bytes[at] === CR && bytes[at + 1] === LF;
}

/** memcached lets a line without end grow only if, after some blanks, it may be a get of many keys. */
function beginsLikeGet(line: Buffer): boolean {
  let start = 0;
  while (start < LINE_MAX_LEADING_BLANKS && line[start] === SPACE) start++;
  const verb = line.toString('latin1', start, start + 5);
  return verb.startsWith('get ') || verb === 'gets ';
}

/** Writes until too many replies wait; true when all is written. */
function writeLines(io: SessionIo, lines: Lines): boolean {
  const { out } = io;
  while (out.length < REPLIES_MAX_BYTES) {
    const { done, value } = lines.next();
    if (done === true) return true;
    if (value === '') {
      io.slicing = true;
      return false;
    }
    out.text(value);
  }
  return false;
}

/** The same work, without a reply. */
function* silently(lines: Lines): Generator<string, void, undefined> {
  try {
    while (lines.next().done !== true) yield '';
  } finally {
    lines.return?.();
  }
}

/** Work whose reply comes at its end. */
function* slowly(work: IncrementalTask, answer: string): Generator<string, void, undefined> {
  while (work.next().done !== true) yield '';
  yield answer;
}

/**
 * The requests that most of the traffic is made of, read byte by byte in one pass:
 *
 *     get <key> <key>…\r\n
 *     gets <key> <key>…\r\n
 *     set <key> <flags> <exptime> <bytes>[ noreply]\r\n<data>\r\n
 *     mg <key> <flag>*\r\n
 *     ms <key> <bytes>[ T<exptime>][ F<flags>]\r\n<data>\r\n
 *
 * with single blanks, numbers of up to nine digits, exptimes in seconds, flags of mg that are lower-case letters, and all of it there.
 * For anything else `serves` returns false without effect, and the parsers take over; they give these requests the same
 * answers. As in the engine, `private` is TypeScript's: V8 inlines more.
 */
class FastPath {
  private readonly io: SessionIo;
  private readonly request: Request;
  private readonly hashSeed: number;
  /** Keys of a line: where each begins and ends, and its hash. */
  private readonly run: Int32Array;
  /** Where the number ends that `readNumber` has read last. */
  private numberEnd = 0;

  constructor(io: SessionIo) {
    this.io = io;
    this.request = io.request;
    this.hashSeed = io.items.entries.hashSeed;
    this.run = io.items.keyRun;
  }

  /**
   * Serves the request at the io's position, if it is one of these; what does not fit into the turn is left to `answerKeys`.
   * Only called while commands are not logged.
   */
  serves(): boolean {
    const { io } = this;
    const { chunk, position } = io;
    // No request is shorter than `mg k` and its end; what is read here is there.
    if (chunk.length - position < 6 || io.items.hasObservers) return false;
    const first = chunk[position]!;
    const second = chunk[position + 1]!;
    if (second === LOWER_E && chunk[position + 2] === LOWER_T) {
      const fourth = chunk[position + 3]!;
      if (first === LOWER_S) return fourth === SPACE && this.serveSet(position + 4);
      if (first !== LOWER_G) return false;
      if (fourth === SPACE) return this.serveGets(position + 4, false);
      return fourth === LOWER_S && chunk[position + 4] === SPACE && this.serveGets(position + 5, true);
    }
    if (first !== LOWER_M || chunk[position + 2] !== SPACE) return false;
    if (second === LOWER_G) return this.serveMetaGet(position + 3);
    return second === LOWER_S && this.serveMetaSet(position + 3);
  }

  /** Reads all keys of the line before it answers the first: a bad one changes the whole answer. */
  private serveGets(keysStart: number, withCasId: boolean): boolean {
    const { io, run, request } = this;
    const { chunk } = io;
    const { key } = request;
    let count = 0;
    let end = this.readKey(chunk, keysStart);
    for (; end !== 0 && chunk[end] === SPACE && count < run.length; end = this.readKey(chunk, end + 1)) {
      run[count++] = key.start;
      run[count++] = end;
      run[count++] = key.hash;
    }
    if (end === 0 || !isLineEnd(chunk, end)) return false;
    this.begin(end + 2);
    const { start, hash } = key;
    for (let at = 0; at <= count; at += 3) {
      if (at < count) key.set(chunk, run[at]!, run[at + 1]!, run[at + 2]!);
      else if (count > 0) key.set(chunk, start, end, hash);
      if (io.out.length >= REPLIES_MAX_BYTES || --io.keysLeft < 0) {
        // A later turn goes on with the keys from here.
        request.verb = withCasId ? 'gets' : 'get';
        request.line = chunk;
        request.keysStart = key.start;
        request.keysEnd = end;
        return true;
      }
      answerKey(io, key, withCasId, null);
    }
    io.out.end();
    return true;
  }

  private serveMetaGet(keyStart: number): boolean {
    const { io, request } = this;
    const { chunk } = io;
    const keyEnd = this.readKey(chunk, keyStart);
    if (keyEnd === 0) return false;
    const { meta } = request;
    meta.reset();
    let at = keyEnd;
    for (; at + 1 < chunk.length && chunk[at] === SPACE; at += 2) {
      const letter = chunk[at + 1]!;
      const bit = letter >= LOWER_A ? 1 << (letter - LOWER_A) : 0;
      if (letter >= LOWER_A + 26 || (bit & PLAIN_FLAGS & ~meta.lower) === 0) return false;
      meta.lower |= bit;
      meta.letters[meta.count++] = letter;
    }
    if (!isLineEnd(chunk, at)) return false;
    this.begin(at + 2);
    io.keysLeft--;
    request.verb = 'mg';
    request.noreply = false;
    metaGet(io, request);
    return true;
  }

  private serveSet(keyStart: number): boolean {
    const { io } = this;
    const { chunk } = io;
    const keyEnd = this.readKey(chunk, keyStart);
    if (keyEnd === 0) return false;
    const flags = this.readNumber(chunk, SPACE, keyEnd);
    if (flags < 0) return false;
    const exptime = this.readNumber(chunk, SPACE, this.numberEnd);
    if (exptime < 0 || exptime > RELATIVE_EXPTIME_MAX_SECONDS) return false;
    const bytes = this.readNumber(chunk, SPACE, this.numberEnd);
    if (bytes < 0) return false;
    const noreply = isNoreply(chunk, this.numberEnd);
    const lineEnd = noreply ? this.numberEnd + NOREPLY.length : this.numberEnd;
    const reply = this.setData(flags, exptime, lineEnd, bytes);
    if (reply === null) return false;
    if (noreply) return true;
    if (reply === 'stored') io.out.stored();
    else io.out.text(TEXT_REPLIES[reply]);
    return true;
  }

  private serveMetaSet(keyStart: number): boolean {
    const { io } = this;
    const { chunk } = io;
    const keyEnd = this.readKey(chunk, keyStart);
    if (keyEnd === 0) return false;
    const bytes = this.readNumber(chunk, SPACE, keyEnd);
    if (bytes < 0) return false;
    let exptime = 0;
    let flags = 0;
    let at = this.numberEnd;
    if (chunk[at] === SPACE && chunk[at + 1] === UPPER_T) {
      exptime = this.readNumber(chunk, UPPER_T, at + 1);
      at = this.numberEnd;
    }
    if (exptime >= 0 && chunk[at] === SPACE && chunk[at + 1] === UPPER_F) {
      flags = this.readNumber(chunk, UPPER_F, at + 1);
      at = this.numberEnd;
    }
    if (exptime < 0 || exptime > RELATIVE_EXPTIME_MAX_SECONDS || flags < 0) return false;
    const reply = this.setData(flags, exptime, at, bytes);
    if (reply === null) return false;
    io.out.text(reply === 'stored' ? 'HD\r\n' : TEXT_REPLIES[reply]);
    return true;
  }

  /** Stores the data after the line that ends at `lineEnd`; null when it is not to be done here. */
  private setData(flags: number, exptime: number, lineEnd: number, bytes: number): Reply | null {
    const { io, request } = this;
    const { chunk } = io;
    const start = lineEnd + 2;
    const end = start + bytes;
    if (end + 2 > chunk.length || !isLineEnd(chunk, lineEnd) || !isLineEnd(chunk, end)) return null;
    if (io.items.isTooLarge(request.key, flags, bytes)) return null;
    this.begin(end + 2);
    request.data.set(chunk, start, end);
    return storeFast(io.items, request, flags, exptime);
  }

  /** From here on the request is served. */
  private begin(next: number): void {
    const { io } = this;
    io.position = next;
    io.requestsLeft--;
    io.items.applyDueFlush();
  }

  /** Reads the key that begins at `start` and returns where it ends; 0 for a key that is none, or not plain. */
  private readKey(chunk: Buffer, start: number): number {
    const { length } = chunk;
    let hash = this.hashSeed;
    let at = start;
    for (; at < length; at++) {
      const byte = chunk[at]!;
      if (byte <= SPACE) break;
      hash = Math.imul(hash ^ byte, HASH_FACTOR);
    }
    const { key } = this.request;
    key.bytes = chunk;
    key.start = start;
    key.end = at;
    key.hash = hash;
    key.knownText = null;
    return at > start && at - start <= KEY_MAX_BYTES ? at : 0;
  }

  /** The number after the byte `lead`, which must be at `start`; -1 for none, or for one that is not plain. */
  private readNumber(chunk: Buffer, lead: number, start: number): number {
    const { length } = chunk;
    if (start >= length || chunk[start] !== lead) return -1;
    let at = start + 1;
    let number = 0;
    for (; at < length; at++) {
      const digit = chunk[at]! - ZERO;
      if (digit < 0 || digit > 9) break;
      number = number * 10 + digit;
    }
    this.numberEnd = at;
    const digits = at - start - 1;
    return digits > 0 && digits <= NUMBER_MAX_DIGITS ? number : -1;
  }
}

function isNoreply(chunk: Buffer, at: number): boolean {
  if (at + NOREPLY.length > chunk.length || chunk[at] !== SPACE) return false;
  for (let i = 1; i < NOREPLY.length; i++) if (chunk[at + i] !== NOREPLY.charCodeAt(i)) return false;
  return true;
}

function isLineEnd(chunk: Buffer, at: number): boolean {
  return at + 1 < chunk.length && chunk[at] === CR && chunk[at + 1] === LF;
}
