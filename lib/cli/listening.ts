/** Opens ports and Unix sockets, with hints when that fails, and prints the addresses. */

import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { HotsetError } from '../errors.js';
import { listenFailure } from '../listen-failure.js';
import type { ListenAddress, TcpServer } from '../tcp/index.js';
import { addressText, openListener } from '../tcp/listener.js';
import type { TcpAddress } from '../tcp/options.js';
import { VERSION } from '../version.js';
import type { WebAddress } from '../web/listening.js';
import { webAddressText } from '../web/listening.js';
import { ANY_HOST } from './addresses.js';
import type { Settings } from './settings.js';

/** What a name of several addresses may fail with for one of them: a machine without IPv6 still has a `localhost`. */
const FAMILY_IS_MISSING: ReadonlySet<string | undefined> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);
const PORT_HINT = 'choose another port with -p, for example: hotset -p 11311';

/** Wildcard addresses, and the loopback address that reaches each. */
const OWN_NAMES: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/**
 * Listens on each address, and returns them with the ports that were taken. Throws `HOTSET_LISTEN_FAILED`. Ports that
 * threads share would be shared with another server of the same user as well: `isShared` makes sure that there is none.
 */
export async function listenOn(
  server: TcpServer,
  addresses: readonly ListenAddress[],
  isShared: boolean = false,
): Promise<ListenAddress[]> {
  const taken: ListenAddress[] = [];
  for (const address of addresses) {
    if ('path' in address) taken.push(await server.listen(address));
    else taken.push(...(await listenOnHost(server, address, taken, isShared)));
  }
  return taken;
}

/** A name may have several addresses: as in memcached, listens on all that this machine has. */
async function listenOnHost(
  server: TcpServer,
  address: TcpAddress,
  taken: readonly ListenAddress[],
  isShared: boolean,
): Promise<ListenAddress[]> {
  const opened: ListenAddress[] = [];
  let failure: HotsetError | undefined;
  for (const host of await hostsOf(address)) {
    try {
      if (isShared) await withPortHint(checkIsFree({ ...address, host }), PORT_HINT);
      opened.push(await withPortHint(server.listen({ ...address, host }), PORT_HINT));
    } catch (error) {
      if (!(error instanceof HotsetError)) throw error;
      const { code } = error.cause as NodeJS.ErrnoException;
      if (code === 'EADDRINUSE') throw overlapFailure({ ...address, host }, taken, error);
      if (!FAMILY_IS_MISSING.has(code)) throw error;
      failure ??= error;
    }
  }
  if (opened.length === 0) throw failure!;
  return opened;
}

async function checkIsFree(address: TcpAddress): Promise<void> {
  const probe = await openListener(address, (socket) => socket.destroy());
  await new Promise((resolve) => probe.close(resolve));
}

async function hostsOf(address: TcpAddress): Promise<string[]> {
  const host = address.host!;
  if (host === ANY_HOST) return ['0.0.0.0', '::'];
  try {
    const found = await lookup(host, { all: true });
    return [...new Set(found.map((each) => each.address))];
  } catch (error) {
    throw listenFailure(addressText(address), error as Error);
  }
}

/** A clearer error for a port that this process itself has taken. */
function overlapFailure(
  address: TcpAddress,
  taken: readonly ListenAddress[],
  error: HotsetError,
): HotsetError {
  const own = taken.find((other) => !('path' in other) && overlap(address, other));
  if (own === undefined) return error;
  const message = `${addressText(address)} overlaps with ${addressText(own)}: give -l only one of them`;
  return new HotsetError(error.code, message, { cause: error.cause });
}

function overlap(one: TcpAddress, other: TcpAddress): boolean {
  if (one.port !== other.port || isIPv6(one.host!) !== isIPv6(other.host!)) return false;
  return one.host === other.host || isWildcard(one) || isWildcard(other);
}

function isWildcard({ host }: TcpAddress): boolean {
  return Object.hasOwn(OWN_NAMES, host!);
}

/** Awaits `listening`; the error of a port in use gets a hint. */
export async function withPortHint<T>(listening: Promise<T>, hint: string): Promise<T> {
  try {
    return await listening;
  } catch (error) {
    if (!(error instanceof HotsetError)) throw error;
    const cause = error.cause as NodeJS.ErrnoException | undefined;
    if (cause?.code !== 'EADDRINUSE') throw error;
    throw new HotsetError(error.code, `${error.message}; ${hint}`, { cause });
  }
}

/** A line of where it listens; one of the live view if there is one. */
export function greeting(
  settings: Settings,
  addresses: readonly ListenAddress[],
  web: WebAddress | null,
): string {
  const memory = `with ${settings.maxBytes / 2 ** 20} MiB`;
  const [shown] = addresses;
  const first =
    shown === undefined
      ? `hotset ${VERSION} listens on no memcached port, ${memory}\n`
      : `hotset ${VERSION} listens on ${addresses.map(addressText).join(', ')} ${memory}; try: ${trial(settings, shown)}\n`;
  if (web === null) return first;
  const host = OWN_NAMES[web.host] ?? web.host;
  return `${first}live view: http://${webAddressText({ ...web, host })}/\n`;
}

/** A shell command that a new user can try the server with. */
function trial(settings: Settings, first: ListenAddress): string {
  const requests = `printf 'set greeting 0 60 5\\r\\nhello\\r\\nget greeting\\r\\nquit\\r\\n'`;
  if ('path' in first) return `${requests} | nc -U ${first.path}`;
  const host = OWN_NAMES[first.host!] ?? first.host!;
  if (settings.tls !== null && first.tls !== false)
    return `${requests} | openssl s_client -quiet -connect ${addressText({ ...first, host })}`;
  return `${requests} | nc ${host} ${first.port}`;
}
