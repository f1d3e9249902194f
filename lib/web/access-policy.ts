/**
 * Who may come in over HTTP: which names the server answers to, which pages may connect, and the token.
 * A browser lets any page send requests to any server, loopback ones too: a server that does not look at `Origin`
 * and `Host` serves every page that its user opens.
 *
 * What a browser says of itself it says in one form, so that forms are compared and not interpreted: a `Host` or
 * `Origin` that is written otherwise is one that nobody has allowed.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIPv6 } from 'node:net';
import { invalidOption, shown } from '../errors.js';
import { TOKEN_SUBPROTOCOL } from '../rpc-protocol.js';

/** Which clients an HTTP or WebSocket server admits. */
export interface GateOptions {
  /** Names, without port, that `Host` may have beside `localhost`, `127.0.0.1`, `[::1]` and the address listened on. */
  hosts?: readonly string[];
  /** Origins of pages that may connect beside the server's own, such as `https://app.example`. */
  origins?: readonly string[];
  /** What clients must show. Default: nothing. */
  token?: string;
}

export interface Refusal {
  readonly status: 400 | 401 | 403;
  /** One line, for the one who asked. */
  readonly reason: string;
}

const LOOPBACK: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];
const BEARER = /^bearer +(\S+)$/i;
const HOST_NAME = /^(?:[\w.-]+|\[[\da-f:.]+\])$/i;
/** Scheme and host, a port perhaps, and nothing else. */
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?$/i;

export class AccessPolicy {
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  readonly #tokenHash: Buffer | null;

  /** Throws `HOTSET_INVALID_OPTION`. */
  constructor({ hosts = [], origins = [], token }: GateOptions) {
    const names = list('hosts', hosts, 'an array of host names without port', hostForm);
    this.#hosts = new Set([...LOOPBACK, ...names]);
    this.#origins = new Set(
      list('origins', origins, "an array of origins such as 'https://app.example'", originForm),
    );
    if (token !== undefined && (typeof token !== 'string' || !/^[!-~]+$/.test(token)))
      // A token that is no good may be a secret all the same, and errors are logged.
      throw invalidOption('token', 'a text of visible ASCII characters', typeof token);
    this.#tokenHash = token === undefined ? null : digest(token);
  }

  /** Whether a token is asked for. */
  get asksForToken(): boolean {
    return this.#tokenHash !== null;
  }

  /** Looks at `Host` and `Origin`; `localAddress` is the one that the connection came in at. Null when all is well. */
  checkHostAndOrigin(headers: IncomingHttpHeaders, localAddress: string | undefined): Refusal | null {
    const { host, origin } = headers;
    if (host === undefined) return { status: 400, reason: 'there is no Host header' };
    const name = host.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase();
    if (!this.#hosts.has(name) && name !== shownHost(localAddress))
      return {
        status: 403,
        reason: `this server is not known as ${shown(name)}; see the option hosts, or --http-hosts`,
      };
    if (origin === undefined) return null;
    return isSameOrigin(origin, host) || this.#origins.has(origin)
      ? null
      : {
          status: 403,
          reason: `pages of ${shown(origin)} may not connect; see the option origins, or --http-origins`,
        };
  }

  /** Looks at the token, in a header or among the subprotocols offered, in constant time. Null when all is well. */
  checkToken(headers: IncomingHttpHeaders, offered: Iterable<string> = []): Refusal | null {
    if (this.#tokenHash === null) return null;
    const token = tokenOf(headers, offered);
    if (token === null) return { status: 401, reason: 'a token is needed' };
    return timingSafeEqual(digest(token), this.#tokenHash)
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
  const place = host.toLowerCase();
  return origin === `http://${place}` || origin === `https://${place}`;
}

/** As `Host` writes an address. */
function shownHost(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '');
  return plain.includes(':') ? `[${plain}]` : plain;
}

/** As `Host` writes a name of the option; null when it cannot be one. */
export function hostForm(text: string): string | null {
  const name = isIPv6(text) ? `[${text}]` : text;
  return HOST_NAME.test(name) ? name.replace(/\.$/, '').toLowerCase() : null;
}

/** As `Origin` writes an origin of the option; null when it cannot be one. `null` is the origin of any page at all. */
export function originForm(text: string): string | null {
  if (!ORIGIN.test(text) || !URL.canParse(text)) return null;
  const { origin, protocol, host } = new URL(text);
  // Of schemes that are not the web's own, such as a browser extension's, a URL does not know the origin.
  return origin === 'null' ? `${protocol}//${host}` : origin;
}

/** The option's texts in the form that they are compared in. Throws `HOTSET_INVALID_OPTION`. */
function list(
  name: string,
  texts: readonly string[],
  takes: string,
  form: (text: string) => string | null,
): string[] {
  if (!Array.isArray(texts)) throw invalidOption(name, takes, texts);
  return texts.map((text: unknown) => {
    const formed = typeof text === 'string' ? form(text) : null;
    if (formed === null) throw invalidOption(name, takes, text);
    return formed;
  });
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
