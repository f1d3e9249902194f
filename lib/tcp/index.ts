/// <reference types="node" preserve="true" />
/** `hotset/tcp`: the memcached protocol over TCP and Unix sockets. */

import { HotsetError } from '../errors.js';
import type { WireEngine } from '../memcached/item-store.js';
import { isWireEngine } from '../memcached/wire-engine.js';
import type { TcpServerOptions } from './options.js';
import { TcpServer } from './tcp-server.js';

export type { ItemStoreOptions, WireEngine } from '../memcached/item-store.js';
export { SharedCache, type SharedCacheOptions, type SharedValue } from '../memcached/shared-cache.js';
export { BYTES_FLAGS, JSON_FLAGS, TEXT_FLAGS } from '../memcached/value-flags.js';
export { createWireEngine, type WireEngineOptions } from '../memcached/wire-engine.js';
export { keyText, wireKey } from '../memcached/wire-key.js';
export type { WireValue } from '../memcached/wire-value.js';
export type { ListenAddress, TcpServerOptions } from './options.js';
export type { TcpServer } from './tcp-server.js';
export type { TlsOptions } from './tls-options.js';

/**
 * Makes a server that opens `engine` to memcached clients; `listen()` starts it. The code that made the
 * engine may go on using it, best through a `SharedCache`.
 *
 * @example
 * const engine = createWireEngine({ maxBytes: 64 * 1024 * 1024 });
 * const server = createTcpServer(engine, { port: 11211 });
 * await server.listen();
 * …
 * await server.close({ graceMs: 5000 });
 *
 * Throws `HOTSET_INVALID_OPTION` for an option that makes no sense, `HOTSET_INVALID_TLS` and
 * `HOTSET_INVALID_AUTH_FILE` for files that cannot be used, and `HOTSET_INVALID_ARGUMENT` for an engine that is
 * not for the wire.
 */
export function createTcpServer(engine: WireEngine, options: TcpServerOptions = {}): TcpServer {
  if (!isWireEngine(engine))
    throw new HotsetError('HOTSET_INVALID_ARGUMENT', 'engine takes an engine that createWireEngine has made');
  return new TcpServer(engine, options);
}
