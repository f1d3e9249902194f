/// <reference types="node" preserve="true" />
/** `hotset/live-view`: the live view of a service's own engine, without a memcached server. */

import { rejectUnknownOptions } from '../../errors.js';
import { createHttpServer, type HttpServerOptions, type WebAddress } from '../../http/index.js';
import type { ServedStore } from '../../memcached/item-store.js';
import { type Access, attachWebSocket, type WebSocketOptions } from '../../websocket/index.js';
import { webAddressText } from '../listening.js';

/** What `attachLiveView` takes: options of `createHttpServer` and of `attachWebSocket`. */
export interface LiveViewOptions
  extends Pick<
      HttpServerOptions,
      'host' | 'port' | 'hosts' | 'token' | 'metrics' | 'hotKeys' | 'log' | 'onError'
    >,
    Pick<WebSocketOptions, 'origins' | 'allowFlush' | 'allowDump' | 'history'> {
  /** What the page, and other WebSocket clients, may do. Default: `read-only`. */
  access?: Access | undefined;
}

/** A live view that is served. */
export interface LiveView {
  /** Where it listens. */
  readonly address: WebAddress;
  /** The page's address, for a browser on this machine or as `host` says. */
  readonly url: string;
  /** Stops listening, and resolves when all connections are closed; cuts what is still open after `forceAfterMs` (default: 0). */
  close(options?: { forceAfterMs?: number | undefined }): Promise<void>;
}

const KNOWN_OPTIONS: ReadonlySet<string> = new Set<keyof LiveViewOptions>([
  'host',
  'port',
  'hosts',
  'token',
  'metrics',
  'hotKeys',
  'log',
  'onError',
  'origins',
  'access',
  'allowFlush',
  'allowDump',
  'history',
]);

/**
 * Serves the live view of an engine on `http://127.0.0.1:11280/`, with `/metrics` and `hotset.v1` on `/ws`: on loopback and read-only,
 * unless the options say otherwise. The engine begins to keep access times and versions, for which entries may have to go.
 *
 * @example
 * const engine = new CacheEngine<string, User>({ maxBytes: '256MiB', missRatioCurve: true });
 * const view = await attachLiveView(engine);
 * console.log(`live view: ${view.url}`);
 *
 * Throws `HOTSET_INVALID_OPTION`, `HOTSET_INVALID_ARGUMENT` for what is no engine, and `HOTSET_LISTEN_FAILED`.
 */
export async function attachLiveView(engine: ServedStore, options: LiveViewOptions = {}): Promise<LiveView> {
  rejectUnknownOptions(options, KNOWN_OPTIONS);
  const { host, port, hosts, token, metrics, hotKeys, log, onError, ...others } = options;
  const { access = 'read-only' } = others;
  const shared = { hosts, token, log, onError };
  const http = createHttpServer(engine, { ...shared, host, port, metrics, hotKeys });
  const sockets = attachWebSocket(engine, {
    ...shared,
    ...others,
    access,
    server: http.server,
    path: '/ws',
  });
  const close: LiveView['close'] = async ({ forceAfterMs = 0 } = {}) => {
    await Promise.all([sockets.close({ forceAfterMs }), http.close({ forceAfterMs })]);
  };
  try {
    const address = await http.listen();
    return { address, url: `http://${webAddressText(address)}/`, close };
  } catch (error) {
    await close();
    throw error;
  }
}
