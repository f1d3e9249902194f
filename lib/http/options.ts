/** What the HTTP server can be told: one type, one place for defaults, one function that validates. */

import { invalidOption, rejectUnknownOptions } from '../errors.js';
import { TIMER_MAX_MS } from '../scheduler.js';
import type { GateOptions } from '../web/access-policy.js';
import { checkWebAddress, DEFAULT_WEB_HOST } from '../web/listening.js';
import type { Metrics } from './metrics/metrics.js';

/** What `createHttpServer` takes. */
export interface HttpServerOptions extends Omit<GateOptions, 'origins'> {
  /** Address to listen on. Default: `127.0.0.1`, so that nobody else on the network can connect. */
  host?: string;
  /** Port to listen on; 0 takes a free one. Default: 11280. */
  port?: number;
  /** What `/metrics` tells. Default: the engine's, and those of the process. */
  metrics?: Metrics;
  /** Whether `/` is the live view, which needs `attachWebSocket` on the path `/ws`. Default: true. */
  liveView?: boolean;
  /** The file of the live view. Default: the one that comes with hotset. */
  pageFile?: string;
  /** Connections at once, those of WebSocket among them; one more is closed. Default: 2048. */
  maxConnections?: number;
  /** Milliseconds that a client may take for its request, or read nothing of its answer. Default: 10,000. */
  requestTimeoutMs?: number;
  /**
   * Takes what goes wrong while a client is served: a collector of the register that throws. The client is told
   * only that something did. Default: nobody is told.
   */
  onError?: (error: unknown) => void;
}

const KNOWN_OPTIONS: ReadonlySet<string> = new Set<keyof HttpServerOptions>([
  'host',
  'port',
  'hosts',
  'token',
  'metrics',
  'liveView',
  'pageFile',
  'maxConnections',
  'requestTimeoutMs',
  'onError',
]);

/** The default of `port`. */
export const DEFAULT_HTTP_PORT = 11280;
/** As many WebSocket clients as an endpoint takes by default, and as many others. */
const DEFAULT_MAX_CONNECTIONS = 2048;
const DEFAULT_REQUEST_TIMEOUT_MS = 10_000;

export interface ResolvedHttpOptions {
  readonly host: string;
  readonly port: number;
  readonly metrics: Metrics | null;
  readonly liveView: boolean;
  readonly pageFile: string | null;
  readonly maxConnections: number;
  readonly requestTimeoutMs: number;
  readonly onError: (error: unknown) => void;
}

/** `hosts` and `token` are the gate's to check. Throws `HOTSET_INVALID_OPTION`. */
export function resolveHttpOptions(options: HttpServerOptions): ResolvedHttpOptions {
  rejectUnknownOptions(options, KNOWN_OPTIONS);
  const { host = DEFAULT_WEB_HOST, port = DEFAULT_HTTP_PORT, onError = () => {} } = options;
  checkWebAddress({ host, port });
  const metrics = options.metrics ?? null;
  if (metrics !== null && typeof metrics.register?.metrics !== 'function')
    throw invalidOption('metrics', 'what createMetrics has made', metrics);
  const liveView = options.liveView ?? true;
  if (typeof liveView !== 'boolean') throw invalidOption('liveView', 'true or false', liveView);
  const pageFile = options.pageFile ?? null;
  if (pageFile !== null && (typeof pageFile !== 'string' || pageFile === ''))
    throw invalidOption('pageFile', 'the name of a file', pageFile);
  const maxConnections = options.maxConnections ?? DEFAULT_MAX_CONNECTIONS;
  if (!Number.isSafeInteger(maxConnections) || maxConnections < 1)
    throw invalidOption('maxConnections', 'a whole number from 1', maxConnections);
  const requestTimeoutMs = options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
  if (!Number.isInteger(requestTimeoutMs) || requestTimeoutMs < 1 || requestTimeoutMs > TIMER_MAX_MS)
    throw invalidOption('requestTimeoutMs', `whole milliseconds from 1 to ${TIMER_MAX_MS}`, requestTimeoutMs);
  if (typeof onError !== 'function') throw invalidOption('onError', 'a function', onError);
  return { host, port, metrics, liveView, pageFile, maxConnections, requestTimeoutMs, onError };
}
