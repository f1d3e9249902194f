/**
 * Who may use the server over HTTP: the host names it answers to, the origins that may connect, and the token.
 * A browser lets any page send requests to any server, also on loopback. A server that ignores `Origin` and `Host`
 * serves every page that its user opens.
 *
 * Browsers write `Host` and `Origin` in one form only. The policy compares them as text: any other form is refused.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIPv6 } from 'node:net';
import { invalidOption, shown } from '../errors.js';
import { TOKEN_SUBPROTOCOL } from '../rpc-protocol.js';
import type { Refusal } from './refusal.js';

/** Which clients an HTTP or WebSocket server admits. */
export interface AccessPolicyOptions {
  /** Host names without port, in addition to `localhost`, `127.0.0.1`, `[::1]` and the address of the connection. */
  hosts?: readonly string[] | undefined;
  /** Origins whose pages may connect, in addition to the server's own: `https://app.example`. */
  origins?: readonly string[] | undefined;
  /** The token that clients must send. Default: no token is required. */
  token?: string | undefined;
}

const LOOPBACK: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];
const BEARER = /^bearer +(\S+)$/i;
const HOST_NAME = /^(?:[\w.-]+|\[[\da-f:.]+\])$/i;
/** A Content-Security-Policy has no form for IPv6 addresses. */
const PEER = /^[\w.-]+:\d{1,5}$/;
/** Scheme and host, a port perhaps, and nothing else. */
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?$/i;

export class AccessPolicy {
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  readonly #tokenHash: Buffer | null;

  /** Throws `HOTSET_INVALID_OPTION`. */
  constructor({ hosts = [], origins = [], token }: AccessPolicyOptions) {
    const names = list('hosts', hosts, 'an array of host names without port', hostForm);
    this.#hosts = new Set([...LOOPBACK, ...names]);
    this.#origins = new Set(
      list('origins', origins, "an array of origins such as 'https://app.example'", originForm),
    );
    if (token !== undefined && (typeof token !== 'string' || !/^[!-~]+$/.test(token)))
      // Errors are logged, and an invalid token may still be a secret.
      throw invalidOption('token', 'a text of visible ASCII characters', typeof token);
    this.#tokenHash = token === undefined ? null : digest(token);
  }

  /** Whether clients must send a token. */
  get requiresToken(): boolean {
    return this.#tokenHash !== null;
  }

  /**
   * Checks the host that the client named, and its origin. `localAddress` is the server's end of the connection.
   * Returns null when both are allowed.
   */
  checkHostAndOrigin(
    { host, origin }: Pick<IncomingHttpHeaders, 'host' | 'origin'>,
    localAddress: string | undefined,
  ): Refusal | null {
    if (host === undefined) return { status: 400, reason: 'there is no Host header' };
    const name = host.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase();
    if (!this.#hosts.has(name) && name !== hostOfAddress(localAddress))
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

  /**
   * Checks the token, from the `Authorization` header or an offered subprotocol, in constant time. Returns null when
   * it is right or none is required.
   */
  checkToken(headers: IncomingHttpHeaders, offered: Iterable<string> = []): Refusal | null {
    if (this.#tokenHash === null) return null;
    const token = tokenOf(headers, offered);
    if (token === null) return unauthorized('a token is needed');
    return timingSafeEqual(digest(token), this.#tokenHash) ? null : unauthorized('the token is wrong');
  }
}

function unauthorized(reason: string): Refusal {
  return { status: 401, reason, headers: { 'WWW-Authenticate': 'Bearer' } };
}

function tokenOf({ authorization }: IncomingHttpHeaders, offered: Iterable<string>): string | null {
  const bearer = BEARER.exec(authorization ?? '');
  if (bearer !== null) return bearer[1]!;
  for (const protocol of offered)
    if (protocol.startsWith(TOKEN_SUBPROTOCOL))
      return Buffer.from(protocol.slice(TOKEN_SUBPROTOCOL.length), 'base64url').toString('utf8');
  return null;
}

/** Behind a TLS proxy the page has the same host and another scheme. */
function isSameOrigin(origin: string, host: string): boolean {
  const name = host.toLowerCase();
  return origin === `http://${name}` || origin === `https://${name}`;
}

/** An address in the form of a `Host` header. */
function hostOfAddress(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '');
  return plain.includes(':') ? `[${plain}]` : plain;
}

/** A host name in the form of a `Host` header; null when it is not a host name. */
export function hostForm(text: string): string | null {
  const name = isIPv6(text) ? `[${text}]` : text;
  return HOST_NAME.test(name) ? name.replace(/\.$/, '').toLowerCase() : null;
}

/** An origin in the form of an `Origin` header; null when it is not one. The origin `null` could be any page. */
export function originForm(text: string): string | null {
  if (!ORIGIN.test(text) || !URL.canParse(text)) return null;
  const { origin, protocol, host } = new URL(text);
  // URL knows no origin for schemes such as that of browser extensions.
  return origin === 'null' ? `${protocol}//${host}` : origin;
}

/** A server's name or IPv4 address with its port, as browsers write it; null when it is not one. */
export function peerForm(text: unknown): string | null {
  if (typeof text !== 'string' || !PEER.test(text) || !URL.canParse(`http://${text}`)) return null;
  const { hostname } = new URL(`http://${text}`);
  return `${hostname}:${Number(text.slice(text.indexOf(':') + 1))}`;
}

/** The option's values in the form that is compared. Throws `HOTSET_INVALID_OPTION`. */
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
