/** The servers behind a live view, in this process: HTTP, WebSocket and memcached's port over one engine. */

import { connect } from 'node:net';
import { createHttpServer } from '../../lib/http/index.js';
import type { CacheEngine } from '../../lib/index.js';
import { createTcpServer } from '../../lib/tcp/index.js';
import { attachWebSocket, type WebSocketOptions } from '../../lib/websocket/index.js';
import { createServed } from '../support/stores.js';

export interface LiveServerOptions
  extends Pick<WebSocketOptions, 'access' | 'token' | 'origins' | 'allowFlush' | 'allowDump'> {
  /** Where the page is. Default: a port that is free. */
  port?: number;
  /** Whether memcached clients read and write all the time. Default: true. */
  busy?: boolean;
  maxBytes?: string;
  /** Whether the engine keeps a miss-ratio curve. Default: true. */
  keepsCurve?: boolean;
  /** Other servers that the page shows. */
  peers?: readonly string[];
}

export interface LiveServer {
  readonly engine: CacheEngine<string, unknown>;
  /** Of the page. */
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

export async function startLiveServer(options: LiveServerOptions = {}): Promise<LiveServer> {
  const {
    port = 0,
    busy = true,
    maxBytes = '1MiB',
    keepsCurve = true,
    peers = [],
    ...endpointOptions
  } = options;
  const { token } = options;
  const engine = createServed({ maxBytes, missRatioCurve: keepsCurve });
  const http = createHttpServer(engine, { port, peers, ...(token !== undefined && { token }) });
  const endpoint = attachWebSocket(engine, { ...endpointOptions, server: http.server, path: '/ws' });
  const tcp = createTcpServer(engine);
  const page = await http.listen();
  const stopLoad = busy ? startLoad(((await tcp.listen({ port: 0 })) as { port: number }).port) : () => {};
  return {
    engine,
    port: page.port,
    url: `http://127.0.0.1:${page.port}/`,
    close: async () => {
      stopLoad();
      await Promise.all([endpoint.close(), http.close(), tcp.close()]);
    },
  };
}

const CLIENTS = 4;
const ROUND_MS = 20;
const KEYS = 40_000;
const KINDS: readonly string[] = ['session', 'user', 'page', 'cart', 'rate', 'feed'];

/** Memcached clients that read a few keys often and many seldom. Returns what ends them. */
function startLoad(port: number): () => void {
  const sockets = Array.from({ length: CLIENTS }, () => connect(port, '127.0.0.1'));
  // The replies are not looked at; a server that stops cuts its clients.
  for (const socket of sockets) socket.resume().on('error', () => {});
  let round = 0;
  const timer = setInterval(() => {
    round++;
    const requests = Math.round(10 + 6 * Math.sin(round / 60));
    for (const socket of sockets) {
      const lines = Array.from({ length: requests }, () => requestFor(Math.floor(KEYS ** Math.random())));
      socket.write(lines.join(''));
    }
  }, ROUND_MS);
  return () => {
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
  };
}

function requestFor(number: number): string {
  const key = `${KINDS[number % KINDS.length]}:${(number * 7919) % 99_991}`;
  const kind = Math.random();
  if (kind < 0.78) return `get ${key}\r\n`;
  if (kind < 0.93) {
    const value = 'v'.repeat(200 + (number % 1_800));
    return `set ${key} 0 ${number % 4 === 0 ? 5 : 0} ${value.length}\r\n${value}\r\n`;
  }
  if (kind < 0.95) return `delete ${key}\r\n`;
  if (kind < 0.97) return `touch ${key} 600\r\n`;
  return `set n:${number % 10} 0 0 1\r\n1\r\nincr n:${number % 10} 1\r\n`;
}
