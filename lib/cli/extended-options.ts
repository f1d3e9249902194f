/** `-o name,name=value`: memcached's extended options. */

import type { MemcachedSettings } from '../memcached/admin/admin-state.js';
import type { TlsOptions } from '../tcp/index.js';
import { UsageError } from './errors.js';
import type { CommandLine } from './flags.js';

/** As memcached, which keeps it in 32 bits. */
const IDLE_TIMEOUT_MAX_SECONDS = 2 ** 31 - 1;

/** memcached also takes 0 and 1, for TLS 1.0 and 1.1, which are broken. */
const MIN_VERSIONS: Readonly<Record<string, 'TLSv1.2' | 'TLSv1.3'>> = {
  '0': 'TLSv1.2',
  '1': 'TLSv1.2',
  '2': 'TLSv1.2',
  'tlsv1.2': 'TLSv1.2',
  '3': 'TLSv1.3',
  'tlsv1.3': 'TLSv1.3',
};

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export interface ExtendedOptions {
  readonly idleTimeoutMs: number;
  readonly trackSizes: boolean;
  /** Empty if no option was about TLS. */
  readonly tls: Readonly<Partial<TlsOptions>>;
  /** Settings that only `stats settings` shows, by its names. */
  readonly shown: Partial<MemcachedSettings>;
}

interface Result extends Writable<ExtendedOptions> {
  tls: Partial<TlsOptions>;
  shown: Partial<MemcachedSettings>;
}

type Reader = (into: Result, value: string | undefined, line: CommandLine) => void;

/** An option without effect. */
function shows(settings: Partial<MemcachedSettings>): Reader {
  return (into) => Object.assign(into.shown, settings);
}

/** A number without effect, in units of `unit`. */
function showsNumber(name: keyof MemcachedSettings, unit = 1): Reader {
  return (into, value) => {
    const number = Number.parseFloat(value ?? '');
    if (Number.isFinite(number)) Object.assign(into.shown, { [name]: number * unit });
  };
}

/** An option that not even `stats settings` shows. */
const ignored: Reader = () => {};

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * 1024;

/** What tunes memcached's own slabs, threads, tables and disk is accepted: existing command lines start. */
const READERS: Readonly<Record<string, Reader>> = {
  idle_timeout: (into, value, line) => {
    const seconds = line.leadingNumber('-o idle_timeout', value ?? '');
    if (!(seconds >= 0 && seconds <= IDLE_TIMEOUT_MAX_SECONDS))
      throw new UsageError(`-o idle_timeout takes seconds, 0 for never; got ${value ?? 'nothing'}`);
    into.idleTimeoutMs = seconds === 0 ? Number.POSITIVE_INFINITY : seconds * 1000;
  },
  track_sizes: (into) => {
    into.trackSizes = true;
  },

  ssl_chain_cert: (into, value) => {
    into.tls.certFile = required('ssl_chain_cert', 'a file', value);
  },
  ssl_key: (into, value) => {
    into.tls.keyFile = required('ssl_key', 'a file', value);
  },
  ssl_ca_cert: (into, value) => {
    into.tls.caFile = required('ssl_ca_cert', 'a file', value);
  },
  ssl_ciphers: (into, value) => {
    into.tls.ciphers = required('ssl_ciphers', "OpenSSL's list of ciphers", value);
  },
  ssl_verify_mode: (into, value) => {
    if (value === undefined || !/^[0-3]$/.test(value))
      throw new UsageError(
        `-o ssl_verify_mode takes 0 (none), 1 (request), 2 (require) or 3 (once); got ${value ?? 'nothing'}`,
      );
    into.tls.verifyMode = Number(value) as 0 | 1 | 2 | 3;
  },
  ssl_min_version: (into, value, line) => {
    const version = MIN_VERSIONS[value?.toLowerCase() ?? ''];
    if (version === undefined)
      throw new UsageError(`-o ssl_min_version takes 2 (TLS 1.2) or 3 (TLS 1.3); got ${value ?? 'nothing'}`);
    if (value === '0' || value === '1')
      line.warnings.push(`-o ssl_min_version=${value} is raised to 2: TLS begins at version 1.2`);
    into.tls.minVersion = version;
  },
  ssl_keyformat: (into, value) => {
    // memcached takes OpenSSL's number for what its help calls PEM and DER.
    if (value === undefined || !/^(pem|der|\d+)$/i.test(value))
      throw new UsageError(`-o ssl_keyformat takes PEM or DER; got ${value ?? 'nothing'}`);
    if (/^\d+$/.test(value)) into.shown.ssl_keyformat = Number(value);
  },
  ssl_wbuf_size: showsNumber('ssl_wbuf_size', KIBIBYTE),
  ssl_session_cache: shows({ ssl_session_cache: true }),
  ssl_kernel_tls: shows({ ssl_kernel_tls: true }),

  maxconns_fast: shows({ maxconns_fast: true }),
  no_maxconns_fast: shows({ maxconns_fast: false }),
  hashpower: showsNumber('hashpower_init'),
  no_hashexpand: ignored,
  hash_algorithm: (into, value) => {
    if (value) into.shown.hash_algorithm = value;
  },
  tail_repair_time: showsNumber('tail_repair_time'),
  slab_sizes: ignored,
  slab_chunk_max: showsNumber('slab_chunk_max', KIBIBYTE),
  slab_reassign: shows({ slab_reassign: true }),
  no_slab_reassign: shows({ slab_reassign: false }),
  slab_automove: (into, value, line) => showsNumber('slab_automove')(into, value ?? '1', line),
  no_slab_automove: shows({ slab_automove: 0 }),
  slab_automove_ratio: showsNumber('slab_automove_ratio'),
  slab_automove_window: showsNumber('slab_automove_window'),
  slab_automove_freeratio: showsNumber('slab_automove_freeratio'),
  lru_crawler: shows({ lru_crawler: true }),
  no_lru_crawler: shows({ lru_crawler: false }),
  lru_crawler_sleep: showsNumber('lru_crawler_sleep'),
  lru_crawler_tocrawl: showsNumber('lru_crawler_tocrawl'),
  lru_maintainer: shows({ lru_maintainer_thread: true, lru_segmented: true }),
  no_lru_maintainer: shows({ lru_maintainer_thread: false, lru_segmented: false }),
  hot_lru_pct: showsNumber('hot_lru_pct'),
  warm_lru_pct: showsNumber('warm_lru_pct'),
  hot_max_factor: showsNumber('hot_max_factor'),
  warm_max_factor: showsNumber('warm_max_factor'),
  temporary_ttl: (into, value, line) => {
    into.shown.temp_lru = true;
    showsNumber('temporary_ttl')(into, value, line);
  },
  watcher_logbuf_size: showsNumber('watcher_logbuf_size', KIBIBYTE),
  worker_logbuf_size: showsNumber('worker_logbuf_size', KIBIBYTE),
  read_buf_mem_limit: showsNumber('read_buf_mem_limit', MEBIBYTE),
  resp_obj_mem_limit: ignored,
  inline_ascii_resp: ignored,
  no_inline_ascii_resp: ignored,
  no_chunked_items: ignored,
  modern: ignored,
  no_modern: shows({
    slab_reassign: false,
    slab_automove: 0,
    maxconns_fast: false,
    lru_segmented: false,
    lru_crawler: false,
    lru_maintainer_thread: false,
    hash_algorithm: 'jenkins',
  }),
  drop_privileges: ignored,
  no_drop_privileges: ignored,
  relaxed_privileges: ignored,
  sock_cookie_id: ignored,

  ext_path: (_into, _value, line) => {
    line.warnings.push('-o ext_path is accepted and has no effect: all items are held in memory');
  },
  ext_page_size: ignored,
  ext_threads: ignored,
  ext_io_depth: ignored,
  ext_wbuf_size: showsNumber('ext_wbuf_size', MEBIBYTE),
  ext_item_size: showsNumber('ext_item_size'),
  ext_item_age: showsNumber('ext_item_age'),
  ext_low_ttl: showsNumber('ext_low_ttl'),
  ext_recache_rate: showsNumber('ext_recache_rate'),
  ext_compact_under: showsNumber('ext_compact_under'),
  ext_drop_under: showsNumber('ext_drop_under'),
  ext_max_sleep: showsNumber('ext_max_sleep'),
  ext_max_frag: showsNumber('ext_max_frag'),
  ext_drop_unread: shows({ ext_drop_unread: true }),
};

/** Throws a UsageError that names the option and what it takes. */
export function extendedOptions(line: CommandLine): ExtendedOptions {
  const into: Result = { idleTimeoutMs: Number.POSITIVE_INFINITY, trackSizes: false, tls: {}, shown: {} };
  for (const option of line.all('extended').flatMap((list) => list.split(','))) {
    if (option === '') continue;
    const equals = option.indexOf('=');
    const name = equals === -1 ? option : option.slice(0, equals);
    if (!Object.hasOwn(READERS, name)) throw new UsageError(`unknown option -o ${name}; see hotset --help`);
    READERS[name]!(into, equals === -1 ? undefined : option.slice(equals + 1), line);
  }
  return into;
}

function required(name: string, takes: string, value: string | undefined): string {
  if (value === undefined || value === '') throw new UsageError(`-o ${name} takes ${takes}; got nothing`);
  return value;
}
