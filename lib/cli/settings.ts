/** From the command line's words to what the server is told. */

import { parseArgs } from 'node:util';
import { DEFAULT_HOST, DEFAULT_MAX_CONNECTIONS, DEFAULT_PORT, type ListenAddress } from '../tcp/options.js';
import { extendedOptions } from './extended-options.js';
import { FLAGS, type FlagName } from './flags.js';
import { UsageError } from './usage-error.js';

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * 1024;

export interface Settings {
  readonly action: 'serve' | 'help' | 'version';
  readonly addresses: readonly ListenAddress[];
  readonly maxBytes: number;
  readonly itemMaxBytes: number;
  readonly maxConnections: number;
  readonly idleTimeoutMs: number;
  readonly evict: boolean;
  readonly enableShutdown: boolean;
  readonly verbosity: number;
  readonly debugClock: boolean;
}

/** Throws a UsageError that names the flag and what it takes. */
export function settingsFrom(argv: readonly string[]): Settings {
  const given = readFlags(argv);
  const memoryMebibytes = wholeNumber(given, 'memory', 64, 1, 2 ** 32);
  const maxBytes = memoryMebibytes * MEBIBYTE;
  wholeNumber(given, 'threads', 1, 1, 4096);
  const udp = given.get('udp')?.at(-1);
  if (udp !== undefined && udp !== '0')
    throw new UsageError(`-U takes only 0: UDP is out by design, because it amplifies attacks; got ${udp}`);
  return {
    action: given.has('help') ? 'help' : given.has('version') ? 'version' : 'serve',
    addresses: addresses(given),
    maxBytes,
    itemMaxBytes: itemSize(given, memoryMebibytes),
    maxConnections: wholeNumber(given, 'connections', DEFAULT_MAX_CONNECTIONS, 1, 2 ** 31 - 1),
    ...extendedOptions(given.get('extended') ?? []),
    evict: !given.has('noEvictions'),
    enableShutdown: given.has('shutdown'),
    verbosity: given.get('verbose')?.length ?? 0,
    debugClock: given.has('debugClock'),
  };
}

type Given = ReadonlyMap<FlagName, readonly string[]>;

function readFlags(argv: readonly string[]): Given {
  const names = Object.keys(FLAGS) as FlagName[];
  const byLongName = new Map<string, FlagName>(names.map((name) => [FLAGS[name].long, name]));
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      Object.values(FLAGS).map((flag) => [
        flag.long,
        {
          type: flag.takes === undefined ? ('boolean' as const) : ('string' as const),
          ...(flag.short === undefined ? {} : { short: flag.short }),
        },
      ]),
    ),
    // Not strict: `-p -1` has a value that looks like a flag, and our own messages say more.
    strict: false,
    tokens: true,
  });
  const given = new Map<FlagName, string[]>();
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional')
      throw new UsageError(
        `unexpected argument "${token.value}"; hotset takes only flags: see hotset --help (with npm start, put -- before them)`,
      );
    const name = byLongName.get(token.name);
    if (name === undefined) throw new UsageError(`unknown flag ${token.rawName}; see hotset --help`);
    const { takes } = FLAGS[name];
    if (takes === undefined && token.value !== undefined)
      throw new UsageError(`${token.rawName} takes no value; got ${token.value}`);
    if (takes !== undefined && token.value === undefined)
      throw new UsageError(`${token.rawName} takes ${takes}; see hotset --help`);
    given.set(name, [...(given.get(name) ?? []), token.value ?? '']);
  }
  return given;
}

function wholeNumber(given: Given, name: FlagName, otherwise: number, least: number, most: number): number {
  const text = given.get(name)?.at(-1);
  if (text === undefined) return otherwise;
  const number = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= least && number <= most))
    throw new UsageError(`-${FLAGS[name].short} takes a whole number from ${least} to ${most}; got ${text}`);
  return number;
}

function itemSize(given: Given, memoryMebibytes: number): number {
  const text = given.get('itemSize')?.at(-1) ?? '1m';
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

function addresses(given: Given): ListenAddress[] {
  const port = portNumber('-p', given.get('port')?.at(-1) ?? String(DEFAULT_PORT));
  const socket = given.get('socket')?.at(-1);
  if (socket !== undefined) {
    if (socket === '') throw new UsageError('-s takes the path of a Unix socket');
    const unix: ListenAddress = { path: socket, mode: accessMode(given) };
    // As with memcached, a Unix socket stands instead of TCP, unless a port is asked for as well.
    return given.has('port') && port !== null ? [unix, ...tcpAddresses(given, port)] : [unix];
  }
  const tcp = tcpAddresses(given, port);
  if (tcp.length === 0)
    throw new UsageError('a port of 0 opens none, and leaves nothing to listen on; give -s <path> with it');
  return tcp;
}

function tcpAddresses(given: Given, port: number | null): ListenAddress[] {
  const listed = (given.get('listen') ?? [DEFAULT_HOST]).flatMap((list) => list.split(','));
  return listed.flatMap((text) => {
    const match = /^(?:\[([^\]]+)\]|([^:]+)|([^[\]]*:[^[\]]*:[^[\]]*))(?::(-?\d+))?$/.exec(text.trim());
    const host = match?.[1] ?? match?.[2] ?? match?.[3];
    if (host === undefined)
      throw new UsageError(
        `-l takes addresses as in 127.0.0.1, 10.0.0.5:11311 or [::1]:11211; got "${text}"`,
      );
    const own = match?.[4] === undefined ? port : portNumber('-l', match[4]);
    return own === null ? [] : [{ host, port: own }];
  });
}

/** A port; null for none, 0 (any) for memcached's -1. */
function portNumber(where: string, text: string): number | null {
  const number = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number === 0) return null;
  if (number === -1) return 0;
  if (number > 0 && number <= 65535) return number;
  throw new UsageError(
    `${where} takes a port from 1 to 65535, 0 for none or -1 for any free one; got ${text}`,
  );
}

function accessMode(given: Given): number {
  const text = given.get('mask')?.at(-1) ?? '0700';
  if (!/^0?[0-7]{1,3}$/.test(text))
    throw new UsageError(`-a takes an access mode in octal, as in 0700; got ${text}`);
  return Number.parseInt(text, 8);
}
