/** me: protocol.txt, "Meta Debug". What is known of an item, which stays where it is in the order. */

import { CMD_META } from '../../counters.js';
import { type CommandContext, secondsLeft } from '../../item-store.js';
import { encodedKey } from '../../meta/meta-replies.js';
import type { Request } from '../../request.js';
import { sawLookup } from '../observation.js';

export function metaDebug(context: CommandContext, { key }: Request): string {
  const { items } = context;
  const { entries } = items;
  items.count(CMD_META);
  const entry = entries.peek(key);
  if (items.hasObservers) sawLookup(context, key, entry);
  if (entry === 0) return 'EN\r\n';
  const ttlMs = entries.remainingTtlMsAt(entry);
  const fields = {
    exp: ttlMs === Number.POSITIVE_INFINITY ? -1 : secondsLeft(ttlMs),
    la: Math.floor(entries.idleMsAt(entry) / 1000),
    cas: items.casIdAt(entry),
    fetch: entries.fetchedAt(entry) ? 'yes' : 'no',
    cls: 1,
    size: items.itemBytes(key.length, entries.flagsAt(entry), entries.valueBytesAt(entry)),
  };
  const name = items.hasBinaryKey(entry) ? encodedKey(key.text) : key.text;
  const text = Object.entries(fields).map(([field, value]) => `${field}=${value}`);
  return `ME ${name} ${text.join(' ')}\r\n`;
}
