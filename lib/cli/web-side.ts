/**
 * What `--http` opens: metrics, health, the live view and WebSocket, on one port. Loaded only when it is asked for,
 * as it brings libraries of its own.
 */

import { createHttpServer } from '../http/index.js';
import type { MemcachedEngine } from '../memcached/item-store.js';
import type { WebAddress } from '../web/listening.js';
import { attachWebSocket } from '../websocket/index.js';
import { complain, complainOfRequest } from './complain.js';
import type { HttpSettings } from './http-settings.js';
import { withPortHint } from './listening.js';
import { readTokenFile } from './small-files.js';

export interface WebSide {
  readonly address: WebAddress;
  /** As the servers' own `close`. */
  close(options: { forceAfterMs: number }): Promise<void>;
}

const SOCKET_PATH = '/ws';

/** Half of `maxConnections` may be WebSocket clients. Throws a StartError, and `HOTSET_LISTEN_FAILED`. */
export async function openWebSide(
  engine: MemcachedEngine,
  { host, port, access, tokenFile, origins, hosts }: HttpSettings,
  maxConnections: number,
): Promise<WebSide> {
  const gate = { hosts, ...(tokenFile === null ? {} : { token: readTokenFile(tokenFile) }) };
  const http = createHttpServer(engine, {
    ...gate,
    host,
    port,
    maxConnections,
    onError: complainOfRequest,
  });
  const sockets = attachWebSocket(engine, {
    ...gate,
    origins,
    server: http.server,
    path: SOCKET_PATH,
    access,
    maxConnections: Math.ceil(maxConnections / 2),
    log: complain,
    onError: complainOfRequest,
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
