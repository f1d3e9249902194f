/**
 * The requests that most of the traffic is made of, read byte by byte in one pass:
 *
 *     get <key>\r\n
 *     set <key> <flags> <exptime> <bytes>[ noreply]\r\n<data>\r\n
 *     mg <key> <flag>*\r\n
 *     ms <key> <bytes>[ T<exptime>][ F<flags>]\r\n<data>\r\n
 *
 * with single blanks, numbers of up to nine digits, flags of mg that are lower-case letters, and all of it there.
 * For anything else `tryFastPath` returns false and has done nothing: the parsers know the rest, and what they
 * answer to these requests is the same.
 */

import { metaGet } from '../commands/meta/meta-get.js';
import { answerKey } from '../commands/retrieval.js';
import { acceptsData, storeFast } from '../commands/storage.js';
import { HASH_FACTOR, HASH_SEED } from '../key-memo.js';
import { KEY_MAX_BYTES } from '../limits.js';
import { LOWER } from '../meta/meta-flags.js';
import type { Reply, Request } from '../request.js';
import type { SessionIo } from '../session-io.js';
import { latin1Text, wireValue } from '../wire-value.js';
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

/** Serves the request at the io's position, if it is one of these. Whoever calls logs no commands. */
export function tryFastPath(io: SessionIo, request: Request): boolean {
  const { chunk, position } = io;
  // No request is shorter than `mg k` and its end; what is read here is there.
  if (chunk.length - position < 6 || io.items.hasObservers) return false;
  const first = chunk[position]!;
  const second = chunk[position + 1]!;
  if (second === LOWER_E && chunk[position + 2] === LOWER_T && chunk[position + 3] === SPACE) {
    if (first === LOWER_G) return serveGet(io, position + 4);
    if (first === LOWER_S) return serveSet(io, position + 4);
  } else if (first === LOWER_M && chunk[position + 2] === SPACE) {
    if (second === LOWER_G) return serveMetaGet(io, position + 3, request);
    if (second === LOWER_S) return serveMetaSet(io, position + 3);
  }
  return false;
}

function serveGet(io: SessionIo, keyStart: number): boolean {
  const { chunk } = io;
  const keyEnd = readKey(chunk, keyStart);
  if (keyEnd === 0 || !isLineEnd(chunk, keyEnd)) return false;
  begin(io, keyEnd + 2);
  io.keysLeft--;
  answerKey(io, chunk, keyStart, keyEnd, keyHash, false, null);
  io.out.text('END\r\n');
  return true;
}

function serveMetaGet(io: SessionIo, keyStart: number, request: Request): boolean {
  const { chunk, items } = io;
  const keyEnd = readKey(chunk, keyStart);
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
  begin(io, at + 2);
  io.keysLeft--;
  request.verb = 'mg';
  request.noreply = false;
  const known = items.memo.find(chunk, keyStart, keyEnd, keyHash);
  request.key = known === 0 ? latin1Text(chunk, keyStart, keyEnd) : items.entries.keyAt(known);
  const entry = metaGet(items, request, io.out);
  if (known === 0 && entry > 0) items.memo.note(keyHash, entry);
  return true;
}

function serveSet(io: SessionIo, keyStart: number): boolean {
  const { chunk } = io;
  const keyEnd = readKey(chunk, keyStart);
  if (keyEnd === 0) return false;
  const flags = readNumber(chunk, SPACE, keyEnd);
  if (flags < 0) return false;
  const exptime = readNumber(chunk, SPACE, numberEnd);
  if (exptime < 0) return false;
  const bytes = readNumber(chunk, SPACE, numberEnd);
  if (bytes < 0) return false;
  const noreply = isNoreply(chunk, numberEnd);
  const lineEnd = noreply ? numberEnd + NOREPLY.length : numberEnd;
  const reply = setData(io, keyStart, keyEnd, flags, exptime, lineEnd, bytes);
  if (reply === null) return false;
  if (!noreply) io.out.text(TEXT_REPLIES[reply]);
  return true;
}

function serveMetaSet(io: SessionIo, keyStart: number): boolean {
  const { chunk } = io;
  const keyEnd = readKey(chunk, keyStart);
  if (keyEnd === 0) return false;
  const bytes = readNumber(chunk, SPACE, keyEnd);
  if (bytes < 0) return false;
  let exptime = 0;
  let flags = 0;
  let at = numberEnd;
  if (chunk[at] === SPACE && chunk[at + 1] === UPPER_T) {
    exptime = readNumber(chunk, UPPER_T, at + 1);
    at = numberEnd;
  }
  if (exptime >= 0 && chunk[at] === SPACE && chunk[at + 1] === UPPER_F) {
    flags = readNumber(chunk, UPPER_F, at + 1);
    at = numberEnd;
  }
  if (exptime < 0 || flags < 0) return false;
  const reply = setData(io, keyStart, keyEnd, flags, exptime, at, bytes);
  if (reply === null) return false;
  io.out.text(reply === 'stored' ? 'HD\r\n' : TEXT_REPLIES[reply]);
  return true;
}

/** Stores the data after the line that ends at `lineEnd`; null when it is not to be done here. */
function setData(
  io: SessionIo,
  keyStart: number,
  keyEnd: number,
  flags: number,
  exptime: number,
  lineEnd: number,
  bytes: number,
): Reply | null {
  const { chunk, items } = io;
  const hash = keyHash;
  const start = lineEnd + 2;
  const end = start + bytes;
  if (end + 2 > chunk.length || !isLineEnd(chunk, lineEnd) || !isLineEnd(chunk, end)) return null;
  if (!acceptsData(items, keyEnd - keyStart, flags, bytes)) return null;
  begin(io, end + 2);
  const known = items.memo.find(chunk, keyStart, keyEnd, hash);
  const key = known === 0 ? latin1Text(chunk, keyStart, keyEnd) : items.entries.keyAt(known);
  const reply = storeFast(items, known, key, flags, exptime, wireValue(chunk, start, end));
  if (reply === 'stored' && known === 0) items.memo.note(hash, items.entries.lastStored);
  return reply;
}

/** From here on the request is served. */
function begin(io: SessionIo, next: number): void {
  io.position = next;
  io.requestsLeft--;
  io.items.applyDueFlush();
}

/** The hash of the key that `readKey` has read last. */
let keyHash = 0;

/** Where the key ends that begins at `start`; 0 for a key that is none, or not plain. */
function readKey(chunk: Buffer, start: number): number {
  const { length } = chunk;
  let hash = HASH_SEED;
  let at = start;
  for (; at < length; at++) {
    const byte = chunk[at]!;
    if (byte <= SPACE) break;
    hash = Math.imul(hash ^ byte, HASH_FACTOR);
  }
  keyHash = hash;
  return at > start && at - start <= KEY_MAX_BYTES ? at : 0;
}

/** Where the number ends that `readNumber` has read last. */
let numberEnd = 0;

/** The number after the byte `lead`, which must be at `start`; -1 for none, or for one that is not plain. */
function readNumber(chunk: Buffer, lead: number, start: number): number {
  const { length } = chunk;
  if (start >= length || chunk[start] !== lead) return -1;
  let at = start + 1;
  let number = 0;
  for (; at < length; at++) {
    const digit = chunk[at]! - ZERO;
    if (digit < 0 || digit > 9) break;
    number = number * 10 + digit;
  }
  numberEnd = at;
  const digits = at - start - 1;
  return digits > 0 && digits <= NUMBER_MAX_DIGITS ? number : -1;
}

function isNoreply(chunk: Buffer, at: number): boolean {
  if (at + NOREPLY.length > chunk.length || chunk[at] !== SPACE) return false;
  for (let i = 1; i < NOREPLY.length; i++) if (chunk[at + i] !== NOREPLY.charCodeAt(i)) return false;
  return true;
}

function isLineEnd(chunk: Buffer, at: number): boolean {
  return at + 1 < chunk.length && chunk[at] === CR && chunk[at + 1] === LF;
}
