/** What each flag means, and what is refused: one line that names the flag and what it takes. */

import { describe, expect, it } from 'vitest';
import { type Settings, settingsFrom } from '../../lib/cli/settings.js';
import { UsageError } from '../../lib/cli/usage-error.js';

const MIB = 1024 * 1024;
const LOOPBACK = '127.0.0.1';

const defaults: Settings = {
  action: 'serve',
  addresses: [{ host: LOOPBACK, port: 11211 }],
  maxBytes: 64 * MIB,
  itemMaxBytes: MIB,
  maxConnections: 1024,
  idleTimeoutMs: Number.POSITIVE_INFINITY,
  evict: true,
  enableShutdown: false,
  verbosity: 0,
  debugClock: false,
};

const good: [flags: string, settings: Partial<Settings>][] = [
  ['', {}],
  ['-p 11311', { addresses: [{ host: LOOPBACK, port: 11311 }] }],
  ['-p11311', { addresses: [{ host: LOOPBACK, port: 11311 }] }],
  ['--port 11311', { addresses: [{ host: LOOPBACK, port: 11311 }] }],
  ['--port=11311', { addresses: [{ host: LOOPBACK, port: 11311 }] }],
  ['-p 65535', { addresses: [{ host: LOOPBACK, port: 65535 }] }],
  ['-p -1', { addresses: [{ host: LOOPBACK, port: 0 }] }],
  ['-p 1 -p 2', { addresses: [{ host: LOOPBACK, port: 2 }] }],
  ['-l 0.0.0.0', { addresses: [{ host: '0.0.0.0', port: 11211 }] }],
  ['--listen=localhost', { addresses: [{ host: 'localhost', port: 11211 }] }],
  [
    '-l 127.0.0.1,10.0.0.5:11311 -p 5',
    {
      addresses: [
        { host: LOOPBACK, port: 5 },
        { host: '10.0.0.5', port: 11311 },
      ],
    },
  ],
  [
    '-l 127.0.0.1 -l ::1',
    {
      addresses: [
        { host: LOOPBACK, port: 11211 },
        { host: '::1', port: 11211 },
      ],
    },
  ],
  ['-l [::1]', { addresses: [{ host: '::1', port: 11211 }] }],
  ['-l [::1]:11311', { addresses: [{ host: '::1', port: 11311 }] }],
  ['-l fe80::1:2', { addresses: [{ host: 'fe80::1:2', port: 11211 }] }],
  ['-l 127.0.0.1:-1', { addresses: [{ host: LOOPBACK, port: 0 }] }],
  ['-p 0 -l 127.0.0.1:5', { addresses: [{ host: LOOPBACK, port: 5 }] }],
  ['-s /tmp/s', { addresses: [{ path: '/tmp/s', mode: 0o700 }] }],
  ['--unix-socket /tmp/s', { addresses: [{ path: '/tmp/s', mode: 0o700 }] }],
  ['-p 0 -s /tmp/s', { addresses: [{ path: '/tmp/s', mode: 0o700 }] }],
  [
    '-s /tmp/s -p 5',
    {
      addresses: [
        { path: '/tmp/s', mode: 0o700 },
        { host: LOOPBACK, port: 5 },
      ],
    },
  ],
  ['-s /tmp/s -a 0660', { addresses: [{ path: '/tmp/s', mode: 0o660 }] }],
  ['-s /tmp/s --unix-mask=777', { addresses: [{ path: '/tmp/s', mode: 0o777 }] }],
  ['-m 1024', { maxBytes: 1024 * MIB }],
  ['--memory-limit=2', { maxBytes: 2 * MIB }],
  ['-m 4096', { maxBytes: 2 ** 32 }],
  ['-c 1', { maxConnections: 1 }],
  ['--conn-limit 100000', { maxConnections: 100_000 }],
  ['-I 1024', { itemMaxBytes: 1024 }],
  ['-I 512k', { itemMaxBytes: 512 * 1024 }],
  ['-I 32m', { itemMaxBytes: 32 * MIB }],
  ['-I 2M', { itemMaxBytes: 2 * MIB }],
  ['--max-item-size=1024m -m 2048', { itemMaxBytes: 2 ** 30, maxBytes: 2 ** 31 }],
  ['-M', { evict: false }],
  ['--disable-evictions', { evict: false }],
  ['-U 0', {}],
  ['--udp-port=0', {}],
  ['-t 4', {}],
  ['--threads=1', {}],
  ['-A', { enableShutdown: true }],
  ['--enable-shutdown', { enableShutdown: true }],
  ['-o idle_timeout=30', { idleTimeoutMs: 30_000 }],
  ['-o idle_timeout=0', { idleTimeoutMs: Number.POSITIVE_INFINITY }],
  ['-o modern,idle_timeout=5,slab_reassign', { idleTimeoutMs: 5000 }],
  ['-o idle_timeout=5 -o no_modern', { idleTimeoutMs: 5000 }],
  [
    '--extended=lru_crawler,lru_maintainer,hash_algorithm=murmur3,slab_automove=1,hot_lru_pct=20,read_buf_mem_limit=5',
    {},
  ],
  ['-v', { verbosity: 1 }],
  ['-vv', { verbosity: 2 }],
  ['-v --verbose -v', { verbosity: 3 }],
  ['-h', { action: 'help' }],
  ['--help', { action: 'help' }],
  ['-V', { action: 'version' }],
  ['--version', { action: 'version' }],
  ['--debug-clock', { debugClock: true }],
  [
    '-MAvp 5 -m 8',
    {
      evict: false,
      enableShutdown: true,
      verbosity: 1,
      addresses: [{ host: LOOPBACK, port: 5 }],
      maxBytes: 8 * MIB,
    },
  ],
];

const bad: [flags: string, message: string][] = [
  ['-p 65536', '-p takes a port from 1 to 65535, 0 for none or -1 for any free one; got 65536'],
  ['-p -2', '-p takes a port from 1 to 65535, 0 for none or -1 for any free one; got -2'],
  ['-p 1.5', '-p takes a port from 1 to 65535, 0 for none or -1 for any free one; got 1.5'],
  ['-p 1e3', '-p takes a port from 1 to 65535, 0 for none or -1 for any free one; got 1e3'],
  ['-p http', '-p takes a port from 1 to 65535, 0 for none or -1 for any free one; got http'],
  ['--port=', '-p takes a port from 1 to 65535, 0 for none or -1 for any free one; got '],
  ['-p', '-p takes <port>; see hotset --help'],
  ['-p 0', 'a port of 0 opens none, and leaves nothing to listen on; give -s <path> with it'],
  ['-l 127.0.0.1:65536', '-l takes a port from 1 to 65535, 0 for none or -1 for any free one; got 65536'],
  ['-l a,,b', '-l takes addresses as in 127.0.0.1, 10.0.0.5:11311 or [::1]:11211; got ""'],
  ['-l [::1', '-l takes addresses as in 127.0.0.1, 10.0.0.5:11311 or [::1]:11211; got "[::1"'],
  ['-l host:port', '-l takes addresses as in 127.0.0.1, 10.0.0.5:11311 or [::1]:11211; got "host:port"'],
  ['--unix-socket=', '-s takes the path of a Unix socket'],
  ['-s /tmp/s -a 0800', '-a takes an access mode in octal, as in 0700; got 0800'],
  ['-s /tmp/s -a 01777', '-a takes an access mode in octal, as in 0700; got 01777'],
  ['-s /tmp/s -a rwx', '-a takes an access mode in octal, as in 0700; got rwx'],
  ['-m 1', '-m takes at least 2, because an item may take 1m and at most half of the memory (see -I); got 1'],
  ['-m 0', '-m takes a whole number from 1 to 4294967296; got 0'],
  ['-m -5', '-m takes a whole number from 1 to 4294967296; got -5'],
  ['-m 64m', '-m takes a whole number from 1 to 4294967296; got 64m'],
  ['-m 1.5', '-m takes a whole number from 1 to 4294967296; got 1.5'],
  ['-m 4294967297', '-m takes a whole number from 1 to 4294967296; got 4294967297'],
  ['-c 0', '-c takes a whole number from 1 to 2147483647; got 0'],
  ['-c many', '-c takes a whole number from 1 to 2147483647; got many'],
  ['-t 0', '-t takes a whole number from 1 to 4096; got 0'],
  ['-I 1023', '-I takes a size from 1024 to 1024m, as in 512k or 32m; got 1023'],
  ['-I 1025m', '-I takes a size from 1024 to 1024m, as in 512k or 32m; got 1025m'],
  ['-I 1g', '-I takes a size from 1024 to 1024m, as in 512k or 32m; got 1g'],
  ['-I 0.5m', '-I takes a size from 1024 to 1024m, as in 512k or 32m; got 0.5m'],
  ['-I 33m', '-I takes at most half of the memory limit (-m 64), 33554432 bytes; got 33m'],
  ['-U 11211', '-U takes only 0: UDP is out by design, because it amplifies attacks; got 11211'],
  ['-o idle_timeout', '-o idle_timeout takes seconds, 0 for never; got nothing'],
  ['-o idle_timeout=-1', '-o idle_timeout takes seconds, 0 for never; got -1'],
  ['-o idle_timeout=soon', '-o idle_timeout takes seconds, 0 for never; got soon'],
  ['-o idle_timeout=9999999999', '-o idle_timeout takes seconds, 0 for never; got 9999999999'],
  ['-o tls', 'unknown option -o tls; hotset takes idle_timeout=<seconds>'],
  ['-o', '-o takes <options>; see hotset --help'],
  ['-x', 'unknown flag -x; see hotset --help'],
  ['--turbo', 'unknown flag --turbo; see hotset --help'],
  ['--toString', 'unknown flag --toString; see hotset --help'],
  ['--__proto__', 'unknown flag --__proto__; see hotset --help'],
  ['--no-port', 'unknown flag --no-port; see hotset --help'],
  [
    '11211',
    'unexpected argument "11211"; hotset takes only flags: see hotset --help (with npm start, put -- before them)',
  ],
  [
    '-- -p',
    'unexpected argument "-p"; hotset takes only flags: see hotset --help (with npm start, put -- before them)',
  ],
  ['--disable-evictions=yes', '--disable-evictions takes no value; got yes'],
];

function words(flags: string): string[] {
  return flags === '' ? [] : flags.split(' ');
}

describe('the flags', () => {
  it.each(good)('hotset %s', (flags, settings) => {
    expect(settingsFrom(words(flags))).toEqual({ ...defaults, ...settings });
  });

  it.each(bad)('hotset %s is refused', (flags, message) => {
    expect(() => settingsFrom(words(flags))).toThrow(new UsageError(message));
    expect(message).not.toContain('\n');
  });
});
