/// <reference types="node" preserve="true" />
/** `hotset/http`: metrics for Prometheus, a health check and the live view. */

import { checkServedStore, type ServedStore } from '../memcached/item-store.js';
import { HttpServer } from './http-server.js';
import type { HttpServerOptions } from './options.js';

export type { LogEvent, LogFunction, LogKind, LogLevel } from '../server-log.js';
export type { WebAddress } from '../web/listening.js';
export type { HttpServer } from './http-server.js';
export { createMetrics, type Metrics } from './metrics/metrics.js';
export type { MetricsOptions, MetricsRegister } from './metrics/options.js';
export type { Labels } from './metrics/read-metric.js';
export { DEFAULT_HTTP_PORT, type HttpServerOptions } from './options.js';

/**
 * Creates a server of `/metrics`, `/healthz` and the live view on `/`. `listen()` starts it.
 *
 * @example
 * const http = createHttpServer(engine, { port: 11280 });
 * const endpoint = attachWebSocket(engine, { server: http.server, path: '/ws' });
 * await http.listen();
 * …
 * await Promise.all([endpoint.close({ forceAfterMs: 5000 }), http.close({ forceAfterMs: 5000 })]);
 *
 * Throws `HOTSET_INVALID_OPTION` for an invalid option, and `HOTSET_INVALID_ARGUMENT` for what is no engine.
 */
export function createHttpServer(engine: ServedStore, options: HttpServerOptions = {}): HttpServer {
  checkServedStore(engine);
  return new HttpServer(engine, options);
}
