/** Opens a listening socket on a TCP port or a Unix socket path. A failure gives one line for the user. */

import { lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { HotsetError } from '../errors.js';
import { listenFailure } from '../listen-failure.js';
import {
  DEFAULT_BACKLOG,
  DEFAULT_HOST,
  DEFAULT_PORT,
  DEFAULT_SOCKET_MODE,
  type ListenAddress,
} from './options.js';

export async function openListener(
  address: ListenAddress,
  onConnection: (socket: Socket) => void,
  backlog: number = DEFAULT_BACKLOG,
  reusePort: boolean = false,
): Promise<Server> {
  if ('path' in address) {
    try {
      await removeStaleSocket(address.path);
    } catch (error) {
      throw listenError(address, error as NodeJS.ErrnoException);
    }
  }
  // Half open: a client may shut its side down after its last request and still read the replies.
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: false }, onConnection);
  return await new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => reject(listenError(address, error));
    server.once('error', fail);
    const listening = (): void => {
      server.off('error', fail);
      resolve(server);
    };
    if ('path' in address) {
      try {
        withUmask(0o777 & ~(address.mode ?? DEFAULT_SOCKET_MODE), () =>
          server.listen({ path: address.path, backlog }, listening),
        );
      } catch (error) {
        fail(error as NodeJS.ErrnoException);
      }
    } else {
      const { host = DEFAULT_HOST, port = DEFAULT_PORT } = address;
      // As in memcached: `::` means all addresses of IPv6, and none of IPv4.
      server.listen({ host, port, backlog, ipv6Only: true, ...(reusePort ? { reusePort } : {}) }, listening);
    }
  });
}

/**
 * Calls `action` with this umask: the socket must never exist with a wider mode, not even for a moment. The umask is the
 * process's: a worker thread may not change it.
 */
function withUmask(umask: number, action: () => void): void {
  const before = process.umask();
  if (umask === before) action();
  else {
    process.umask(umask);
    try {
      action();
    } finally {
      process.umask(before);
    }
  }
}

/** `127.0.0.1:11211`, `[::1]:11211` or a path. */
export function addressText(address: ListenAddress): string {
  if ('path' in address) return address.path;
  const { host = DEFAULT_HOST, port = DEFAULT_PORT } = address;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function listenError(address: ListenAddress, error: NodeJS.ErrnoException): HotsetError {
  if (!('path' in address)) return listenFailure(addressText(address), error);
  return listenFailure(address.path, error, {
    ...(isSocket(address.path) ? {} : { EADDRINUSE: 'exists, and is no socket' }),
    // Node reports a missing directory in the same way.
    EACCES: 'cannot be made: its directory is missing, or closed to this user',
    ERR_WORKER_UNSUPPORTED_OPERATION:
      'needs the main thread: its mode takes a umask that worker threads cannot set (0o777 without the mode)',
  });
}

function isSocket(path: string): boolean {
  try {
    return lstatSync(path).isSocket();
  } catch {
    // Nothing is there, or nothing can be.
    return false;
  }
}

/** Removes a socket that a dead process has left behind; one that refuses for any other reason is left alone. */
async function removeStaleSocket(path: string): Promise<void> {
  if (!isSocket(path)) return;
  const dead = await new Promise<boolean>((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(false);
    });
    // A server with a full queue, or one of another user, fails in other ways.
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
  if (dead) unlinkSync(path);
}
