/** `stats sizes`: how many items there are of each size, in steps of 32 bytes. */

import type { ItemStore } from '../../item-store.js';
import type { Stat, StatsAnswer } from './answer.js';
import { itemBytesAt, walkItems } from './walk.js';

const STEP_BYTES = 32;

export function sizeStats(items: ItemStore): StatsAnswer {
  return items.trackSizes ? { slowList: histogram(items) } : { list: [['sizes_status', 'disabled']] };
}

function* histogram(items: ItemStore): Generator<void, Iterable<Stat>, undefined> {
  const counts = new Map<number, number>();
  for (const item of walkItems(items)) {
    if (item === null) {
      yield;
      continue;
    }
    const step = Math.ceil(itemBytesAt(items, item) / STEP_BYTES);
    counts.set(step, (counts.get(step) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => a - b).map(([step, count]) => [String(step * STEP_BYTES), count]);
}
