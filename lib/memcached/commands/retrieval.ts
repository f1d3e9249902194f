/** get, gets, gat, gats and touch. A line may have any number of keys, and is answered in as many turns as it takes. */

import {
  CMD_GET,
  CMD_TOUCH,
  GET_EXPIRED,
  GET_HITS,
  GET_MISSES,
  TOUCH_HITS,
  TOUCH_MISSES,
} from '../counters.js';
import type { CommandContext, ItemStore } from '../item-store.js';
import { HASH_FACTOR, HASH_SEED } from '../key-memo.js';
import { REPLIES_MAX_BYTES } from '../limits.js';
import type { Reply, Request } from '../request.js';
import { NOTHING, type SessionIo } from '../session-io.js';
import { writeItem } from '../text/text-replies.js';
import { sawGet, sawLookup } from './observation.js';

const SPACE = 0x20;

/** Answers the request's keys up to the bounds of replies and of a turn; true when all are answered. */
export function answerKeys(io: SessionIo, request: Request): boolean {
  const { out } = io;
  const { line, keysEnd, verb } = request;
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
    let hash = HASH_SEED;
    for (; at < keysEnd && line[at] !== SPACE; at++) hash = Math.imul(hash ^ line[at]!, HASH_FACTOR);
    answerKey(io, line, keyStart, at, hash, withCasId, exptime);
  }
  out.text('END\r\n');
  request.line = NOTHING;
  return true;
}

/** Answers one key, `line[start, end)`, whose bytes have the hash `hash`. */
export function answerKey(
  io: SessionIo,
  line: Buffer,
  start: number,
  end: number,
  hash: number,
  withCasId: boolean,
  exptime: number | null,
): void {
  const { items, out } = io;
  const { entries } = items;
  const entry =
    exptime === null
      ? fetchBytes(io, line, start, end, hash)
      : fetchToTouch(io, line.toString('latin1', start, end), true);
  if (entry === 0) return;
  const version = withCasId ? items.casIdAt(entry) : -1;
  writeItem(out, line, start, end, entries.flagsAt(entry), entries.valueAt(entry), version);
  if (exptime !== null) items.touch(entry, exptime);
}

/** The slot of the item under `key`, or 0. Counts as one `get`. */
export function fetch(context: CommandContext, key: string): number {
  const { items } = context;
  const { counters } = items;
  counters[CMD_GET]!++;
  const slot = items.entries.readSlot(key);
  if (items.hasObservers) {
    sawLookup(context, key, slot);
    sawGet(items, key, slot);
  }
  return counted(items, slot);
}

/** As `fetch`, for the key whose bytes are `line[start, end)`; `hash` is theirs. */
function fetchBytes(context: CommandContext, line: Buffer, start: number, end: number, hash: number): number {
  const { items } = context;
  const { memo } = items;
  const known = items.hasObservers ? 0 : memo.find(line, start, end, hash);
  let entry: number;
  if (known === 0) entry = fetch(context, line.toString('latin1', start, end));
  else {
    items.counters[CMD_GET]!++;
    entry = counted(items, items.entries.readAt(known));
  }
  if (entry > 0 && entry !== known) memo.note(hash, entry);
  return entry;
}

function counted({ counters }: ItemStore, slot: number): number {
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
export function fetchToTouch(context: CommandContext, key: string, retrieves: boolean): number {
  const { items } = context;
  const { counters } = items;
  counters[CMD_TOUCH]!++;
  const slot = items.entries.readSlot(key);
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
