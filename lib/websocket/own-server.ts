/** The HTTP server of an endpoint that has none to share: it takes upgrades, and says so to all that ask for else. */

import { createServer, type Server } from 'node:http';

/** A client that takes longer to say what it wants is cut. */
const REQUEST_TIMEOUT_MS = 10_000;
const TIMEOUT_CHECK_MS = 2000;
/** Connections over those that may be served, so that there is room to say that there is no room. */
const SPARE_CONNECTIONS = 256;

const ANSWER = 'this is a WebSocket endpoint\n';

export function createOwnServer(maxConnections: number): Server {
  const server = createServer(
    {
      headersTimeout: REQUEST_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    },
    (_request, response) => {
      response.writeHead(426, {
        Connection: 'close, Upgrade',
        Upgrade: 'websocket',
        'Content-Type': 'text/plain; charset=utf-8',
        'Content-Length': ANSWER.length,
      });
      response.end(ANSWER);
    },
  );
  server.maxConnections = maxConnections + SPARE_CONNECTIONS;
  return server;
}
