/** The options of the HTTP server: their type, their defaults, and the function that validates them. */

import { invalidOption, rejectUnknownOptions } from '../errors.js';
import { TIMER_MAX_MS } from '../scheduler.js';
import type { LogFunction } from '../server-log.js';
import type { AccessPolicyOptions } from '../web/access-policy.js';
import { checkWebAddress, DEFAULT_WEB_HOST } from '../web/listening.js';
import type { Metrics } from './metrics/metrics.js';

/** What `createHttpServer` takes. */
export interface HttpServerOptions extends Omit<AccessPolicyOptions, 'origins'> {
  /** Address to listen on. Default: `127.0.0.1`, which only this machine can reach. */
  host?: string | undefined;
  /** Port to listen on; 0 takes a free one. Default: 11280. */
  port?: number | undefined;
  /** What `/metrics` serves. Default: metrics of the engine, of this server and of the process. */
  metrics?: Metrics | undefined;
  /** Whether `/` serves the live view, which needs `attachWebSocket` on the path `/ws`. Default: true. */
  liveView?: boolean | undefined;
  /** The file of the live view. Default: the package's own. */
  pageFile?: string | undefined;
  /** The most connections at once, WebSockets included; one more is closed. Default: 2048. */
  maxConnections?: number | undefined;
  /** The longest that a client may take to send a request, or may read nothing of its answer. Default: 10,000. */
  requestTimeoutMs?: number | undefined;
  /** Takes a line for each refused request or connection. The verbosity is that of the engine's other servers. */
  log?: LogFunction | undefined;
  /** Takes what a collector of the register throws; the client gets a 500 without it. Default: it is dropped. */
  onError?: ((error: unknown) => void) | undefined;
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
  'log',
  'onError',
]);

/** The default of `port`. */
export const DEFAULT_HTTP_PORT = 11280;
/** As many WebSockets as an endpoint takes by default, and as many other connections. */
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
  readonly log: LogFunction | undefined;
  readonly onError: (error: unknown) => void;
}

/** AccessPolicy checks `hosts` and `token`. Throws `HOTSET_INVALID_OPTION`. */
export function resolveHttpOptions(options: HttpServerOptions): ResolvedHttpOptions {
  rejectUnknownOptions(options, KNOWN_OPTIONS);
  const { host = DEFAULT_WEB_HOST, port = DEFAULT_HTTP_PORT, onError = () => {} } = options;
  checkWebAddress({ host, port });
  const metrics = options.metrics ?? null;
  if (metrics !== null && typeof metrics.register?.metrics !== 'function')
    throw invalidOption('metrics', 'what createMetrics returns', metrics);
  const liveView = options.liveView ?? true;
  if (typeof liveView !== 'boolean') throw invalidOption('liveView', 'true or false', liveView);
  const pageFile = options.pageFile ?? null;
  if (pageFile !== null && (typeof pageFile !== 'string' || pageFile === ''))
    throw invalidOption('pageFile', 'a file name', pageFile);
  const maxConnections = options.maxConnections ?? DEFAULT_MAX_CONNECTIONS;
  if (!Number.isSafeInteger(maxConnections) || maxConnections < 1)
    throw invalidOption('maxConnections', 'a whole number from 1', maxConnections);
  const requestTimeoutMs = options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
  if (!Number.isInteger(requestTimeoutMs) || requestTimeoutMs < 1 || requestTimeoutMs > TIMER_MAX_MS)
    throw invalidOption('requestTimeoutMs', `whole milliseconds from 1 to ${TIMER_MAX_MS}`, requestTimeoutMs);
  const { log } = options;
  if (log !== undefined && typeof log !== 'function') throw invalidOption('log', 'a function', log);
  if (typeof onError !== 'function') throw invalidOption('onError', 'a function', onError);
  return { host, port, metrics, liveView, pageFile, maxConnections, requestTimeoutMs, log, onError };
}
