/** `--http` and its flags: metrics, the live view and WebSocket on a port of their own. */

import { hostForm, originForm, peerForm } from '../web/access-policy.js';
import { DEFAULT_WEB_HOST, type WebAddress } from '../web/listening.js';
import { type Access, DEFAULT_MAX_CONNECTIONS, isAccess } from '../websocket/options.js';
import { UsageError } from './errors.js';
import { type CommandLine, type FlagName, flagName } from './flags.js';

export interface HttpSettings extends WebAddress {
  readonly access: Access;
  readonly tokenFile: string | null;
  /** Beside the server's own. */
  readonly origins: readonly string[];
  readonly hosts: readonly string[];
  /** Servers that the live view shows. */
  readonly peers: readonly string[];
  /** Of the metrics. */
  readonly hotKeys: number;
  /** Of WebSockets. */
  readonly maxConnections: number;
}

const ADDRESS = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(-?\d+)$/;

/** Connections of HTTP for everything but WebSocket. */
export const PLAIN_CONNECTIONS = 1024;

/** Flags that have an effect only with `--http`. */
const COMPANIONS: readonly FlagName[] = [
  'httpAccess',
  'httpTokenFile',
  'httpOrigins',
  'httpHosts',
  'httpPeers',
  'httpHotKeys',
  'httpConnections',
];

const LOOPBACK = /^(?:localhost|127\..*|::1)$/i;
const ACCESS_TEXTS: Readonly<Record<Access, string>> = {
  full: 'read and write all entries',
  'read-only': 'read all entries',
  metadata: 'see keys and statistics',
};

/** Null without `--http`. Throws a UsageError. */
export function httpSettings(line: CommandLine): HttpSettings | null {
  const address = webAddress(line.text('http'));
  const access = line.last('httpAccess') ?? 'full';
  if (!isAccess(access))
    throw new UsageError(`--http-access takes full, read-only or metadata; got ${access}`);
  const tokenFile = line.text('httpTokenFile');
  const origins = list(line, 'httpOrigins', originForm, 'origins as in https://app.example');
  const hosts = list(line, 'httpHosts', hostForm, 'host names without port');
  const peers = list(
    line,
    'httpPeers',
    peerForm,
    'names or IPv4 addresses with a port, as in cache-1:11280',
  ).map((peer) => peerForm(peer)!);
  const hotKeys = line.wholeNumber('httpHotKeys', 0, 0, 100);
  const maxConnections = line.wholeNumber('httpConnections', DEFAULT_MAX_CONNECTIONS, 1, 2 ** 31 - 1);
  if (address === null) {
    const idle = COMPANIONS.filter((name) => line.has(name)).map(flagName);
    if (idle.length > 0) line.warnings.push(`${idle.join(', ')}: no effect without --http`);
    return null;
  }
  if (line.has('authFile') && tokenFile === null)
    throw new UsageError(
      '-Y with --http needs --http-token-file, or whom the port keeps out comes in by HTTP; --http 0 turns it off',
    );
  if (tokenFile === null && !LOOPBACK.test(address.host))
    line.warnings.push(
      `--http listens on ${address.host} without --http-token-file: whoever reaches it may ${ACCESS_TEXTS[access]}`,
    );
  return {
    ...address,
    access,
    tokenFile,
    // Pages of the fleet connect to each of its servers, by the name that the list has for it.
    origins: [...origins, ...peers.flatMap((peer) => [`http://${peer}`, `https://${peer}`])],
    hosts: [...hosts, ...peers.map((peer) => peer.slice(0, peer.lastIndexOf(':')))],
    peers,
    hotKeys,
    maxConnections,
  };
}

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

function list(
  line: CommandLine,
  name: FlagName,
  form: (text: string) => string | null,
  takes: string,
): string[] {
  const texts = line.all(name).flatMap((list) => list.split(',').map((text) => text.trim()));
  const bad = texts.find((text) => form(text) === null);
  if (bad !== undefined) throw new UsageError(`${flagName(name)} takes ${takes}; got "${bad}"`);
  return texts;
}
