/** Adding to numbers and subtracting from them, for every protocol: protocol.txt, "Increment/Decrement". */

import type { KeyBytes } from '../../items.js';
import { DECR_HITS, DECR_MISSES, INCR_HITS, INCR_MISSES } from '../counters.js';
import type { CommandContext, ItemStore } from '../item-store.js';
import { type CasId, dataOf, type Reply } from '../request.js';
import { decremented, incremented, parseStoredNumber } from '../wire-number.js';
import { sawLookup, sawStore } from './observation.js';

/** One addition or subtraction. */
export interface Adjustment {
  readonly key: KeyBytes;
  readonly increments: boolean;
  readonly delta: number | bigint;
  /** The version to compare with; 0 for none. */
  readonly cas: CasId;
}

/** The new number's digits, or a Reply that says why there is none. */
export type ArithmeticResult = { readonly digits: string } | Reply;

/** Counts a hit; a miss is for the caller to count, who may create the item instead. */
export function adjust(
  context: CommandContext,
  { key, increments, delta, cas }: Adjustment,
): ArithmeticResult {
  const { items } = context;
  const { entries } = items;
  const entry = entries.peek(key);
  if (items.hasObservers) sawLookup(context, key, entry);
  if (entry === 0) return 'not-found';
  // As memcached: before the cas id is compared.
  if (entries.valueBytesAt(entry) === 0) return 'non-numeric';
  if (cas !== 0 && items.casIdAt(entry) !== cas) return 'exists';
  const text = entries.valueAt(entry).toString('latin1');
  context.bytesCopied += text.length;
  const number = parseStoredNumber(text);
  if (number === undefined) return 'non-numeric';
  const digits = increments ? incremented(number, delta) : decremented(number, delta);
  const inPlace = digits.length <= text.length;
  // A number that got shorter keeps the item's length, padded with spaces: clients have come to know it.
  const data = dataOf(digits.padEnd(text.length));
  if (items.update(key, entry, data, true, inPlace) !== 'stored') return 'out-of-memory';
  if (inPlace) items.storesInPlace++;
  items.count(increments ? INCR_HITS : DECR_HITS);
  return { digits };
}

export function countMiss(items: ItemStore, increments: boolean): void {
  items.count(increments ? INCR_MISSES : DECR_MISSES);
}

/** Creates the item that `adjust` has not found, with `initial` as its number. `ttlMs`, if given, takes the place of `exptime`. */
export function createNumber(
  context: CommandContext,
  key: KeyBytes,
  initial: number | bigint,
  exptime: number,
  ttlMs: number | null = null,
): ArithmeticResult {
  const { items } = context;
  const digits = String(initial);
  if (items.hasObservers) sawLookup(context, key, 0);
  const result =
    ttlMs === null
      ? items.put(key, dataOf(digits), exptime, 0, false)
      : items.entries.set(key, dataOf(digits), ttlMs, 0, false);
  const reply = result === 'stored' ? 'stored' : 'out-of-memory';
  if (items.hasObservers) sawStore(context, { key, mode: 'add', exptime }, reply, digits.length);
  return reply === 'stored' ? { digits } : reply;
}
