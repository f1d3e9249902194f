/** Both ends of a connection, as `stats conns` and the log show them. */

import type { Peer } from '../transport.js';

/** What a socket knows of its ends; nothing for a Unix socket, or a stream that is no socket. */
export interface SocketEnds {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

export interface ConnectionEnds {
  readonly peer: Peer;
  readonly address: string;
  readonly listenAddress: string;
}

/** Read while the socket is open: a closed one has lost its addresses. `path` is that of a Unix socket. */
export function endsOf(
  { remoteAddress, remotePort, localAddress, localPort }: SocketEnds,
  path: string | null,
): ConnectionEnds {
  return {
    peer:
      remotePort === undefined
        ? { address: 'unix', port: 0, transport: 'local' }
        : { address: remoteAddress ?? '', port: remotePort, transport: 'tcp' },
    address: endText(remoteAddress, remotePort, path),
    listenAddress: endText(localAddress, localPort, path),
  };
}

/** In memcached's form. Without a port it is the Unix socket at `path`. IPv6 is in brackets. */
export function endText(host: string | undefined, port: number | undefined, path: string | null): string {
  if (port === undefined) return `unix:${path}`;
  return host?.includes(':') ? `tcp6:[${host}]:${port}` : `tcp:${host}:${port}`;
}
