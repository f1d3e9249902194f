/** get, gets, gat and gats: a line of any number of keys, answered in as many turns as it takes. */

import { HASH_FACTOR, HASH_SEED } from '../key-memo.js';
import { REPLIES_MAX_BYTES } from '../limits.js';
import type { Request } from '../request.js';
import { NOTHING, type SessionIo } from '../session-io.js';
import { writeItem } from '../text/text-replies.js';
import { fetchBytes, fetchToTouch } from './retrieval.js';

const SPACE = 0x20;

/** Answers as many of the request's keys as replies may wait for and a turn may have; true when that was all. */
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
  { items, out }: SessionIo,
  line: Buffer,
  start: number,
  end: number,
  hash: number,
  withCasId: boolean,
  exptime: number | null,
): void {
  const { entries } = items;
  const entry =
    exptime === null
      ? fetchBytes(items, line, start, end, hash)
      : fetchToTouch(items, line.toString('latin1', start, end), true);
  if (entry === 0) return;
  const version = withCasId ? items.casIdAt(entry) : -1;
  writeItem(out, line, start, end, entries.flagsAt(entry), entries.valueAt(entry), version);
  if (exptime !== null) items.touch(entry, exptime);
}
