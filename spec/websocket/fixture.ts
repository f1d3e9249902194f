/** Endpoints for specs: on a free port, with a clock that stands still, closed after each test. */

import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import { WebSocket } from 'ws';
import { type CacheEngine, type CacheEngineOptions, ManualClock } from '../../lib/index.js';
import type { ConnectionRegistry } from '../../lib/transport/connection-registry.js';
import { attachWebSocket, type WebSocketEndpoint, type WebSocketOptions } from '../../lib/websocket/index.js';
import { createServed, isServed } from '../support/stores.js';
import { transportOf } from '../tcp/fixture.js';
import { FrameClient } from './frame-client.js';

export interface Served {
  readonly engine: CacheEngine<string, unknown>;
  readonly endpoint: WebSocketEndpoint;
  /** What the endpoint keeps of its connections. */
  readonly transport: ConnectionRegistry;
  readonly clock: ManualClock;
  readonly port: number;
  /** A client of the subprotocol, `memcached` unless said. */
  readonly connect: (protocol?: string | string[], headers?: Record<string, string>) => Promise<FrameClient>;
}

const clients: FrameClient[] = [];
const sockets: Socket[] = [];
const endpoints: WebSocketEndpoint[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.cut();
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const endpoint of endpoints.splice(0)) await endpoint.close();
});

/** An endpoint with a server of its own, over an engine of its own or over `engine`. */
export async function serve(
  options: WebSocketOptions = {},
  engineOptions: CacheEngineOptions<string, unknown> | CacheEngine<string, unknown> = {},
): Promise<Served> {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const engine = isServed(engineOptions) ? engineOptions : createServed({ clock, ...engineOptions });
  const endpoint = closeAfterTest(attachWebSocket(engine, { clock, port: 0, ...options }));
  const { port } = await endpoint.listen();
  return {
    engine,
    endpoint,
    transport: transportOf(engine),
    clock,
    port,
    connect: (protocol, headers) => connectTo(port, { protocol, headers, path: options.path }),
  };
}

export function closeAfterTest(endpoint: WebSocketEndpoint): WebSocketEndpoint {
  endpoints.push(endpoint);
  return endpoint;
}

export async function connectTo(
  port: number,
  {
    protocol = 'memcached',
    headers = {},
    path = '/',
  }: {
    protocol?: string | string[] | undefined;
    headers?: Record<string, string> | undefined;
    path?: string | undefined;
  } = {},
): Promise<FrameClient> {
  const client = new FrameClient(new WebSocket(`ws://127.0.0.1:${port}${path}`, protocol, { headers }));
  clients.push(client);
  await client.opened;
  return client;
}

/** The head of a good handshake, with some lines changed, added, or taken out where they are null. */
export function handshake(
  changes: Record<string, string | null> = {},
  requestLine = 'GET / HTTP/1.1',
): string {
  const headers: Record<string, string | null> = {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Protocol': 'memcached',
    ...changes,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === null ? [] : [`${name}: ${value}`],
  );
  return `${[requestLine, ...lines].join('\r\n')}\r\n\r\n`;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A connection without any of a WebSocket client's manners. */
export async function openSocket(port: number): Promise<Socket> {
  const socket = connectSocket(port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Resolves when it is closed, in whatever way. */
export function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

/** Sends a handshake, and waits until the server has answered and closed the connection. */
export async function refusalOf(port: number, head: string): Promise<Answer> {
  const socket = await openSocket(port);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.write(head, 'latin1');
  await closeOf(socket);
  return answerIn(Buffer.concat(chunks).toString('latin1'));
}

/** Sends a handshake, and waits for the end of the answer's head. The socket is paused, and holds what came behind. */
export async function upgrade(port: number, head: string = handshake()): Promise<Socket> {
  const socket = await openSocket(port);
  socket.write(head, 'latin1');
  let text = '';
  await new Promise<void>((resolve, reject) => {
    socket.on('close', () => reject(new Error(text)));
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (text.includes('\r\n\r\n')) resolve();
    });
  });
  if (answerIn(text).status !== 101) throw new Error(text);
  socket.removeAllListeners('data');
  socket.pause();
  const rest = text.slice(text.indexOf('\r\n\r\n') + 4);
  if (rest !== '') socket.unshift(Buffer.from(rest, 'latin1'));
  return socket;
}

function answerIn(text: string): Answer {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    ),
    body,
  };
}
