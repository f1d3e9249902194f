/** `-o name,name=value`: memcached's extended options. */

import type { TlsOptions } from '../tcp/index.js';
import { UsageError } from './usage-error.js';

/** Options that only tune memcached's own slabs, threads, tables and disk: existing command lines still start. */
const WITHOUT_EFFECT: readonly RegExp[] = [
  /^(no_)?(modern|maxconns_fast|hashexpand|lru_crawler|lru_maintainer|slab_reassign|chunked_items)$/,
  /^(no_)?(inline_ascii_resp|drop_privileges|relaxed_privileges|ssl_session_cache|ssl_kernel_tls)$/,
  /^(slab|lru|hash|hot|warm|temp|tail|ext|worker|watcher|read_buf|resp_obj|chunk)(_\w+|power)?$/,
  /^(temporary_ttl|sock_cookie_id|ssl_wbuf_size)$/,
];

/** As memcached, which keeps it in 32 bits. */
const IDLE_TIMEOUT_MAX_SECONDS = 2 ** 31 - 1;

const MIN_VERSIONS: Readonly<Record<string, 'TLSv1.2' | 'TLSv1.3'>> = {
  '2': 'TLSv1.2',
  'tlsv1.2': 'TLSv1.2',
  '3': 'TLSv1.3',
  'tlsv1.3': 'TLSv1.3',
};

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export interface ExtendedOptions {
  readonly idleTimeoutMs: number;
  readonly trackSizes: boolean;
  /** Empty when no option was about TLS. */
  readonly tls: Readonly<Partial<TlsOptions>>;
  /** What is accepted and not done, where somebody may count on it. */
  readonly notes: readonly string[];
}

interface Reading extends Writable<ExtendedOptions> {
  tls: Partial<TlsOptions>;
  notes: string[];
}

const READERS: Readonly<Record<string, (into: Reading, value: string | undefined) => void>> = {
  idle_timeout: (into, value) => {
    const seconds = value !== undefined && /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
    if (!(seconds <= IDLE_TIMEOUT_MAX_SECONDS))
      throw new UsageError(`-o idle_timeout takes seconds, 0 for never; got ${value ?? 'nothing'}`);
    into.idleTimeoutMs = seconds === 0 ? Number.POSITIVE_INFINITY : seconds * 1000;
  },
  track_sizes: (into) => {
    into.trackSizes = true;
  },
  ssl_chain_cert: (into, value) => {
    into.tls.certFile = given('ssl_chain_cert', 'a file', value);
  },
  ssl_key: (into, value) => {
    into.tls.keyFile = given('ssl_key', 'a file', value);
  },
  ssl_ca_cert: (into, value) => {
    into.tls.caFile = given('ssl_ca_cert', 'a file', value);
  },
  ssl_ciphers: (into, value) => {
    into.tls.ciphers = given('ssl_ciphers', "OpenSSL's list of ciphers", value);
  },
  ssl_verify_mode: (into, value) => {
    if (value === undefined || !/^[0-3]$/.test(value))
      throw new UsageError(
        `-o ssl_verify_mode takes 0 (none), 1 (request), 2 (require) or 3 (once); got ${value ?? 'nothing'}`,
      );
    into.tls.verifyMode = Number(value) as 0 | 1 | 2 | 3;
  },
  ssl_min_version: (into, value) => {
    const version = MIN_VERSIONS[value?.toLowerCase() ?? ''];
    if (version === undefined)
      throw new UsageError(
        `-o ssl_min_version takes 2 (tlsv1.2) or 3 (tlsv1.3), older versions being broken; got ${value ?? 'nothing'}`,
      );
    into.tls.minVersion = version;
  },
  ssl_keyformat: (_into, value) => {
    if (value === undefined || !/^(pem|der)$/i.test(value))
      throw new UsageError(`-o ssl_keyformat takes PEM or DER; got ${value ?? 'nothing'}`);
  },
  ext_path: (into) => {
    into.notes.push('-o ext_path is accepted and without effect: all items are held in memory');
  },
};

export function extendedOptions(lists: readonly string[]): ExtendedOptions {
  const into: Reading = { idleTimeoutMs: Number.POSITIVE_INFINITY, trackSizes: false, tls: {}, notes: [] };
  for (const option of lists.flatMap((list) => list.split(',')).filter((text) => text !== '')) {
    const equals = option.indexOf('=');
    const name = equals === -1 ? option : option.slice(0, equals);
    const value = equals === -1 ? undefined : option.slice(equals + 1);
    const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
    if (read !== undefined) read(into, value);
    else if (!WITHOUT_EFFECT.some((pattern) => pattern.test(name)))
      throw new UsageError(`unknown option -o ${name}; see hotset --help`);
  }
  return into;
}

function given(name: string, takes: string, value: string | undefined): string {
  if (value === undefined || value === '') throw new UsageError(`-o ${name} takes ${takes}; got nothing`);
  return value;
}
