/**
 * Upgrades of a server that is not ours alone: each goes to the endpoint of its path. Node leaves a socket that
 * nobody answers open for ever: where no other listener could, it is answered here.
 */

import { type Server as HttpServer, type IncomingMessage, ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
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
    else if (isForWebSocket(request) || hasBody(request))
      refuse(socket, { status: 404, reason: 'nothing is served on this path' });
    else answerAsRequest(server, request, socket);
  };
  const routes = { handlers, listener };
  ROUTES.set(server, routes);
  server.on('upgrade', listener);
  return routes;
}

/**
 * Some clients offer HTTP/2 with every request, Java's among them, and take an answer without. As soon as anybody
 * listens for upgrades, Node no longer takes that for a request.
 */
function answerAsRequest(server: HttpServer | HttpsServer, request: IncomingMessage, socket: Duplex): void {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.on('finish', () => socket.end(() => socket.destroy()));
  socket.on('error', () => socket.destroy());
  response.assignSocket(socket as Socket);
  server.emit('request', request, response);
}

function isForWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/** Of an upgrade, a body would not have been read. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** The path as it stands in the request, without query. */
function pathOf({ url = '' }: IncomingMessage): string {
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}
