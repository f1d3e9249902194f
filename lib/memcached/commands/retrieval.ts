/** get, gets, gat, gats and touch. A line may have any number of keys, and is answered in as many turns as it takes. */

import { HASH_FACTOR } from '../../items/key.js';
import type { Items, KeyBytes } from '../../items.js';
import {
  CMD_GET,
  CMD_TOUCH,
  GET_EXPIRED,
  GET_HITS,
  GET_MISSES,
  TOUCH_HITS,
  TOUCH_MISSES,
} from '../counters.js';
import type { CommandContext } from '../item-store.js';
import { REPLIES_MAX_BYTES } from '../limits.js';
import { isCopied, NUMBER_LOOP_END, type ReplyBuffer, writeDigits, writeLatin1 } from '../reply-buffer.js';
import type { Reply, Request } from '../request.js';
import { NOTHING, type SessionIo } from '../session-io.js';
import { sawGet, sawLookup } from './observation.js';

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
/** Beginnings of `VALUE `, as words. */
const VALU = 0x554c4156;
const E_SPACE = 0x2045;
/** `VALUE <key> <flags> <bytes>[ <cas>]`, but for the key. */
const ITEM_LINE_MAX_BYTES = 64;

/** Answers the request's keys up to the bounds of replies and of a turn; true when all are answered. */
export function answerKeys(io: SessionIo, request: Request): boolean {
  const { out } = io;
  const { hashSeed } = io.items.entries;
  const { key, line, keysEnd, verb } = request;
  const withCasId = verb === 'gets' || verb === 'gats';
  const exptime = verb === 'gat' || verb === 'gats' ? request.exptime : null;
  let at = request.keysStart;
  for (;;) {
    while (at < keysEnd && line[at] === SPACE) at++;
    if (at === keysEnd) break;
    if (out.length >= REPLIES_MAX_BYTES || --io.keysLeft < 0) {
      request.keysStart = at;
      return false;
    }
    const keyStart = at;
    let hash = hashSeed;
    for (; at < keysEnd && line[at] !== SPACE; at++) hash = Math.imul(hash ^ line[at]!, HASH_FACTOR);
    key.set(line, keyStart, at, hash);
    answerKey(io, key, withCasId, exptime);
  }
  out.end();
  request.line = NOTHING;
  return true;
}

/** Answers one key. */
export function answerKey(io: SessionIo, key: KeyBytes, withCasId: boolean, exptime: number | null): void {
  const { items, out } = io;
  const entry = exptime === null ? fetch(io, key) : fetchToTouch(io, key, true);
  if (entry === 0) return;
  writeItem(out, key, items.entries, entry, withCasId ? items.casIdAt(entry) : -1);
  if (exptime !== null) items.touch(entry, exptime);
}

/** `VALUE <key> <flags> <bytes>[ <cas>]`, the data and its CRLF. A `version` below 0 means no cas id. */
function writeItem(
  out: ReplyBuffer,
  { bytes, start, end }: KeyBytes,
  items: Items,
  slot: number,
  version: number | bigint,
): void {
  const length = items.valueBytesAt(slot);
  // One region for all, written to directly: a call for each token costs more than its bytes.
  const isInBlock = isCopied(items, length);
  let at = out.prepare(ITEM_LINE_MAX_BYTES + end - start + (isInBlock ? length : 0));
  const { memory, words } = out;
  words.setInt32(at, VALU, true);
  words.setInt16(at + 4, E_SPACE, true);
  at += 6;
  for (let i = start; i < end; i++) memory[at++] = bytes[i]!;
  memory[at++] = SPACE;
  at = writeNumber(memory, at, items.flagsAt(slot));
  memory[at++] = SPACE;
  at = writeNumber(memory, at, length);
  if (version >= 0) {
    memory[at++] = SPACE;
    at = writeNumber(memory, at, version);
  }
  memory[at++] = CR;
  memory[at++] = LF;
  if (isInBlock) {
    items.copyValueAt(slot, memory, at);
    at += length;
  } else {
    out.commit(at);
    out.reference(items.valueAt(slot));
    at = out.prepare(2);
  }
  out.memory[at++] = CR;
  out.memory[at++] = LF;
  out.commit(at);
}

/** Writes a whole number in decimal; returns where it ends. */
function writeNumber(memory: Buffer, at: number, number: number | bigint): number {
  if (typeof number === 'number' && number < NUMBER_LOOP_END) return writeDigits(memory, at, number);
  return writeLatin1(memory, at, String(number));
}

/** The slot of the item under `key`, or 0. Counts as one `get`. */
export function fetch(context: CommandContext, key: KeyBytes): number {
  const { items } = context;
  const { counters } = items;
  counters[CMD_GET]!++;
  const slot = items.entries.read(key);
  if (items.hasObservers) {
    sawLookup(context, key, slot);
    sawGet(items, key, slot);
  }
  if (slot > 0) {
    counters[GET_HITS]!++;
    return slot;
  }
  counters[GET_MISSES]!++;
  if (slot < 0) counters[GET_EXPIRED]!++;
  return 0;
}

/**
 * As `fetch`, for a command that gives the item a new exptime as well: counts as a `touch` and not as a `get`.
 * The caller touches the slot when it has read the item: a touch may be the end of it.
 */
export function fetchToTouch(context: CommandContext, key: KeyBytes, retrieves: boolean): number {
  const { items } = context;
  const { counters } = items;
  counters[CMD_TOUCH]!++;
  const slot = items.entries.read(key);
  if (items.hasObservers) {
    sawLookup(context, key, slot);
    if (retrieves) sawGet(items, key, slot);
  }
  if (slot <= 0) {
    counters[TOUCH_MISSES]!++;
    return 0;
  }
  counters[TOUCH_HITS]!++;
  return slot;
}

export function touch(context: CommandContext, request: Request): Reply {
  const entry = fetchToTouch(context, request.key, false);
  if (entry === 0) return 'not-found';
  context.items.touch(entry, request.exptime);
  return 'touched';
}
