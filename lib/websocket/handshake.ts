/** Validates opening handshakes before ws sees them: returns the reason to refuse one, or chooses the subprotocol. */

import type { IncomingMessage } from 'node:http';
import type { AccessPolicy } from '../web/access-policy.js';
import type { Refusal } from '../web/refusal.js';
import { readRequestTarget } from '../web/request-target.js';
import type { Access } from './options.js';

export type Subprotocol = 'memcached' | 'hotset.v1';

const KEY = /^[+/0-9A-Za-z]{22}==$/;
/** RFC 9110, "token". */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

const SUBPROTOCOLS: Readonly<Record<Access, readonly Subprotocol[]>> = {
  full: ['memcached', 'hotset.v1'],
  'read-only': ['hotset.v1'],
  metadata: ['hotset.v1'],
};

/** What an opening handshake must have, in the order of RFC 6455, 4.2.1. */
const REQUIREMENTS: readonly {
  readonly isMet: (request: IncomingMessage) => boolean;
  readonly refusal: Refusal;
}[] = [
  {
    isMet: ({ method }) => method === 'GET',
    refusal: { status: 405, reason: 'a WebSocket handshake takes the method GET', headers: { Allow: 'GET' } },
  },
  {
    isMet: ({ httpVersionMinor }) => httpVersionMinor >= 1,
    refusal: { status: 400, reason: 'a WebSocket handshake takes HTTP/1.1' },
  },
  {
    isMet: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
    refusal: { status: 400, reason: 'Upgrade must be websocket' },
  },
  {
    // Node does not read the body of an upgrade: its bytes would be taken for frames.
    isMet: ({ headers }) =>
      headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0,
    refusal: { status: 400, reason: 'a handshake has no body' },
  },
  {
    isMet: ({ headers }) => KEY.test(headers['sec-websocket-key'] ?? ''),
    refusal: { status: 400, reason: 'Sec-WebSocket-Key is missing or malformed' },
  },
  {
    isMet: ({ headers }) => headers['sec-websocket-version'] === '13',
    refusal: {
      status: 426,
      reason: 'the version of WebSocket must be 13',
      headers: { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' },
    },
  },
];

/** Returns why the handshake is refused, or null. */
export function validateHandshake(
  request: IncomingMessage,
  policy: AccessPolicy,
  access: Access,
): Refusal | null {
  const { headers, socket } = request;
  const target = readRequestTarget(request);
  if ('status' in target) return target;
  const offered = offeredBy(request);
  const denied =
    policy.checkHostAndOrigin({ host: target.host, origin: headers.origin }, socket.localAddress) ??
    policy.checkToken(headers, offered ?? []);
  if (denied !== null) return denied;
  const unmet = REQUIREMENTS.find(({ isMet }) => !isMet(request));
  if (unmet !== undefined) return unmet.refusal;
  if (offered === null) return { status: 400, reason: 'Sec-WebSocket-Protocol is malformed' };
  return chooseSubprotocol(offered, access) === null
    ? {
        status: 400,
        reason: `no supported subprotocol was offered; supported are ${SUBPROTOCOLS[access].join(', ')}`,
      }
    : null;
}

/** The first offered subprotocol that the access allows. A token is never chosen. */
export function chooseSubprotocol(offered: Iterable<string>, access: Access): Subprotocol | null {
  for (const name of offered) {
    const known = SUBPROTOCOLS[access].find((allowed) => allowed === name);
    if (known !== undefined) return known;
  }
  return null;
}

/** The offered subprotocols in the client's order; null for a header that is not a list of distinct names. */
function offeredBy({ headers }: IncomingMessage): string[] | null {
  const header = headers['sec-websocket-protocol'];
  if (header === undefined) return [];
  const names = header.split(',').map((name) => name.trim());
  return names.every((name) => TOKEN.test(name)) && new Set(names).size === names.length ? names : null;
}
