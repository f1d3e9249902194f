/**
 * mg: protocol.txt, "Meta Get". Reads an item and, on the way, may give it a new time to live, create it, or
 * let one client of many win the right to refill it. Flags act in their order.
 */

import { CMD_GET, CMD_TOUCH, GET_EXPIRED, GET_HITS, GET_MISSES, TOUCH_HITS } from '../../counters.js';
import { type ItemStore, STALE, secondsLeft, TOKEN_SENT } from '../../item-store.js';
import { LETTER, LOWER, type MetaFlags, UPPER } from '../../meta/meta-flags.js';
import { writeKey, writeNumber, writeOpaque, writeStatus, writeTtl } from '../../meta/meta-replies.js';
import { dataOf, type Request } from '../../request.js';
import type { SessionIo } from '../../session-io.js';
import { sawLookup } from '../observation.js';

const EMPTY = dataOf('');

export function metaGet(io: SessionIo, request: Request): void {
  const { items, out } = io;
  const { entries } = items;
  const { meta, key } = request;
  let idleMs = 0;
  let wasFetched = false;
  if (meta.has(LOWER.h | LOWER.l)) {
    const before = entries.peek(key);
    if (before !== 0) {
      idleMs = entries.idleMsAt(before);
      wasFetched = entries.fetchedAt(before);
    }
  }
  let entry = read(items, request);
  if (items.hasObservers) sawLookup(io, key, entry);
  let created = false;
  if (entry <= 0 && meta.hasUpper(UPPER.N)) {
    entry = vivify(items, request);
    created = entry > 0;
  }
  count(items, meta, entry);
  if (entry <= 0) {
    if (!meta.has(LOWER.q)) writeStatus(out, 'EN', request);
    return;
  }

  const valueBytes = entries.valueBytesAt(entry);
  const adapterBits = entries.adapterBitsAt(entry);
  const sendsValue = meta.has(LOWER.v) && !(meta.hasUpper(UPPER.C) && meta.cas === items.casIdAt(entry));
  let ttlMs = entries.remainingTtlMsAt(entry);
  let exptime: number | null = null;
  let won = false;
  if (sendsValue) writeNumber(out, 'VA ', valueBytes);
  else out.text('HD');
  for (let i = 0; i < meta.count; i++) {
    switch (meta.letters[i]) {
      case LETTER.T:
        exptime = meta.exptime;
        ttlMs = items.ttlMs(exptime);
        break;
      case LETTER.N:
        if (!created) break;
        exptime = meta.vivifyExptime;
        ttlMs = items.ttlMs(exptime);
        won = true;
        break;
      case LETTER.R:
        if ((adapterBits & TOKEN_SENT) === 0 && !created && isNear(items, ttlMs, meta.recacheExptime))
          won = true;
        break;
      case LETTER.s:
        writeNumber(out, ' s', valueBytes);
        break;
      case LETTER.t:
        writeTtl(out, secondsLeft(ttlMs));
        break;
      case LETTER.c:
        writeNumber(out, ' c', items.casIdAt(entry));
        break;
      case LETTER.f:
        writeNumber(out, ' f', entries.flagsAt(entry));
        break;
      case LETTER.l:
        writeNumber(out, ' l', Math.floor(idleMs / 1000));
        break;
      case LETTER.h:
        out.text(wasFetched ? ' h1' : ' h0');
        break;
      case LETTER.k:
        writeKey(out, key.text, items.hasBinaryKey(entry));
        break;
      case LETTER.O:
        writeOpaque(out, meta);
        break;
    }
  }
  if ((adapterBits & TOKEN_SENT) !== 0) out.text(' Z');
  if ((adapterBits & STALE) !== 0) {
    out.text(' X');
    if ((adapterBits & TOKEN_SENT) === 0) won = true;
  }
  if (won) {
    out.text(' W');
    entries.setAdapterBitsAt(entry, adapterBits | TOKEN_SENT);
  }
  out.text('\r\n');
  if (sendsValue) {
    out.value(entries, entry, valueBytes);
    out.text('\r\n');
  }
  // Last: a new time may be the end of the item.
  if (exptime !== null) items.touch(entry, exptime);
}

/** Reads as get does, or without a trace: the entry, 0 for none, -1 for one that has expired. */
function read({ entries }: ItemStore, { meta, key }: Request): number {
  return (meta.has(LOWER.u) ? entries.peek(key) : 0) || entries.read(key);
}

/** Creates an empty item and returns its entry; 0 when there is no room. */
function vivify(items: ItemStore, { key, meta }: Request): number {
  const { entries } = items;
  if (entries.set(key, EMPTY, Number.POSITIVE_INFINITY, 0, false) !== 'stored') return 0;
  if (meta.hasUpper(UPPER.E)) items.giveCasId(key, meta.newCas);
  return meta.has(LOWER.u) ? entries.peek(key) : entries.read(key);
}

/** Whether an item with this time to live has less left than the client wants to have. */
function isNear(items: ItemStore, ttlMs: number, recacheExptime: number): boolean {
  if (recacheExptime <= 0 || ttlMs === Number.POSITIVE_INFINITY) return false;
  // Whole seconds, as the wire counts them.
  return secondsLeft(ttlMs) < secondsLeft(items.ttlMs(recacheExptime));
}

function count(items: ItemStore, meta: MetaFlags, entry: number): void {
  const found = entry > 0;
  // As in memcached, a miss is one of a get whatever it was to do.
  if (found && meta.hasUpper(UPPER.T)) {
    items.count(CMD_TOUCH);
    items.count(TOUCH_HITS);
    return;
  }
  items.count(CMD_GET);
  items.count(found ? GET_HITS : GET_MISSES);
  if (entry < 0) items.count(GET_EXPIRED);
}
