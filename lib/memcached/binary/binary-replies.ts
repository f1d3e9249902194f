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

/** A reply's header, except the fields that it repeats from the request. */
interface ReplyHeader {
  readonly status?: Status;
  readonly extrasBytes?: number;
  readonly keyBytes?: number;
  readonly valueBytes?: number;
  readonly cas?: number | bigint;
}

function writeHeader(
  out: ReplyBuffer,
  request: Header,
  { status = STATUS.ok, extrasBytes = 0, keyBytes = 0, valueBytes = 0, cas = 0 }: ReplyHeader,
): void {
  const at = out.reserve(HEADER_BYTES);
  const { memory } = out;
  memory[at] = RESPONSE_MAGIC;
  memory[at + 1] = request.opcode;
  memory.writeUInt16BE(keyBytes, at + 2);
  memory[at + 4] = extrasBytes;
  memory[at + 5] = 0;
  memory.writeUInt16BE(status, at + 6);
  memory.writeUInt32BE(extrasBytes + keyBytes + valueBytes, at + 8);
  memory.writeUInt32BE(request.opaque, at + 12);
  writeUint64(memory, at + 16, cas);
}

/** Success, with a cas id or without. */
export function writeDone(out: ReplyBuffer, request: Header, cas: number | bigint = 0): void {
  writeHeader(out, request, { cas });
}

/** Success, with a text. */
export function writeText(out: ReplyBuffer, request: Header, text: string): void {
  writeHeader(out, request, { valueBytes: text.length });
  out.text(text);
}

export function writeError(out: ReplyBuffer, request: Header, status: Exclude<Status, 0>): void {
  const text = STATUS_TEXT[status];
  writeHeader(out, request, { status, valueBytes: text.length });
  out.text(text);
}

/** A miss of a request for key and value: the key is all there is. */
export function writeKeyMiss(out: ReplyBuffer, request: Header, key: string): void {
  writeHeader(out, request, { status: STATUS.notFound, keyBytes: key.length });
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
  writeHeader(out, request, { extrasBytes: 4, keyBytes: key.length, valueBytes, cas });
  const at = out.reserve(4);
  out.memory.writeUInt32BE(items.flagsAt(slot), at);
  out.text(key);
  if (withValue) out.value(items, slot, valueBytes);
}

export function writeNumber(
  out: ReplyBuffer,
  request: Header,
  number: number | bigint,
  cas: number | bigint,
): void {
  writeHeader(out, request, { valueBytes: 8, cas });
  const at = out.reserve(8);
  writeUint64(out.memory, at, number);
}

/** One line of statistics; an empty one ends the list. */
export function writeStat(out: ReplyBuffer, request: Header, name: string, value: string): void {
  writeHeader(out, request, { keyBytes: name.length, valueBytes: value.length });
  out.text(name);
  out.text(value);
}
