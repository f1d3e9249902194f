/** `stats sizes`: how many items there are of each size, in steps of 32 bytes. */

import type { ItemStore } from '../item-store.js';
import { adminStateOf } from './admin-state.js';
import type { Stat, StatsAnswer } from './answer.js';
import { NO_ROOM_FOR_STATS } from './replies.js';
import { itemBytesAt, walkItems } from './walk.js';

const STEP_BYTES = 32;

export function sizeStats(items: ItemStore): StatsAnswer {
  if (!items.trackSizes) return { list: [['sizes_status', 'disabled']] };
  const state = adminStateOf(items);
  return state.hasRoomForList
    ? { slowList: state.counted(histogram(items)) }
    : { refusal: NO_ROOM_FOR_STATS };
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
