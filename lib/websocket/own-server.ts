/** The HTTP server of an endpoint that shares none: it takes upgrades, and refuses every other request. */

import { createServer, type Server } from 'node:http';
import type { Refusal } from '../web/refusal.js';
import { readRequestTarget } from '../web/request-target.js';

/** The longest that a client may take to send a request. */
const REQUEST_TIMEOUT_MS = 10_000;
const TIMEOUT_CHECK_MS = 2000;
/** Connections beyond the limit, so that the endpoint can refuse their handshakes. */
const SPARE_CONNECTIONS = 256;

const UPGRADE_REQUIRED: Refusal = { status: 426, reason: 'this is a WebSocket endpoint' };

export function createOwnServer(maxConnections: number): Server {
  const server = createServer(
    {
      headersTimeout: REQUEST_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    },
    (request, response) => {
      const target = readRequestTarget(request);
      const { status, reason } = 'status' in target ? target : UPGRADE_REQUIRED;
      response.writeHead(status, {
        Connection: 'close, Upgrade',
        Upgrade: 'websocket',
        'Content-Type': 'text/plain; charset=utf-8',
        'Content-Length': reason.length + 1,
      });
      response.end(`${reason}\n`);
    },
  );
  server.maxConnections = maxConnections + SPARE_CONNECTIONS;
  return server;
}
