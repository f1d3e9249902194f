/**
 * The HTTP adapter: metrics, health, the live view's page, and the client for pages of others. Each request is
 * answered from a table of paths, and a client's patience is bounded: in connections, in the size of headers, and in time.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { HotsetError } from '../errors.js';
import type { MemcachedEngine } from '../memcached/item-store.js';
import { checkForceAfter, forceAfter } from '../shutdown.js';
import { AccessPolicy } from '../web/access-policy.js';
import { listenAt, type WebAddress, webAddressText } from '../web/listening.js';
import { type Answer, line, send } from './answer.js';
import { createMetrics, type Metrics } from './metrics/metrics.js';
import { type HttpServerOptions, type ResolvedHttpOptions, resolveHttpOptions } from './options.js';
import { type Page, readPage } from './page.js';
import { builtFile, readText } from './text-file.js';

const HEADERS_MAX_BYTES = 16 * 1024;
const KEEP_ALIVE_MS = 5000;
/** Requests of one connection that may wait for their answers: what comes in one read is worked on in one turn. */
const UNANSWERED_MAX = 16;
/** How often Node looks for clients that take too long, at most. */
const PATIENCE_CHECKS_MS = 1000;

interface Route {
  /** Whether only somebody who knows the server by its name is answered, so that no page gets in by a name of its own. */
  readonly asksForName: boolean;
  readonly asksForToken: boolean;
  readonly answer: () => Answer | Promise<Answer>;
}

/** Serves metrics, health and the live view. `createHttpServer` makes it. */
export class HttpServer {
  /** Node's own: `attachWebSocket(engine, { server: http.server, path: '/ws' })` shares its port. */
  readonly server: Server;
  /** What `/metrics` tells. */
  readonly metrics: Metrics;
  readonly #options: ResolvedHttpOptions;
  readonly #gate: AccessPolicy;
  readonly #page: Page | null;
  /** `hotset/client` in one file. */
  readonly #client: string | null;
  readonly #routes: ReadonlyMap<string, Route>;
  /** Each connection's requests that have not been answered. */
  readonly #sockets = new Map<Socket, number>();
  #address: WebAddress | null = null;
  #closing = false;

  constructor(engine: MemcachedEngine, options: HttpServerOptions) {
    this.#options = resolveHttpOptions(options);
    this.#gate = new AccessPolicy(options);
    const { liveView, pageFile, requestTimeoutMs, maxConnections, onError } = this.#options;
    // At once: whoever gives up rights before it listens may not reach the files later.
    this.#page = liveView ? readPage(pageFile) : null;
    this.#client = readText(builtFile('client/browser.js'));
    this.metrics = this.#options.metrics ?? createMetrics({ engine });
    this.#routes = new Map<string, Route>([
      ['/', { asksForName: true, asksForToken: false, answer: () => this.#liveView() }],
      ['/metrics', { asksForName: true, asksForToken: true, answer: () => this.#metrics() }],
      // It is the same for everybody, and pages of other places take it from here.
      ['/client.js', { asksForName: false, asksForToken: false, answer: () => this.#clientModule() }],
      // It tells nothing, and who looks after many servers knows them by many names.
      ['/healthz', { asksForName: false, asksForToken: false, answer: () => this.#health() }],
    ]);
    this.server = createServer(
      {
        maxHeaderSize: HEADERS_MAX_BYTES,
        headersTimeout: requestTimeoutMs,
        requestTimeout: requestTimeoutMs,
        keepAliveTimeout: KEEP_ALIVE_MS,
        connectionsCheckingInterval: Math.min(PATIENCE_CHECKS_MS, requestTimeoutMs),
      },
      (request, response) => void this.#serve(request, response),
    );
    this.server.maxConnections = maxConnections;
    this.server.timeout = requestTimeoutMs;
    this.server.on('connection', (socket) => {
      this.#sockets.set(socket, 0);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.server.on('error', (error) => {
      // Who waits for `listen` is told there.
      if (this.#address !== null) onError(error);
    });
  }

  /** The address listened on; null while it does not listen. */
  get address(): WebAddress | null {
    return this.#address;
  }

  /** Returns the address with the port that was taken. Throws `HOTSET_LISTEN_FAILED`. */
  async listen(): Promise<WebAddress> {
    const { host, port } = this.#options;
    if (this.#address !== null)
      throw new HotsetError(
        'HOTSET_LISTEN_FAILED',
        `${webAddressText(this.#address)}: the server listens already`,
      );
    this.#address = await listenAt(this.server, { host, port });
    return this.#address;
  }

  /**
   * Stops listening, answers the requests that have come, and resolves when all connections are closed, those that
   * have become WebSockets too. What is still open after `forceAfterMs` is cut; `Infinity` waits for ever. The server may
   * listen again afterwards. Throws `HOTSET_INVALID_ARGUMENT`.
   */
  async close({ forceAfterMs = 0 }: { forceAfterMs?: number } = {}): Promise<void> {
    checkForceAfter(forceAfterMs);
    this.#closing = true;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    // Node takes a connection for busy that nothing has come over yet: browsers and balancers open some in advance.
    for (const socket of this.#sockets.keys()) if (socket.bytesRead === 0) socket.destroy();
    const cancel = forceAfter(forceAfterMs, () => {
      for (const socket of this.#sockets.keys()) socket.destroy();
    });
    await closed;
    cancel();
    this.#address = null;
    this.#closing = false;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    const unanswered = (this.#sockets.get(socket) ?? 0) + 1;
    if (unanswered > UNANSWERED_MAX || socket.destroyed) {
      socket.destroy();
      return;
    }
    this.#sockets.set(socket, unanswered);
    response.on('close', () => {
      const left = this.#sockets.get(socket);
      if (left !== undefined) this.#sockets.set(socket, left - 1);
    });
    // Nothing here takes a body, and none is read: the connection cannot go on behind it.
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
    const hasBody = encoding !== undefined || (length !== undefined && length !== '0');
    const answer = await this.#answer(request);
    send(response, answer, hasBody || this.#closing);
  }

  async #answer({ method, url = '', headers, socket }: IncomingMessage): Promise<Answer> {
    const route = this.#routes.get(url.split('?', 1)[0]!);
    const place =
      route?.asksForName === false ? null : this.#gate.checkHostAndOrigin(headers, socket.localAddress);
    if (place !== null) return line(place.status, place.reason);
    if (route === undefined)
      return line(404, 'there is nothing here by plain HTTP; see /, /client.js, /metrics and /healthz');
    if (method !== 'GET' && method !== 'HEAD')
      return line(405, 'this is only for GET and HEAD', { Allow: 'GET, HEAD' });
    const stranger = route.asksForToken ? this.#gate.checkToken(headers) : null;
    if (stranger !== null) return line(stranger.status, stranger.reason, { 'WWW-Authenticate': 'Bearer' });
    return await route.answer();
  }

  #health(): Answer {
    return this.#closing ? line(503, 'closing') : line(200, 'ok');
  }

  #clientModule(): Answer {
    if (this.#client === null) return line(404, 'the client has not been built; npm run build makes it');
    return {
      status: 200,
      body: this.#client,
      headers: {
        'Access-Control-Allow-Origin': '*',
        'Content-Type': 'text/javascript; charset=utf-8',
        'Cross-Origin-Resource-Policy': 'cross-origin',
      },
    };
  }

  async #metrics(): Promise<Answer> {
    const { register } = this.metrics;
    try {
      return {
        status: 200,
        body: await register.metrics(),
        headers: { 'Content-Type': register.contentType },
      };
    } catch (error) {
      this.#options.onError(error);
      return line(500, 'the metrics could not be read');
    }
  }

  #liveView(): Answer {
    if (!this.#options.liveView) return line(404, 'there is no live view here; see /metrics and /healthz');
    if (this.#page === null) return line(404, 'the live view has not been built; npm run build makes it');
    const { body, policy } = this.#page;
    return {
      status: 200,
      body,
      headers: { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy },
    };
  }
}
