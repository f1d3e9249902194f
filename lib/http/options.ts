/** The options of the HTTP server: their type, their defaults, and the function that validates them. */

import { invalidOption, rejectUnknownOptions } from '../errors.js';
import { TIMER_MAX_MS } from '../scheduler.js';
import type { LogFunction } from '../server-log.js';
import { type AccessPolicyOptions, peerForm } from '../web/access-policy.js';
import { checkWebAddress, DEFAULT_WEB_HOST } from '../web/listening.js';
import type { Metrics } from './metrics/metrics.js';
import { checkHotKeys } from './metrics/options.js';

/** What `createHttpServer` takes. */
export interface HttpServerOptions extends Omit<AccessPolicyOptions, 'origins'> {
  /** Address to listen on. Default: `127.0.0.1`, which only this machine can reach. */
  host?: string | undefined;
  /** Port to listen on; 0 takes a free one. Default: 11280. */
  port?: number | undefined;
  /** What `/metrics` serves. Default: metrics of the engine, of this server and of the process. */
  metrics?: Metrics | undefined;
  /** How many of the keys that are read most are in the metrics, at most 100, as with `createMetrics`. Default: 0. */
  hotKeys?: number | undefined;
  /** Whether `/` serves the live view, which needs `attachWebSocket` on the path `/ws`. Default: true. */
  liveView?: boolean | undefined;
  /**
   * Servers that the live view shows beside this one, as `host:port`; one may be this server itself. The page connects to them
   * and sends them its token, so they must admit its origin. Default: none.
   */
  peers?: readonly string[] | undefined;
  /** The file of the live view. Default: the package's own. */
  pageFile?: string | undefined;
  /** The most connections at once, WebSockets included; one more is closed. Default: 2048. */
  maxConnections?: number | undefined;
  /** The longest that a client may take to send a request, or may read nothing of its answer. Default: 10,000. */
  requestTimeoutMs?: number | undefined;
  /** Takes a line for each refused request or connection. The verbosity is that of the engine's other servers. */
  log?: LogFunction | undefined;
  /** Why the server is not ready, a word for `/readyz`; null when it is. Default: it is, until it closes. */
  readiness?: (() => string | null) | undefined;
  /** Takes what a collector of the register throws; the client gets a 500 without it. Default: it is dropped. */
  onError?: ((error: unknown) => void) | undefined;
}

const KNOWN_OPTIONS: ReadonlySet<string> = new Set<keyof HttpServerOptions>([
  'host',
  'port',
  'hosts',
  'token',
  'metrics',
  'hotKeys',
  'liveView',
  'peers',
  'pageFile',
  'maxConnections',
  'requestTimeoutMs',
  'log',
  'readiness',
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
  readonly hotKeys: number;
  readonly liveView: boolean;
  readonly peers: readonly string[];
  readonly pageFile: string | null;
  readonly maxConnections: number;
  readonly requestTimeoutMs: number;
  readonly log: LogFunction | undefined;
  readonly readiness: () => string | null;
  readonly onError: (error: unknown) => void;
}

/** AccessPolicy checks `hosts` and `token`. Throws `HOTSET_INVALID_OPTION`. */
export function resolveHttpOptions(options: HttpServerOptions): ResolvedHttpOptions {
  rejectUnknownOptions(options, KNOWN_OPTIONS);
  const { host = DEFAULT_WEB_HOST, port = DEFAULT_HTTP_PORT, onError = () => {} } = options;
  const { readiness = () => null } = options;
  checkWebAddress({ host, port });
  const metrics = options.metrics ?? null;
  if (metrics !== null && typeof metrics.register?.metrics !== 'function')
    throw invalidOption('metrics', 'what createMetrics returns', metrics);
  const { hotKeys = 0 } = options;
  checkHotKeys(hotKeys);
  if (hotKeys > 0 && metrics !== null)
    throw invalidOption(
      'hotKeys',
      'a place among the options of createMetrics, where there are metrics',
      hotKeys,
    );
  const liveView = options.liveView ?? true;
  if (typeof liveView !== 'boolean') throw invalidOption('liveView', 'true or false', liveView);
  const { peers = [] } = options;
  const badPeer = Array.isArray(peers) ? peers.find((peer) => peerForm(peer) === null) : peers;
  if (!Array.isArray(peers) || badPeer !== undefined)
    throw invalidOption('peers', 'an array of names or IPv4 addresses with a port', badPeer);
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
  if (typeof readiness !== 'function') throw invalidOption('readiness', 'a function', readiness);
  return {
    host,
    port,
    metrics,
    hotKeys,
    liveView,
    peers: peers.map((peer) => peerForm(peer)!),
    pageFile,
    maxConnections,
    requestTimeoutMs,
    log,
    readiness,
    onError,
  };
}
