/**
 * The lines of the log, as memcached 1.6.45 writes them: one function for each kind. Callers check
 * `log.watched` for the category first, so that nothing is made that nobody reads.
 */

import type { CloseReason, Peer } from '../../transport/transport.js';
import {
  CONNECTION_EVENTS,
  DELETIONS,
  EVICTIONS,
  FETCHERS,
  MUTATIONS,
  type Publisher,
} from './categories.js';
import { uriEncoded } from './uri.js';

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
