/** The addresses of HTTP servers, and listening on them. */

import type { AddressInfo, Server } from 'node:net';
import { invalidOption } from '../errors.js';
import { listenFailure } from '../listen-failure.js';

/** Loopback: by default only this machine can connect. */
export const DEFAULT_WEB_HOST = '127.0.0.1';

/** Where an HTTP server listens. */
export interface WebAddress {
  /** Host name or IP address. */
  readonly host: string;
  /** Port; 0 takes a free one. */
  readonly port: number;
}

/** Throws `HOTSET_INVALID_OPTION` for an address that cannot be listened on. */
export function checkWebAddress({ host, port }: WebAddress): void {
  if (typeof host !== 'string' || host === '') throw invalidOption('host', 'a host name or an address', host);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw invalidOption('port', 'a whole number from 0 to 65535', port);
}

/** Resolves to the address with the port that was taken. Throws `HOTSET_LISTEN_FAILED`. */
export async function listenAt(server: Server, address: WebAddress): Promise<WebAddress> {
  return await new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void =>
      reject(listenFailure(webAddressText(address), error));
    server.once('error', fail);
    server.listen(address, () => {
      server.off('error', fail);
      const bound = server.address() as AddressInfo;
      resolve({ host: bound.address, port: bound.port });
    });
  });
}

/** As it stands in a URL: `127.0.0.1:11280`, `[::1]:11280`. */
export function webAddressText({ host, port }: WebAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
