/**
 * Decides on a request to become a WebSocket: which subprotocol is spoken, or why it is refused, with a status
 * and one line. All of it is decided here, before ws sees the request.
 */

import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AccessPolicy } from '../web/access-policy.js';
import type { Access } from './options.js';

export type Subprotocol = 'memcached' | 'hotset.v1';

export interface HandshakeRefusal {
  readonly status: 400 | 401 | 403 | 404 | 405 | 426 | 503;
  /** One line, for the one who asked. */
  readonly reason: string;
  /** Lines of the head that the status asks for. */
  readonly headers?: readonly string[];
}

const KEY = /^[+/0-9A-Za-z]{22}==$/;
/** RFC 9110, "token". */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

const SPOKEN: Readonly<Record<Access, readonly Subprotocol[]>> = {
  full: ['memcached', 'hotset.v1'],
  'read-only': ['hotset.v1'],
  metadata: ['hotset.v1'],
};

/** What makes a request an opening handshake, in the order of RFC 6455, 4.2.1. */
const FORM: readonly {
  readonly isMet: (request: IncomingMessage) => boolean;
  readonly refusal: HandshakeRefusal;
}[] = [
  {
    isMet: ({ method }) => method === 'GET',
    refusal: { status: 405, reason: 'a WebSocket is asked for with GET', headers: ['Allow: GET'] },
  },
  {
    isMet: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
    refusal: { status: 400, reason: 'Upgrade must be websocket' },
  },
  {
    isMet: ({ headers }) => KEY.test(headers['sec-websocket-key'] ?? ''),
    refusal: { status: 400, reason: 'there is no good Sec-WebSocket-Key' },
  },
  {
    isMet: ({ headers }) => headers['sec-websocket-version'] === '13',
    refusal: {
      status: 426,
      reason: 'the version of WebSocket must be 13',
      headers: ['Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
    },
  },
];

/** Why the request is refused; null when it is not. */
export function validateHandshake(
  request: IncomingMessage,
  gate: AccessPolicy,
  access: Access,
): HandshakeRefusal | null {
  const offered = offeredBy(request);
  const unwelcome =
    gate.checkHostAndOrigin(request.headers, request.socket.localAddress) ??
    gate.checkToken(request.headers, offered ?? []);
  if (unwelcome !== null)
    return unwelcome.status === 401 ? { ...unwelcome, headers: ['WWW-Authenticate: Bearer'] } : unwelcome;
  const malformed = FORM.find(({ isMet }) => !isMet(request));
  if (malformed !== undefined) return malformed.refusal;
  if (offered === null) return { status: 400, reason: 'there is no good Sec-WebSocket-Protocol' };
  return chosenFrom(offered, access) === null
    ? { status: 400, reason: `no subprotocol that is spoken here was offered: ${SPOKEN[access].join(', ')}` }
    : null;
}

/** The first of the client's subprotocols that is spoken here; never the one that is a token. */
export function chosenFrom(offered: Iterable<string>, access: Access): Subprotocol | null {
  for (const name of offered) {
    const spoken = SPOKEN[access].find((known) => known === name);
    if (spoken !== undefined) return spoken;
  }
  return null;
}

/** The subprotocols offered, in the client's order; null for a header that is not a list of distinct names. */
function offeredBy({ headers }: IncomingMessage): string[] | null {
  const header = headers['sec-websocket-protocol'];
  if (header === undefined) return [];
  const names = header.split(',').map((name) => name.trim());
  return names.every((name) => TOKEN.test(name)) && new Set(names).size === names.length ? names : null;
}

/** Answers with the refusal and closes the connection, whatever the client does. */
export function refuse(socket: Duplex, { status, reason, headers = [] }: HandshakeRefusal): void {
  const body = `${reason}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    'X-Content-Type-Options: nosniff',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...headers,
  ];
  socket.on('error', () => socket.destroy());
  // What has come already must not stand in the way of the answer.
  socket.resume();
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
