/**
 * `stats settings`: memcached 1.6.45's list, in its order. Some values come from the store and its transports, the
 * others from the command line, from a client, or from memcached's defaults: see admin-state.ts.
 */

import {
  maxConnections,
  type ProtocolChoice,
  type TlsSettings,
  type TransportSettings,
} from '../../transport.js';
import type { ItemStore } from '../item-store.js';
import type { Stat } from './answers.js';
import { budgetBytes } from './stats-general.js';

export function settingsStats(items: ItemStore): Stat[] {
  return Object.entries(settingsOf(items)).map(([name, value]) => [name, shown(value)]);
}

function settingsOf(items: ItemStore): Record<string, string | number | boolean> {
  const transports = [...items.transports];
  const first = <T>(read: (settings: TransportSettings) => T | null, defaultValue: T): T => {
    for (const { settings } of transports) {
      const value = read(settings);
      if (value !== null) return value;
    }
    return defaultValue;
  };
  const { prefixes } = items;
  const { settings } = items.admin;
  const protocol = first<ProtocolChoice>((transport) => transport.protocol, 'auto');
  const authenticates = transports.some((transport) => transport.settings.authenticates);
  const tls = first<TlsSettings | null>((transport) => transport.tls, null);
  return {
    maxbytes: budgetBytes(items),
    maxconns: maxConnections(transports),
    tcpport: first((transport) => (transport.tcpPort < 0 ? null : transport.tcpPort), 0),
    udpport: 0,
    inter: settings.inter || first((transport) => transport.host, 'NULL'),
    verbosity: items.verbosity,
    oldest: 0,
    evictions: items.entries.evicts ? 'on' : 'off',
    domain_socket: first((transport) => transport.path, 'NULL'),
    umask: first((transport) => (transport.path === null ? null : transport.mode), 0o700).toString(8),
    shutdown_command: items.onShutdown !== undefined,
    growth_factor: settings.growth_factor.toFixed(2),
    chunk_size: settings.chunk_size,
    num_threads: settings.num_threads,
    num_threads_per_udp: settings.num_threads_per_udp,
    stat_key_prefix: prefixes.delimiter,
    detail_enabled: prefixes.enabled,
    reqs_per_event: items.requestsPerTurn,
    cas_enabled: items.casIds,
    tcp_backlog: first((transport) => transport.backlog, 1024),
    binding_protocol: PROTOCOLS[protocol],
    auth_enabled_sasl: authenticates && protocol !== 'ascii',
    auth_enabled_ascii: authenticates && protocol !== 'binary' && (settings.auth_file || true),
    item_size_max: items.maxItemBytes,
    maxconns_fast: settings.maxconns_fast,
    hashpower_init: settings.hashpower_init,
    slab_reassign: settings.slab_reassign,
    slab_automove: settings.slab_automove,
    slab_automove_ratio: settings.slab_automove_ratio.toFixed(2),
    slab_automove_window: settings.slab_automove_window,
    slab_chunk_max: settings.slab_chunk_max,
    lru_crawler: settings.lru_crawler,
    lru_crawler_sleep: settings.lru_crawler_sleep,
    lru_crawler_tocrawl: settings.lru_crawler_tocrawl,
    tail_repair_time: settings.tail_repair_time,
    flush_enabled: items.allowFlush,
    dump_enabled: items.allowDump,
    hash_algorithm: settings.hash_algorithm,
    lru_maintainer_thread: settings.lru_maintainer_thread,
    lru_segmented: settings.lru_segmented,
    hot_lru_pct: settings.hot_lru_pct,
    warm_lru_pct: settings.warm_lru_pct,
    hot_max_factor: settings.hot_max_factor.toFixed(2),
    warm_max_factor: settings.warm_max_factor.toFixed(2),
    temp_lru: settings.temp_lru,
    temporary_ttl: settings.temporary_ttl,
    idle_timeout: transports[0]?.idleTimeoutSeconds ?? 0,
    watcher_logbuf_size: settings.watcher_logbuf_size,
    worker_logbuf_size: settings.worker_logbuf_size,
    read_buf_mem_limit: settings.read_buf_mem_limit,
    track_sizes: items.trackSizes,
    inline_ascii_response: false,
    ext_item_size: settings.ext_item_size,
    ext_item_age: settings.ext_item_age,
    ext_low_ttl: settings.ext_low_ttl,
    ext_recache_rate: settings.ext_recache_rate,
    ext_wbuf_size: settings.ext_wbuf_size,
    ext_compact_under: settings.ext_compact_under,
    ext_drop_under: settings.ext_drop_under,
    ext_max_sleep: settings.ext_max_sleep,
    ext_max_frag: settings.ext_max_frag.toFixed(2),
    slab_automove_freeratio: settings.slab_automove_freeratio.toFixed(3),
    ext_drop_unread: settings.ext_drop_unread,
    ssl_enabled: tls !== null,
    ssl_chain_cert: tls?.chainCert ?? '(null)',
    ssl_key: tls?.key ?? '(null)',
    ssl_verify_mode: tls?.verifyMode ?? 0,
    ssl_keyformat: settings.ssl_keyformat,
    ssl_ciphers: tls?.ciphers ?? 'NULL',
    ssl_ca_cert: tls?.caCert ?? 'NULL',
    ssl_wbuf_size: settings.ssl_wbuf_size,
    ssl_session_cache: settings.ssl_session_cache,
    ssl_kernel_tls: settings.ssl_kernel_tls,
    ssl_min_version: tls?.minVersion ?? 'tlsv1.2',
    num_napi_ids: settings.num_napi_ids,
    memory_file: settings.memory_file,
    client_flags_size: 4,
  };
}

/** As memcached names what `-B` chose. */
const PROTOCOLS: Readonly<Record<ProtocolChoice, string>> = {
  auto: 'auto-negotiate',
  ascii: 'ascii',
  binary: 'binary',
};

function shown(value: string | number | boolean): string | number {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  // A file's name may hold ends of lines.
  return typeof value === 'string' ? value.replace(/[\r\n]/g, '?') : value;
}
