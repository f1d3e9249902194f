/** What hotset's servers report beyond memcached's statistics. */

import type { ItemStore } from '../../memcached/item-store.js';
import type { Transport } from '../../transport.js';
import { counter, type Family, gauge } from './family.js';

const MS_PER_SECOND = 1000;

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

/** Undefined while no adapter serves the engine. */
type Served = Pick<ItemStore, 'transports'> | undefined;

export const SERVER_FAMILIES: readonly Family<Served>[] = [
  gauge(
    'hotset_websocket_connections',
    'Open WebSockets.',
    sumOfWebSockets(({ currentConnections }) => currentConnections),
  ),
  gauge(
    'hotset_websocket_max_connections',
    'The most WebSockets at once.',
    sumOfWebSockets(({ maxConnections }) => maxConnections),
  ),
  counter(
    'hotset_websocket_connections_rejected_total',
    'WebSockets refused because there were too many.',
    sumOfWebSockets(({ rejectedConnections }) => rejectedConnections),
  ),
  gauge(
    'hotset_tls_certificate_expires_timestamp_seconds',
    'Unix time when the first of the certificates in use expires.',
    (served) => {
      const times = [...(served?.transports ?? [])].flatMap(({ settings: { tls } }) =>
        tls === null ? [] : [tls.expiresAtMs],
      );
      return times.length === 0 ? undefined : Math.min(...times) / MS_PER_SECOND;
    },
  ),
];

/** Undefined where there is no endpoint. */
function sumOfWebSockets(read: (endpoint: Transport) => number): (served: Served) => number | undefined {
  return (served) => {
    const endpoints = [...(served?.transports ?? [])].filter(({ settings }) => settings.kind === 'websocket');
    return endpoints.length === 0 ? undefined : endpoints.reduce((sum, endpoint) => sum + read(endpoint), 0);
  };
}
