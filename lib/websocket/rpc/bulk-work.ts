/**
 * Work over many entries: keys by their prefix, listed or deleted, and the removal of what has a tag. A request does a bounded share
 * of it, `MAX_SCANNED` entries, in steps between which others have their turn; its result says how to go on. The server keeps
 * nothing for that: a cursor is a place in the store (`Items.scan`), and says of which server.
 */

import { isUtf8 } from 'node:buffer';
import { encodeKey } from '../../items/key-encoding.js';
import { removeAt } from '../../memcached/commands/deletion.js';
import { DELETE_HITS } from '../../memcached/counters.js';
import type { ItemStore } from '../../memcached/item-store.js';
import { CURSOR_EPOCH } from '../../memcached/siblings.js';
import { DEFAULT_KEYS, MAX_SCANNED, type Params } from '../../rpc-protocol.js';
import type { MethodContext, Steps } from './method-context.js';
import { RpcError } from './rpc-error.js';
import { replyTooLarge } from './stored-value.js';

/** Entries looked at, or removed, in one step. */
const PER_STEP = 16;
/** What a removal takes of a turn, beside its step: as much as so many bytes of replies. */
const REMOVAL_BYTES = 256;
/** The longest key with each character escaped, quotes and a comma. */
const KEY_JSON_MAX_BYTES = 503;

const NAMEABLE = /^[!-~]+$/;
const NOT_NAMEABLE = /[\0-\x20\x7f]/;
const CURSOR = /^([0-9a-z]{1,7})\.([0-9a-z]{1,11})$/;

/** The keys that hotset.v1 can name: others are left out. */
export function* listKeys(
  on: MethodContext,
  { prefix = '', cursor, limit = DEFAULT_KEYS }: Params['keys'],
): Steps {
  const { items, replyBudget } = on;
  if (!items.allowDump) throw new RpcError('HOTSET_FORBIDDEN', 'keys may not be listed on this server');
  if (replyBudget.bytes < KEY_JSON_MAX_BYTES) throw replyTooLarge();
  const keys: string[] = [];
  const next = yield* scan(items, prefix === '' ? '' : encodeKey(prefix), cursor, (entry) => {
    const json = keyJson(items.entries.keyAt(entry));
    if (json === null) return true;
    keys.push(json);
    replyBudget.bytes -= Buffer.byteLength(json) + 1;
    return keys.length < limit && replyBudget.bytes >= KEY_JSON_MAX_BYTES;
  });
  return `{"keys":[${keys.join()}],"cursor":${next}}`;
}

/** Entries that are stored meanwhile may be deleted too. */
export function* deleteByPrefix(on: MethodContext, { prefix, cursor }: Params['deletePrefix']): Steps {
  const { items, subscriptions } = on;
  if (!items.allowFlush)
    throw new RpcError('HOTSET_FORBIDDEN', 'deletePrefix, like flush, is forbidden on this server');
  let deleted = 0;
  const next = yield* scan(items, encodeKey(prefix), cursor, (entry) => {
    subscriptions.beginWrite(items.entries.keyAt(entry));
    on.bytesCopied += REMOVAL_BYTES;
    deleted++;
    removeAt(items, entry);
    subscriptions.endWrite();
    return true;
  });
  return `{"deleted":${deleted},"cursor":${next}}`;
}

/** Items that are stored meanwhile may be removed too. Subscribers hear of each, this client among them. */
export function* removeTagged(on: MethodContext, texts: readonly string[]): Steps {
  const { items } = on;
  const tags = tagsOf(items);
  let removed = 0;
  for (let steps = 1; ; steps++) {
    items.applyDueFlush();
    const live = tags.invalidate(texts, PER_STEP);
    items.counters[DELETE_HITS]! += live;
    on.bytesCopied += live * REMOVAL_BYTES;
    removed += live;
    const more = tags.isAny(texts);
    if (!more || steps * PER_STEP >= MAX_SCANNED) return `{"removed":${removed},"more":${more}}`;
    yield;
  }
}

/** Throws an `RpcError` where the store has none. */
export function tagsOf({ entries: { tags } }: ItemStore): NonNullable<ItemStore['entries']['tags']> {
  if (tags === null) throw new RpcError('HOTSET_NO_TAGS', 'there are no tags in the store of this server');
  return tags;
}

/** Calls `visit` until it returns false. Returns the cursor for what is left, as JSON. */
function* scan(
  items: ItemStore,
  prefix: string,
  cursor: string | undefined,
  visit: (entry: number) => boolean,
): Generator<void, string, undefined> {
  const { entries } = items;
  let from = cursor === undefined ? 0 : placeOf(items, cursor);
  let goesOn = true;
  for (let looks = 0; looks < MAX_SCANNED; looks += PER_STEP) {
    items.applyDueFlush();
    from = entries.scan(prefix, from, PER_STEP, (entry) => (goesOn = visit(entry)));
    // Other threads want the shard too.
    entries.endTurn();
    if (from === 0 || !goesOn) break;
    yield;
  }
  return from === 0 ? 'null' : `"${items.state[CURSOR_EPOCH]!.toString(36)}.${from.toString(36)}"`;
}

function placeOf(items: ItemStore, cursor: string): number {
  const [, epoch, place] = CURSOR.exec(cursor) ?? [];
  const from = Number.parseInt(place ?? '', 36);
  if (
    Number.parseInt(epoch ?? '', 36) !== items.state[CURSOR_EPOCH] ||
    !Number.isSafeInteger(from) ||
    from === 0
  )
    throw new RpcError(
      'HOTSET_INVALID_CURSOR',
      'cursor takes the text that this server has returned since it started',
    );
  return from;
}

/** Null for a key that hotset.v1 cannot name. */
function keyJson(key: string): string | null {
  if (NAMEABLE.test(key)) return JSON.stringify(key);
  if (NOT_NAMEABLE.test(key)) return null;
  const bytes = Buffer.from(key, 'latin1');
  return isUtf8(bytes) ? JSON.stringify(bytes.toString('utf8')) : null;
}
