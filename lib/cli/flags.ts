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
  | 'backlog'
  | 'protocol'
  | 'udp'
  | 'memory'
  | 'itemSize'
  | 'noEvictions'
  | 'memoryFile'
  | 'noCas'
  | 'connections'
  | 'requestsPerTurn'
  | 'shutdown'
  | 'noFlush'
  | 'noDump'
  | 'noWatch'
  | 'prefixDelimiter'
  | 'extended'
  | 'authFile'
  | 'sasl'
  | 'tls'
  | 'http'
  | 'httpAccess'
  | 'httpTokenFile'
  | 'httpOrigins'
  | 'httpHosts'
  | 'httpConnections'
  | 'daemon'
  | 'pidFile'
  | 'user'
  | 'verbose'
  | 'logFormat'
  | 'version'
  | 'license'
  | 'help'
  | 'debugClock'
  | 'threads'
  | 'lockMemory'
  | 'coreDumps'
  | 'largePages'
  | 'growthFactor'
  | 'minimumSize'
  | 'napiIds';

export const FLAGS: Readonly<Record<FlagName, Flag>> = {
  port: {
    short: 'p',
    long: 'port',
    takes: '<port>',
    help: 'TCP port: 0 for none, -1 for any free one (default: 11211)',
  },
  listen: {
    short: 'l',
    long: 'listen',
    takes: '<address>',
    help: 'addresses, separated by commas, each with a :port if need be; notls: before\none turns TLS off there (default: 127.0.0.1)',
  },
  socket: {
    short: 's',
    long: 'unix-socket',
    takes: '<path>',
    help: 'Unix socket; no TCP port is opened then, unless -p is given',
  },
  mask: {
    short: 'a',
    long: 'unix-mask',
    takes: '<mode>',
    help: 'access mode of the Unix socket, in octal (default: 0700)',
  },
  backlog: {
    short: 'b',
    long: 'listen-backlog',
    takes: '<number>',
    help: 'connections that may wait to be accepted (default: 1024)',
  },
  protocol: {
    short: 'B',
    long: 'protocol',
    takes: '<name>',
    help: 'auto, ascii or binary: what clients may speak (default: auto)',
  },
  udp: {
    short: 'U',
    long: 'udp-port',
    takes: '0',
    help: 'takes only 0: UDP is out by design, because it amplifies attacks',
  },
  memory: {
    short: 'm',
    long: 'memory-limit',
    takes: '<MiB>',
    help: 'memory for items, in mebibytes: keys, values and overhead (default: 64)',
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
  memoryFile: {
    short: 'e',
    long: 'memory-file',
    takes: '<file>',
    help: 'warm restart: items are saved there at the end, and loaded at the start',
  },
  noCas: { short: 'C', long: 'disable-cas', help: 'items have no cas ids, and take less memory' },
  connections: {
    short: 'c',
    long: 'conn-limit',
    takes: '<number>',
    help: 'most connections at once (default: 1024)',
  },
  requestsPerTurn: {
    short: 'R',
    long: 'max-reqs-per-event',
    takes: '<number>',
    help: 'requests of one connection before others have their turn (default: 512)',
  },
  shutdown: {
    short: 'A',
    long: 'enable-shutdown',
    help: 'let clients stop the server with the shutdown command',
  },
  noFlush: { short: 'F', long: 'disable-flush-all', help: 'refuse flush_all' },
  noDump: { short: 'X', long: 'disable-dumping', help: 'refuse commands that list keys' },
  noWatch: { short: 'W', long: 'disable-watch', help: 'refuse the watch command' },
  prefixDelimiter: {
    short: 'D',
    long: 'prefix-delimiter',
    takes: '<character>',
    help: 'what ends the prefix of a key; collects "stats detail" from the start',
  },
  extended: {
    short: 'o',
    long: 'extended',
    takes: '<options>',
    help: 'separated by commas: idle_timeout=<seconds>, track_sizes, those of TLS below;\nwhat only tunes memcached itself is accepted and without effect',
  },
  authFile: {
    short: 'Y',
    long: 'auth-file',
    takes: '<file>',
    help: 'clients have to authenticate; up to 8 lines of user:password',
  },
  sasl: {
    short: 'S',
    long: 'enable-sasl',
    help: 'needs -Y, which has users authenticate in both protocols anyway',
  },
  tls: {
    short: 'Z',
    long: 'enable-ssl',
    help: 'TLS, with -o ssl_chain_cert=<file>,ssl_key=<file> and, if need be,\nssl_ca_cert=<file>, ssl_verify_mode=<0 to 3>, ssl_min_version=<2 or 3>,\nssl_ciphers=<list>',
  },
  http: {
    long: 'http',
    takes: '<[address:]port>',
    help: 'the live view on /, metrics for Prometheus on /metrics,\n/healthz, WebSocket on /ws; 0 for none, -1 for any free one (default: none)',
  },
  httpAccess: {
    long: 'http-access',
    takes: '<access>',
    help: 'full, read-only or metadata: what WebSocket clients may do (default: full)',
  },
  httpTokenFile: {
    long: 'http-token-file',
    takes: '<file>',
    help: 'one line: the token that clients have to show',
  },
  httpOrigins: {
    long: 'http-origins',
    takes: '<list>',
    help: 'pages that may connect beside the live view, as in https://app.example',
  },
  httpHosts: {
    long: 'http-hosts',
    takes: '<list>',
    help: 'names that clients may call it by, beside localhost and its address',
  },
  httpConnections: {
    long: 'http-connections',
    takes: '<number>',
    help: 'most WebSockets at once (default: 1024)',
  },
  daemon: { short: 'd', long: 'daemon', help: 'go on in the background once it listens' },
  pidFile: {
    short: 'P',
    long: 'pidfile',
    takes: '<file>',
    help: 'gets the number of the process that serves',
  },
  user: { short: 'u', long: 'user', takes: '<user>', help: 'whose rights to take on when started by root' },
  verbose: {
    short: 'v',
    long: 'verbose',
    help: 'log refusals, failures and reloads; -vv every connection and command too',
  },
  logFormat: {
    long: 'log-format',
    takes: '<format>',
    help: 'text or json: how the log on stderr is written (default: text)',
  },
  version: { short: 'V', long: 'version', help: 'print the version' },
  license: { short: 'i', long: 'license', help: 'print the licence' },
  help: { short: 'h', long: 'help', help: 'print this' },
  debugClock: { long: 'debug-clock' },
  threads: { short: 't', long: 'threads', takes: '<number>', help: 'one thread serves all connections' },
  lockMemory: { short: 'k', long: 'lock-memory', help: 'memory is not locked' },
  coreDumps: { short: 'r', long: 'enable-coredumps', help: 'see ulimit -c' },
  largePages: { short: 'L', long: 'enable-largepages', help: 'memory comes from V8' },
  growthFactor: { short: 'f', long: 'slab-growth-factor', takes: '<factor>', help: 'there are no slabs' },
  minimumSize: { short: 'n', long: 'slab-min-size', takes: '<bytes>', help: 'there are no slabs' },
  napiIds: { short: 'N', long: 'napi_ids', takes: '<number>', help: 'one thread serves all connections' },
};

/** As messages name it: by the short name where there is one. */
export function flagName(name: FlagName): string {
  const { short, long } = FLAGS[name];
  return short === undefined ? `--${long}` : `-${short}`;
}

/** As `--help` shows them. */
const GROUPS: readonly (readonly [title: string, names: readonly FlagName[]])[] = [
  ['Where it listens', ['port', 'listen', 'socket', 'mask', 'backlog', 'protocol', 'udp']],
  ['Memory', ['memory', 'itemSize', 'noEvictions', 'memoryFile', 'noCas']],
  [
    'What clients may do',
    [
      'connections',
      'requestsPerTurn',
      'shutdown',
      'noFlush',
      'noDump',
      'noWatch',
      'prefixDelimiter',
      'extended',
    ],
  ],
  ['Users and TLS', ['authFile', 'sasl', 'tls']],
  [
    'HTTP, WebSocket and live view',
    ['http', 'httpAccess', 'httpTokenFile', 'httpOrigins', 'httpHosts', 'httpConnections'],
  ],
  ['The process', ['daemon', 'pidFile', 'user', 'verbose', 'logFormat', 'version', 'license', 'help']],
  [
    'Accepted and without effect',
    ['threads', 'lockMemory', 'coreDumps', 'largePages', 'growthFactor', 'minimumSize', 'napiIds'],
  ],
];

export function helpText(): string {
  const groups = GROUPS.map(([title, names]) => ({
    title,
    rows: names.map((name): [string, string] => {
      const { short, long, takes, help = '' } = FLAGS[name];
      const names = short === undefined ? `--${long}` : `-${short}, --${long}`;
      return [takes === undefined ? names : `${names} ${takes}`, help];
    }),
  }));
  const width = Math.max(...groups.flatMap(({ rows }) => rows.map(([left]) => left.length)));
  const sections = groups.map(({ title, rows }) => {
    const lines = rows.map(
      ([left, help]) => `  ${left.padEnd(width)}  ${help.replaceAll('\n', `\n${' '.repeat(width + 4)}`)}`,
    );
    return `${title}:\n${lines.join('\n')}\n`;
  });
  return `hotset: a memcached server with an exact LRU and a budget in bytes

Usage: hotset [flags]

${sections.join('\n')}
Examples:
  hotset                         64 MiB on 127.0.0.1:11211
  hotset -m 1024 -p 11311        1 GiB on port 11311
  hotset -l 0.0.0.0 -Y users     open to the network, for those in the file "users"
  hotset -s /run/hotset.sock     a Unix socket instead of TCP
  hotset -e /var/lib/hotset/mem  items survive a restart
  hotset --http 11280            the live view on http://127.0.0.1:11280/ as well

Signals: SIGTERM and SIGINT end it, requests under way first; SIGHUP reads users and certificates again.
`;
}
