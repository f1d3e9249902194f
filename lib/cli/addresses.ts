/** `-p`, `-l`, `-s`, `-a` and `-U`: where to listen. Nowhere is allowed only where HTTP is served. */

import type { ListenAddress, TcpAddress } from '../tcp/options.js';
import { DEFAULT_HOST, DEFAULT_PORT } from '../tcp/options.js';
import { UsageError } from './errors.js';
import type { CommandLine } from './flags.js';

/** The machine's own addresses, all of them: `-l '*'`. */
export const ANY_HOST = '*';

const ADDRESS = /^(?:\[([^\]]+)\]|([^:]+)|([^[\]]*:[^[\]]*:[^[\]]*))(?::(-?\d+))?$/;

/** Prefixes of an address, in memcached's order. */
const TLS_PREFIX = /^(notls|btls|mtls):/;
const PROTOCOL_PREFIX = /^proto\[([a-z]*)\]:/;
/** A tag is for memcached's proxy, and has no effect here. */
const TAG_PREFIX = /^tag(?:\[([^\]]*)\]|_([^_]*)_):/;
const TAG_MAX_LENGTH = 8;

const TLS_SETTINGS: Readonly<Record<string, Partial<TcpAddress>>> = {
  notls: { tls: false },
  btls: { verifyMode: 0 },
  mtls: { verifyMode: 2 },
};

/** Throws a UsageError. */
export function addresses(line: CommandLine, servesHttp: boolean): ListenAddress[] {
  const port = defaultPort(line);
  const socket = line.last('socket');
  if (socket !== undefined) {
    if (socket === '') throw new UsageError('-s takes the path of a Unix socket');
    const unix: ListenAddress = { path: socket, mode: accessMode(line) };
    // With memcached, -s means no TCP at all.
    return line.has('port') && port !== null ? [unix, ...tcpAddresses(line, port)] : [unix];
  }
  const tcp = port === null ? [] : tcpAddresses(line, port);
  if (tcp.length === 0 && !servesHttp)
    throw new UsageError(
      'a port of 0 opens none, and leaves nothing to listen on; give -s <path> or --http <port> with it',
    );
  return tcp;
}

/** Null for no TCP. */
function defaultPort(line: CommandLine): number | null {
  const udp = line.last('udp') === undefined ? 0 : line.wholeNumber('udp', 0, -1, 65535);
  if (udp !== 0) line.warnings.push('-U: UDP is not served, because it amplifies attacks');
  const written = line.last('port');
  if (written === undefined) return freeIfNegative(udp === 0 ? DEFAULT_PORT : udp);
  const port = line.leadingNumber('-p', written);
  if (!(port >= -1 && port <= 65535))
    throw new UsageError(
      `-p takes a port from 1 to 65535, 0 for none or -1 for any free one; got ${written}`,
    );
  return port === 0 ? null : freeIfNegative(port);
}

function tcpAddresses(line: CommandLine, port: number): TcpAddress[] {
  const listed = line.all('listen').flatMap((list) => list.split(/[,;]/).map((text) => text.trim()));
  const written = [...new Set(listed.filter((text) => text !== ''))];
  if (written.length === 0) return [{ host: DEFAULT_HOST, port }];
  return written.map((text) => tcpAddress(text, port, line));
}

/** One address of `-l`, with its prefixes. */
function tcpAddress(text: string, defaultPort: number, line: CommandLine): TcpAddress {
  let rest = text;
  const take = (prefix: RegExp): RegExpExecArray | null => {
    const match = prefix.exec(rest);
    if (match !== null) rest = rest.slice(match[0].length);
    return match;
  };
  const tls = take(TLS_PREFIX)?.[1];
  if (tls !== undefined && tls !== 'notls' && !line.has('tls'))
    throw new UsageError(`-l ${tls}: needs TLS: give -Z with it; got "${text}"`);
  const protocol = take(PROTOCOL_PREFIX)?.[1];
  const tag = take(TAG_PREFIX);
  if (tag !== null) checkTag(tag[1] ?? tag[2]!, text);
  const match = ADDRESS.exec(rest);
  const host = match?.[1] ?? match?.[2] ?? match?.[3];
  if (host === undefined)
    throw new UsageError(`-l takes addresses as in 127.0.0.1, 10.0.0.5:11311 or [::1]:11211; got "${text}"`);
  const port = match?.[4] === undefined ? defaultPort : Number(match[4]);
  if (!(port >= -1 && port <= 65535))
    throw new UsageError(`-l takes a port from 1 to 65535, or -1 for any free one; got "${text}"`);
  return {
    host,
    port: freeIfNegative(port),
    ...(tls === undefined ? {} : TLS_SETTINGS[tls]),
    ...(protocol === undefined ? {} : { protocol: protocolOf(protocol, text, line) }),
  };
}

function protocolOf(name: string, text: string, line: CommandLine): NonNullable<TcpAddress['protocol']> {
  if (name === 'ascii' || name === 'binary') return name;
  if (name === 'negotiating') return 'auto';
  if (name === 'proxy') throw new UsageError(`-l proto[proxy]: there is no proxy here; got "${text}"`);
  line.warnings.push(
    `-l proto[${name}] is read as proto[negotiating]: there are ascii, binary and negotiating`,
  );
  return 'auto';
}

function checkTag(tag: string, text: string): void {
  if (tag.length < 1 || tag.length > TAG_MAX_LENGTH)
    throw new UsageError(`-l tag[…]: takes 1 to ${TAG_MAX_LENGTH} characters; got "${text}"`);
}

/** Any free port is 0 for the operating system, and -1 for memcached's users. */
function freeIfNegative(port: number): number {
  return Math.max(0, port);
}

function accessMode(line: CommandLine): number {
  const text = line.last('mask') ?? '0700';
  const digits = /^[0-7]+/.exec(text)?.[0];
  if (digits === undefined) throw new UsageError(`-a takes an access mode in octal, as in 0700; got ${text}`);
  if (digits !== text) line.warnings.push(`-a ${text} is read as ${digits}, as memcached reads it`);
  return Number.parseInt(digits, 8) & 0o777;
}
