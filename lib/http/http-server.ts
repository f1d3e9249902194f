/**
 * The HTTP adapter: metrics, health, the live view's page, and the client for pages of other origins. A table of paths
 * answers requests. What a client may use is bounded: connections, size of headers, pending requests, and time.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { HotsetError } from '../errors.js';
import { knownItemStoreOf, type ServedStore } from '../memcached/item-store.js';
import { ServerLog } from '../server-log.js';
import { checkForceAfter, forceAfter } from '../shutdown.js';
import { AccessPolicy } from '../web/access-policy.js';
import { listenAt, type WebAddress, webAddressText } from '../web/listening.js';
import { afterEarlierAnswers, type Refusal, refuse } from '../web/refusal.js';
import { readRequestTarget } from '../web/request-target.js';
import { type Answer, line, send } from './answer.js';
import { type Page, readClientModule, readPage } from './browser-files.js';
import { createHttpMetrics, type Metrics } from './metrics/metrics.js';
import { type HttpServerOptions, type ResolvedHttpOptions, resolveHttpOptions } from './options.js';

const HEADERS_MAX_BYTES = 16 * 1024;
const KEEP_ALIVE_MS = 5000;
/** Requests of one connection that may be pending: those of one read are all handled in one turn. */
const PENDING_MAX = 16;
/** The longest interval at which Node checks for clients that take too long. */
const TIMEOUT_CHECK_MS = 1000;
/** Without a server of the memcached protocol there is no verbosity; a `log` gets refusals all the same. */
const DEFAULT_VERBOSITY = 1;

const ALLOW: Readonly<Record<string, string>> = { Allow: 'GET, HEAD' };

/** By the code of the parser's error. */
const PARSE_REFUSALS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    reason: `a request line and its headers take at most ${HEADERS_MAX_BYTES} bytes`,
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, reason: 'the chunk extensions are too large' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, reason: 'the request took too long' },
};
const BAD_REQUEST: Refusal = { status: 400, reason: 'this is no HTTP request' };

interface Route {
  /** Whether `Host` and `Origin` are checked. Without, every web page may read the answer. */
  readonly checksHost: boolean;
  readonly checksToken: boolean;
  readonly answer: () => Answer | Promise<Answer>;
}

/** Serves metrics, health and the live view. `createHttpServer` makes it. */
export class HttpServer {
  /** Node's server: `attachWebSocket(engine, { server: http.server, path: '/ws' })` shares its port. */
  readonly server: Server;
  /** What `/metrics` serves. */
  readonly metrics: Metrics;
  readonly #options: ResolvedHttpOptions;
  readonly #policy: AccessPolicy;
  readonly #log: ServerLog;
  readonly #page: Page | null;
  /** `hotset/client` in one file. */
  readonly #client: string | null;
  readonly #routes: ReadonlyMap<string, Route>;
  /** The pending requests of each connection. */
  readonly #sockets = new Map<Socket, number>();
  #rejectedConnections = 0;
  #address: WebAddress | null = null;
  #closing = false;

  constructor(engine: ServedStore, options: HttpServerOptions) {
    this.#options = resolveHttpOptions(options);
    this.#policy = new AccessPolicy(options);
    const { hotKeys, liveView, peers, pageFile, requestTimeoutMs, maxConnections, log, onError } =
      this.#options;
    this.#log = new ServerLog(log, () => knownItemStoreOf(engine)?.verbosity ?? DEFAULT_VERBOSITY);
    // Read here and not later: a process that gives up its rights before it listens could not read them then.
    this.#page = liveView ? readPage(pageFile, peers) : null;
    this.#client = readClientModule();
    this.metrics =
      this.#options.metrics ??
      createHttpMetrics(engine, hotKeys, () => ({
        connections: this.#sockets.size,
        maxConnections,
        rejectedConnections: this.#rejectedConnections,
      }));
    this.#routes = new Map<string, Route>([
      ['/', { checksHost: true, checksToken: false, answer: () => this.#liveView() }],
      ['/metrics', { checksHost: true, checksToken: true, answer: () => this.#metrics() }],
      // The same for everybody, and made for pages of other origins.
      ['/client.js', { checksHost: false, checksToken: false, answer: () => this.#clientModule() }],
      // It reveals nothing, and monitors know servers by many names.
      ['/healthz', { checksHost: false, checksToken: false, answer: () => this.#health() }],
      ['/readyz', { checksHost: false, checksToken: false, answer: () => this.#readiness() }],
    ]);
    this.server = createServer(
      {
        maxHeaderSize: HEADERS_MAX_BYTES,
        headersTimeout: requestTimeoutMs,
        requestTimeout: requestTimeoutMs,
        keepAliveTimeout: KEEP_ALIVE_MS,
        connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS, requestTimeoutMs),
      },
      (request, response) => void this.#serve(request, response),
    );
    this.server.maxConnections = maxConnections;
    this.server.timeout = requestTimeoutMs;
    this.server.on('connection', (socket) => {
      this.#sockets.set(socket, 0);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.server.on('drop', (peer) => {
      this.#rejectedConnections++;
      const message = `an HTTP connection was refused: ${this.#sockets.size} are open`;
      this.#log.write('connection-refused', message, {
        address: peer?.remoteAddress,
        port: peer?.remotePort,
      });
    });
    this.server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
      this.#refuseRubbish(error, socket as Socket),
    );
    this.server.on('connect', (request, socket) =>
      afterEarlierAnswers(request.socket, () =>
        refuse(socket, { status: 405, reason: 'this server is no proxy', headers: ALLOW }),
      ),
    );
    this.server.on('error', (error) => {
      // `listen` reports those that happen before it has resolved.
      if (this.#address !== null) onError(error);
    });
  }

  /** The address listened on; null while the server does not listen. */
  get address(): WebAddress | null {
    return this.#address;
  }

  /** Resolves to the address with the port that was taken. Throws `HOTSET_LISTEN_FAILED`. */
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
   * Stops listening, answers pending requests, and resolves when all connections are closed, WebSockets included. It
   * cuts what is still open after `forceAfterMs`; `Infinity` waits for ever. The server may listen again afterwards.
   * Throws `HOTSET_INVALID_ARGUMENT`.
   */
  async close({ forceAfterMs = 0 }: { forceAfterMs?: number | undefined } = {}): Promise<void> {
    checkForceAfter(forceAfterMs);
    this.#closing = true;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    // Node keeps connections that have sent nothing yet: browsers and balancers open some in advance.
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
    const pending = (this.#sockets.get(socket) ?? 0) + 1;
    if (pending > PENDING_MAX || socket.destroyed) {
      socket.destroy();
      return;
    }
    this.#sockets.set(socket, pending);
    response.on('close', () => {
      const left = this.#sockets.get(socket);
      if (left !== undefined) this.#sockets.set(socket, left - 1);
    });
    // No request here takes a body, and none is read: after one, the connection cannot be reused.
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
    const hasBody = encoding !== undefined || (length !== undefined && length !== '0');
    const answer = await this.#answer(request);
    send(response, answer, hasBody || this.#closing);
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const { method, headers, socket } = request;
    const target = readRequestTarget(request);
    if ('status' in target) return this.#refuse(request, 'a request', target);
    const { path, host } = target;
    if (path === '*') return { status: 200, body: '', headers: ALLOW };
    const route = this.#routes.get(path);
    const subject = route === undefined ? 'a request' : `a request for ${path}`;
    const denied =
      route?.checksHost === false
        ? null
        : this.#policy.checkHostAndOrigin({ host, origin: headers.origin }, socket.localAddress);
    if (denied !== null) return this.#refuse(request, subject, denied);
    if (route === undefined)
      return line(
        404,
        'there is nothing here by plain HTTP; see /, /client.js, /metrics, /healthz and /readyz',
      );
    if (method !== 'GET' && method !== 'HEAD') return line(405, 'this is only for GET and HEAD', ALLOW);
    const unauthorized = route.checksToken ? this.#policy.checkToken(headers) : null;
    if (unauthorized !== null) return this.#refuse(request, subject, unauthorized);
    return await route.answer();
  }

  /** What cannot be parsed ends its connection, behind the answers to the requests before it. */
  #refuseRubbish({ code = '' }: NodeJS.ErrnoException, socket: Socket): void {
    if (!socket.writable || code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    // Each further read fails as well.
    if (this.#sockets.get(socket) === Number.POSITIVE_INFINITY) return;
    this.#sockets.set(socket, Number.POSITIVE_INFINITY);
    afterEarlierAnswers(socket, () => refuse(socket, PARSE_REFUSALS[code] ?? BAD_REQUEST));
  }

  #refuse({ socket }: IncomingMessage, subject: string, { status, reason, headers }: Refusal): Answer {
    const peer = { address: socket.remoteAddress, port: socket.remotePort };
    this.#log.write('request-refused', `${subject} was refused with ${status}: ${reason}`, peer);
    return line(status, reason, headers);
  }

  #health(): Answer {
    return this.#closing ? line(503, 'closing') : line(200, 'ok');
  }

  #readiness(): Answer {
    const reason = this.#closing ? 'closing' : this.#options.readiness();
    return reason === null ? line(200, 'ready') : line(503, reason);
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
