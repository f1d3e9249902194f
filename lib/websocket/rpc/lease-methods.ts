/**
 * Leases of hotset.v1: the right to load a key, for one client of all. They are the marks of the meta commands (`mg … N R`), with
 * milliseconds: an item that is won has a mark, and its version is the lease. So memcached clients and these see the same leases, and
 * whatever writes or deletes the item voids the lease.
 *
 * Where there was nothing, an empty item with the mark holds the place for the time of the lease. A lease of a stale item has no end
 * of its own: a client that has seen it for long enough takes it over (`takeFrom`).
 */

import { fetch } from '../../memcached/commands/retrieval.js';
import { type ItemStore, STALE, TOKEN_SENT } from '../../memcached/item-store.js';
import { type CasId, dataOf, type Request } from '../../memcached/request.js';
import { CURSOR_EPOCH } from '../../memcached/siblings.js';
import type { LeaseResult, Params } from '../../rpc-protocol.js';
import type { MethodContext, MethodsOf } from './method-context.js';
import { RpcError } from './rpc-error.js';
import { entryJson } from './stored-value.js';
import { beginWrite, setValue, wholeOf } from './write-methods.js';

const EMPTY = dataOf('');
const LEASE = /^([0-9a-z]{1,7})\.(\d{1,20})$/;
const VOID = '{"result":"not-found"}';

export const LEASE_METHODS: MethodsOf<'getOrLease' | 'fill' | 'release'> = {
  getOrLease: (on, params) => getOrLease(on, params),
  // What the lease's item has become is compared, and the value stored, in one step.
  fill: (on, { lease, ...params }) => {
    beginWrite(on, params.key);
    const cas = casOf(on.items, lease);
    return cas === undefined ? VOID : setValue(on, 'cas', params, cas);
  },
  release: (on, { key, lease }) => {
    const { items } = on;
    const { entries } = items;
    const cas = casOf(items, lease);
    const request = beginWrite(on, key);
    const entry = entries.peek(request.key);
    if (entry === 0 || cas === undefined || items.casIdAt(entry) !== cas) return VOID;
    const bits = entries.adapterBitsAt(entry);
    if ((bits & TOKEN_SENT) === 0) return VOID;
    if (entries.valueBytesAt(entry) === 0) entries.deleteAt(entry);
    else {
      entries.setAdapterBitsAt(entry, bits & ~TOKEN_SENT);
      entries.renewVersionAt(entry);
    }
    return '{"result":"released"}';
  },
};

function getOrLease(
  on: MethodContext,
  { key, leaseMs, staleBelowMs = 0, takeFrom, as }: Params['getOrLease'],
): string {
  const { items } = on;
  const { entries } = items;
  if (!items.casIds)
    throw new RpcError('HOTSET_NO_VERSIONS', 'there are no versions on this server, and so no leases');
  const request = beginWrite(on, key);
  const entry = fetch(on, request.key);
  if (entry === 0) return resultJson('null', placeholder(items, request, leaseMs), false);

  const bits = entries.adapterBitsAt(entry);
  const isMarked = (bits & (TOKEN_SENT | STALE)) !== 0;
  const isPlaceholder = isMarked && entries.valueBytesAt(entry) === 0;
  // Before anything changes: it may be too large for the reply.
  const json = isPlaceholder ? 'null' : entryJson(on, entry, as === 'base64');
  const isStale =
    isPlaceholder ||
    (bits & STALE) !== 0 ||
    staleBelowMs === null ||
    entries.remainingTtlMsAt(entry) < staleBelowMs;
  if (!isStale) return resultJson(json, null, false);
  if ((bits & TOKEN_SENT) !== 0) {
    if (takeFrom === undefined || items.casIdAt(entry) !== wholeOf(takeFrom))
      return resultJson(json, null, true);
    entries.renewVersionAt(entry);
  }
  const slot = entries.peek(request.key);
  entries.setAdapterBitsAt(slot, bits | TOKEN_SENT);
  return resultJson(json, leaseOf(items, slot), false);
}

/** The lease of an empty item that holds the place of what is missing; null where there is no room for it. */
function placeholder(items: ItemStore, { key }: Request, leaseMs: number): string | null {
  const { entries } = items;
  const slot = entries.set(key, EMPTY, leaseMs, 0, false) === 'stored' ? entries.peek(key) : 0;
  if (slot === 0) return null;
  entries.setAdapterBitsAt(slot, TOKEN_SENT);
  return leaseOf(items, slot);
}

function resultJson(entry: string, lease: LeaseResult['lease'], isLoading: boolean): string {
  return `{"entry":${entry},"lease":${lease === null ? null : `"${lease}"`},"isLoading":${isLoading}}`;
}

function leaseOf(items: ItemStore, entry: number): string {
  return `${epochOf(items)}.${items.casIdAt(entry)}`;
}

/** Undefined for a lease that a server gave before it was restarted, whose versions begin anew. */
function casOf(items: ItemStore, lease: string): CasId | undefined {
  const [, epoch, cas] = LEASE.exec(lease) ?? [];
  return cas !== undefined && epoch === epochOf(items) ? wholeOf(cas) : undefined;
}

function epochOf(items: ItemStore): string {
  return items.state[CURSOR_EPOCH]!.toString(36);
}
