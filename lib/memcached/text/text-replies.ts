/** Replies in the classic text protocol. */

import type { Items, KeyBytes } from '../../items.js';
import {
  COPIED_VALUE_MAX_BYTES,
  NUMBER_LOOP_END,
  type ReplyBuffer,
  writeDigits,
  writeLatin1,
} from '../reply-buffer.js';
import type { Reply } from '../request.js';

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;

export const TEXT_REPLIES: Readonly<Record<Reply, string>> = {
  stored: 'STORED\r\n',
  'not-stored': 'NOT_STORED\r\n',
  exists: 'EXISTS\r\n',
  'not-found': 'NOT_FOUND\r\n',
  deleted: 'DELETED\r\n',
  touched: 'TOUCHED\r\n',
  ok: 'OK\r\n',
  'too-large': 'SERVER_ERROR object too large for cache\r\n',
  'out-of-memory': 'SERVER_ERROR out of memory storing object\r\n',
  'bad-data': 'CLIENT_ERROR bad data chunk\r\n',
  'non-numeric': 'CLIENT_ERROR cannot increment or decrement non-numeric value\r\n',
  'bad-exptime': 'CLIENT_ERROR invalid exptime argument\r\n',
  'flush-not-allowed': 'CLIENT_ERROR flush_all not allowed\r\n',
};

/** `VALUE <key> <flags> <bytes>[ <cas>]`, but for the key. */
const LINE_MAX_BYTES = 64;

/** `VALUE <key> <flags> <bytes>[ <cas>]`, the data and its CRLF. A `version` below 0 means no cas id. */
export function writeItem(
  out: ReplyBuffer,
  { bytes, start, end }: KeyBytes,
  items: Items,
  slot: number,
  version: number | bigint,
): void {
  const length = items.valueBytesAt(slot);
  // One region for all, written to directly: a call for each token costs more than its bytes.
  const isShort = length <= COPIED_VALUE_MAX_BYTES;
  let at = out.prepare(LINE_MAX_BYTES + end - start + (isShort ? length : 0));
  const { memory } = out;
  memory[at++] = 0x56;
  memory[at++] = 0x41;
  memory[at++] = 0x4c;
  memory[at++] = 0x55;
  memory[at++] = 0x45;
  memory[at++] = SPACE;
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
  if (isShort) {
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
