/** Replies in the classic text protocol. */

import type { Reply } from '../request.js';

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
