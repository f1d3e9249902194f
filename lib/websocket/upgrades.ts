/**
 * Shares the upgrades of one HTTP server among endpoints, by path. Node leaves an unanswered upgrade open for ever:
 * this answers it where no other listener does.
 *
 * Once a server has an `upgrade` listener, Node treats every offer of another protocol as an upgrade, also the offer of
 * HTTP/2 from a client that can do without it. Those requests are the server's: Node asks `shouldUpgradeCallback` about
 * them, and where it does not yet (before 22.21 and 24.9), they are returned to the server.
 */

import type { Server as HttpServer, IncomingMessage } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { invalidOption } from '../errors.js';
import { afterEarlierAnswers, type Refusal, refuse } from '../web/refusal.js';
import { readRequestTarget } from '../web/request-target.js';

type SharedServer = HttpServer | HttpsServer;

export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** The routes of a server, kept on its one listener of ours: the server has no field for them. */
const ROUTES: unique symbol = Symbol('routes');

interface Router extends UpgradeHandler {
  readonly [ROUTES]: {
    readonly handlers: Map<string, UpgradeHandler>;
    /** Takes the listener off the server. */
    readonly remove: () => void;
  };
}

type Decision = (request: IncomingMessage) => boolean;

/**
 * Routes upgrades on `path` to `handler`, and returns a function that stops it. Throws `HOTSET_INVALID_OPTION` for a
 * path that another endpoint of the server has.
 */
export function takeUpgrades(server: SharedServer, path: string, handler: UpgradeHandler): () => void {
  const router =
    (server.listeners('upgrade') as Router[]).find((listener) => ROUTES in listener) ?? route(server);
  const { handlers, remove } = router[ROUTES];
  if (handlers.has(path)) throw invalidOption('path', 'one that no other endpoint of the server has', path);
  handlers.set(path, handler);
  return () => {
    handlers.delete(path);
    if (handlers.size === 0) remove();
  };
}

function route(server: SharedServer & { shouldUpgradeCallback?: Decision }): Router {
  const handlers = new Map<string, UpgradeHandler>();
  const handlerOf = (request: IncomingMessage): UpgradeHandler | undefined => {
    const target = readRequestTarget(request);
    return 'path' in target ? handlers.get(target.path) : undefined;
  };
  const isOurs: Decision = (request) => isWebSocket(request) || handlerOf(request) !== undefined;
  const listener: UpgradeHandler = (request, socket, head) => {
    const handler = handlerOf(request);
    if (handler !== undefined) handler(request, socket, head);
    else if (server.listenerCount('upgrade') === 1)
      afterEarlierAnswers(request.socket, () => {
        if (isWebSocket(request)) refuse(socket, refusalOf(request));
        else returnToServer(server, request, socket, head);
      });
  };
  const isAlone = (): boolean => server.listenerCount('upgrade') === 1;
  const { shouldUpgradeCallback: decide } = server;
  const decideOnOurs: Decision = (request) =>
    decide!.call(server, request) && (!isAlone() || isOurs(request));
  if (decide !== undefined) server.shouldUpgradeCallback = decideOnOurs;
  const remove = (): void => {
    server.off('upgrade', router);
    if (decide !== undefined && server.shouldUpgradeCallback === decideOnOurs)
      server.shouldUpgradeCallback = decide;
  };
  const router = Object.assign(listener, { [ROUTES]: { handlers, remove } });
  server.on('upgrade', router);
  return router;
}

function isWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

function refusalOf(request: IncomingMessage): Refusal {
  const target = readRequestTarget(request);
  return 'status' in target ? target : { status: 404, reason: 'nothing is served on this path' };
}

/** Headers that concern this connection alone. */
const HOP_HEADERS: ReadonlySet<string> = new Set(['connection', 'upgrade', 'http2-settings']);

/**
 * Lets the server read the request once more without its offer, which a server may ignore (RFC 9110, 7.8). The
 * connection ends with the answer: each time a server takes a socket it adds listeners to it.
 */
function returnToServer(
  server: SharedServer,
  { method, url, httpVersion, rawHeaders }: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const lines = [`${method} ${url} HTTP/${httpVersion}`, 'Connection: close'];
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (!HOP_HEADERS.has(rawHeaders[i]!.toLowerCase())) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit(server instanceof HttpsServer ? 'secureConnection' : 'connection', socket);
}
