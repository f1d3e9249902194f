/** `--http` and what goes with it: metrics, the live view and WebSocket on a port of their own. */

import { hostForm, originForm } from '../web/access-policy.js';
import { DEFAULT_WEB_HOST, type WebAddress } from '../web/listening.js';
import { type Access, DEFAULT_MAX_CONNECTIONS, isAccess } from '../websocket/options.js';
import { type FlagName, flagName } from './flags.js';
import type { Given } from './given.js';
import { UsageError } from './usage-error.js';

export interface HttpSettings extends WebAddress {
  readonly access: Access;
  readonly tokenFile: string | null;
  /** Beside the server's own. */
  readonly origins: readonly string[];
  readonly hosts: readonly string[];
  /** Of WebSockets. */
  readonly maxConnections: number;
}

const ADDRESS = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(-?\d+)$/;

/** What means something only beside `--http`. */
const COMPANIONS: readonly FlagName[] = [
  'httpAccess',
  'httpTokenFile',
  'httpOrigins',
  'httpHosts',
  'httpConnections',
];

/** Null where it is not asked for. Throws a UsageError. */
export function httpSettings(given: Given): HttpSettings | null {
  const address = webAddress(given.text('http'));
  const access = given.last('httpAccess') ?? 'full';
  if (!isAccess(access))
    throw new UsageError(`--http-access takes full, read-only or metadata; got ${access}`);
  const tokenFile = given.text('httpTokenFile');
  const origins = list(given, 'httpOrigins', originForm, 'origins as in https://app.example');
  const hosts = list(given, 'httpHosts', hostForm, 'host names without port');
  const maxConnections = given.wholeNumber('httpConnections', DEFAULT_MAX_CONNECTIONS, 1, 2 ** 31 - 1);
  if (address === null) return null;
  if (given.has('authFile') && tokenFile === null)
    throw new UsageError(
      '-Y with --http needs --http-token-file, or whom the port keeps out comes in by HTTP; --http 0 turns it off',
    );
  return { ...address, access, tokenFile, origins, hosts, maxConnections };
}

/** Flags that have no effect without `--http`, and a port that is open to everybody. */
export function httpNotes(given: Given, http: HttpSettings | null): string[] {
  if (http === null) {
    const idle = COMPANIONS.filter((name) => given.has(name)).map(flagName);
    return idle.length === 0 ? [] : [`without effect where --http is not given: ${idle.join(', ')}`];
  }
  const { host, access, tokenFile } = http;
  if (tokenFile !== null || LOOPBACK.test(host)) return [];
  return [
    `--http listens on ${host} without --http-token-file: whoever reaches it may ${ACCESS_TEXTS[access]}`,
  ];
}

const LOOPBACK = /^(?:localhost|127\..*|::1)$/i;
const ACCESS_TEXTS: Readonly<Record<Access, string>> = {
  full: 'read and write all entries',
  'read-only': 'read all entries',
  metadata: 'see keys and statistics',
};

/** Null for none, as port 0 says, too; port 0 (any) for -1. */
function webAddress(text: string | null): WebAddress | null {
  if (text === null) return null;
  const match = ADDRESS.exec(text);
  const port = match === null ? Number.NaN : Number(match[3]);
  if (!(port >= -1 && port <= 65535))
    throw new UsageError(
      `--http takes a port, or an address and a port as in 127.0.0.1:11280 or [::1]:11280; got ${text}`,
    );
  if (port === 0) return null;
  return { host: match![1] ?? match![2] ?? DEFAULT_WEB_HOST, port: Math.max(0, port) };
}

function list(given: Given, name: FlagName, form: (text: string) => string | null, takes: string): string[] {
  const texts = given.all(name).flatMap((list) => list.split(',').map((text) => text.trim()));
  const bad = texts.find((text) => form(text) === null);
  if (bad !== undefined) throw new UsageError(`${flagName(name)} takes ${takes}; got "${bad}"`);
  return texts;
}
