/// <reference types="node" preserve="true" />
/** `hotset/tcp`: the memcached protocol over TCP and Unix sockets. */

import { checkServedStore, type ServedStore } from '../memcached/item-store.js';
import type { TcpServerOptions } from './options.js';
import { TcpServer } from './tcp-server.js';

export type { LogEvent, LogFunction, LogKind, LogLevel } from '../server-log.js';
export type { ProtocolChoice } from '../transport.js';
export type { ListenAddress, TcpAddress, TcpServerOptions, UnixAddress } from './options.js';
export type { TcpServer } from './tcp-server.js';
export type { TlsMinVersion, TlsOptions, TlsVerifyMode } from './tls-options.js';

/**
 * Creates a server that serves `engine` to memcached clients; `listen()` starts it. The code that created the
 * engine keeps using it: both sides see the same entries (docs/server.md).
 *
 * @example
 * const engine = new CacheEngine({ maxBytes: '64MiB' });
 * const server = createTcpServer(engine, { port: 11211 });
 * await server.listen();
 * …
 * await server.close({ forceAfterMs: 5000 });
 *
 * Throws `HOTSET_INVALID_OPTION` for an invalid option, `HOTSET_INVALID_TLS` and
 * `HOTSET_INVALID_AUTH_FILE` for files that cannot be used, and `HOTSET_INVALID_ARGUMENT` for what is no
 * engine.
 */
export function createTcpServer(engine: ServedStore, options: TcpServerOptions = {}): TcpServer {
  checkServedStore(engine);
  return new TcpServer(engine, options);
}
