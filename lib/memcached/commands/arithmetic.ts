/** incr and decr: protocol.txt, "Increment/Decrement". */

import { DECR_HITS, DECR_MISSES, INCR_HITS, INCR_MISSES } from '../counters.js';
import type { ItemStore } from '../item-store.js';
import type { Reply } from '../reply.js';
import type { Request } from '../request.js';
import { decremented, incremented, parseStoredNumber } from '../wire-number.js';
import { latin1Of, wireValueOfText } from '../wire-value.js';

const KEEP_REFUSED = { keepRefused: true } as const;

/** The new number's digits, or a Reply that says why there is none. */
export type ArithmeticResult = { readonly digits: string } | Reply;

export function arithmetic(items: ItemStore, request: Request): ArithmeticResult {
  const { engine } = items;
  const increments = request.verb === 'incr';
  const slot = engine.find(request.key);
  if (slot === 0) {
    items.count(increments ? INCR_MISSES : DECR_MISSES);
    return 'not-found';
  }
  const text = latin1Of(engine.valueAt(slot));
  items.bytesCopied += text.length;
  const number = parseStoredNumber(text);
  if (number === undefined) return 'non-numeric';
  const digits = increments ? incremented(number, request.delta) : decremented(number, request.delta);
  // A number that got shorter keeps the item's length, padded with spaces: clients have come to know it.
  const result = engine.update(request.key, wireValueOfText(digits.padEnd(text.length)), KEEP_REFUSED);
  if (result !== 'stored') return 'out-of-memory';
  if (digits.length <= text.length) items.storesInPlace++;
  items.count(increments ? INCR_HITS : DECR_HITS);
  return { digits };
}
