/** Opening ports and Unix sockets, and what to say where a port is taken. */

import { HotsetError } from '../errors.js';
import type { ListenAddress, TcpServer } from '../tcp/index.js';

/** Listens on each; returns, by what was asked for, the addresses with the ports that were taken. */
export async function listenOn(
  server: TcpServer,
  asked: readonly ListenAddress[],
): Promise<Map<ListenAddress, ListenAddress>> {
  const taken = new Map<ListenAddress, ListenAddress>();
  for (const address of asked) {
    const listening = server.listen(address);
    taken.set(
      address,
      await withPortHint(listening, 'choose another port with -p, for example: hotset -p 11311'),
    );
  }
  return taken;
}

/** What `listening` comes to; the error of a port in use gets a hint. */
export async function withPortHint<T>(listening: Promise<T>, hint: string): Promise<T> {
  try {
    return await listening;
  } catch (error) {
    if (!(error instanceof HotsetError)) throw error;
    const cause = error.cause as (NodeJS.ErrnoException & { port?: number }) | undefined;
    // A Unix socket's errors have a port of -1.
    if (cause?.code !== 'EADDRINUSE' || !(cause.port !== undefined && cause.port > 0)) throw error;
    throw new HotsetError(error.code, `${error.message}; ${hint}`, { cause });
  }
}
