/** What a snapshot keeps of a store's live items, least recently used first. */

import type { DumpedEntry } from '../engine/types.js';
import type { Items } from '../items.js';

export function* dumped(items: Items): Generator<DumpedEntry<string, Buffer>, void, undefined> {
  for (const slot of items.walk('oldest-first')) {
    const adapterBits = items.adapterBitsAt(slot);
    yield {
      key: items.keyAt(slot),
      value: items.valueAt(slot),
      flags: items.flagsAt(slot),
      remainingTtlMs: items.remainingTtlMsAt(slot),
      ageMs: items.ageMsAt(slot),
      idleMs: items.idleMsAt(slot),
      fetched: items.fetchedAt(slot),
      ...(adapterBits === 0 ? {} : { adapterBits }),
    };
  }
}
