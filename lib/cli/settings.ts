/** From the command line's words to what the server is told. */

import { DEFAULT_REQUESTS_PER_TURN } from '../memcached/limits.js';
import type { ListenAddress, TlsOptions } from '../tcp/index.js';
import { DEFAULT_BACKLOG, DEFAULT_MAX_CONNECTIONS } from '../tcp/options.js';
import { addresses } from './addresses.js';
import { extendedOptions } from './extended-options.js';
import { Given } from './given.js';
import { type HttpSettings, httpNotes, httpSettings } from './http-settings.js';
import type { LogFormat } from './log.js';
import { UsageError } from './usage-error.js';

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * 1024;
const INT32_MAX = 2 ** 31 - 1;

export interface Settings {
  readonly action: 'serve' | 'help' | 'version' | 'license';
  readonly addresses: readonly ListenAddress[];
  readonly backlog: number;
  readonly protocol: 'auto' | 'ascii' | 'binary';
  readonly maxBytes: number;
  readonly maxItemBytes: number;
  readonly evict: boolean;
  readonly memoryFile: string | null;
  readonly casIds: boolean;
  readonly maxConnections: number;
  readonly requestsPerTurn: number;
  readonly idleTimeoutMs: number;
  readonly enableShutdown: boolean;
  readonly allowFlush: boolean;
  readonly allowDump: boolean;
  readonly allowWatch: boolean;
  readonly prefixDelimiter: string | null;
  readonly trackSizes: boolean;
  readonly authFile: string | null;
  readonly tls: TlsOptions | null;
  /** Null where it is not asked for. */
  readonly http: HttpSettings | null;
  readonly daemon: boolean;
  readonly pidFile: string | null;
  readonly user: string | null;
  readonly verbosity: number;
  readonly logFormat: LogFormat;
  readonly debugClock: boolean;
  /** What is accepted and not done, where somebody may count on it. */
  readonly notes: readonly string[];
}

/** Throws a UsageError that names the flag and what it takes. */
export function settingsFrom(argv: readonly string[]): Settings {
  const given = new Given(argv);
  const memoryMebibytes = given.wholeNumber('memory', 64, 1, 2 ** 32);
  checkIgnored(given);
  const { idleTimeoutMs, trackSizes, tls, notes } = extendedOptions(given.all('extended'));
  const authFile = given.text('authFile');
  const http = httpSettings(given);
  if (given.has('sasl') && authFile === null)
    throw new UsageError(
      '-S needs users: give -Y <file> with it, for hotset knows no other place to find them',
    );
  return {
    action: action(given),
    addresses: addresses(given, http !== null),
    backlog: given.wholeNumber('backlog', DEFAULT_BACKLOG, 1, INT32_MAX),
    protocol: protocol(given),
    maxBytes: memoryMebibytes * MEBIBYTE,
    maxItemBytes: itemSize(given, memoryMebibytes),
    evict: !given.has('noEvictions'),
    memoryFile: given.text('memoryFile'),
    casIds: !given.has('noCas'),
    maxConnections: given.wholeNumber('connections', DEFAULT_MAX_CONNECTIONS, 1, INT32_MAX),
    requestsPerTurn: given.wholeNumber('requestsPerTurn', DEFAULT_REQUESTS_PER_TURN, 1, INT32_MAX),
    idleTimeoutMs,
    enableShutdown: given.has('shutdown'),
    allowFlush: !given.has('noFlush'),
    allowDump: !given.has('noDump'),
    allowWatch: !given.has('noWatch'),
    prefixDelimiter: prefixDelimiter(given),
    trackSizes,
    authFile,
    tls: tlsOptions(given, tls),
    http,
    daemon: given.has('daemon'),
    pidFile: given.text('pidFile'),
    user: given.text('user'),
    verbosity: given.all('verbose').length,
    logFormat: logFormat(given),
    debugClock: given.has('debugClock'),
    notes: [
      ...notes,
      ...(given.has('lockMemory') ? ['-k is accepted and without effect: memory is not locked'] : []),
      ...(!given.has('tls') && Object.keys(tls).length > 0
        ? ['-o ssl_… is without effect where -Z is not given']
        : []),
      ...httpNotes(given, http),
    ],
  };
}

function action(given: Given): Settings['action'] {
  const asked = (['help', 'version', 'license'] as const).find((name) => given.has(name));
  return asked ?? 'serve';
}

/** What has no effect is checked all the same, for it may be a slip. */
function checkIgnored(given: Given): void {
  given.wholeNumber('threads', 1, 1, 4096);
  given.wholeNumber('minimumSize', 48, 1, INT32_MAX);
  given.wholeNumber('napiIds', 1, 1, INT32_MAX);
  const factor = given.last('growthFactor');
  if (factor !== undefined && !(/^\d+(\.\d+)?$/.test(factor) && Number(factor) > 1))
    throw new UsageError(`-f takes a number above 1; got ${factor}`);
  const udp = given.last('udp');
  if (udp !== undefined && udp !== '0')
    throw new UsageError(`-U takes only 0: UDP is out by design, because it amplifies attacks; got ${udp}`);
}

function protocol(given: Given): Settings['protocol'] {
  const name = given.last('protocol') ?? 'auto';
  if (name !== 'auto' && name !== 'ascii' && name !== 'binary')
    throw new UsageError(`-B takes auto, ascii or binary; got ${name}`);
  return name;
}

function logFormat(given: Given): LogFormat {
  const name = given.last('logFormat') ?? 'text';
  if (name !== 'text' && name !== 'json')
    throw new UsageError(`--log-format takes text or json; got ${name}`);
  return name;
}

function prefixDelimiter(given: Given): string | null {
  const text = given.last('prefixDelimiter');
  if (text === undefined) return null;
  if (!/^[!-~]$/.test(text)) throw new UsageError(`-D takes one character, as in :; got "${text}"`);
  return text;
}

function tlsOptions(given: Given, { certFile, ...others }: Partial<TlsOptions>): TlsOptions | null {
  if (!given.has('tls')) return null;
  if (certFile === undefined)
    throw new UsageError('-Z needs a certificate: give -o ssl_chain_cert=<file> with it');
  if ((others.verifyMode ?? 0) > 0 && others.caFile === undefined)
    throw new UsageError('-o ssl_verify_mode above 0 needs authorities: give -o ssl_ca_cert=<file> with it');
  return { certFile, ...others };
}

function itemSize(given: Given, memoryMebibytes: number): number {
  const text = given.last('itemSize') ?? '1m';
  const match = /^(\d{1,12})([km]?)$/i.exec(text);
  const units: Record<string, number> = { '': 1, k: KIBIBYTE, m: MEBIBYTE };
  const bytes = match === null ? Number.NaN : Number(match[1]) * units[match[2]!.toLowerCase()]!;
  const most = (memoryMebibytes * MEBIBYTE) / 2;
  if (!(bytes >= 1024 && bytes <= 1024 * MEBIBYTE))
    throw new UsageError(`-I takes a size from 1024 to 1024m, as in 512k or 32m; got ${text}`);
  if (bytes > most && !given.has('itemSize'))
    throw new UsageError(
      `-m takes at least 2, because an item may take 1m and at most half of the memory (see -I); got ${memoryMebibytes}`,
    );
  if (bytes > most)
    throw new UsageError(
      `-I takes at most half of the memory limit (-m ${memoryMebibytes}), ${most} bytes; got ${text}`,
    );
  return bytes;
}
