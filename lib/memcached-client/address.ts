/** Where a memcached server is: `host:port`, the path of a Unix socket, or an object with the same. */

import { invalidArgument } from '../errors.js';

/** A server: `'cache-1:11211'`, `'[::1]:11211'`, `'cache-1'` (port 11211), `'/run/memcached.sock'`, or its parts. */
export type MemcachedAddress =
  | string
  | { readonly host: string; readonly port?: number | undefined }
  | { readonly path: string };

export type ResolvedAddress = { readonly host: string; readonly port: number } | { readonly path: string };

export const DEFAULT_PORT = 11211;

const HOST_AND_PORT = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/;

/** Throws `HOTSET_INVALID_ARGUMENT`. */
export function resolveAddress(address: MemcachedAddress): ResolvedAddress {
  if (typeof address === 'string') {
    const path = address.startsWith('unix:') ? address.slice('unix:'.length) : address;
    if (path.startsWith('/')) return { path };
    const [, bracketed, name, port] = HOST_AND_PORT.exec(address) ?? [];
    const host = bracketed ?? name;
    if (host === undefined) throw invalid(address);
    return { host, port: checkedPort(port === undefined ? DEFAULT_PORT : Number(port), address) };
  }
  if (typeof address !== 'object' || address === null) throw invalid(address);
  if ('path' in address && typeof address.path === 'string' && address.path !== '')
    return { path: address.path };
  if ('host' in address && typeof address.host === 'string' && address.host !== '')
    return { host: address.host, port: checkedPort(address.port ?? DEFAULT_PORT, address) };
  throw invalid(address);
}

/** For messages. */
export function shownAddress(address: ResolvedAddress): string {
  if ('path' in address) return address.path;
  const { host, port } = address;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function checkedPort(port: number, address: MemcachedAddress): number {
  if (!Number.isSafeInteger(port) || port < 1 || port > 65_535) throw invalid(address);
  return port;
}

function invalid(address: unknown): Error {
  return invalidArgument('address', "'host:port', the path of a Unix socket, or { host, port }", address);
}
