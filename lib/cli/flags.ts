/**
 * The command's flags: memcached's own, with memcached's meanings, and hotset's, which have long names only.
 * One table defines how a flag is written, what it takes and what `--help` shows; settings.ts gives it its meaning.
 */

import { UsageError } from './errors.js';

export interface Flag {
  readonly short?: string;
  readonly long: string;
  /** What the flag takes, as `--help` shows it; absent for a switch. */
  readonly takes?: string;
  /** Whether `--long=value` is fine on a switch: memcached's `--verbose` takes a value and ignores it. */
  readonly ignoresValue?: true;
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
  | 'restoreMaxAge'
  | 'snapshotEvery'
  | 'noCas'
  | 'warmFrom'
  | 'warmRate'
  | 'warmUserFile'
  | 'warmReady'
  | 'connections'
  | 'requestsPerTurn'
  | 'requestTimeout'
  | 'unfinishedSize'
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
  | 'httpPeers'
  | 'httpHotKeys'
  | 'httpConnections'
  | 'daemon'
  | 'pidFile'
  | 'user'
  | 'drainSeconds'
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
    help: 'addresses, separated by commas, each with a :port if need be; * for all.\nBefore one may stand notls:, btls: (no client certificate), mtls: (client\ncertificate needed), proto[ascii]: or proto[binary]: (default: 127.0.0.1)',
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
    takes: '<port>',
    help: 'UDP is not served, because it amplifies attacks; as with memcached,\nthis is the TCP port without -p',
  },
  memory: {
    short: 'm',
    long: 'memory-limit',
    takes: '<MiB>',
    help: 'memory for items in MiB: keys, values and overhead (default: 64)',
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
    help: 'warm restart: items are saved there at the end and loaded at the start. Behind\na client ring that ejects servers they may be out of date: see the next flag',
  },
  restoreMaxAge: {
    long: 'restore-max-age',
    takes: '<seconds>',
    help: 'start empty if the file of -e is older than this (default: load it always)',
  },
  snapshotEvery: {
    long: 'snapshot-every',
    takes: '<seconds>',
    help: 'save to the file of -e this often as well, so that items survive a crash',
  },
  noCas: { short: 'C', long: 'disable-cas', help: 'items have no cas ids, and take less memory' },
  warmFrom: {
    long: 'warm-from',
    takes: '<peer>',
    help: 'copy the items of another server, memcached or hotset, while this one serves:\nhost:port, tls:host:port or the path of a Unix socket',
  },
  warmRate: {
    long: 'warm-rate',
    takes: '<number>',
    help: 'most items a second to copy, large ones counting more; 0 for no bound\n(default: 20000)',
  },
  warmUserFile: {
    long: 'warm-user-file',
    takes: '<file>',
    help: 'one line user:password, for a peer that wants one',
  },
  warmReady: {
    long: 'warm-ready',
    help: '/readyz says ready from the start, and not only when the items are copied',
  },
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
  requestTimeout: {
    long: 'request-timeout',
    takes: '<seconds>',
    help: 'how long a request may take to arrive, anew with each 64 KiB of it; then its\nconnection is closed; 0 for ever (default: 30)',
  },
  unfinishedSize: {
    long: 'max-unfinished-size',
    takes: '<size>',
    help: 'most that half-received requests of all clients may take, as in 64m\n(default: a quarter of -m, from the size of one item to 64m)',
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
    help: 'separated by commas: idle_timeout=<seconds>, track_sizes, those of TLS below;\nwhat only tunes memcached itself is accepted and has no effect',
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
    help: 'the live view on /, metrics for Prometheus on /metrics, /healthz, /readyz,\nWebSocket on /ws; 0 for none, -1 for any free one (default: none)',
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
  httpPeers: {
    long: 'http-peers',
    takes: '<list>',
    help: 'the fleet, as in cache-1:11280,cache-2:11280: the live view shows all of these\nservers; give each of them the same list',
  },
  httpHotKeys: {
    long: 'http-hot-keys',
    takes: '<number>',
    help: 'how many of the keys that are read most are in /metrics, at most 100 (default: 0)',
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
  drainSeconds: {
    long: 'drain-seconds',
    takes: '<seconds>',
    help: 'on SIGTERM and SIGUSR1, go on serving for so long while /readyz says draining,\nand end then; a second signal ends at once (default: 0)',
  },
  verbose: {
    short: 'v',
    long: 'verbose',
    ignoresValue: true,
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
  threads: {
    short: 't',
    long: 'threads',
    takes: '<number>',
    help: 'threads that serve (default: 1; more need Node 22.12)',
  },
  lockMemory: { short: 'k', long: 'lock-memory', help: 'memory is not locked' },
  coreDumps: { short: 'r', long: 'enable-coredumps', help: 'see ulimit -c' },
  largePages: { short: 'L', long: 'enable-largepages', help: 'memory comes from V8' },
  growthFactor: { short: 'f', long: 'slab-growth-factor', takes: '<factor>', help: 'there are no slabs' },
  minimumSize: { short: 'n', long: 'slab-min-size', takes: '<bytes>', help: 'there are no slabs' },
  napiIds: {
    short: 'N',
    long: 'napi-ids',
    takes: '<number>',
    help: 'taken and without effect: threads share the port',
  },
};

/** As messages name it: by the short name where there is one. */
export function flagName(name: FlagName): string {
  const { short, long } = FLAGS[name];
  return short === undefined ? `--${long}` : `-${short}`;
}

/** As `--help` shows them. */
const GROUPS: readonly (readonly [title: string, names: readonly FlagName[]])[] = [
  ['Where it listens', ['port', 'listen', 'socket', 'mask', 'backlog', 'protocol', 'udp']],
  ['Memory', ['memory', 'itemSize', 'noEvictions', 'memoryFile', 'restoreMaxAge', 'snapshotEvery', 'noCas']],
  ['Copying another server', ['warmFrom', 'warmRate', 'warmUserFile', 'warmReady']],
  [
    'What clients may do',
    [
      'connections',
      'requestsPerTurn',
      'requestTimeout',
      'unfinishedSize',
      'shutdown',
      'noFlush',
      'noDump',
      'noWatch',
      'prefixDelimiter',
      'threads',
      'extended',
    ],
  ],
  ['Users and TLS', ['authFile', 'sasl', 'tls']],
  [
    'HTTP, WebSocket and live view',
    [
      'http',
      'httpAccess',
      'httpTokenFile',
      'httpOrigins',
      'httpHosts',
      'httpPeers',
      'httpHotKeys',
      'httpConnections',
    ],
  ],
  [
    'The process',
    ['daemon', 'pidFile', 'user', 'drainSeconds', 'verbose', 'logFormat', 'version', 'license', 'help'],
  ],
  [
    'Accepted, and have no effect',
    ['lockMemory', 'coreDumps', 'largePages', 'growthFactor', 'minimumSize', 'napiIds'],
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
       hotset replay <file>    which size and policy a log of requests asks for: hotset replay --help

${sections.join('\n')}
Examples:
  hotset                         64 MiB on 127.0.0.1:11211
  hotset -m 1024 -p 11311        1 GiB on port 11311
  hotset -l 0.0.0.0 -Y users     open to the network, for those in the file "users"
  hotset -s /run/hotset.sock     a Unix socket instead of TCP
  hotset -e /var/lib/hotset/mem  items survive a restart
  hotset --http 11280            the live view on http://127.0.0.1:11280/ as well

Signals: SIGTERM, SIGUSR1 and SIGINT end it, requests under way first; SIGTERM and SIGUSR1 drain it before that
(--drain-seconds). SIGHUP reads users and certificates again.
`;
}

/** A whole number as C's atoi reads it: memcached ignores what follows the digits. */
const LEADING_NUMBER = /^[+-]?\d+/;

/** The flags of one command line, checked for form. */
export class CommandLine {
  /** Warnings of flags without effect, or with another one than written: a line each. */
  readonly warnings: string[] = [];
  readonly #values = new Map<FlagName, string[]>();

  /** Reads arguments as getopt_long does for memcached. Throws a UsageError that names what is not a flag. */
  constructor(argv: readonly string[]) {
    const [first = '-'] = argv;
    // memcached ignores words, and a user who writes one for a command would not notice that a server starts.
    if (!first.startsWith('-'))
      throw new UsageError(`unknown command ${first}: hotset takes only flags; see hotset --help`);
    const rest = [...argv];
    const ignored: string[] = [];
    for (let text = rest.shift(); text !== undefined; text = rest.shift()) {
      if (text === '--') ignored.push(...rest.splice(0));
      else if (text.startsWith('--')) this.#takeLong(text, rest);
      else if (text.startsWith('-') && text !== '-') this.#takeShort(text.slice(1), rest);
      else ignored.push(text);
    }
    if (ignored.length > 0)
      this.warnings.push(
        `ignored, as hotset takes only flags: ${ignored.join(' ')} (with npm start, put -- before flags)`,
      );
  }

  #takeLong(text: string, rest: string[]): void {
    const equals = text.indexOf('=');
    const written = equals === -1 ? text : text.slice(0, equals);
    const name = flagByLongName(written);
    const { takes, ignoresValue } = FLAGS[name];
    const value = equals === -1 ? undefined : text.slice(equals + 1);
    if (takes !== undefined) this.#add(name, written, value ?? rest.shift());
    else if (value === undefined || ignoresValue === true) this.#add(name, written, '');
    else throw new UsageError(`${written} takes no value; got ${value}`);
  }

  /** Switches may stand together, and a value may follow at once: `-vvp11211`. */
  #takeShort(letters: string, rest: string[]): void {
    for (let i = 0; i < letters.length; i++) {
      const written = `-${letters[i]}`;
      const name = flagNames().find((each) => FLAGS[each].short === letters[i]);
      if (name === undefined) throw new UsageError(`unknown flag ${written}; see hotset --help`);
      if (FLAGS[name].takes === undefined) {
        this.#add(name, written, '');
        continue;
      }
      const attached = letters.slice(i + 1);
      this.#add(name, written, attached === '' ? rest.shift() : attached);
      return;
    }
  }

  #add(name: FlagName, written: string, value: string | undefined): void {
    if (value === undefined) throw new UsageError(`${written} takes ${FLAGS[name].takes}; see hotset --help`);
    this.#values.set(name, [...this.all(name), value.trimStart()]);
  }

  has(name: FlagName): boolean {
    return this.#values.has(name);
  }

  /** Every value of a flag that may be repeated. */
  all(name: FlagName): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** The value of a flag; where it is repeated, the last one counts. */
  last(name: FlagName): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  /** A flag that takes a text: null if it is absent. Throws a UsageError for an empty text. */
  text(name: FlagName): string | null {
    const text = this.last(name);
    if (text === '') throw new UsageError(`${flagName(name)} takes ${FLAGS[name].takes}; got nothing`);
    return text ?? null;
  }

  wholeNumber(name: FlagName, defaultValue: number, min: number, max: number): number {
    const text = this.last(name);
    if (text === undefined) return defaultValue;
    const number = this.leadingNumber(flagName(name), text);
    if (!(number >= min && number <= max))
      throw new UsageError(`${flagName(name)} takes a whole number from ${min} to ${max}; got ${text}`);
    return number;
  }

  /** The whole number that `text` begins with, NaN for none; warns where something follows it. */
  leadingNumber(where: string, text: string): number {
    const digits = LEADING_NUMBER.exec(text)?.[0];
    if (digits === undefined) return Number.NaN;
    if (digits !== text)
      this.warnings.push(`${where} ${text} is read as ${Number(digits)}, as memcached reads it`);
    return Number(digits);
  }
}

function flagNames(): FlagName[] {
  return Object.keys(FLAGS) as FlagName[];
}

/** As getopt_long: the whole name, or as much of one of memcached's as no other of them begins with. */
function flagByLongName(written: string): FlagName {
  // memcached's help has --napi_ids where its command has --napi-ids.
  const text = written.slice(2).replaceAll('_', '-');
  const names = flagNames();
  const whole = names.find((name) => FLAGS[name].long === text);
  if (whole !== undefined) return whole;
  // memcached's own flags have a short name; its -D has no other.
  const begun = names.filter(
    (name) =>
      FLAGS[name].short !== undefined && name !== 'prefixDelimiter' && FLAGS[name].long.startsWith(text),
  );
  if (text === '' || begun.length === 0) throw new UsageError(`unknown flag ${written}; see hotset --help`);
  if (begun.length > 1)
    throw new UsageError(`${written} may be ${begun.map((name) => `--${FLAGS[name].long}`).join(' or ')}`);
  return begun[0]!;
}
