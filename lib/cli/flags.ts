/**
 * The command's flags: memcached's own, with memcached's meanings, each with a long name.
 * One table says how a flag is written, what it takes and what `--help` tells; settings.ts says what it means.
 */

export interface Flag {
  readonly short?: string;
  readonly long: string;
  /** What the flag takes, as `--help` shows it; absent for a switch. */
  readonly takes?: string;
  /** A line or more for `--help`; absent for a flag that is not for users. */
  readonly help?: string;
}

export type FlagName =
  | 'port'
  | 'listen'
  | 'socket'
  | 'mask'
  | 'memory'
  | 'connections'
  | 'itemSize'
  | 'noEvictions'
  | 'udp'
  | 'threads'
  | 'shutdown'
  | 'extended'
  | 'verbose'
  | 'version'
  | 'help'
  | 'debugClock';

export const FLAGS: Readonly<Record<FlagName, Flag>> = {
  port: {
    short: 'p',
    long: 'port',
    takes: '<port>',
    help: 'TCP port to listen on: 0 for none, -1 for any free one (default: 11211)',
  },
  listen: {
    short: 'l',
    long: 'listen',
    takes: '<address>',
    help: 'addresses to listen on, separated by commas, each with a :port if need be (default: 127.0.0.1)',
  },
  socket: {
    short: 's',
    long: 'unix-socket',
    takes: '<path>',
    help: 'Unix socket to listen on; no TCP port is opened then, unless -p is given',
  },
  mask: {
    short: 'a',
    long: 'unix-mask',
    takes: '<mode>',
    help: 'access mode of the Unix socket, in octal (default: 0700)',
  },
  memory: {
    short: 'm',
    long: 'memory-limit',
    takes: '<MiB>',
    help: 'memory for items, in mebibytes: keys, values and overhead (default: 64)',
  },
  connections: {
    short: 'c',
    long: 'conn-limit',
    takes: '<number>',
    help: 'most connections at once (default: 1024)',
  },
  itemSize: {
    short: 'I',
    long: 'max-item-size',
    takes: '<size>',
    help: 'most that an item may take, as in 1024, 512k or 32m (default: 1m)',
  },
  noEvictions: {
    short: 'M',
    long: 'disable-evictions',
    help: 'refuse what does not fit instead of evicting',
  },
  udp: {
    short: 'U',
    long: 'udp-port',
    takes: '0',
    help: 'takes only 0: UDP is out by design, because it amplifies attacks',
  },
  threads: {
    short: 't',
    long: 'threads',
    takes: '<number>',
    help: 'accepted and without effect: one thread serves all connections',
  },
  shutdown: {
    short: 'A',
    long: 'enable-shutdown',
    help: 'let clients stop the server with the shutdown command',
  },
  extended: {
    short: 'o',
    long: 'extended',
    takes: '<options>',
    help: 'idle_timeout=<seconds> closes idle connections; options that only tune\nmemcached itself are accepted and without effect',
  },
  verbose: {
    short: 'v',
    long: 'verbose',
    help: 'log refusals and idle connections; -vv every connection too',
  },
  version: { short: 'V', long: 'version', help: 'print the version' },
  help: { short: 'h', long: 'help', help: 'print this' },
  debugClock: { long: 'debug-clock' },
};

export function helpText(): string {
  const flags = Object.values(FLAGS);
  const rows = flags
    .filter((flag) => flag.help !== undefined)
    .map((flag): [string, string] => [
      `-${flag.short}, --${flag.long}${flag.takes === undefined ? '' : ` ${flag.takes}`}`,
      flag.help!,
    ]);
  const width = Math.max(...rows.map(([left]) => left.length));
  const lines = rows.map(
    ([left, help]) => `  ${left.padEnd(width)}  ${help.replaceAll('\n', `\n${' '.repeat(width + 4)}`)}`,
  );
  return `hotset: a memcached server with an exact LRU and a budget in bytes

Usage: hotset [flags]

${lines.join('\n')}

Examples:
  hotset                         64 MiB on 127.0.0.1:11211
  hotset -m 1024 -p 11311        1 GiB on port 11311
  hotset -l 0.0.0.0 -c 4096      open to the network: mind who can reach it
  hotset -s /run/hotset.sock     a Unix socket instead of TCP
`;
}
