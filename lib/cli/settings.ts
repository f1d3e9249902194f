/** From the command line to the servers' options. */

import type { MemcachedSettings } from '../memcached/admin/admin-state.js';
import { DEFAULT_REQUESTS_PER_TURN } from '../memcached/limits.js';
import type { ListenAddress, TlsOptions } from '../tcp/index.js';
import { DEFAULT_BACKLOG, DEFAULT_MAX_CONNECTIONS } from '../tcp/options.js';
import { addresses } from './addresses.js';
import { UsageError } from './errors.js';
import { extendedOptions } from './extended-options.js';
import { CommandLine, type FlagName, flagName } from './flags.js';
import { type HttpSettings, httpSettings } from './http-settings.js';
import type { LogFormat } from './log.js';
import { type WarmSettings, warmSettings } from './warm-settings.js';

const MEBIBYTE = 1024 * 1024;
const INT32_MAX = 2 ** 31 - 1;
/** What a timer can hold: 24 days. */
const TIMER_MAX_SECONDS: number = Math.floor(INT32_MAX / 1000);
/** Of sizes. */
const UNITS: Readonly<Record<string, number>> = { k: 1024, m: MEBIBYTE };

export interface Settings {
  readonly action: 'serve' | 'help' | 'version' | 'license';
  readonly addresses: readonly ListenAddress[];
  readonly backlog: number;
  readonly protocol: 'auto' | 'ascii' | 'binary';
  readonly maxBytes: number;
  /** How many threads serve, where this Node can. */
  readonly threads: number;
  readonly maxItemBytes: number;
  readonly evict: boolean;
  readonly memoryFile: string | null;
  /** An older memory file is not loaded; null for any age. */
  readonly restoreMaxAgeMs: number | null;
  /** Null for a snapshot at the end only. */
  readonly snapshotEveryMs: number | null;
  readonly casIds: boolean;
  /** Null without `--warm-from`. */
  readonly warm: WarmSettings | null;
  readonly maxConnections: number;
  readonly requestsPerTurn: number;
  readonly idleTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** Null for a share of the memory limit: see serve.ts. */
  readonly maxUnfinishedBytes: number | null;
  readonly enableShutdown: boolean;
  readonly allowFlush: boolean;
  readonly allowDump: boolean;
  readonly allowWatch: boolean;
  readonly prefixDelimiter: string | null;
  readonly trackSizes: boolean;
  readonly authFile: string | null;
  readonly tls: TlsOptions | null;
  /** Null without `--http`. */
  readonly http: HttpSettings | null;
  readonly daemon: boolean;
  readonly pidFile: string | null;
  readonly user: string | null;
  /** How long the server goes on serving once it is told to end. */
  readonly drainMs: number;
  readonly verbosity: number;
  readonly logFormat: LogFormat;
  readonly debugClock: boolean;
  /** Settings that only `stats settings` shows, by its names. */
  readonly shownSettings: Partial<MemcachedSettings>;
  /** Warnings of flags without effect, or with another one than written: a line each. */
  readonly warnings: readonly string[];
}

/** Throws a UsageError that names the flag and what it takes. */
export function settingsFrom(argv: readonly string[]): Settings {
  const line = new CommandLine(argv);
  const memoryMebibytes = memorySize(line);
  const { idleTimeoutMs, trackSizes, tls, shown } = extendedOptions(line);
  const authFile = line.text('authFile');
  if (line.has('lockMemory')) line.warnings.push('-k is accepted and has no effect: memory is not locked');
  const maxItemBytes = itemSize(line, memoryMebibytes);
  const http = httpSettings(line);
  if (line.has('sasl') && authFile === null)
    throw new UsageError('-S needs users: give -Y <file> with it, as hotset reads them from no other place');
  const warm = warmSettings(line, tls);
  const isSecurePeer = warm !== null && 'secure' in warm.peer && warm.peer.secure;
  if (!line.has('tls') && !isSecurePeer && Object.keys(tls).length > 0)
    line.warnings.push('-o ssl_… has no effect without -Z');
  const listening = addresses(line, http !== null);
  const tlsSettings = tlsOptions(line, tls, listening);
  return {
    action: action(line),
    addresses: listening,
    backlog: backlog(line),
    protocol: protocol(line),
    maxBytes: memoryMebibytes * MEBIBYTE,
    threads: line.wholeNumber('threads', 1, 1, INT32_MAX),
    maxItemBytes,
    evict: !line.has('noEvictions'),
    memoryFile: line.text('memoryFile'),
    restoreMaxAgeMs: seconds(line, 'restoreMaxAge'),
    snapshotEveryMs: seconds(line, 'snapshotEvery'),
    casIds: !line.has('noCas'),
    warm,
    maxConnections: line.wholeNumber('connections', DEFAULT_MAX_CONNECTIONS, 1, INT32_MAX),
    requestsPerTurn: line.wholeNumber('requestsPerTurn', DEFAULT_REQUESTS_PER_TURN, 1, INT32_MAX),
    idleTimeoutMs,
    requestTimeoutMs: line.wholeNumber('requestTimeout', 30, 0, INT32_MAX) * 1000 || Number.POSITIVE_INFINITY,
    maxUnfinishedBytes: unfinishedSize(line, maxItemBytes),
    enableShutdown: line.has('shutdown'),
    allowFlush: !line.has('noFlush'),
    allowDump: !line.has('noDump'),
    allowWatch: !line.has('noWatch'),
    prefixDelimiter: prefixDelimiter(line),
    trackSizes,
    authFile,
    tls: tlsSettings,
    http,
    daemon: line.has('daemon'),
    pidFile: line.text('pidFile'),
    user: line.text('user'),
    drainMs: line.wholeNumber('drainSeconds', 0, 0, TIMER_MAX_SECONDS) * 1000,
    verbosity: line.all('verbose').length,
    logFormat: logFormat(line),
    debugClock: line.has('debugClock'),
    shownSettings: { ...shownFlags(line), ...shown },
    warnings: line.warnings,
  };
}

function action(line: CommandLine): Settings['action'] {
  const page = (['help', 'version', 'license'] as const).find((name) => line.has(name));
  return page ?? 'serve';
}

/** Flags that only `stats settings` shows. They are checked all the same: a bad value may be a typing error. */
function shownFlags(line: CommandLine): Partial<MemcachedSettings> {
  const shown: Partial<MemcachedSettings> = {};
  const listed = line.all('listen');
  if (listed.length > 0) shown.inter = listed.join(',');
  if (line.has('memoryFile')) shown.memory_file = line.last('memoryFile')!;
  if (line.has('authFile')) shown.auth_file = line.last('authFile')!;
  if (line.has('threads')) shown.num_threads = line.wholeNumber('threads', 1, 1, INT32_MAX);
  if (line.has('minimumSize')) shown.chunk_size = line.wholeNumber('minimumSize', 1, 1, INT32_MAX);
  if (line.has('napiIds')) shown.num_napi_ids = line.wholeNumber('napiIds', 1, 1, INT32_MAX);
  const factor = line.last('growthFactor');
  if (factor === undefined) return shown;
  if (!(Number.parseFloat(factor) > 1)) throw new UsageError(`-f takes a number above 1; got ${factor}`);
  return { ...shown, growth_factor: Number.parseFloat(factor) };
}

function protocol(line: CommandLine): Settings['protocol'] {
  const name = line.last('protocol') ?? 'auto';
  if (name !== 'auto' && name !== 'ascii' && name !== 'binary')
    throw new UsageError(`-B takes auto, ascii or binary; got ${name}`);
  return name;
}

function logFormat(line: CommandLine): LogFormat {
  const name = line.last('logFormat') ?? 'text';
  if (name !== 'text' && name !== 'json')
    throw new UsageError(`--log-format takes text or json; got ${name}`);
  return name;
}

/** A negative one is the largest that the operating system has, as for memcached. */
function backlog(line: CommandLine): number {
  const number = line.wholeNumber('backlog', DEFAULT_BACKLOG, -INT32_MAX, INT32_MAX);
  return number < 0 ? INT32_MAX : Math.max(1, number);
}

/** One byte, as in the keys of the wire. */
function prefixDelimiter(line: CommandLine): string | null {
  const text = line.last('prefixDelimiter');
  if (text === undefined) return null;
  const [byte] = Buffer.from(text);
  if (byte === undefined) throw new UsageError('-D takes one character, as in :; got nothing');
  const delimiter = String.fromCharCode(byte);
  if (delimiter !== text) line.warnings.push(`-D ${text} is read as its first byte, as memcached reads it`);
  return delimiter;
}

function tlsOptions(
  line: CommandLine,
  { certFile, ...others }: Partial<TlsOptions>,
  addresses: readonly ListenAddress[],
): TlsOptions | null {
  if (!line.has('tls')) return null;
  if (certFile === undefined)
    throw new UsageError('-Z needs a certificate: give -o ssl_chain_cert=<file> with it');
  const verifies = addresses.some((address) => 'verifyMode' in address && address.verifyMode! > 0);
  if ((verifies || (others.verifyMode ?? 0) > 0) && others.caFile === undefined)
    throw new UsageError(
      'to check clients’ certificates (-l mtls: or -o ssl_verify_mode above 0), give -o ssl_ca_cert=<file>',
    );
  return { certFile, ...others };
}

/** Null without the flag. */
function seconds(line: CommandLine, name: 'restoreMaxAge' | 'snapshotEvery'): number | null {
  if (!line.has(name)) return null;
  if (!line.has('memoryFile')) line.warnings.push(`${flagName(name)} has no effect without -e`);
  return name === 'restoreMaxAge'
    ? line.wholeNumber(name, 0, 0, INT32_MAX) * 1000
    : line.wholeNumber(name, 0, 1, TIMER_MAX_SECONDS) * 1000;
}

/** memcached counts MiB, and ignores a unit. */
function memorySize(line: CommandLine): number {
  const text = line.last('memory') ?? '64';
  const gibibytes = /^(\d+)g/i.exec(text)?.[1];
  if (gibibytes !== undefined) {
    const advice = `-m counts MiB: ${text} is read as ${gibibytes} MiB, as memcached reads it; for ${gibibytes} GiB give -m ${Number(gibibytes) * 1024}`;
    if (Number(gibibytes) < 2) throw new UsageError(advice);
    line.warnings.push(advice);
    return Number(gibibytes);
  }
  const number = line.leadingNumber('-m', text.replace(/(?<=\d)m$/i, ''));
  if (!(number >= 1 && number <= 2 ** 32))
    throw new UsageError(`-m takes a whole number from 1 to ${2 ** 32}; got ${text}`);
  return number;
}

function itemSize(line: CommandLine, memoryMebibytes: number): number {
  const text = line.last('itemSize') ?? '1m';
  const bytes = sizeBytes(line, 'itemSize', text);
  const max = (memoryMebibytes * MEBIBYTE) / 2;
  if (!(bytes >= 1024 && bytes <= 1024 * MEBIBYTE))
    throw new UsageError(`-I takes a size from 1024 to 1024m, as in 512k or 32m; got ${text}`);
  if (bytes > max && !line.has('itemSize'))
    throw new UsageError(
      `-m takes at least 2, because an item may take 1m and at most half of the memory (see -I); got ${memoryMebibytes}`,
    );
  if (bytes > max)
    throw new UsageError(
      `-I takes at most half of the memory limit (-m ${memoryMebibytes}), ${max} bytes; got ${text}`,
    );
  return bytes;
}

/** Null where it is not given. */
function unfinishedSize(line: CommandLine, maxItemBytes: number): number | null {
  const text = line.last('unfinishedSize');
  if (text === undefined) return null;
  const bytes = sizeBytes(line, 'unfinishedSize', text);
  if (bytes >= maxItemBytes && Number.isSafeInteger(bytes)) return bytes;
  throw new UsageError(
    `--max-unfinished-size takes a size from that of one item (-I, ${maxItemBytes} bytes), as in 64m; got ${text}`,
  );
}

/** NaN for what is no size. */
function sizeBytes(line: CommandLine, name: FlagName, text: string): number {
  const unit = UNITS[text.at(-1)?.toLowerCase() ?? ''];
  return line.leadingNumber(flagName(name), unit === undefined ? text : text.slice(0, -1)) * (unit ?? 1);
}
