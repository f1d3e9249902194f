/**
 * The servers of `--http`: metrics, health, the live view and WebSocket, on one port. Loaded only with the flag, since
 * it imports libraries of its own.
 */

import { createHttpServer } from '../http/index.js';
import type { ServedStore } from '../memcached/item-store.js';
import type { WebAddress } from '../web/listening.js';
import { attachWebSocket } from '../websocket/index.js';
import { type HttpSettings, PLAIN_CONNECTIONS } from './http-settings.js';
import { withPortHint } from './listening.js';
import type { Log } from './log.js';
import { readTokenFile } from './small-files.js';

export interface WebSide {
  readonly address: WebAddress;
  /** As the servers' own `close`. */
  close(options: { forceAfterMs: number }): Promise<void>;
}

const SOCKET_PATH = '/ws';

/** Serves `allConnections` at once, WebSockets among them. Throws a StartError, and `HOTSET_LISTEN_FAILED`. */
export async function openWebSide(
  items: ServedStore,
  { host, port, access, tokenFile, origins, hosts, peers, hotKeys, maxConnections }: HttpSettings,
  allConnections: number,
  requestTimeoutMs: number,
  readiness: () => string | null,
  log: Log,
): Promise<WebSide> {
  // Metrics and health checks find room where there are few connections, too.
  const plain = Math.min(PLAIN_CONNECTIONS, Math.floor(allConnections / 4));
  const policy = { hosts, ...(tokenFile === null ? {} : { token: readTokenFile(tokenFile) }) };
  const http = createHttpServer(items, {
    ...policy,
    host,
    port,
    peers,
    hotKeys,
    maxConnections: allConnections,
    readiness,
    log: log.write,
    onError: log.fail,
  });
  const sockets = attachWebSocket(items, {
    ...policy,
    origins,
    server: http.server,
    path: SOCKET_PATH,
    access,
    maxConnections: Math.min(maxConnections, allConnections - plain),
    requestTimeoutMs,
    log: log.write,
    onError: log.fail,
  });
  const close = async (options: { forceAfterMs: number }): Promise<void> => {
    await Promise.all([sockets.close(options), http.close(options)]);
  };
  const hint = 'choose another with --http, for example: hotset --http 11281; --http 0 is for none';
  try {
    return { address: await withPortHint(http.listen(), hint), close };
  } catch (error) {
    await close({ forceAfterMs: 0 });
    throw error;
  }
}
