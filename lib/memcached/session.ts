/**
 * One connection's protocol state, without any I/O: bytes in by `feed`, replies out through a ReplyBuffer.
 *
 * It never waits, never throws on input, and holds at most one incomplete request: a line (bounded by
 * limits.ts) or data (bounded by the item limit before any of it arrives). When it has done enough for one
 * turn (replies, keys, bytes copied: limits.ts) it stops, also in the middle of a get, and goes on in `resume`; until then the transport must not feed it. So a client that does not read is not read
 * from, and one that asks for much does not hold up the others.
 */

import type { Credentials } from './auth/credentials.js';
import { ByteCollector } from './byte-collector.js';
import { admin } from './commands/admin/admin.js';
import type { ProtocolChoice } from './commands/admin/transport.js';
import { arithmetic } from './commands/arithmetic.js';
import { flush, remove } from './commands/deletion.js';
import { fetch, fetchToTouch, touch } from './commands/retrieval.js';
import { beginStore, store } from './commands/storage.js';
import type { ItemStore } from './item-store.js';
import {
  COPIED_MAX_BYTES_PER_TURN,
  DATA_FIRST_BYTES,
  GET_LINE_MAX_BYTES,
  KEYS_MAX_PER_TURN,
  LINE_MAX_BYTES,
  LINE_MAX_LEADING_BLANKS,
  REPLIES_MAX_BYTES,
} from './limits.js';
import type { Reply } from './reply.js';
import type { ReplyBuffer } from './reply-buffer.js';
import { Request } from './request.js';
import { TextParser } from './text/text-parser.js';
import { TEXT_REPLIES, writeItem } from './text/text-replies.js';
import { ownedWireValue, type WireValue, wireValue } from './wire-value.js';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
/** The first byte of a connection that speaks memcached's binary protocol. */
const BINARY_REQUEST = 0x80;
const NOTHING = Buffer.alloc(0);

/**
 * - `ready`: everything fed has been worked on.
 * - `blocked`: input waits until replies have been taken; call `resume`, feed nothing.
 * - `closed`: the conversation is over; write what replies wait, then end the connection.
 */
export type SessionState = 'ready' | 'blocked' | 'closed';

/** What the transport knows of the connection. */
export interface SessionOptions {
  /** Which protocols the first byte may choose. Default: `auto`. */
  readonly protocol?: ProtocolChoice;
  /** Given, nothing is served before the client has authenticated. */
  readonly credentials?: Credentials | null;
  /** The connection's number, as `stats conns` and the log show it. Default: 0. */
  readonly id?: number;
  /** Called when replies have come up while nothing was fed: the transport should call `resume`. */
  readonly wake?: () => void;
}

type Phase = 'line' | 'keys' | 'data' | 'swallow';

export class Session {
  readonly #items: ItemStore;
  readonly #out: ReplyBuffer;
  readonly #request = new Request();
  readonly #parser = new TextParser();
  #phase: Phase = 'line';
  #begun = false;
  #keysLeft = 0;
  #closed = false;

  /** Input that is being worked on: bytes [position, chunk.length). */
  #chunk: Buffer = NOTHING;
  #position = 0;

  /** What has arrived of a line or a value that is not yet complete. */
  readonly #incomplete = new ByteCollector();

  /** Bytes of refused data still to pass over, and what is answered then. */
  #toSwallow = 0;
  #afterSwallow = '';

  constructor(items: ItemStore, out: ReplyBuffer, _options: SessionOptions = {}) {
    this.#items = items;
    this.#out = out;
  }

  /** True when no request is half read and none waits: a good moment to end the connection. */
  get idle(): boolean {
    return this.#phase === 'line' && this.#incomplete.length === 0 && this.#position === this.#chunk.length;
  }

  /** True while the data of a storage command is being received. */
  get receivingData(): boolean {
    return this.#phase === 'data' || this.#phase === 'swallow';
  }

  /** Works on `chunk`, which the session may keep until it has returned `ready`. */
  feed(chunk: Buffer): SessionState {
    if (!this.#begun && chunk.length > 0) {
      this.#begun = true;
      // The binary protocol is not spoken: better no connection than a client that waits for an answer.
      if (chunk[0] === BINARY_REQUEST) this.#closed = true;
    }
    this.#chunk = chunk;
    this.#position = 0;
    return this.resume();
  }

  /** Goes on with the input that a `blocked` session holds. */
  resume(): SessionState {
    this.#items.beginTurn();
    this.#keysLeft = KEYS_MAX_PER_TURN;
    while (!this.#closed && (this.#position < this.#chunk.length || this.#phase === 'keys')) {
      if (this.#turnIsOver) return 'blocked';
      this.#step();
    }
    this.#chunk = NOTHING;
    this.#position = 0;
    return this.#closed ? 'closed' : 'ready';
  }

  /** True when enough has been done, and what is left should wait until others have had their turn. */
  get #turnIsOver(): boolean {
    return (
      this.#out.length >= REPLIES_MAX_BYTES ||
      this.#keysLeft <= 0 ||
      this.#items.bytesCopied >= COPIED_MAX_BYTES_PER_TURN
    );
  }

  #step(): void {
    switch (this.#phase) {
      case 'line':
        this.#readLine();
        break;
      case 'keys':
        this.#answerKeys();
        break;
      case 'data':
        this.#readData();
        break;
      case 'swallow':
        this.#swallow();
        break;
    }
  }

  // Lines

  #readLine(): void {
    const chunk = this.#chunk;
    const start = this.#position;
    const lineEnd = chunk.indexOf(LF, start);
    if (lineEnd === -1) {
      this.#keepPartialLine(start);
      return;
    }
    this.#position = lineEnd + 1;
    if (this.#incomplete.length === 0) {
      this.#executeLine(chunk, start, lineEnd);
      return;
    }
    this.#incomplete.append(chunk, start, lineEnd);
    const { length } = this.#incomplete;
    this.#executeLine(this.#incomplete.take(), 0, length);
  }

  #keepPartialLine(start: number): void {
    const held = this.#incomplete;
    held.append(this.#chunk, start, this.#chunk.length);
    this.#position = this.#chunk.length;
    if (held.length <= LINE_MAX_BYTES) return;
    if (held.length > GET_LINE_MAX_BYTES || !beginsLikeGet(held.bytes)) this.#closed = true;
  }

  #executeLine(bytes: Buffer, start: number, end: number): void {
    const request = this.#request;
    this.#items.strikeDueFlush();
    switch (this.#parser.parse(bytes, start, end, request)) {
      case 'ready':
        this.#execute(request);
        break;
      case 'data':
        this.#beginData(request);
        break;
      case 'error':
        if (!request.noreply) this.#line(this.#parser.error);
        break;
      case 'error-after-data':
        this.#beginSwallow(request.dataLength, request.noreply ? '' : `${this.#parser.error}\r\n`);
        break;
      case 'close':
        this.#closed = true;
        break;
    }
  }

  #execute(request: Request): void {
    switch (request.verb) {
      case 'get':
      case 'gets':
      case 'gat':
      case 'gats':
        this.#phase = 'keys';
        this.#answerKeys();
        break;
      case 'delete':
        this.#reply(remove(this.#items, request));
        break;
      case 'touch':
        this.#reply(touch(this.#items, request));
        break;
      case 'incr':
      case 'decr': {
        const result = arithmetic(this.#items, request);
        if (typeof result === 'string') this.#reply(result);
        else if (!request.noreply) this.#line(result.digits);
        break;
      }
      case 'flush_all':
        this.#reply(flush(this.#items, request));
        break;
      case 'quit':
        this.#closed = true;
        break;
      default: {
        const answer = admin(this.#items, request);
        if (answer === null) this.#closed = true;
        else if (!request.noreply && typeof answer === 'string') this.#out.text(answer);
      }
    }
  }

  // Retrieval: as many of the keys as replies may wait for, the rest in the next turn.

  #answerKeys(): void {
    const request = this.#request;
    const { line, keysEnd, verb } = request;
    const withVersion = verb === 'gets' || verb === 'gats';
    const touches = verb === 'gat' || verb === 'gats';
    let at = request.keysStart;
    for (;;) {
      while (at < keysEnd && line[at] === SPACE) at++;
      if (at === keysEnd) break;
      if (this.#out.length >= REPLIES_MAX_BYTES || --this.#keysLeft < 0) {
        request.keysStart = at;
        return;
      }
      const keyStart = at;
      while (at < keysEnd && line[at] !== SPACE) at++;
      this.#answerKey(line.toString('latin1', keyStart, at), withVersion, touches ? request.exptime : null);
    }
    this.#out.text('END\r\n');
    this.#phase = 'line';
    request.line = NOTHING;
  }

  #answerKey(key: string, withVersion: boolean, exptime: number | null): void {
    const { engine } = this.#items;
    const slot = exptime === null ? fetch(this.#items, key) : fetchToTouch(this.#items, key);
    if (slot === 0) return;
    const version = withVersion ? engine.versionAt(slot) : -1;
    writeItem(this.#out, key, engine.flagsAt(slot), engine.valueAt(slot), version);
    if (exptime !== null) engine.touchAt(slot, this.#items.ttlMs(exptime));
  }

  // Data of storage commands

  #beginData(request: Request): void {
    const refusal = beginStore(this.#items, request);
    if (refusal !== null) {
      this.#beginSwallow(request.dataLength, request.noreply ? '' : TEXT_REPLIES[refusal]);
      return;
    }
    const start = this.#position;
    const end = start + request.dataLength;
    if (end + 2 > this.#chunk.length) {
      this.#phase = 'data';
      return;
    }
    // The usual case: all of it is here.
    this.#position = end + 2;
    if (endsInCrlf(this.#chunk, end)) this.#finishStore(wireValue(this.#chunk, start, end));
    else this.#reply('bad-data');
  }

  #readData(): void {
    const total = this.#request.dataLength + 2;
    const held = this.#incomplete;
    const taken = Math.min(total - held.length, this.#chunk.length - this.#position);
    held.append(this.#chunk, this.#position, this.#position + taken, DATA_FIRST_BYTES, total);
    this.#position += taken;
    if (held.length < total) return;

    const data = held.take();
    this.#phase = 'line';
    this.#items.strikeDueFlush();
    if (endsInCrlf(data, total - 2)) this.#finishStore(ownedWireValue(data, total - 2));
    else this.#reply('bad-data');
  }

  #finishStore(value: WireValue): void {
    this.#reply(store(this.#items, this.#request, value));
  }

  #beginSwallow(dataLength: number, answer: string): void {
    this.#toSwallow = dataLength + 2;
    this.#afterSwallow = answer;
    this.#phase = 'swallow';
  }

  #swallow(): void {
    const taken = Math.min(this.#toSwallow, this.#chunk.length - this.#position);
    this.#position += taken;
    this.#toSwallow -= taken;
    if (this.#toSwallow > 0) return;
    this.#phase = 'line';
    this.#out.text(this.#afterSwallow);
  }

  #reply(reply: Reply): void {
    if (!this.#request.noreply) this.#out.text(TEXT_REPLIES[reply]);
  }

  #line(text: string): void {
    this.#out.text(text);
    this.#out.text('\r\n');
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
