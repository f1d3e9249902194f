/** Replies in the classic text protocol. */

import type { Reply } from '../reply.js';
import type { ReplyBuffer } from '../reply-buffer.js';
import type { WireValue } from '../wire-value.js';

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

/** `VALUE <key> <flags> <bytes>[ <cas>]`, the data and its CRLF. A `version` below 0 stands for no cas. */
export function writeItem(
  out: ReplyBuffer,
  key: string,
  flags: number,
  value: WireValue,
  version: number | bigint,
): void {
  // Piece by piece: joining them first would make strings for the collector.
  out.text('VALUE ');
  out.text(key);
  out.text(' ');
  out.number(flags);
  out.text(' ');
  out.number(value.length);
  if (version >= 0) {
    out.text(' ');
    out.number(version);
  }
  out.text('\r\n');
  if (typeof value === 'string') out.text(value);
  else out.reference(value);
  out.text('\r\n');
}
