/** Addresses as `stats conns` shows them, in memcached's form. */

import type { ListenAddress } from './options.js';

/** Where a server listens. */
export function shownListener(address: ListenAddress): string {
  return 'path' in address ? `unix:${address.path}` : shownEnd(address.host, address.port, null);
}

/** One end of a connection; without a port it is that of the Unix socket at `path`. IPv6 stands in brackets. */
export function shownEnd(host: string | undefined, port: number | undefined, path: string | null): string {
  if (port === undefined) return `unix:${path}`;
  return host?.includes(':') ? `tcp6:[${host}]:${port}` : `tcp:${host}:${port}`;
}
