/**
 * The categories and the lines of the log, as memcached 1.6.45 writes them: one function for each kind of line. Callers
 * check `log.watched` for the category first, so that unwatched lines are not built.
 */

import type { CloseReason, Peer } from '../../transport.js';

// Categories, as bits of a mask.

export const FETCHERS = 1;
export const MUTATIONS = 2;
export const EVICTIONS = 4;
export const CONNECTION_EVENTS = 8;
export const DELETIONS = 16;
/** May be watched; there are no such lines. */
export const SYSTEM_EVENTS = 32;
export const RAW_COMMANDS = 64;

/** As `watch` names them. */
export const WATCHED_CATEGORIES: ReadonlyMap<string, number> = new Map([
  ['fetchers', FETCHERS],
  ['mutations', MUTATIONS],
  ['evictions', EVICTIONS],
  ['connevents', CONNECTION_EVENTS],
  ['deletions', DELETIONS],
  ['sysevents', SYSTEM_EVENTS],
  ['rawcmds', RAW_COMMANDS],
]);

/** Where lines go. */
export interface Publisher {
  publish(category: number, what: string): void;
}

const RESERVED = /[^\w\-.~]/g;

const ENCODED: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
);

/** Keys in lines and dumps: RFC 3986, all but unreserved characters as %XX. `key` has a latin1 character for each byte. */
export function uriEncoded(key: string): string {
  return key.replace(RESERVED, (byte) => ENCODED[byte.charCodeAt(0)]!);
}

/** All items are in one class; what is not there is in none. */
const ITEM_CLASS = 1;
const NO_CLASS = 0;

export type FetchStatus = 'found' | 'not_found' | 'flushed' | 'expired';

/** `size` is the value's, 0 when there is none. */
export function itemGet(
  log: Publisher,
  key: string,
  status: FetchStatus,
  connection: number,
  size = 0,
): void {
  const itemClass = status === 'found' ? ITEM_CLASS : NO_CLASS;
  log.publish(
    FETCHERS,
    `type=item_get key=${uriEncoded(key)} status=${status} clsid=${itemClass} cfd=${connection} size=${size}`,
  );
}

export type StoreStatus = 'stored' | 'not_stored' | 'exists' | 'not_found' | 'too_large' | 'no_memory';
export type StoreCommand = 'null' | 'add' | 'set' | 'replace' | 'append' | 'prepend' | 'cas';

/** `ttlSeconds` is the item's, 0 for none; `size` is that of the value stored, or refused. */
export function itemStore(
  log: Publisher,
  key: string,
  status: StoreStatus,
  command: StoreCommand,
  ttlSeconds: number,
  connection: number,
  size: number,
): void {
  log.publish(
    MUTATIONS,
    `type=item_store key=${uriEncoded(key)} status=${status} cmd=${command} ttl=${ttlSeconds} ` +
      `clsid=${ITEM_CLASS} cfd=${connection} size=${size}`,
  );
}

/** `size` is that of the value deleted. */
export function deleted(log: Publisher, key: string, command: 'delete' | 'md', size: number): void {
  log.publish(
    DELETIONS,
    `type=deleted key=${uriEncoded(key)} cmd=${command} clsid=${ITEM_CLASS} size=${size}`,
  );
}

export interface Evicted {
  readonly fetched: boolean;
  /** `Infinity` for an item that would have stayed for ever. */
  readonly ttlMs: number;
  readonly idleMs: number;
  readonly size: number;
}

export function eviction(log: Publisher, key: string, { fetched, ttlMs, idleMs, size }: Evicted): void {
  const ttl = ttlMs === Number.POSITIVE_INFINITY ? -1 : Math.ceil(ttlMs / 1000);
  log.publish(
    EVICTIONS,
    `type=eviction key=${uriEncoded(key)} fetch=${fetched ? 'yes' : 'no'} ttl=${ttl} ` +
      `la=${Math.floor(idleMs / 1000)} clsid=${ITEM_CLASS} size=${size}`,
  );
}

export function connectionOpened(log: Publisher, connection: number, peer: Peer): void {
  log.publish(CONNECTION_EVENTS, `type=conn_new ${peerText(peer)} cfd=${connection}`);
}

export function connectionClosed(log: Publisher, connection: number, peer: Peer, reason: CloseReason): void {
  log.publish(CONNECTION_EVENTS, `type=conn_close ${peerText(peer)} reason=${reason} cfd=${connection}`);
}

function peerText({ address, port, transport }: Peer): string {
  return `rip=${address} rport=${port} transport=${transport}`;
}
