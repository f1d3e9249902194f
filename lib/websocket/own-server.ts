/** The HTTP server of an endpoint that has none to share: it takes upgrades, and says so to all that ask for else. */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HotsetError } from '../errors.js';
import type { WebSocketAddress } from './options.js';

/** A client that takes longer to say what it wants is cut. */
const REQUEST_TIMEOUT_MS = 10_000;
const TIMEOUT_CHECK_MS = 2000;
/** Connections over those that may be served, so that there is room to say that there is no room. */
const SPARE_CONNECTIONS = 256;

const ANSWER = 'this is a WebSocket endpoint\n';

/** Connections that the operating system keeps while they wait to be accepted: Node's own number. */
export const NODE_BACKLOG = 511;

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

/** Resolves to the address with the port that was taken. Throws `HOTSET_LISTEN_FAILED`. */
export async function openOn(server: Server, { host, port }: WebSocketAddress): Promise<WebSocketAddress> {
  return await new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      const where = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
      reject(
        new HotsetError('HOTSET_LISTEN_FAILED', `${where} cannot be listened on: ${error.message}`, {
          cause: error,
        }),
      );
    };
    server.once('error', fail);
    server.listen({ host, port, backlog: NODE_BACKLOG }, () => {
      server.off('error', fail);
      const { address, port: taken } = server.address() as AddressInfo;
      resolve({ host: address, port: taken });
    });
  });
}
