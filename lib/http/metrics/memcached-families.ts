/**
 * The metrics of the Prometheus project's memcached_exporter, with its names, types and labels, from the same
 * statistics: its dashboards and alerts work. Metrics of slab pages, LRU segments and the proxy are omitted.
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
  ['process_user_cpu_seconds_total', 'counter', 'rusage_user', 'User CPU time of the process.'],
  ['process_system_cpu_seconds_total', 'counter', 'rusage_system', 'System CPU time of the process.'],
  ['read_bytes_total', 'counter', 'bytes_read', 'Bytes read from the network.'],
  ['written_bytes_total', 'counter', 'bytes_written', 'Bytes written to the network.'],
  ['current_connections', 'gauge', 'curr_connections', 'Open connections.'],
  ['max_connections', 'gauge', 'max_connections', 'The connection limit of the memcached port.'],
  ['connections_total', 'counter', 'total_connections', 'Connections opened.'],
  [
    'connections_rejected_total',
    'counter',
    'rejected_connections',
    'Connections refused because the limit was reached.',
  ],
  ['connections_yielded_total', 'counter', 'conn_yields', 'Times that a connection yielded to others.'],
  ['accepting_conns', 'gauge', 'accepting_conns', '1 while connections are accepted.'],
  ['current_bytes', 'gauge', 'bytes', 'Bytes used by items.'],
  ['limit_bytes', 'gauge', 'limit_maxbytes', 'The byte budget for items; 0 for none.'],
  ['current_items', 'gauge', 'curr_items', 'Items held.'],
  ['items_total', 'counter', 'total_items', 'Items stored.'],
  ['items_evicted_total', 'counter', 'evictions', 'Items evicted for lack of memory.'],
  ['items_reclaimed_total', 'counter', 'reclaimed', 'Items removed because they had expired.'],
  [
    'item_too_large_total',
    'counter',
    'store_too_large',
    'Items refused because they exceed the item size limit.',
  ],
  ['item_no_memory_total', 'counter', 'store_no_memory', 'Items refused for lack of memory.'],
  ['lru_crawler_starts_total', 'counter', 'lru_crawler_starts', 'Crawls and dumps started.'],
  ['lru_crawler_reclaimed_total', 'counter', 'crawler_reclaimed', 'Expired items removed by crawls.'],
  ['lru_crawler_items_checked_total', 'counter', 'crawler_items_checked', 'Items examined by crawls.'],
];

/** Omitted while there are no items, as by memcached. */
const SLAB_ROWS: readonly Row[] = [
  ['current_items', 'gauge', 'number', 'Items held.'],
  ['items_age_seconds', 'gauge', 'age', 'Seconds since the last use of the least recently used item.'],
  ['items_evicted_total', 'counter', 'evicted', 'Items evicted for lack of memory.'],
  ['items_evicted_nonzero_total', 'counter', 'evicted_nonzero', 'Evicted items that had a TTL.'],
  // A gauge by nature; the exporter declares it a counter.
  [
    'items_evicted_time_seconds',
    'counter',
    'evicted_time',
    'Seconds between the last use of the item evicted last and its eviction.',
  ],
  ['items_evicted_unfetched_total', 'counter', 'evicted_unfetched', 'Evicted items that were never read.'],
  ['items_expired_unfetched_total', 'counter', 'expired_unfetched', 'Expired items that were never read.'],
  ['items_reclaimed_total', 'counter', 'reclaimed', 'Items removed because they had expired.'],
  ['items_crawler_reclaimed_total', 'counter', 'crawler_reclaimed', 'Expired items removed by crawls.'],
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
  // memcached counts cas among the sets: the counters after the first are subtracted.
  ['set', 'hit', ['cmd_set', 'cas_misses', 'cas_hits', 'cas_badval']],
];

export const MEMCACHED_FAMILIES: readonly Family<MemcachedStats>[] = [
  gauge('memcached_up', '1 while a server is attached to the engine, else 0.', (stats) =>
    stats === null ? 0 : 1,
  ),
  {
    name: 'memcached_version',
    type: 'gauge',
    help: 'The memcached version that hotset reports.',
    samples: (stats) =>
      stats === null ? [] : [{ labels: { version: String(stats.get('version')) }, value: 1 }],
  },
  {
    name: 'memcached_commands_total',
    type: 'counter',
    help: 'Requests by command and result.',
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
