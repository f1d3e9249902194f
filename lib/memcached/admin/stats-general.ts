/**
 * `stats`: memcached 1.6.45's list, in its order. What belongs to slab pages, worker threads, the hash table
 * and the LRU maintainer of the C server has no counterpart here and reads 0, or the one honest constant.
 */

import { maxConnections } from '../../transport.js';
import { COUNTERS, type CounterName } from '../counters.js';
import type { ItemStore } from '../item-store.js';
import type { Stat } from './answers.js';

/**
 * The memcached that hotset answers as. Clients read it to learn what they may send, so `version` says this
 * and not hotset's own version, which `stats` has where memcached names its event library.
 */
export const VERSION = '1.6.45';

export function generalStats(items: ItemStore): Stat[] {
  const engine = items.entries.stats();
  const { admin } = items;
  const usage = process.resourceUsage();
  const counter = (name: CounterName): Stat => [name, items.figure(name)];
  const connections = items.overTransports((transport) => transport.currentConnections);
  const idleTimeout = items.overTransports((transport) => transport.idleTimeoutSeconds) > 0;

  return [
    ['pid', process.pid],
    ['uptime', Math.floor(items.uptimeMs / 1000)],
    ['time', Math.floor(items.wallClock.now() / 1000)],
    ['version', VERSION],
    ['libevent', `libuv-${process.versions.uv}-node-${process.versions.node}-hotset`],
    ['pointer_size', 64],
    ['rusage_user', seconds(usage.userCPUTime)],
    ['rusage_system', seconds(usage.systemCPUTime)],
    ['max_connections', maxConnections(items.transports)],
    ['curr_connections', connections],
    ['total_connections', items.overTransports((transport) => transport.totalConnections)],
    ['rejected_connections', items.overTransports((transport) => transport.rejectedConnections)],
    ['connection_structures', connections],
    ...zeros('response_obj_oom', 'response_obj_count', 'response_obj_bytes'),
    ...zeros('read_buf_count', 'read_buf_bytes', 'read_buf_bytes_free', 'read_buf_oom', 'reserved_fds'),
    ...COUNTERS.map(counter),
    ...(idleTimeout
      ? [['idle_kicks', items.overTransports((transport) => transport.idleKicks)] as const]
      : []),
    ['bytes_read', items.overTransports((transport) => transport.bytesRead)],
    ['bytes_written', items.overTransports((transport) => transport.bytesWritten)],
    ['limit_maxbytes', budgetBytes(items)],
    ['accepting_conns', 1],
    ...zeros('listen_disabled_num', 'time_in_listen_disabled_us'),
    ['threads', items.siblings?.threads ?? 1],
    ['conn_yields', items.overTransports((transport) => transport.yields)],
    ...zeros('hash_power_level', 'hash_bytes', 'hash_is_expanding'),
    ...zeros('slab_reassign_rescues', 'slab_reassign_chunk_rescues', 'slab_reassign_inline_reclaim'),
    ...zeros('slab_reassign_busy_items', 'slab_reassign_busy_deletes', 'slab_reassign_busy_nomem'),
    ['slab_reassign_last_busy_status', 'none'],
    ...zeros('slab_reassign_running', 'slabs_moved'),
    ['lru_crawler_running', admin.crawlerRunning ? 1 : 0],
    ['lru_crawler_starts', items.figure('crawler_starts')],
    ...zeros('lru_maintainer_juggles', 'malloc_fails'),
    ['log_worker_dropped', 0],
    ['log_worker_written', items.figure('log_written')],
    ['log_watcher_skipped', items.figure('log_skipped')],
    ['log_watcher_sent', items.figure('log_sent')],
    ['log_watchers', items.figure('log_watchers')],
    ...tlsStats(items),
    ...zeros('unexpected_napi_ids', 'round_robin_fallback'),
    ['bytes', engine.bytes],
    ['curr_items', engine.size],
    ['total_items', engine.stores - items.figure('stores_in_place')],
    ...zeros('slab_global_page_pool'),
    ['expired_unfetched', engine.expirationsUnfetched],
    ['evicted_unfetched', engine.evictionsUnfetched],
    ...zeros('evicted_active'),
    ['evictions', engine.evictions],
    ['reclaimed', engine.expirations],
    ['crawler_reclaimed', items.figure('crawler_reclaimed')],
    ['crawler_items_checked', items.figure('crawler_checked')],
    ['lrutail_reflocked', 0],
    ...zeros('moves_to_cold', 'moves_to_warm', 'moves_within_lru', 'direct_reclaims', 'lru_bumps_dropped'),
    ...warmingStats(items),
  ];
}

/** Only where TLS is on, as in memcached. */
function tlsStats({ transports, clock }: ItemStore): Stat[] {
  const encrypted = [...transports].filter(({ settings }) => settings.tls !== null);
  if (encrypted.length === 0) return [];
  const errors = encrypted.reduce((sum, { handshakeErrors }) => sum + handshakeErrors, 0);
  const readAtMs = Math.max(...encrypted.map(({ settings }) => settings.certificatesReadAtMs));
  return [
    ['ssl_handshake_errors', errors],
    ['time_since_server_cert_refresh', Math.max(0, Math.floor((clock.now() - readAtMs) / 1000))],
  ];
}

/** Only where the store is filled from another server: hotset's own. */
function warmingStats({ warming }: ItemStore): Stat[] {
  if (warming === null) return [];
  return [
    ['warm_state', warming.state],
    ['warm_items', warming.items],
    ['warm_bytes', warming.bytes],
    ['warm_left_out', warming.left],
  ];
}

function zeros(...names: string[]): Stat[] {
  return names.map((name) => [name, 0]);
}

/** The target budget, to which the actual one may still be coming down. No limit reads 0: clients expect a number. */
export function budgetBytes({ admin, budget }: ItemStore): number {
  const bytes = admin.memoryLimit?.bytes ?? budget.maxBytes;
  return Number.isFinite(bytes) ? bytes : 0;
}

/** Exporters read these with one dot and six digits. */
function seconds(microseconds: number): string {
  return (microseconds / 1e6).toFixed(6);
}
