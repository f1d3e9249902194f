/** The TCP adapter's options: one type, one place for defaults, one function that validates. */

import { invalidOption, rejectUnknownOptions } from '../errors.js';
import { ITEM_STORE_OPTIONS, type ItemStoreOptions } from '../memcached/item-store.js';
import {
  CONNECTION_OPTIONS,
  type ConnectionOptions,
  type ResolvedConnectionOptions,
  resolveConnectionOptions,
} from '../transport/connection-options.js';
import type { ProtocolChoice } from '../transport.js';
import {
  checkVerifyMode,
  type ResolvedTlsOptions,
  resolveTlsOptions,
  type TlsOptions,
  type TlsVerifyMode,
} from './tls-options.js';

/** A TCP port to listen on. */
export interface TcpAddress {
  /** Host name or IP address. Default: `127.0.0.1`. */
  readonly host?: string | undefined;
  /** Port; 0 takes a free one. Default: 11211. */
  readonly port?: number | undefined;
  /** Whether it speaks TLS. Default: true where the server has certificates. */
  readonly tls?: boolean | undefined;
  /** How it verifies clients' certificates, instead of the server's `tls.verifyMode`. */
  readonly verifyMode?: TlsVerifyMode | undefined;
  /** The protocols that clients may speak here, instead of the server's `protocol`. */
  readonly protocol?: ProtocolChoice | undefined;
}

/** A Unix socket to listen on. */
export interface UnixAddress {
  /** Path of the socket. */
  readonly path: string;
  /** Access mode of the socket. Default: 0o700. */
  readonly mode?: number | undefined;
}

/** Where to listen: a TCP port, or a Unix socket, which never speaks TLS. */
export type ListenAddress = TcpAddress | UnixAddress;

/** What `createTcpServer` takes. */
export interface TcpServerOptions extends ItemStoreOptions, ConnectionOptions {
  /** Address to listen on. Default: `127.0.0.1`, which only this machine can reach. */
  host?: string | undefined;
  /** Port to listen on; 0 takes a free one. Default: 11211. */
  port?: number | undefined;
  /** Path of a Unix socket to listen on, instead of host and port. */
  path?: string | undefined;
  /** Access mode of the Unix socket. Default: 0o700. */
  mode?: number | undefined;
  /**
   * Connections that move no byte for longer, either way, are closed: in milliseconds. While a request is unfinished,
   * `requestTimeoutMs` applies instead. Default: `Infinity`.
   */
  idleTimeoutMs?: number | undefined;
  /** Connections that the operating system keeps while they wait to be accepted. Default: 1024. */
  backlog?: number | undefined;
  /**
   * Whether other servers of this user may listen on the same ports: the operating system spreads new connections over them.
   * Node 22.12 or newer, Linux and some others. Default: false.
   */
  reusePort?: boolean | undefined;
  /** Serves TCP over TLS. The files are read and checked at once, and again by `reload`. Default: no TLS. */
  tls?: TlsOptions | undefined;
  /**
   * File of `user:password` lines, at most 8: clients have to authenticate, as memcached's `-Y` has it. Read and
   * checked at once, and again by `reload`. Default: no authentication.
   */
  authFile?: string | undefined;
  /** The protocols that clients may speak. Default: `auto`, which decides by the first byte. */
  protocol?: ProtocolChoice | undefined;
}

const KNOWN_OPTIONS: ReadonlySet<string> = new Set<keyof TcpServerOptions>([
  'host',
  'port',
  'path',
  'mode',
  'idleTimeoutMs',
  'backlog',
  'reusePort',
  'tls',
  'authFile',
  'protocol',
  ...CONNECTION_OPTIONS,
  ...ITEM_STORE_OPTIONS,
]);

export interface ResolvedTcpOptions {
  readonly address: ListenAddress;
  readonly connections: ResolvedConnectionOptions;
  readonly backlog: number;
  readonly reusePort: boolean;
  readonly tls: ResolvedTlsOptions | null;
  readonly authFile: string | null;
  readonly protocol: ProtocolChoice;
}

export { DEFAULT_MAX_CONNECTIONS } from '../transport/connection-options.js';

export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 11211;
export const DEFAULT_SOCKET_MODE = 0o700;
/** As in memcached. */
export const DEFAULT_BACKLOG = 1024;
const LARGEST_BACKLOG = 2 ** 31 - 1;
const PROTOCOLS: readonly string[] = ['auto', 'ascii', 'binary'] satisfies ProtocolChoice[];
/** The kernel's limit for a path, without its final NUL; Node would silently truncate a longer one. */
export const SOCKET_PATH_MAX_BYTES: number = process.platform === 'linux' ? 107 : 103;

export function resolveTcpOptions(options: TcpServerOptions): ResolvedTcpOptions {
  rejectUnknownOptions(options, KNOWN_OPTIONS);
  const { path, host, port, mode } = options;
  if (path !== undefined && (host !== undefined || port !== undefined))
    throw invalidOption('path', 'the place of host and port, and not both', path);
  const { idleTimeoutMs } = options;
  const connections = resolveConnectionOptions(options, idleTimeoutMs === undefined ? {} : { idleTimeoutMs });
  const backlog = options.backlog ?? DEFAULT_BACKLOG;
  if (!Number.isInteger(backlog) || backlog < 1 || backlog > LARGEST_BACKLOG)
    throw invalidOption('backlog', `a whole number from 1 to ${LARGEST_BACKLOG}`, backlog);
  const protocol = options.protocol ?? 'auto';
  if (!PROTOCOLS.includes(protocol)) throw invalidOption('protocol', 'auto, ascii or binary', protocol);
  const authFile = options.authFile ?? null;
  if (authFile !== null && (typeof authFile !== 'string' || authFile === ''))
    throw invalidOption('authFile', 'the name of a file', authFile);
  const tls = options.tls === undefined ? null : resolveTlsOptions(options.tls);
  const address: ListenAddress =
    path === undefined
      ? { host: host ?? DEFAULT_HOST, port: port ?? DEFAULT_PORT }
      : { path, mode: mode ?? DEFAULT_SOCKET_MODE };
  checkAddress(address, tls);
  const { reusePort = false } = options;
  if (typeof reusePort !== 'boolean') throw invalidOption('reusePort', 'true or false', reusePort);
  return { address, connections, backlog, reusePort, tls, authFile, protocol };
}

/** Throws `HOTSET_INVALID_OPTION` for an address that no server can listen on. */
export function checkAddress(address: ListenAddress, serverTls: ResolvedTlsOptions | null): void {
  if ('path' in address) {
    if (typeof address.path !== 'string' || address.path === '')
      throw invalidOption('path', 'the path of a Unix socket', address.path);
    if (Buffer.byteLength(address.path) > SOCKET_PATH_MAX_BYTES)
      throw invalidOption('path', `at most ${SOCKET_PATH_MAX_BYTES} bytes`, address.path);
    const mode = address.mode ?? DEFAULT_SOCKET_MODE;
    if (!Number.isInteger(mode) || mode < 0 || mode > 0o777)
      throw invalidOption('mode', 'an access mode from 0 to 0o777', mode);
    return;
  }
  const port = address.port ?? DEFAULT_PORT;
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw invalidOption('port', 'a whole number from 0 to 65535', port);
  if (address.host !== undefined && (typeof address.host !== 'string' || address.host === ''))
    throw invalidOption('host', 'a host name or an address', address.host);
  const { tls, verifyMode, protocol } = address;
  if (tls !== undefined && (typeof tls !== 'boolean' || (tls && serverTls === null)))
    throw invalidOption("an address's tls", 'false, or true where the server has certificates', tls);
  if (verifyMode !== undefined) {
    if (serverTls === null || tls === false)
      throw invalidOption("an address's verifyMode", 'nothing where the address speaks no TLS', verifyMode);
    checkVerifyMode("an address's verifyMode", verifyMode, serverTls.caFile);
  }
  if (protocol !== undefined && !PROTOCOLS.includes(protocol))
    throw invalidOption("an address's protocol", 'auto, ascii or binary', protocol);
}
