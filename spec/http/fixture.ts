/** HTTP servers for specs: on a free port, closed after each test. */

import { type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Registry } from 'prom-client';
import { afterEach } from 'vitest';
import {
  createHttpServer,
  createMetrics,
  type HttpServer,
  type HttpServerOptions,
} from '../../lib/http/index.js';
import type { CacheEngine } from '../../lib/index.js';
import { createServed } from '../support/stores.js';

export interface ServedHttp {
  readonly engine: CacheEngine<string, unknown>;
  readonly http: HttpServer;
  readonly port: number;
}

const servers: HttpServer[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const http of servers.splice(0)) await http.close();
});

/** A server over an engine of its own; without the metrics of the process, which nobody could turn off again. */
export async function serveHttp(options: HttpServerOptions = {}): Promise<ServedHttp> {
  const engine = createServed();
  const metrics = createMetrics({ engine, register: new Registry() });
  const http = createHttpServer(engine, { port: 0, metrics, ...options });
  servers.push(http);
  const { port } = await http.listen();
  return { engine, http, port };
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A request with these headers, whatever they are: unlike fetch, which has its own mind about some. */
export async function ask(
  port: number,
  path: string,
  { method = 'GET', headers = {}, host = '127.0.0.1' }: AskOptions = {},
): Promise<Reply> {
  return await new Promise((resolve, reject) => {
    const asked = request({ host, port, path, method, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    });
    asked.on('error', reject).end();
  });
}

interface AskOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly host?: string;
}

/** A bare socket, and all that comes back until the server ends it. */
export function dial(port: number): { readonly socket: Socket; readonly ended: Promise<string> } {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  let reply = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    reply += text;
  });
  // A reset is an end as well.
  socket.on('error', () => {});
  return { socket, ended: new Promise((resolve) => socket.on('close', () => resolve(reply))) };
}
