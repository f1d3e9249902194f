/// <reference types="node" preserve="true" />
/** `hotset/websocket`: the entries of an engine over WebSocket (docs/websocket.md). */

import { checkServedStore, type ServedStore } from '../memcached/item-store.js';
import { WebSocketEndpoint } from './endpoint.js';
import type { WebSocketOptions } from './options.js';

export type { LogEvent, LogFunction, LogKind, LogLevel } from '../server-log.js';
export type { AccessPolicyOptions } from '../web/access-policy.js';
export type { WebAddress } from '../web/listening.js';
export type { WebSocketEndpoint } from './endpoint.js';
export type { Access, WebSocketOptions } from './options.js';

/**
 * Opens `engine` to WebSocket clients: those of an HTTP server that is there,
 * of one of its own, which `listen()` starts, or those passed to `handleUpgrade`.
 *
 * @example
 * const endpoint = attachWebSocket(engine, { server, path: '/cache' });
 * …
 * await endpoint.close({ forceAfterMs: 5000 });
 *
 * Throws `HOTSET_INVALID_OPTION` for an invalid option, and `HOTSET_INVALID_ARGUMENT` for what is no
 * engine.
 */
export function attachWebSocket(engine: ServedStore, options: WebSocketOptions = {}): WebSocketEndpoint {
  checkServedStore(engine);
  return new WebSocketEndpoint(engine, options);
}
