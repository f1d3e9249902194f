/** The keys that are read most, as samples: only where an operator has asked for them, since keys may be secret. */

import { LONG_INTEREST_MS } from '../../memcached/hot-keys.js';
import type { ItemStore } from '../../memcached/item-store.js';
import type { Family } from './family.js';

const MS_PER_SECOND = 1000;

/** Undefined while no adapter serves the engine. */
type Served = ItemStore | undefined;

/** At most `limit` keys. Reads are counted while metrics are scraped. */
export function hotFamilies(limit: number): readonly Family<Served>[] {
  if (limit === 0) return [];
  return [
    {
      name: 'hotset_hot_key_reads_per_second',
      type: 'gauge',
      help: 'Reads of the keys that are read most.',
      samples: (served) => {
        if (served?.allowDump !== true) return [];
        const { keys, sampledMs } = reportOf(served, limit);
        if (sampledMs < MS_PER_SECOND) return [];
        return keys.map(({ key, reads }) => ({
          value: (reads * MS_PER_SECOND) / sampledMs,
          labels: { key },
        }));
      },
    },
  ];
}

function reportOf(served: ItemStore, limit: number) {
  const steps = served.hotKeys.report(limit, LONG_INTEREST_MS);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
