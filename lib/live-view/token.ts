/**
 * The token of this tab: from the link (`#token=…`, which is removed from the address at once), from the form, or from
 * before a reload. The tab's session storage keeps it until the tab is closed.
 */

import { readStored, writeStored } from './storage.js';

const STORED_AS = 'hotset.token';

/** The token of the link or of the storage, if any. */
export function loadToken(): string | undefined {
  const fromLink = new URLSearchParams(location.hash.slice(1)).get('token');
  if (fromLink !== null) {
    history.replaceState(null, '', location.pathname + location.search);
    storeToken(fromLink);
    return fromLink;
  }
  return readStored('sessionStorage', STORED_AS);
}

export function storeToken(token: string): void {
  writeStored('sessionStorage', STORED_AS, token);
}

/**
 * Whether the server refuses `token`, or requires one. Browsers do not report why a WebSocket was refused, so this
 * requests the metrics, which need the same token. False also when the server does not answer.
 */
export async function isTokenRefused(token: string | undefined): Promise<boolean> {
  try {
    const headers: HeadersInit = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const { status } = await fetch(new URL('metrics', location.href), {
      method: 'HEAD',
      headers,
      cache: 'no-store',
    });
    return status === 401;
  } catch {
    return false;
  }
}
