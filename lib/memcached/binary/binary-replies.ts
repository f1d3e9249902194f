/** Replies of the binary protocol. */

import type { Items } from '../../items.js';
import type { ReplyBuffer } from '../reply-buffer.js';
import {
  HEADER_BYTES,
  type Header,
  RESPONSE_MAGIC,
  STATUS,
  STATUS_TEXT,
  type Status,
  writeUint64,
} from './binary-packet.js';

/** A reply's header; the rest of its fields repeats the request's. */
function writeHeader(
  out: ReplyBuffer,
  request: Header,
  status: Status,
  extrasBytes: number,
  keyBytes: number,
  valueBytes: number,
  cas: number | bigint = 0,
): void {
  const at = out.reserve(HEADER_BYTES);
  const { words } = out;
  words.setInt32(at, (RESPONSE_MAGIC << 24) | (request.opcode << 16) | keyBytes);
  words.setInt32(at + 4, (extrasBytes << 24) | status);
  words.setInt32(at + 8, extrasBytes + keyBytes + valueBytes);
  words.setInt32(at + 12, request.opaque);
  writeUint64(words, at + 16, cas);
}

/** Success, with a cas id or without. */
export function writeDone(out: ReplyBuffer, request: Header, cas: number | bigint = 0): void {
  writeHeader(out, request, STATUS.ok, 0, 0, 0, cas);
}

/** Success, with a text. */
export function writeText(out: ReplyBuffer, request: Header, text: string): void {
  writeHeader(out, request, STATUS.ok, 0, 0, text.length);
  out.text(text);
}

export function writeError(out: ReplyBuffer, request: Header, status: Exclude<Status, 0>): void {
  const text = STATUS_TEXT[status];
  writeHeader(out, request, status, 0, 0, text.length);
  out.text(text);
}

/** A miss of a request for key and value: the key is all there is. */
export function writeKeyMiss(out: ReplyBuffer, request: Header, key: string): void {
  writeHeader(out, request, STATUS.notFound, 0, key.length, 0);
  out.text(key);
}

/** An item: its flags, its key if requested, and its value unless it was only touched. */
export function writeItem(
  out: ReplyBuffer,
  request: Header,
  items: Items,
  slot: number,
  key: string,
  withValue: boolean,
  cas: number | bigint,
): void {
  const valueBytes = withValue ? items.valueBytesAt(slot) : 0;
  writeHeader(out, request, STATUS.ok, 4, key.length, valueBytes, cas);
  const at = out.reserve(4);
  out.words.setInt32(at, items.flagsAt(slot));
  out.text(key);
  if (withValue) out.value(items, slot, valueBytes);
}

export function writeNumber(
  out: ReplyBuffer,
  request: Header,
  number: number | bigint,
  cas: number | bigint,
): void {
  writeHeader(out, request, STATUS.ok, 0, 0, 8, cas);
  const at = out.reserve(8);
  writeUint64(out.words, at, number);
}

/** One line of statistics; an empty one ends the list. */
export function writeStat(out: ReplyBuffer, request: Header, name: string, value: string): void {
  writeHeader(out, request, STATUS.ok, 0, name.length, value.length);
  out.text(name);
  out.text(value);
}
