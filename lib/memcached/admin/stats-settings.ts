/**
 * `stats settings`: memcached 1.6.45's list, in its order. Values that hotset has are its own; those that it
 * only keeps are as the client set them; the rest, extstore's above all, show what memcached shows at rest.
 */

import type { ItemStore } from '../item-store.js';
import { adminStateOf } from './admin-state.js';
import type { Stat } from './answer.js';
import { wholeOrZero } from './stats-general.js';
import { maxConnections, type ProtocolChoice, type TlsSettings, type Transport } from './transport.js';

export function settingsStats(items: ItemStore): Stat[] {
  const transports = [...items.transports];
  const first = <T>(read: (transport: Transport) => T | null, otherwise: T): T => {
    for (const transport of transports) {
      const value = read(transport);
      if (value !== null) return value;
    }
    return otherwise;
  };
  const { prefixes, trackSizes } = items;
  const { crawler, tuning } = adminStateOf(items);
  const protocol = first<ProtocolChoice>((transport) => transport.protocol, 'auto');
  const authenticates = transports.some((transport) => transport.authenticates);
  const tls = first((transport) => transport.tls, null);
  const own: Record<string, string | number> = {
    maxbytes: wholeOrZero(items.engine.maxBytes),
    maxconns: maxConnections(transports),
    tcpport: first((transport) => (transport.tcpPort < 0 ? null : transport.tcpPort), 0),
    inter: first((transport) => transport.host, 'NULL'),
    verbosity: items.verbosity,
    evictions: items.entries.evicts ? 'on' : 'off',
    domain_socket: first((transport) => transport.path, 'NULL'),
    umask: first((transport) => (transport.path === null ? null : transport.mode), 0o700).toString(8),
    shutdown_command: yesOrNo(items.onShutdown !== undefined),
    stat_key_prefix: prefixes.delimiter,
    detail_enabled: yesOrNo(prefixes.enabled),
    reqs_per_event: items.requestsPerTurn,
    cas_enabled: yesOrNo(items.casIds),
    tcp_backlog: first((transport) => transport.backlog, 1024),
    binding_protocol: PROTOCOLS[protocol],
    auth_enabled_sasl: yesOrNo(authenticates && protocol !== 'ascii'),
    auth_enabled_ascii: yesOrNo(authenticates && protocol !== 'binary'),
    item_size_max: items.maxItemBytes,
    slab_automove: tuning.slabAutomove,
    slab_automove_ratio: tuning.slabAutomoveRatio.toFixed(2),
    slab_automove_window: tuning.slabAutomoveWindow,
    slab_automove_freeratio: tuning.slabAutomoveFreeRatio.toFixed(3),
    lru_crawler: yesOrNo(crawler.enabled),
    lru_crawler_sleep: crawler.sleepMicroseconds,
    lru_crawler_tocrawl: crawler.toCrawl,
    flush_enabled: yesOrNo(items.allowFlush),
    dump_enabled: yesOrNo(items.allowDump),
    lru_segmented: yesOrNo(tuning.segmented),
    hot_lru_pct: tuning.hotPercent,
    warm_lru_pct: tuning.warmPercent,
    hot_max_factor: tuning.hotMaxFactor.toFixed(2),
    warm_max_factor: tuning.warmMaxFactor.toFixed(2),
    temp_lru: yesOrNo(tuning.tempLru),
    temporary_ttl: tuning.temporaryTtl,
    idle_timeout: first((transport) => transport.idleTimeoutSeconds, 0),
    track_sizes: yesOrNo(trackSizes),
    ...(tls === null ? {} : tlsSettings(tls)),
  };
  return SETTINGS.map(([name, atRest]) => {
    const given = items.settings[name];
    return [name, typeof given === 'boolean' ? yesOrNo(given) : (given ?? own[name] ?? atRest)];
  });
}

/** As memcached names what `-B` chose. */
const PROTOCOLS: Readonly<Record<ProtocolChoice, string>> = {
  auto: 'auto-negotiate',
  ascii: 'ascii',
  binary: 'binary',
};

function tlsSettings(tls: TlsSettings): Record<string, string | number> {
  return {
    ssl_enabled: 'yes',
    ssl_chain_cert: tls.chainCert,
    ssl_key: tls.key,
    ssl_verify_mode: tls.verifyMode,
    ssl_ciphers: tls.ciphers ?? 'NULL',
    ssl_ca_cert: tls.caCert ?? 'NULL',
    ssl_min_version: tls.minVersion,
  };
}

function yesOrNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

/** Names in order, with what stands there when hotset has nothing of its own to say. */
const SETTINGS: readonly Stat[] = [
  ['maxbytes', 0],
  ['maxconns', 0],
  ['tcpport', 0],
  ['udpport', 0],
  ['inter', 'NULL'],
  ['verbosity', 0],
  ['oldest', 0],
  ['evictions', 'on'],
  ['domain_socket', 'NULL'],
  ['umask', 700],
  ['shutdown_command', 'no'],
  ['growth_factor', '1.25'],
  ['chunk_size', 48],
  ['num_threads', 1],
  ['num_threads_per_udp', 0],
  ['stat_key_prefix', ':'],
  ['detail_enabled', 'no'],
  ['reqs_per_event', 20],
  ['cas_enabled', 'yes'],
  ['tcp_backlog', 1024],
  ['binding_protocol', 'auto-negotiate'],
  ['auth_enabled_sasl', 'no'],
  ['auth_enabled_ascii', 'no'],
  ['item_size_max', 0],
  ['maxconns_fast', 'yes'],
  ['hashpower_init', 0],
  ['slab_reassign', 'yes'],
  ['slab_automove', 0],
  ['slab_automove_ratio', '0.80'],
  ['slab_automove_window', 10],
  ['slab_chunk_max', 524288],
  ['lru_crawler', 'no'],
  ['lru_crawler_sleep', 100],
  ['lru_crawler_tocrawl', 0],
  ['tail_repair_time', 0],
  ['flush_enabled', 'yes'],
  ['dump_enabled', 'yes'],
  ['hash_algorithm', 'murmur3'],
  ['lru_maintainer_thread', 'no'],
  ['lru_segmented', 'no'],
  ['hot_lru_pct', 20],
  ['warm_lru_pct', 40],
  ['hot_max_factor', '0.20'],
  ['warm_max_factor', '2.00'],
  ['temp_lru', 'no'],
  ['temporary_ttl', 61],
  ['idle_timeout', 0],
  ['watcher_logbuf_size', 262144],
  ['worker_logbuf_size', 65536],
  ['read_buf_mem_limit', 0],
  ['track_sizes', 'no'],
  ['inline_ascii_response', 'no'],
  ['ext_item_size', 512],
  ['ext_item_age', 4294967295],
  ['ext_low_ttl', 0],
  ['ext_recache_rate', 2000],
  ['ext_wbuf_size', 4194304],
  ['ext_compact_under', 0],
  ['ext_drop_under', 0],
  ['ext_max_sleep', 1000000],
  ['ext_max_frag', '0.80'],
  ['slab_automove_freeratio', '0.010'],
  ['ext_drop_unread', 'no'],
  ['ssl_enabled', 'no'],
  ['ssl_chain_cert', '(null)'],
  ['ssl_key', '(null)'],
  ['ssl_verify_mode', 0],
  ['ssl_keyformat', 1],
  ['ssl_ciphers', 'NULL'],
  ['ssl_ca_cert', 'NULL'],
  ['ssl_wbuf_size', 16384],
  ['ssl_session_cache', 'no'],
  ['ssl_kernel_tls', 'no'],
  ['ssl_min_version', 'tlsv1.2'],
  ['num_napi_ids', 0],
  ['memory_file', '(null)'],
  ['client_flags_size', 4],
];
