/** Which statistics the words after `stats` ask for, whatever protocol asks. */

import type { ItemStore } from '../item-store.js';
import { adminStateOf } from './admin-state.js';
import type { StatsAnswer } from './answer.js';
import { cacheDump } from './cache-dump.js';
import { connectionStats } from './stats-connections.js';
import { detail } from './stats-detail.js';
import { generalStats } from './stats-general.js';
import { itemStats, slabStats } from './stats-items.js';
import { settingsStats } from './stats-settings.js';
import { sizeStats } from './stats-sizes.js';

type Kind = (items: ItemStore, words: readonly string[]) => StatsAnswer;

/** The answer to `stats <words>`; no words ask for the general statistics. */
export function statLists(items: ItemStore, [kind, ...rest]: readonly string[]): StatsAnswer {
  if (kind === undefined) return { list: generalStats(items) };
  return KINDS.get(kind)?.(items, rest) ?? 'unknown';
}

const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['settings', (items) => ({ list: settingsStats(items) })],
  ['items', (items) => ({ list: itemStats(items) })],
  ['slabs', (items) => ({ list: slabStats(items) })],
  ['conns', (items) => ({ list: connectionStats(items) })],
  ['sizes', sizeStats],
  ['detail', detail],
  ['cachedump', cacheDump],
  ['reset', reset],
]);

function reset(items: ItemStore): StatsAnswer {
  items.resetStats();
  adminStateOf(items).crawler.resetStats();
  return 'reset';
}
