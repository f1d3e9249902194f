/**
 * The token of this tab: from the link (`#token=…`, taken out of the address at once), from the form, or from
 * before a reload. It stays in the tab's session storage and leaves with the tab.
 */

import { recall, remember } from './storage.js';

const STORED_AS = 'hotset.token';

/** The token known so far, if any. */
export function knownToken(): string | undefined {
  const fromLink = new URLSearchParams(location.hash.slice(1)).get('token');
  if (fromLink !== null) {
    history.replaceState(null, '', location.pathname + location.search);
    rememberToken(fromLink);
    return fromLink;
  }
  return recall('sessionStorage', STORED_AS);
}

export function rememberToken(token: string): void {
  remember('sessionStorage', STORED_AS, token);
}

/**
 * Whether the server refuses `token`, or asks for one. A page is not told why its WebSocket was refused, so this asks
 * for the metrics, which are behind the same token. False also when the server does not answer.
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
