/**
 * Upgrades of a server that is not ours alone: each goes to the endpoint of its path. Node leaves a socket that
 * nobody answers open for ever: where no other listener could, it is answered here.
 *
 * As soon as anybody listens to upgrades, Node takes every request for one that offers another protocol, also those of clients
 * that would rather speak HTTP/2, and can do without. Those are given back to the server.
 */

import type { Server as HttpServer, IncomingMessage } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { invalidOption } from '../errors.js';
import { refuse } from './handshake.js';

export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

interface Routes {
  readonly handlers: Map<string, UpgradeHandler>;
  readonly listener: UpgradeHandler;
}

const ROUTES = new WeakMap<HttpServer | HttpsServer, Routes>();

/** Returns what ends it. Throws `HOTSET_INVALID_OPTION` for a path that another endpoint of the server has. */
export function takeUpgrades(
  server: HttpServer | HttpsServer,
  path: string,
  handler: UpgradeHandler,
): () => void {
  const routes = ROUTES.get(server) ?? begin(server);
  const { handlers, listener } = routes;
  if (handlers.has(path)) throw invalidOption('path', 'one that no other endpoint of the server has', path);
  handlers.set(path, handler);
  return () => {
    handlers.delete(path);
    if (handlers.size > 0) return;
    server.off('upgrade', listener);
    ROUTES.delete(server);
  };
}

function begin(server: HttpServer | HttpsServer): Routes {
  const handlers = new Map<string, UpgradeHandler>();
  const listener: UpgradeHandler = (request, socket, head) => {
    const handler = handlers.get(pathOf(request));
    if (handler !== undefined) handler(request, socket, head);
    else if (server.listenerCount('upgrade') > 1) return;
    else if (request.headers.upgrade?.toLowerCase() === 'websocket')
      refuse(socket, { status: 404, reason: 'nothing is served on this path' });
    else giveBack(server, request, socket, head);
  };
  const routes = { handlers, listener };
  ROUTES.set(server, routes);
  server.on('upgrade', listener);
  return routes;
}

/** What is about this connection alone, and not for whoever answers. */
const HOP_HEADERS: ReadonlySet<string> = new Set(['connection', 'upgrade', 'http2-settings']);

/**
 * Lets the server read the request once more, without its offer (RFC 9110, 7.8: it may be ignored). The connection ends with the
 * answer, as each time that it is handed over adds listeners to it. One on which an earlier request is still to be answered is
 * cut: Node would never come to the second answer.
 */
function giveBack(
  server: HttpServer | HttpsServer,
  { method, url, httpVersion, rawHeaders }: IncomingMessage,
  socket: Duplex & { readonly _httpMessage?: object | null },
  head: Buffer,
): void {
  if (socket._httpMessage) {
    socket.destroy();
    return;
  }
  const lines = [`${method} ${url} HTTP/${httpVersion}`, 'Connection: close'];
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (!HOP_HEADERS.has(rawHeaders[i]!.toLowerCase())) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit(server instanceof HttpsServer ? 'secureConnection' : 'connection', socket);
}

/** The path as it stands in the request, without query. */
function pathOf({ url = '' }: IncomingMessage): string {
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}
