/** `stats items`, `slabs`, `sizes` and `cachedump`: what is held. All items are in one class, 1. */

import { chunks } from '../incremental-task.js';
import type { ItemStore } from '../item-store.js';
import { BAD_FORMAT, refusal, type Stat, type StatsAnswer } from './answers.js';
import { uint32 } from './arguments.js';
import { expiresAtSeconds, isBinaryKey, itemBytesAt, walkItems } from './walk.js';

const PAGE_BYTES = 1024 * 1024;
const CHUNK_BYTES = 96;
const CHUNKS_PER_PAGE = Math.floor(PAGE_BYTES / CHUNK_BYTES);

export function itemStats(items: ItemStore): Stat[] {
  const { entries } = items;
  const held = entries.stats();
  if (held.size === 0) return [];
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
    ['outofmemory', items.figure('store_no_memory')],
    ...zeros('tailrepairs'),
    ['reclaimed', held.expirations],
    ['expired_unfetched', held.expirationsUnfetched],
    ['evicted_unfetched', held.evictionsUnfetched],
    ...zeros('evicted_active'),
    ['crawler_reclaimed', items.figure('crawler_reclaimed')],
    ['crawler_items_checked', items.figure('crawler_checked')],
    ...zeros('lrutail_reflocked'),
    ...zeros(
      'moves_to_cold',
      'moves_to_warm',
      'moves_within_lru',
      'direct_reclaims',
      'hits_to_hot',
      'hits_to_warm',
    ),
    ['hits_to_cold', items.figure('get_hits')],
    ...zeros('hits_to_temp'),
  ];
  return stats.map(([name, value]) => [`items:1:${name}`, value]);
}

/** Pages and chunks as memcached would need them for the bytes held; monitors add them up. */
export function slabStats(items: ItemStore): Stat[] {
  const { entries } = items;
  const pages = Math.max(1, Math.ceil(entries.bytes / PAGE_BYTES), Math.ceil(entries.size / CHUNKS_PER_PAGE));
  const chunks = pages * CHUNKS_PER_PAGE;
  if (entries.size === 0)
    return [
      ['active_slabs', 0],
      ['total_malloced', 0],
    ];
  const stats: Stat[] = [
    ['chunk_size', CHUNK_BYTES],
    ['chunks_per_page', CHUNKS_PER_PAGE],
    ['total_pages', pages],
    ['total_chunks', chunks],
    ['used_chunks', entries.size],
    ['free_chunks', chunks - entries.size],
    ['free_chunks_end', 0],
    ['get_hits', items.figure('get_hits')],
    ['cmd_set', items.figure('cmd_set')],
    ['delete_hits', items.figure('delete_hits')],
    ['incr_hits', items.figure('incr_hits')],
    ['decr_hits', items.figure('decr_hits')],
    ['cas_hits', items.figure('cas_hits')],
    ['cas_badval', items.figure('cas_badval')],
    ['touch_hits', items.figure('touch_hits')],
  ];
  return [
    ...stats.map(([name, value]): Stat => [`1:${name}`, value]),
    ['active_slabs', 1],
    ['total_malloced', pages * PAGE_BYTES],
  ];
}

const SIZE_STEP_BYTES = 32;
const NO_ROOM_FOR_STATS = 'SERVER_ERROR out of memory writing stats\r\n';

/** `stats sizes`: how many items there are of each size, in steps of 32 bytes. */
export function sizeStats(items: ItemStore): StatsAnswer {
  if (!items.trackSizes) return { kind: 'list', list: [['sizes_status', 'disabled']] };
  return items.admin.hasRoomForList
    ? { kind: 'list', list: items.admin.countedList(histogram(items)) }
    : refusal(NO_ROOM_FOR_STATS);
}

function* histogram(items: ItemStore): Generator<Stat | null, void, undefined> {
  const counts = new Map<number, number>();
  for (const entry of walkItems(items)) {
    if (entry === 0) {
      yield null;
      continue;
    }
    const step = Math.ceil(itemBytesAt(items, entry) / SIZE_STEP_BYTES);
    counts.set(step, (counts.get(step) ?? 0) + 1);
  }
  for (const [step, count] of [...counts].sort(([a], [b]) => a - b))
    yield [String(step * SIZE_STEP_BYTES), count];
}

const DUMP_MAX_BYTES = 2 * 1024 * 1024;
const LARGEST_CLASS = 63;
const END = 'END\r\n';

/** `stats cachedump <class> <limit>`: the newest items of a class, as much of them as memcached would show. */
export function cacheDump(items: ItemStore, args: readonly string[]): StatsAnswer {
  if (!items.allowDump) return refusal('CLIENT_ERROR stats cachedump not allowed\r\n');
  if (args.length < 2) return refusal('CLIENT_ERROR bad command line\r\n');
  const itemClass = uint32(args[0]);
  const limit = uint32(args[1]);
  if (itemClass === undefined || limit === undefined) return refusal(BAD_FORMAT);
  if (itemClass > LARGEST_CLASS) return refusal('CLIENT_ERROR Illegal slab id\r\n');
  if (itemClass !== 1) return { kind: 'lines', lines: [END].values() };
  const { admin } = items;
  if (!admin.hasRoomForList) return refusal(NO_ROOM_FOR_STATS);
  const lines = dumped(items, limit === 0 ? Number.POSITIVE_INFINITY : limit);
  return { kind: 'lines', lines: chunks(admin.countedList(lines)) };
}

/** All of it is put together first: a walk that waited for its reader would slow every access to the cache. */
function* dumped(items: ItemStore, limit: number): Generator<string | null, void, undefined> {
  const { entries } = items;
  const lines: string[] = [];
  let length = 0;
  for (const entry of walkItems(items, 'newest-first')) {
    if (entry === 0) yield null;
    else if (!isBinaryKey(items, entry)) {
      const seconds = expiresAtSeconds(items, entry) ?? 0;
      const line = `ITEM ${entries.keyAt(entry)} [${entries.valueBytesAt(entry)} b; ${seconds} s]\r\n`;
      length += line.length;
      if (length > DUMP_MAX_BYTES) break;
      lines.push(line);
      if (lines.length >= limit) break;
    }
  }
  yield* lines;
  yield END;
}
