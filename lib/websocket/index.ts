/// <reference types="node" preserve="true" />
/** `hotset/websocket`: the entries of an engine over WebSocket (docs/websocket.md). */

import { HotsetError } from '../errors.js';
import type { WireEngine } from '../memcached/item-store.js';
import { isWireEngine } from '../memcached/wire-engine.js';
import { WebSocketEndpoint } from './endpoint.js';
import type { WebSocketOptions } from './options.js';

export type { ItemStoreOptions, WireEngine } from '../memcached/item-store.js';
export type { GateOptions } from '../web/gate.js';
export type { WebAddress } from '../web/listening.js';
export type { WebSocketEndpoint } from './endpoint.js';
export type { Access, WebSocketOptions } from './options.js';

/**
 * Opens `engine`, which `createWireEngine` has made, to WebSocket clients: those of an HTTP server that is there,
 * of one of its own, which `listen()` starts, or those that `handleUpgrade` is given.
 *
 * @example
 * const endpoint = attachWebSocket(engine, { server, path: '/cache' });
 * …
 * await endpoint.close({ graceMs: 5000 });
 *
 * Throws `HOTSET_INVALID_OPTION` for an option that makes no sense, and `HOTSET_INVALID_ARGUMENT` for an engine
 * that is not for the wire.
 */
export function attachWebSocket(engine: WireEngine, options: WebSocketOptions = {}): WebSocketEndpoint {
  if (!isWireEngine(engine))
    throw new HotsetError('HOTSET_INVALID_ARGUMENT', 'engine takes an engine that createWireEngine has made');
  return new WebSocketEndpoint(engine, options);
}
