/**
 * The requests that most of the traffic is made of, read byte by byte in one pass:
 *
 *     get <key>\r\n
 *     set <key> <flags> <exptime> <bytes>\r\n<data>\r\n
 *
 * with single blanks, numbers of up to nine digits, and all of it there. For anything else `serveUsual` returns
 * false and has done nothing: text-parser.ts knows the rest, and gives the same answers to these, only later.
 */

import { answerKey } from './commands/multi-get.js';
import { store, takesData } from './commands/storage.js';
import type { Exchange } from './exchange.js';
import { HASH_FACTOR, HASH_SEED } from './key-memo.js';
import { KEY_MAX_BYTES } from './limits.js';
import type { Request } from './request.js';
import { TEXT_REPLIES } from './text/text-replies.js';
import { wireValue } from './wire-value.js';

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const ZERO = 0x30;
const LOWER_E = 0x65;
const LOWER_G = 0x67;
const LOWER_S = 0x73;
const LOWER_T = 0x74;

/** `get` or `set`, and the blank. */
const VERB_BYTES = 4;
const NUMBER_MAX_DIGITS = 9;

/** Serves the request at the exchange's position, if it is one of these. Whoever calls logs no commands. */
export function serveUsual(exchange: Exchange, request: Request): boolean {
  const { chunk, position } = exchange;
  if (
    chunk.length - position < VERB_BYTES ||
    chunk[position + 3] !== SPACE ||
    chunk[position + 2] !== LOWER_T ||
    chunk[position + 1] !== LOWER_E
  )
    return false;
  if (chunk[position] === LOWER_G) return serveGet(exchange);
  return chunk[position] === LOWER_S && serveSet(exchange, request);
}

function serveGet(exchange: Exchange): boolean {
  const { chunk, out } = exchange;
  const { length } = chunk;
  const keyStart = exchange.position + VERB_BYTES;
  let hash = HASH_SEED;
  let at = keyStart;
  for (; at < length && chunk[at]! > SPACE; at++) hash = Math.imul(hash ^ chunk[at]!, HASH_FACTOR);
  if (length - at < 2 || chunk[at] !== CR || chunk[at + 1] !== LF || !isKeyLength(at - keyStart))
    return false;
  exchange.position = at + 2;
  exchange.requestsLeft--;
  exchange.keysLeft--;
  exchange.items.strikeDueFlush();
  answerKey(exchange, chunk, keyStart, at, hash, false, null);
  out.text('END\r\n');
  return true;
}

function serveSet(exchange: Exchange, request: Request): boolean {
  const { chunk, items, out } = exchange;
  const { length } = chunk;
  const keyStart = exchange.position + VERB_BYTES;
  let hash = HASH_SEED;
  let at = keyStart;
  for (; at < length && chunk[at]! > SPACE; at++) hash = Math.imul(hash ^ chunk[at]!, HASH_FACTOR);
  const keyEnd = at;
  const flags = numberAt(chunk, at);
  at = numberEnd;
  const exptime = numberAt(chunk, at);
  at = numberEnd;
  const bytes = numberAt(chunk, at);
  at = numberEnd;
  if (flags < 0 || exptime < 0 || bytes < 0 || !isKeyLength(keyEnd - keyStart)) return false;
  const dataStart = at + 2;
  const dataEnd = dataStart + bytes;
  if (dataEnd + 2 > length || chunk[at] !== CR || chunk[at + 1] !== LF) return false;
  if (chunk[dataEnd] !== CR || chunk[dataEnd + 1] !== LF) return false;
  if (!takesData(items, keyEnd - keyStart, flags, bytes)) return false;
  exchange.position = dataEnd + 2;
  exchange.requestsLeft--;
  items.strikeDueFlush();
  request.verb = 'set';
  request.mode = 'set';
  request.noreply = false;
  request.key = items.memo.text(chunk, keyStart, keyEnd, hash);
  request.flags = flags;
  request.exptime = exptime;
  request.dataLength = bytes;
  request.waitedMs = 0;
  request.cas = 0;
  request.dropsWhenRefused = true;
  const reply = store(items, request, wireValue(chunk, dataStart, dataEnd));
  if (reply === 'stored') items.memo.note(hash, items.engine.lastStored);
  out.text(TEXT_REPLIES[reply]);
  return true;
}

function isKeyLength(bytes: number): boolean {
  return bytes > 0 && bytes <= KEY_MAX_BYTES;
}

/** Where the number that `numberAt` read last ends. */
let numberEnd = 0;

/** The number after a blank at `start`; -1 for none, or for one that is not plain. */
function numberAt(chunk: Buffer, start: number): number {
  const { length } = chunk;
  let at = start + 1;
  let number = 0;
  for (; at < length; at++) {
    const digit = chunk[at]! - ZERO;
    if (digit < 0 || digit > 9) break;
    number = number * 10 + digit;
  }
  numberEnd = at;
  const digits = at - start - 1;
  return start < length && chunk[start] === SPACE && digits > 0 && digits <= NUMBER_MAX_DIGITS ? number : -1;
}
