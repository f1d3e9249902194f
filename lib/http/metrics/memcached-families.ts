/**
 * What the Prometheus project's memcached_exporter tells of a server, under its names, types and labels, and from
 * the same statistics: dashboards and alerts made for it fit. What has nothing to count here (slab pages, hot and
 * warm segments, the proxy) is left out.
 */

import type { Stat } from '../../memcached/admin/answers.js';
import { generalStats } from '../../memcached/admin/stats-general.js';
import { itemStats } from '../../memcached/admin/stats-items.js';
import type { ItemStore } from '../../memcached/item-store.js';
import { type Family, type FamilyType, gauge, type Sample } from './family.js';

/** `stats` and `stats items` by name; null while no adapter serves the engine. */
export type MemcachedStats = ReadonlyMap<string, string | number> | null;

export function memcachedStats(items: ItemStore | undefined): MemcachedStats {
  if (items === undefined) return null;
  return new Map<string, Stat[1]>([...generalStats(items), ...itemStats(items)]);
}

/** All items are in one slab class. */
const SLAB: Readonly<Record<string, string>> = { slab: '1' };

type Row = readonly [name: string, type: FamilyType, stat: string, help: string];

const ROWS: readonly Row[] = [
  ['uptime_seconds', 'counter', 'uptime', 'Seconds since the server started.'],
  ['time_seconds', 'gauge', 'time', 'Unix time of the server.'],
  ['process_user_cpu_seconds_total', 'counter', 'rusage_user', 'Processor time of the process as a user.'],
  ['process_system_cpu_seconds_total', 'counter', 'rusage_system', 'Processor time in the system for it.'],
  ['read_bytes_total', 'counter', 'bytes_read', 'Bytes read from the network.'],
  ['written_bytes_total', 'counter', 'bytes_written', 'Bytes written to the network.'],
  ['current_connections', 'gauge', 'curr_connections', 'Open connections.'],
  ['max_connections', 'gauge', 'max_connections', 'The most connections at once.'],
  ['connections_total', 'counter', 'total_connections', 'Connections opened.'],
  [
    'connections_rejected_total',
    'counter',
    'rejected_connections',
    'Connections refused: there were too many.',
  ],
  ['connections_yielded_total', 'counter', 'conn_yields', 'Times that a connection had to wait for others.'],
  ['accepting_conns', 'gauge', 'accepting_conns', 'Whether connections are accepted.'],
  ['current_bytes', 'gauge', 'bytes', 'Bytes that items take.'],
  ['limit_bytes', 'gauge', 'limit_maxbytes', 'Bytes that items may take; 0 for no limit.'],
  ['current_items', 'gauge', 'curr_items', 'Items held.'],
  ['items_total', 'counter', 'total_items', 'Items stored.'],
  ['items_evicted_total', 'counter', 'evictions', 'Items removed for lack of memory.'],
  ['items_reclaimed_total', 'counter', 'reclaimed', 'Items removed because their time had passed.'],
  ['item_too_large_total', 'counter', 'store_too_large', 'Items refused as larger than an item may be.'],
  ['item_no_memory_total', 'counter', 'store_no_memory', 'Items refused for lack of memory.'],
  ['lru_crawler_starts_total', 'counter', 'lru_crawler_starts', 'Crawls and dumps begun.'],
  ['lru_crawler_reclaimed_total', 'counter', 'crawler_reclaimed', 'Expired items that crawls have removed.'],
  [
    'lru_crawler_items_checked_total',
    'counter',
    'crawler_items_checked',
    'Items that crawls have looked at.',
  ],
];

/** Not there while there are no items, as from a memcached. */
const SLAB_ROWS: readonly Row[] = [
  ['current_items', 'gauge', 'number', 'Items held.'],
  ['items_age_seconds', 'gauge', 'age', 'Seconds since the last use of the least recently used item.'],
  ['items_evicted_total', 'counter', 'evicted', 'Items removed for lack of memory.'],
  ['items_evicted_nonzero_total', 'counter', 'evicted_nonzero', 'Those that would have expired later.'],
  // A gauge by its nature; the exporter says that it is a counter.
  ['items_evicted_time_seconds', 'counter', 'evicted_time', 'Seconds that the last one had not been used.'],
  ['items_evicted_unfetched_total', 'counter', 'evicted_unfetched', 'Those that nobody had read.'],
  [
    'items_expired_unfetched_total',
    'counter',
    'expired_unfetched',
    'Items that expired and nobody had read.',
  ],
  ['items_reclaimed_total', 'counter', 'reclaimed', 'Items removed because their time had passed.'],
  ['items_crawler_reclaimed_total', 'counter', 'crawler_reclaimed', 'Those that crawls have removed.'],
  ['items_outofmemory_total', 'counter', 'outofmemory', 'Items refused for lack of memory.'],
];

type Command = readonly [command: string, status: string, stats: readonly string[]];

const COMMANDS: readonly Command[] = [
  ...['get', 'delete', 'incr', 'decr', 'cas', 'touch'].flatMap((command): Command[] => [
    [command, 'hit', [`${command}_hits`]],
    [command, 'miss', [`${command}_misses`]],
  ]),
  ['cas', 'badval', ['cas_badval']],
  ['flush', 'hit', ['cmd_flush']],
  // memcached counts cas among the sets: those that follow are taken away.
  ['set', 'hit', ['cmd_set', 'cas_misses', 'cas_hits', 'cas_badval']],
];

export const MEMCACHED_FAMILIES: readonly Family<MemcachedStats>[] = [
  gauge('memcached_up', 'Whether the engine is served.', (stats) => (stats === null ? 0 : 1)),
  {
    name: 'memcached_version',
    type: 'gauge',
    help: 'The memcached that hotset answers as.',
    samples: (stats) =>
      stats === null ? [] : [{ labels: { version: String(stats.get('version')) }, value: 1 }],
  },
  {
    name: 'memcached_commands_total',
    type: 'counter',
    help: 'Requests by command and how they ended.',
    samples: (stats) =>
      stats === null
        ? []
        : COMMANDS.map(([command, status, [first, ...without]]) => ({
            labels: { command, status },
            value: without.reduce((rest, name) => rest - numberOf(stats, name), numberOf(stats, first!)),
          })),
  },
  ...ROWS.map((row) => family('memcached_', '', row)),
  ...SLAB_ROWS.map((row) => family('memcached_slab_', 'items:1:', row, SLAB)),
];

function family(
  namePrefix: string,
  statPrefix: string,
  [name, type, stat, help]: Row,
  labels: Readonly<Record<string, string>> = {},
): Family<MemcachedStats> {
  const samples = (stats: MemcachedStats): Sample[] =>
    stats?.has(statPrefix + stat) ? [{ labels, value: numberOf(stats, statPrefix + stat) }] : [];
  return { name: namePrefix + name, type, help, samples };
}

function numberOf(stats: ReadonlyMap<string, string | number>, name: string): number {
  return Number(stats.get(name));
}
