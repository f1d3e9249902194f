/**
 * Who may come in over HTTP: which names the server answers to, which pages may connect, and the token.
 * A browser lets any page send requests to any server, loopback ones too: a server that does not look at `Origin`
 * and `Host` serves every page that its user opens.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { invalidOption } from '../errors.js';

export interface GateOptions {
  /** Names, without port, that `Host` may have beside `localhost`, `127.0.0.1`, `[::1]` and the address listened on. */
  hosts?: readonly string[];
  /** Origins of pages that may connect, such as `https://app.example`. Default: the server's own. */
  origins?: readonly string[];
  /** What clients must show. Default: nothing. */
  token?: string;
}

export interface Refusal {
  readonly status: 400 | 401 | 403;
  /** One line, for the one who asked. */
  readonly reason: string;
}

/** What a browser, which cannot set headers, offers as a subprotocol: this and the token in base64url. */
export const TOKEN_SUBPROTOCOL = 'hotset.token.';

const LOOPBACK: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];
const BEARER = /^bearer +(\S+)$/i;

export class Gate {
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string> | null;
  readonly #tokenHash: Buffer | null;

  /** Throws `HOTSET_INVALID_OPTION`. */
  constructor({ hosts = [], origins, token }: GateOptions) {
    checkTexts('hosts', hosts);
    if (origins !== undefined) checkTexts('origins', origins);
    if (token !== undefined && (typeof token !== 'string' || !/^[!-~]+$/.test(token)))
      throw invalidOption('token', 'a text of visible ASCII characters', token);
    this.#hosts = new Set([...LOOPBACK, ...hosts.map((host) => host.toLowerCase())]);
    this.#origins = origins === undefined ? null : new Set(origins);
    this.#tokenHash = token === undefined ? null : digest(token);
  }

  /** Whether a token is asked for. */
  get asksForToken(): boolean {
    return this.#tokenHash !== null;
  }

  /** Looks at `Host` and `Origin`; `localAddress` is the one that the connection came in at. Null when all is well. */
  checkPlace(headers: IncomingHttpHeaders, localAddress: string | undefined): Refusal | null {
    const { host, origin } = headers;
    if (host === undefined) return { status: 400, reason: 'there is no Host header' };
    const name = host.replace(/:\d*$/, '').toLowerCase();
    if (!this.#hosts.has(name) && name !== shownHost(localAddress))
      return { status: 403, reason: `this server is not known as ${name}; see the option hosts` };
    if (origin === undefined) return null;
    const isAllowed = this.#origins === null ? isSameOrigin(origin, host) : this.#origins.has(origin);
    return isAllowed
      ? null
      : { status: 403, reason: `pages of ${origin} may not connect; see the option origins` };
  }

  /** Looks at the token, in a header or among the subprotocols offered, in constant time. Null when all is well. */
  checkToken(headers: IncomingHttpHeaders, offered: Iterable<string> = []): Refusal | null {
    if (this.#tokenHash === null) return null;
    const shown = tokenOf(headers, offered);
    if (shown === null) return { status: 401, reason: 'a token is needed' };
    return timingSafeEqual(digest(shown), this.#tokenHash)
      ? null
      : { status: 401, reason: 'the token is wrong' };
  }
}

function tokenOf({ authorization }: IncomingHttpHeaders, offered: Iterable<string>): string | null {
  const bearer = BEARER.exec(authorization ?? '');
  if (bearer !== null) return bearer[1]!;
  for (const protocol of offered)
    if (protocol.startsWith(TOKEN_SUBPROTOCOL))
      return Buffer.from(protocol.slice(TOKEN_SUBPROTOCOL.length), 'base64url').toString('utf8');
  return null;
}

/** A page served over TLS by a proxy has the same host and another scheme. */
function isSameOrigin(origin: string, host: string): boolean {
  return origin === `http://${host}` || origin === `https://${host}`;
}

/** As `Host` writes an address. */
function shownHost(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  const plain = address.replace(/^::ffff:/, '');
  return plain.includes(':') ? `[${plain}]` : plain;
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function checkTexts(name: string, texts: readonly string[]): void {
  if (!Array.isArray(texts) || texts.some((text) => typeof text !== 'string'))
    throw invalidOption(name, 'an array of texts', texts);
}
