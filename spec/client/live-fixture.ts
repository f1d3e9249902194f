/** Clients of a real server, whose sockets can be cut from either side; all is closed after each test. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach } from 'vitest';
import { WebSocket } from 'ws';
import { type ClientOptions, HotsetClient } from '../../lib/client/index.js';
import { CacheEngine, type CacheEngineOptions } from '../../lib/index.js';
import { attachWebSocket, type WebSocketOptions } from '../../lib/websocket/index.js';

export interface LiveServer {
  readonly engine: CacheEngine<string, unknown>;
  readonly url: string;
  connect(options?: ClientOptions): LiveClient;
  /** Destroys every connection. */
  cutAll(): void;
}

export interface LiveClient {
  readonly client: HotsetClient;
  /** Ends the connection without a word, as the client sees it. */
  cut(): void;
  /** Stops and goes on with reading from the connection. */
  pause(): void;
  resume(): void;
}

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export async function liveServer(
  options: WebSocketOptions = {},
  engineOptions: CacheEngineOptions<string, unknown> = {},
): Promise<LiveServer> {
  const engine = new CacheEngine<string, unknown>(engineOptions);
  const server = createServer();
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const endpoint = attachWebSocket(engine, { server, path: '/ws', ...options });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    await endpoint.close();
    server.close();
    server.closeAllConnections();
  });
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`;
  return {
    engine,
    url,
    connect: (clientOptions) => liveClient(url, clientOptions),
    cutAll: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

function liveClient(url: string, options: ClientOptions = {}): LiveClient {
  let current: WebSocket | undefined;
  const client = new HotsetClient(url, {
    backoffBaseMs: 1,
    maxBackoffMs: 5,
    timeoutMs: 30_000,
    socket: (address, offered) => {
      current = new WebSocket(address, [...offered]);
      return current;
    },
    ...options,
  });
  cleanups.push(() => client.close());
  return {
    client,
    cut: () => current?.terminate(),
    pause: () => current?.pause(),
    resume: () => current?.resume(),
  };
}
