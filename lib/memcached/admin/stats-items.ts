/** `stats items` and `stats slabs`: all items are in one class, 1. */

import {
  CAS_BADVAL,
  CAS_HITS,
  CMD_SET,
  DECR_HITS,
  DELETE_HITS,
  GET_HITS,
  INCR_HITS,
  STORE_NO_MEMORY,
  TOUCH_HITS,
} from '../counters.js';
import type { ItemStore } from '../item-store.js';
import { adminStateOf } from './admin-state.js';
import type { Stat } from './answer.js';

const PAGE_BYTES = 1024 * 1024;
const CHUNK_BYTES = 96;
const CHUNKS_PER_PAGE = Math.floor(PAGE_BYTES / CHUNK_BYTES);

export function itemStats(items: ItemStore): Stat[] {
  const { engine, entries } = items;
  const held = engine.stats();
  if (held.size === 0) return [];
  const { crawler } = adminStateOf(items);
  const zeros = (...names: string[]): Stat[] => names.map((name) => [name, 0]);
  const stats: Stat[] = [
    ['number', held.size],
    ...zeros('number_hot', 'number_warm'),
    ['number_cold', held.size],
    ...zeros('age_hot', 'age_warm'),
    ['age', Math.floor(entries.oldestIdleMs / 1000)],
    ['mem_requested', held.bytes],
    ['evicted', held.evictions],
    ['evicted_nonzero', held.evictionsWithTtl],
    ['evicted_time', Math.floor((held.lastEvictionIdleMs ?? 0) / 1000)],
    ['outofmemory', items.counters[STORE_NO_MEMORY]!],
    ...zeros('tailrepairs'),
    ['reclaimed', held.expirations],
    ['expired_unfetched', held.expirationsUnfetched],
    ['evicted_unfetched', held.evictionsUnfetched],
    ...zeros('evicted_active'),
    ['crawler_reclaimed', crawler.reclaimed],
    ['crawler_items_checked', crawler.checked],
    ...zeros('lrutail_reflocked'),
    ...zeros(
      'moves_to_cold',
      'moves_to_warm',
      'moves_within_lru',
      'direct_reclaims',
      'hits_to_hot',
      'hits_to_warm',
    ),
    ['hits_to_cold', items.counters[GET_HITS]!],
    ...zeros('hits_to_temp'),
  ];
  return stats.map(([name, value]) => [`items:1:${name}`, value]);
}

/** Pages and chunks as memcached would need them for the bytes held; monitors add them up. */
export function slabStats(items: ItemStore): Stat[] {
  const { counters, engine } = items;
  const pages = Math.max(1, Math.ceil(engine.bytes / PAGE_BYTES), Math.ceil(engine.size / CHUNKS_PER_PAGE));
  const chunks = pages * CHUNKS_PER_PAGE;
  if (engine.size === 0)
    return [
      ['active_slabs', 0],
      ['total_malloced', 0],
    ];
  const stats: Stat[] = [
    ['chunk_size', CHUNK_BYTES],
    ['chunks_per_page', CHUNKS_PER_PAGE],
    ['total_pages', pages],
    ['total_chunks', chunks],
    ['used_chunks', engine.size],
    ['free_chunks', chunks - engine.size],
    ['free_chunks_end', 0],
    ['get_hits', counters[GET_HITS]!],
    ['cmd_set', counters[CMD_SET]!],
    ['delete_hits', counters[DELETE_HITS]!],
    ['incr_hits', counters[INCR_HITS]!],
    ['decr_hits', counters[DECR_HITS]!],
    ['cas_hits', counters[CAS_HITS]!],
    ['cas_badval', counters[CAS_BADVAL]!],
    ['touch_hits', counters[TOUCH_HITS]!],
  ];
  return [
    ...stats.map(([name, value]): Stat => [`1:${name}`, value]),
    ['active_slabs', 1],
    ['total_malloced', pages * PAGE_BYTES],
  ];
}
