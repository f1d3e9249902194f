/** Counters of `stats` that both servers keep of the same things; a table says why others are left out. */

import type { MemcachedRelease } from '../support/memcached-binaries.js';
import { commandsIn, type Step } from './stream.js';

const COMPARED: readonly string[] = [
  ...['cmd_get', 'cmd_set', 'cmd_flush', 'cmd_touch', 'cmd_meta', 'get_hits', 'get_misses'],
  ...['delete_misses', 'delete_hits', 'incr_misses', 'incr_hits', 'decr_misses', 'decr_hits'],
  ...['cas_misses', 'cas_hits', 'cas_badval', 'touch_hits', 'touch_misses'],
  ...['store_too_large', 'store_no_memory', 'auth_cmds', 'auth_errors'],
  ...['total_items', 'evictions', 'evicted_unfetched', 'log_watchers'],
];

/** By the reason for which they are not compared. */
export const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  'tells of the process or its options': [
    ...['pid', 'uptime', 'time', 'version', 'libevent', 'pointer_size', 'rusage_user', 'rusage_system'],
    ...['limit_maxbytes', 'threads', 'reserved_fds'],
  ],
  'counts connections and their bytes, and the fuzzer feeds bare sessions': [
    ...['max_connections', 'curr_connections', 'total_connections', 'rejected_connections'],
    ...['connection_structures', 'bytes_read', 'bytes_written', 'accepting_conns', 'listen_disabled_num'],
    ...['time_in_listen_disabled_us', 'conn_yields', 'unexpected_napi_ids', 'round_robin_fallback'],
  ],
  "tells of memcached's buffers, hash table, slabs, queues and threads": [
    ...['response_obj_oom', 'response_obj_count', 'response_obj_bytes', 'read_buf_count', 'read_buf_bytes'],
    ...['read_buf_bytes_free', 'read_buf_oom', 'hash_power_level', 'hash_bytes', 'hash_is_expanding'],
    ...['slab_reassign_rescues', 'slab_reassign_chunk_rescues', 'slab_reassign_inline_reclaim'],
    ...['slab_reassign_busy_items', 'slab_reassign_busy_deletes', 'slab_reassign_busy_nomem'],
    ...['slab_reassign_evictions_nomem', 'slab_reassign_last_busy_status', 'slab_reassign_running'],
    ...['slabs_moved', 'lru_crawler_running', 'lru_crawler_starts', 'lru_maintainer_juggles', 'malloc_fails'],
    ...['log_worker_dropped', 'log_worker_written', 'log_watcher_skipped', 'log_watcher_sent'],
    ...['slab_global_page_pool', 'lrutail_reflocked', 'moves_to_cold', 'moves_to_warm', 'moves_within_lru'],
    ...['direct_reclaims', 'lru_bumps_dropped', 'evicted_active', 'crawler_reclaimed'],
    ...['crawler_items_checked', 'bytes'],
  ],
  'memcached removes what has expired or been flushed when somebody asks for it, hotset by itself': [
    ...['curr_items', 'get_expired', 'get_flushed', 'expired_unfetched', 'reclaimed'],
  ],
};

const LEFT_OUT_NAMES: ReadonlySet<string> = new Set(Object.values(LEFT_OUT).flat());
const META = /\bm[gsdae] /;
const LARGE_BYTES = 400_000;

export interface Counters {
  /** `name value` lines. */
  readonly compared: string;
  /** Names that neither table has. */
  readonly unknown: readonly string[];
}

/** Reads the reply to `stats`. */
export function countersIn(stats: string): Counters {
  const lines = Array.from(
    stats.matchAll(/^STAT (\S+) (.*)\r$/gm),
    ([, name, value]) => [name!, value!] as const,
  );
  const compared = lines.filter(([name]) => COMPARED.includes(name));
  return {
    compared: compared.map(([name, value]) => `${name} ${value}`).join(', '),
    unknown: lines
      .map(([name]) => name)
      .filter((name) => !COMPARED.includes(name) && !LEFT_OUT_NAMES.has(name)),
  };
}

/**
 * Whether both count the commands of a stream alike. Not those that are known to be counted otherwise: a binary store
 * that is too large, which memcached does not count; meta commands in 1.6.18.
 */
export function countsAlike(steps: readonly Step[], release: MemcachedRelease): boolean {
  return commandsIn(steps).every(
    (command) =>
      !(command.startsWith('\x80') && command.length > LARGE_BYTES) &&
      !(release !== 'reference' && META.test(command)),
  );
}
