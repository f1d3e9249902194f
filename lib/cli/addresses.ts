/** `-p`, `-l`, `-s` and `-a`: where to listen; nowhere only where HTTP is served. */

import type { ListenAddress } from '../tcp/index.js';
import { DEFAULT_HOST, DEFAULT_PORT } from '../tcp/options.js';
import type { Given } from './given.js';
import { UsageError } from './usage-error.js';

/** An address without TLS on a server with it: `notls:127.0.0.1:11212`. */
const WITHOUT_TLS = /^notls:/;
const ADDRESS = /^(?:\[([^\]]+)\]|([^:]+)|([^[\]]*:[^[\]]*:[^[\]]*))(?::(-?\d+))?$/;

export function addresses(given: Given, servesHttp: boolean): ListenAddress[] {
  const port = portNumber('-p', given.last('port') ?? String(DEFAULT_PORT));
  const socket = given.last('socket');
  if (socket !== undefined) {
    if (socket === '') throw new UsageError('-s takes the path of a Unix socket');
    const unix: ListenAddress = { path: socket, mode: accessMode(given) };
    // As with memcached, a Unix socket stands instead of TCP, unless a port is asked for as well.
    return given.has('port') && port !== null ? [unix, ...tcpAddresses(given, port)] : [unix];
  }
  const tcp = tcpAddresses(given, port);
  if (tcp.length === 0 && !servesHttp)
    throw new UsageError(
      'a port of 0 opens none, and leaves nothing to listen on; give -s <path> or --http <port> with it',
    );
  return tcp;
}

function tcpAddresses(given: Given, port: number | null): ListenAddress[] {
  const lists = given.all('listen');
  const listed = (lists.length === 0 ? [DEFAULT_HOST] : lists).flatMap((list) => list.split(','));
  return listed.flatMap((entry) => {
    const text = entry.trim();
    const match = ADDRESS.exec(text.replace(WITHOUT_TLS, ''));
    const host = match?.[1] ?? match?.[2] ?? match?.[3];
    if (host === undefined)
      throw new UsageError(
        `-l takes addresses as in 127.0.0.1, 10.0.0.5:11311 or [::1]:11211; got "${text}"`,
      );
    const own = match?.[4] === undefined ? port : portNumber('-l', match[4]);
    if (own === null) return [];
    return [{ host, port: own, ...(WITHOUT_TLS.test(text) ? { tls: false } : {}) }];
  });
}

/** A port; null for none, 0 (any) for memcached's -1. */
function portNumber(where: string, text: string): number | null {
  const number = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number === 0) return null;
  if (number === -1) return 0;
  if (number > 0 && number <= 65535) return number;
  throw new UsageError(
    `${where} takes a port from 1 to 65535, 0 for none or -1 for any free one; got ${text}`,
  );
}

function accessMode(given: Given): number {
  const text = given.last('mask') ?? '0700';
  if (!/^0?[0-7]{1,3}$/.test(text))
    throw new UsageError(`-a takes an access mode in octal, as in 0700; got ${text}`);
  return Number.parseInt(text, 8);
}
