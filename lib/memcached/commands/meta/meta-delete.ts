/** md: protocol.txt, "Meta Delete". Removes an item, empties it, or marks it stale for the next client to refill. */

import { DELETE_HITS, DELETE_MISSES } from '../../counters.js';
import { type ItemStore, STALE, TOKEN_SENT } from '../../item-store.js';
import { LOWER, UPPER } from '../../meta/meta-flags.js';
import { writeStatus } from '../../meta/meta-replies.js';
import { type CasId, dataOf, type Request } from '../../request.js';
import type { SessionIo } from '../../session-io.js';
import { TEXT_REPLIES } from '../../text/text-replies.js';
import { sawDeletion, sawLookup } from '../observation.js';

const EMPTY = dataOf('');

export function metaDelete(io: SessionIo, request: Request): void {
  const { items, out } = io;
  const { entries } = items;
  const { meta, key } = request;
  const entry = entries.peek(key);
  if (items.hasObservers) sawLookup(io, key, entry);
  if (entry === 0) {
    // Nothing is there to remove; a store that is being filled from elsewhere has to know all the same.
    entries.delete(key);
    items.count(DELETE_MISSES);
    writeStatus(out, 'NF', request);
    return;
  }
  if (meta.hasUpper(UPPER.C) && meta.cas !== items.casIdAt(entry)) {
    items.count(DELETE_MISSES);
    writeStatus(out, 'EX', request);
    return;
  }
  if (meta.has(LOWER.x) && !empty(items, request, items.casIdAt(entry))) {
    out.text(TEXT_REPLIES['out-of-memory']);
    return;
  }
  const stays = meta.hasUpper(UPPER.I);
  if (stays) invalidate(items, request);
  else if (!meta.has(LOWER.x)) {
    if (items.hasObservers) sawDeletion(items, 'md', entry);
    entries.delete(key);
  }
  if (!stays) items.count(DELETE_HITS);
  if (!meta.has(LOWER.q)) writeStatus(out, 'HD', request);
}

/** Takes the value away and leaves the item and its cas id, with the requested flags and time, or none. */
function empty(items: ItemStore, { meta, key }: Request, cas: CasId): boolean {
  if (items.put(key, EMPTY, meta.exptime, meta.clientFlags, true) !== 'stored') return false;
  items.giveCasId(key, meta.hasUpper(UPPER.E) ? meta.newCas : cas);
  return true;
}

/** Marks the item as stale, so that the next client to read it wins, and a write of what was read before fails. */
function invalidate(items: ItemStore, { meta, key }: Request): void {
  const { entries } = items;
  const entry = entries.peek(key);
  if (entry === 0) return;
  entries.setAdapterBitsAt(entry, (entries.adapterBitsAt(entry) & ~TOKEN_SENT) | STALE);
  if (items.casIds) {
    if (meta.hasUpper(UPPER.E)) entries.setVersionAt(entry, meta.newCas, false);
    else entries.renewVersionAt(entry);
  }
  if (!meta.hasUpper(UPPER.T) || meta.has(LOWER.x)) return;
  const stale = entries.peek(key);
  if (stale !== 0) items.touch(stale, meta.exptime);
}
