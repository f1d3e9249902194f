/** Why a server cannot listen, in one line for its user. Shared by all servers. */

import { HotsetError } from './errors.js';

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another process',
  EACCES: 'may not be listened on by this user: ports below 1024 usually need root',
  EADDRNOTAVAIL: 'is not an address of this machine',
  EAFNOSUPPORT: 'is an address of a family that this machine does not have',
  EINVAL: 'cannot be listened on; a link-local address needs its interface, as in fe80::1%eth0',
  EMFILE: 'cannot be listened on: this process may open no more files (ulimit -n)',
  ENOTFOUND: 'does not resolve to an address',
  EAI_AGAIN: 'does not resolve to an address',
};

/** `HOTSET_LISTEN_FAILED` for the address `where`; `reasons`, by Node's code, come before the usual ones. */
export function listenFailure(
  where: string,
  error: Error & { readonly code?: string | undefined },
  reasons: Readonly<Record<string, string>> = {},
): HotsetError {
  const code = error.code ?? '';
  const reason = reasons[code] ?? REASONS[code] ?? `cannot be listened on: ${error.message}`;
  return new HotsetError('HOTSET_LISTEN_FAILED', `${where} ${reason}`, { cause: error });
}
