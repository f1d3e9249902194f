/** The text side of a conversation: lines of the classic and the meta commands, and the data that follows some. */

import { admin } from '../admin/admin.js';
import type { AdminAnswer } from '../admin/answer.js';
import { TOO_MANY_WATCHERS } from '../admin/watch.js';
import { GIVEN_UP } from '../byte-collector.js';
import { adjust, countMiss } from '../commands/arithmetic.js';
import { flush, remove } from '../commands/deletion.js';
import { metaArithmetic } from '../commands/meta/meta-arithmetic.js';
import { metaDebug } from '../commands/meta/meta-debug.js';
import { metaDelete } from '../commands/meta/meta-delete.js';
import { metaGet } from '../commands/meta/meta-get.js';
import { metaSet } from '../commands/meta/meta-set.js';
import { answerKeys } from '../commands/multi-get.js';
import { touch } from '../commands/retrieval.js';
import { beginStore, refuseStore, store } from '../commands/storage.js';
import { silently, slowly, writeLines } from '../incremental-replies.js';
import type { Lines } from '../incremental-task.js';
import { DATA_FIRST_BYTES, GET_LINE_MAX_BYTES, LINE_MAX_BYTES, LINE_MAX_LEADING_BLANKS } from '../limits.js';
import type { LineOutcome } from '../line-outcome.js';
import { MetaParser, metaVerbOf } from '../meta/meta-parser.js';
import type { Reply } from '../reply.js';
import { Request } from '../request.js';
import type { ProtocolHandler, SessionIo } from '../session-io.js';
import type { Watcher } from '../watch/watcher.js';
import { ownedWireValue, type WireValue, wireValue } from '../wire-value.js';
import { tryFastPath } from './text-fast-path.js';
import { TextParser } from './text-parser.js';
import { TEXT_REPLIES } from './text-replies.js';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;

/**
 * - `line`: a command is awaited or half read;
 * - `keys`, `dump`: a reply is made piece by piece;
 * - `data`, `swallow`: data arrives, to be stored or passed over;
 * - `watch`: the client takes lines of the log.
 */
type Phase = 'line' | 'keys' | 'data' | 'swallow' | 'dump' | 'watch';

/** Shared by all conversations: a line is parsed and acted on in one go. */
const textParser = new TextParser();
const metaParser = new MetaParser();

export class TextHandler implements ProtocolHandler {
  readonly #io: SessionIo;
  readonly #request = new Request();
  #phase: Phase = 'line';

  /** When data has begun to be awaited. */
  #dataSinceMs = 0;
  /** Bytes of refused data still to pass over, and what is answered then. */
  #toSwallow = 0;
  #afterSwallow = '';
  #dump: Lines | null = null;
  #watcher: Watcher | null = null;

  constructor(io: SessionIo) {
    this.#io = io;
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
    if (incomplete.length === 0 && !io.traces && tryFastPath(io, this.#request)) return;
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
    const metaVerb = metaVerbOf(bytes, start, end);
    if (metaVerb === undefined) {
      this.#act(textParser.parse(bytes, start, end, request), textParser);
    } else {
      this.#act(metaParser.parse(metaVerb, bytes, start + 2, end, request), metaParser);
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
        metaGet(items, request, out);
        break;
      case 'md':
        metaDelete(items, request, out);
        break;
      case 'ma':
        metaArithmetic(items, request, out);
        break;
      case 'mn':
        out.text('MN\r\n');
        break;
      case 'me':
        out.text(metaDebug(items, request));
        break;
      case 'delete':
        this.#reply(remove(items, request));
        break;
      case 'touch':
        this.#reply(touch(items, request));
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
    const result = adjust(items, { key, increments, delta, cas: 0 });
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
    const refusal = beginStore(io.items, request);
    if (refusal !== null) {
      this.#beginSwallow(request.noreply ? '' : TEXT_REPLIES[refusal]);
      return;
    }
    const start = io.position;
    const end = start + request.dataLength;
    if (end + 2 > io.chunk.length) {
      this.#phase = 'data';
      this.#dataSinceMs = io.items.clock.now();
      return;
    }
    // The usual case: all of it is here.
    request.waitedMs = 0;
    io.position = end + 2;
    if (endsInCrlf(io.chunk, end)) this.#store(wireValue(io.chunk, start, end));
    else this.#reply('bad-data');
  }

  #readData(): void {
    const io = this.#io;
    const total = this.#request.dataLength + 2;
    const data = io.collect(total, DATA_FIRST_BYTES);
    if (data === null) return;
    this.#phase = 'line';
    io.items.applyDueFlush();
    if (data === GIVEN_UP) {
      this.#reply(refuseStore(io.items, this.#request));
      return;
    }
    // A time to live counts from the command on.
    this.#request.waitedMs = io.items.clock.now() - this.#dataSinceMs;
    if (endsInCrlf(data, total - 2)) this.#store(ownedWireValue(data, total - 2));
    else this.#reply('bad-data');
  }

  #store(value: WireValue): void {
    const request = this.#request;
    const { items, out } = this.#io;
    if (request.verb === 'ms') metaSet(items, request, value, out);
    else this.#reply(store(items, request, value));
  }

  #beginSwallow(answer: string): void {
    this.#toSwallow = this.#request.dataLength + 2;
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
  const word = line.toString('latin1', start, start + 5);
  return word.startsWith('get ') || word === 'gets ';
}
