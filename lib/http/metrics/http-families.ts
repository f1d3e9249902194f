/** What the HTTP server counts. */

import { counter, type Family, gauge } from './family.js';

export interface HttpFigures {
  readonly connections: number;
  readonly maxConnections: number;
  readonly rejectedConnections: number;
}

export const HTTP_FAMILIES: readonly Family<HttpFigures>[] = [
  gauge(
    'hotset_http_connections',
    'Open connections of the HTTP port, WebSockets included.',
    ({ connections }) => connections,
  ),
  gauge(
    'hotset_http_max_connections',
    'The most connections of the HTTP port at once.',
    ({ maxConnections }) => maxConnections,
  ),
  counter(
    'hotset_http_connections_rejected_total',
    'Connections of the HTTP port closed because there were too many.',
    ({ rejectedConnections }) => rejectedConnections,
  ),
];
