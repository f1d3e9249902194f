/** What each flag means, and what is refused: one line that names the flag and what it takes. */

import { describe, expect, it } from 'vitest';
import { UsageError } from '../../lib/cli/errors.js';
import { type Settings, settingsFrom } from '../../lib/cli/settings.js';

const MIB = 1024 * 1024;
const LOOPBACK = '127.0.0.1';

const WARM = { rate: 20_000, userFile: null, tls: {}, readyAtOnce: false };

const defaults: Settings = {
  action: 'serve',
  addresses: [{ host: LOOPBACK, port: 11211 }],
  maxBytes: 64 * MIB,
  threads: 1,
  maxItemBytes: MIB,
  maxConnections: 1024,
  idleTimeoutMs: Number.POSITIVE_INFINITY,
  requestTimeoutMs: 30_000,
  maxUnfinishedBytes: null,
  backlog: 1024,
  protocol: 'auto',
  evict: true,
  memoryFile: null,
  restoreMaxAgeMs: null,
  snapshotEveryMs: null,
  casIds: true,
  requestsPerTurn: 512,
  enableShutdown: false,
  allowFlush: true,
  allowDump: true,
  allowWatch: true,
  prefixDelimiter: null,
  trackSizes: false,
  authFile: null,
  tls: null,
  http: null,
  daemon: false,
  pidFile: null,
  user: null,
  drainMs: 0,
  warm: null,
  verbosity: 0,
  logFormat: 'text',
  debugClock: false,
  shownSettings: {},
  warnings: [],
};

const HTTP: NonNullable<Settings['http']> = {
  host: LOOPBACK,
  port: 11280,
  access: 'full',
  tokenFile: null,
  origins: [],
  hosts: [],
  peers: [],
  hotKeys: 0,
  maxConnections: 1024,
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
  ['-l 127.0.0.1:0', { addresses: [{ host: LOOPBACK, port: 0 }] }],
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
  ['-m 64m', {}],
  ['-m 64M', {}],
  ['-m 65x', { maxBytes: 65 * MIB, warnings: ['-m 65x is read as 65, as memcached reads it'] }],
  [
    '-m 4g',
    {
      maxBytes: 4 * MIB,
      warnings: ['-m counts MiB: 4g is read as 4 MiB, as memcached reads it; for 4 GiB give -m 4096'],
    },
  ],
  ['-c 1', { maxConnections: 1 }],
  ['--conn-limit 100000', { maxConnections: 100_000 }],
  ['-I 1024', { maxItemBytes: 1024 }],
  ['-I 512k', { maxItemBytes: 512 * 1024 }],
  ['-I 32m', { maxItemBytes: 32 * MIB }],
  ['-I 2M', { maxItemBytes: 2 * MIB }],
  ['--max-item-size=1024m -m 2048', { maxItemBytes: 2 ** 30, maxBytes: 2 ** 31 }],
  ['-M', { evict: false }],
  ['--disable-evictions', { evict: false }],
  ['-U 0', {}],
  [
    '-U 11311',
    {
      addresses: [{ host: LOOPBACK, port: 11311 }],
      warnings: ['-U: UDP is not served, because it amplifies attacks'],
    },
  ],
  [
    '-U 11311 -p 5',
    { addresses: [{ host: LOOPBACK, port: 5 }], warnings: [expect.stringMatching('^-U: UDP')] },
  ],
  [
    '-p 1.5',
    { addresses: [{ host: LOOPBACK, port: 1 }], warnings: ['-p 1.5 is read as 1, as memcached reads it'] },
  ],
  ['-l *', { addresses: [{ host: '*', port: 11211 }] }],
  ['-l 127.0.0.1,', {}],
  ['-l ,127.0.0.1;127.0.0.1,', {}],
  ['-l tag_abc_:127.0.0.1', {}],
  ['-l tag[abc]:127.0.0.1:5', { addresses: [{ host: LOOPBACK, port: 5 }] }],
  ['-l proto[ascii]:127.0.0.1', { addresses: [{ host: LOOPBACK, port: 11211, protocol: 'ascii' }] }],
  ['-l proto[negotiating]:tag_b_:[::1]:5', { addresses: [{ host: '::1', port: 5, protocol: 'auto' }] }],
  [
    '-Z -o ssl_chain_cert=/c,ssl_ca_cert=/a -l mtls:proto[binary]:tag_a_:127.0.0.1,btls:127.0.0.1:5',
    {
      tls: { certFile: '/c', caFile: '/a' },
      addresses: [
        { host: LOOPBACK, port: 11211, verifyMode: 2, protocol: 'binary' },
        { host: LOOPBACK, port: 5, verifyMode: 0 },
      ],
    },
  ],
  ['--verbose=vv', { verbosity: 1 }],
  ['--verb -v', { verbosity: 2 }],
  ['--conn 5', { maxConnections: 5 }],
  ['--pro ascii', { protocol: 'ascii' }],
  ['--memory-l=65', { maxBytes: 65 * MIB }],
  ['-N 1', { shownSettings: { num_napi_ids: 1 } }],
  ['--napi-ids=1', { shownSettings: { num_napi_ids: 1 } }],
  ['-b 0', { backlog: 1 }],
  ['-b -1', { backlog: 2 ** 31 - 1 }],
  ['-s /tmp/s -a 01777', { addresses: [{ path: '/tmp/s', mode: 0o777 }] }],
  ['-D ab', { prefixDelimiter: 'a', warnings: ['-D ab is read as its first byte, as memcached reads it'] }],
  [
    '-v 11211 serve',
    {
      verbosity: 1,
      warnings: ['ignored, as hotset takes only flags: 11211 serve (with npm start, put -- before flags)'],
    },
  ],
  ['-- -p', { warnings: [expect.stringMatching('^ignored, .*: -p ')] }],
  [
    '-Z -o ssl_chain_cert=/c,ssl_min_version=1',
    { tls: { certFile: '/c', minVersion: 'TLSv1.2' }, warnings: [expect.stringMatching('raised to 2')] },
  ],
  [
    '-e f --snapshot-every 60 --restore-max-age=5',
    { memoryFile: 'f', snapshotEveryMs: 60_000, restoreMaxAgeMs: 5000 },
  ],
  [
    '--snapshot-every 60',
    { snapshotEveryMs: 60_000, warnings: ['--snapshot-every has no effect without -e'] },
  ],
  ['--udp-port=0', {}],
  ['-t 4', { threads: 4 }],
  ['--threads=1', { threads: 1 }],
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
  ['-o track_sizes,no_maxconns_fast', { trackSizes: true }],
  [
    '-o hashpower=20,tail_repair_time=0,no_hashexpand,no_lru_crawler,no_lru_maintainer,hot_max_factor=0.2,warm_max_factor=2',
    {},
  ],
  [
    '-o maxconns_fast,lru_crawler_sleep=100,lru_crawler_tocrawl=0,warm_lru_pct=40,temporary_ttl=61,slab_chunk_max=512',
    {},
  ],
  [
    '-o watcher_logbuf_size=256,worker_logbuf_size=64,no_chunked_items,no_inline_ascii_resp,resp_obj_mem_limit=1,sock_cookie_id=1',
    {},
  ],
  ['-o ext_item_size=512,ext_threads=1,slab_automove_freeratio=0.01,no_drop_privileges', {}],
  [
    '-o ext_path=/tmp/x:1G',
    { warnings: ['-o ext_path is accepted and has no effect: all items are held in memory'] },
  ],
  ['-l notls:127.0.0.1:5', { addresses: [{ host: LOOPBACK, port: 5, tls: false }] }],
  ['-l notls:[::1]', { addresses: [{ host: '::1', port: 11211, tls: false }] }],
  ['-l notls:::1', { addresses: [{ host: '::1', port: 11211, tls: false }] }],
  ['-Z -o ssl_chain_cert=/c', { tls: { certFile: '/c' } }],
  [
    '--enable-ssl -o ssl_chain_cert=/c,ssl_key=/k,ssl_ca_cert=/a,ssl_verify_mode=2,ssl_min_version=3,ssl_ciphers=A:B=C',
    {
      tls: {
        certFile: '/c',
        keyFile: '/k',
        caFile: '/a',
        verifyMode: 2,
        minVersion: 'TLSv1.3',
        ciphers: 'A:B=C',
      },
    },
  ],
  [
    '-Z -o ssl_chain_cert=/c,ssl_keyformat=DER,ssl_wbuf_size=16,ssl_session_cache,ssl_kernel_tls,ssl_min_version=tlsv1.2,ssl_verify_mode=0',
    { tls: { certFile: '/c', minVersion: 'TLSv1.2', verifyMode: 0 } },
  ],
  ['-o ssl_key=/k', { warnings: ['-o ssl_… has no effect without -Z'] }],
  ['-Y /users', { authFile: '/users' }],
  ['--auth-file=/users -S', { authFile: '/users' }],
  ['-B ascii', { protocol: 'ascii' }],
  ['--protocol=binary', { protocol: 'binary' }],
  ['-B auto', {}],
  ['-b 64', { backlog: 64 }],
  ['--listen-backlog=1', { backlog: 1 }],
  ['--request-timeout 5', { requestTimeoutMs: 5000 }],
  ['--request-timeout=0', { requestTimeoutMs: Number.POSITIVE_INFINITY }],
  ['--max-unfinished-size 2M', { maxUnfinishedBytes: 2 * 1024 * 1024 }],
  ['-R 20', { requestsPerTurn: 20 }],
  ['--max-reqs-per-event 1', { requestsPerTurn: 1 }],
  ['-C', { casIds: false }],
  ['--disable-cas', { casIds: false }],
  ['-F', { allowFlush: false }],
  ['--disable-flush-all', { allowFlush: false }],
  ['-X', { allowDump: false }],
  ['--disable-dumping', { allowDump: false }],
  ['-W', { allowWatch: false }],
  ['--disable-watch', { allowWatch: false }],
  ['-D :', { prefixDelimiter: ':' }],
  ['-e /run/hotset.mem', { memoryFile: '/run/hotset.mem' }],
  ['--memory-file=/m', { memoryFile: '/m' }],
  ['-d -P /run/x.pid -u nobody', { daemon: true, pidFile: '/run/x.pid', user: 'nobody' }],
  ['--daemon --pidfile=/p --user=65534', { daemon: true, pidFile: '/p', user: '65534' }],
  ['-k', { warnings: ['-k is accepted and has no effect: memory is not locked'] }],
  ['-r -L -f 1.25 -n 48 -N 1 -t 4', { threads: 4 }],
  [
    '--enable-coredumps --enable-largepages --slab-growth-factor=2 --slab-min-size=100 --napi_ids=4 --threads=4',
    { threads: 4 },
  ],
  ['-i', { action: 'license' }],
  ['--license', { action: 'license' }],
  ['-v', { verbosity: 1 }],
  ['-vv', { verbosity: 2 }],
  ['-v --verbose -v', { verbosity: 3 }],
  ['--http 11280', { http: HTTP }],
  ['--http=11280', { http: HTTP }],
  ['--http -1', { http: { ...HTTP, port: 0 } }],
  ['--http 0', {}],
  ['--http 11280 --http 0', {}],
  [
    '--http 0.0.0.0:80',
    {
      http: { ...HTTP, host: '0.0.0.0', port: 80 },
      warnings: [
        '--http listens on 0.0.0.0 without --http-token-file: whoever reaches it may read and write all entries',
      ],
    },
  ],
  [
    '--http [::]:80 --http-access metadata',
    {
      http: { ...HTTP, host: '::', port: 80, access: 'metadata' },
      warnings: [
        '--http listens on :: without --http-token-file: whoever reaches it may see keys and statistics',
      ],
    },
  ],
  [
    '--http 0.0.0.0:80 --http-token-file /t',
    { http: { ...HTTP, host: '0.0.0.0', port: 80, tokenFile: '/t' } },
  ],
  ['--http 127.1.2.3:80', { http: { ...HTTP, host: '127.1.2.3', port: 80 } }],
  ['--http 11280 --http-connections 5', { http: { ...HTTP, maxConnections: 5 } }],
  ['--log-format json', { logFormat: 'json' }],
  ['--drain-seconds 20', { drainMs: 20_000 }],
  ['--warm-from a', { warm: { ...WARM, shown: 'a', peer: { host: 'a', port: 11211, secure: false } } }],
  [
    '--warm-from tls:[::1]:5 --warm-rate 0 --warm-ready --warm-user-file /u -o ssl_ca_cert=/a',
    {
      warm: {
        shown: 'tls:[::1]:5',
        peer: { host: '::1', port: 5, secure: true },
        rate: Number.POSITIVE_INFINITY,
        userFile: '/u',
        tls: { caFile: '/a' },
        readyAtOnce: true,
      },
    },
  ],
  ['--warm-from /run/s', { warm: { ...WARM, shown: '/run/s', peer: { path: '/run/s' } } }],
  ['--warm-ready', { warnings: ['--warm-ready: no effect without --warm-from'] }],
  ['--log-format=text', {}],
  ['--http localhost:-1', { http: { ...HTTP, host: 'localhost', port: 0 } }],
  ['--http [::1]:65535', { http: { ...HTTP, host: '::1', port: 65535 } }],
  ['--http 11280 --http-access metadata', { http: { ...HTTP, access: 'metadata' } }],
  ['--http 11280 --http-access=read-only', { http: { ...HTTP, access: 'read-only' } }],
  ['--http 11280 --http-token-file /t -Y /users', { authFile: '/users', http: { ...HTTP, tokenFile: '/t' } }],
  [
    '--http 11280 --http-origins https://a.example,https://b.example --http-hosts a --http-hosts b,c',
    {
      http: { ...HTTP, origins: ['https://a.example', 'https://b.example'], hosts: ['a', 'b', 'c'] },
    },
  ],
  [
    '--http 11280 --http-hosts a --http-peers Cache-1:11280,10.0.0.2:80',
    {
      http: {
        ...HTTP,
        origins: [
          'http://cache-1:11280',
          'https://cache-1:11280',
          'http://10.0.0.2:80',
          'https://10.0.0.2:80',
        ],
        hosts: ['a', 'cache-1', '10.0.0.2'],
        peers: ['cache-1:11280', '10.0.0.2:80'],
      },
    },
  ],
  ['--http 11280 --http-hot-keys 20', { http: { ...HTTP, hotKeys: 20 } }],
  ['--http 11280 --http-hosts ::9,[::8]', { http: { ...HTTP, hosts: ['::9', '[::8]'] } }],
  [
    '--http-token-file /t --http-access full',
    { warnings: ['--http-access, --http-token-file: no effect without --http'] },
  ],
  ['-Y /users --http 0', { authFile: '/users' }],
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
  ['help', 'unknown command help: hotset takes only flags; see hotset --help'],
  ['--warm-from a:0', '--warm-from takes host:port, tls:host:port or the path of a Unix socket; got a:0'],
  ['--warm-from a --warm-rate -1', '--warm-rate takes a whole number from 0 to 2147483647; got -1'],
  ['--drain-seconds x', '--drain-seconds takes a whole number from 0 to 2147483; got x'],
  [
    '--http localhost',
    '--http takes a port, or an address and a port as in 127.0.0.1:11280 or [::1]:11280; got localhost',
  ],
  [
    '--http 65536',
    '--http takes a port, or an address and a port as in 127.0.0.1:11280 or [::1]:11280; got 65536',
  ],
  ['--http -2', '--http takes a port, or an address and a port as in 127.0.0.1:11280 or [::1]:11280; got -2'],
  [
    '--http 8.5',
    '--http takes a port, or an address and a port as in 127.0.0.1:11280 or [::1]:11280; got 8.5',
  ],
  [
    '--http a:b:1',
    '--http takes a port, or an address and a port as in 127.0.0.1:11280 or [::1]:11280; got a:b:1',
  ],
  [
    '--http ::1:80',
    '--http takes a port, or an address and a port as in 127.0.0.1:11280 or [::1]:11280; got ::1:80',
  ],
  [
    '--http http://localhost:80/',
    '--http takes a port, or an address and a port as in 127.0.0.1:11280 or [::1]:11280; got http://localhost:80/',
  ],
  ['--http', '--http takes <[address:]port>; see hotset --help'],
  [
    '--http 1 --http-origins https://a,app.example',
    '--http-origins takes origins as in https://app.example; got "app.example"',
  ],
  [
    '--http 1 --http-peers a:1,[::1]:2',
    '--http-peers takes names or IPv4 addresses with a port, as in cache-1:11280; got "[::1]:2"',
  ],
  ['--http 1 --http-origins=', '--http-origins takes origins as in https://app.example; got ""'],
  [
    '--http 1 --http-origins http://a:99999',
    '--http-origins takes origins as in https://app.example; got "http://a:99999"',
  ],
  ['--http 1 --http-hosts a:80', '--http-hosts takes host names without port; got "a:80"'],
  ['--http=', '--http takes <[address:]port>; got nothing'],
  ['--http 1 --http-access all', '--http-access takes full, read-only or metadata; got all'],
  ['--http 1 --http-token-file=', '--http-token-file takes <file>; got nothing'],
  [
    '-Y /users --http 11280',
    '-Y with --http needs --http-token-file, or whom the port keeps out comes in by HTTP; --http 0 turns it off',
  ],
  ['-p 65536', '-p takes a port from 1 to 65535, 0 for none or -1 for any free one; got 65536'],
  ['-p -2', '-p takes a port from 1 to 65535, 0 for none or -1 for any free one; got -2'],
  ['-p http', '-p takes a port from 1 to 65535, 0 for none or -1 for any free one; got http'],
  ['--port=', '-p takes a port from 1 to 65535, 0 for none or -1 for any free one; got '],
  ['-p', '-p takes <port>; see hotset --help'],
  [
    '-p 0',
    'a port of 0 opens none, and leaves nothing to listen on; give -s <path> or --http <port> with it',
  ],
  [
    '-p 0 -l 127.0.0.1:5',
    'a port of 0 opens none, and leaves nothing to listen on; give -s <path> or --http <port> with it',
  ],
  ['-l 127.0.0.1:65536', '-l takes a port from 1 to 65535, or -1 for any free one; got "127.0.0.1:65536"'],
  ['-l mtls:a', '-l mtls: needs TLS: give -Z with it; got "mtls:a"'],
  [
    '-Z -o ssl_chain_cert=/c -l mtls:a',
    'to check clients’ certificates (-l mtls: or -o ssl_verify_mode above 0), give -o ssl_ca_cert=<file>',
  ],
  ['-l proto[proxy]:a', '-l proto[proxy]: there is no proxy here; got "proto[proxy]:a"'],
  ['-l tag[]:a', '-l tag[…]: takes 1 to 8 characters; got "tag[]:a"'],
  ['-l tag_123456789_:a', '-l tag[…]: takes 1 to 8 characters; got "tag_123456789_:a"'],
  ['--restore-max-age soon -e f', '--restore-max-age takes a whole number from 0 to 2147483647; got soon'],
  ['--snapshot-every 0 -e f', '--snapshot-every takes a whole number from 1 to 2147483; got 0'],
  ['--p 5', '--p may be --port or --protocol or --pidfile'],
  ['--mem=5', '--mem may be --memory-limit or --memory-file'],
  ['-l [::1', '-l takes addresses as in 127.0.0.1, 10.0.0.5:11311 or [::1]:11211; got "[::1"'],
  ['-l host:port', '-l takes addresses as in 127.0.0.1, 10.0.0.5:11311 or [::1]:11211; got "host:port"'],
  ['--unix-socket=', '-s takes the path of a Unix socket'],
  ['-s /tmp/s -a rwx', '-a takes an access mode in octal, as in 0700; got rwx'],
  ['-m 1', '-m takes at least 2, because an item may take 1m and at most half of the memory (see -I); got 1'],
  ['-m 0', '-m takes a whole number from 1 to 4294967296; got 0'],
  ['-m -5', '-m takes a whole number from 1 to 4294967296; got -5'],
  ['-m .5', '-m takes a whole number from 1 to 4294967296; got .5'],
  ['-m 1g', '-m counts MiB: 1g is read as 1 MiB, as memcached reads it; for 1 GiB give -m 1024'],
  ['-m 4294967297', '-m takes a whole number from 1 to 4294967296; got 4294967297'],
  ['-c 0', '-c takes a whole number from 1 to 2147483647; got 0'],
  ['-c many', '-c takes a whole number from 1 to 2147483647; got many'],
  ['-t 0', '-t takes a whole number from 1 to 2147483647; got 0'],
  ['--request-timeout -1', '--request-timeout takes a whole number from 0 to 2147483647; got -1'],
  [
    '-I 2m --max-unfinished-size 1m',
    '--max-unfinished-size takes a size from that of one item (-I, 2097152 bytes), as in 64m; got 1m',
  ],
  [
    '--max-unfinished-size lots',
    '--max-unfinished-size takes a size from that of one item (-I, 1048576 bytes), as in 64m; got lots',
  ],
  ['-I 1023', '-I takes a size from 1024 to 1024m, as in 512k or 32m; got 1023'],
  ['-I 1025m', '-I takes a size from 1024 to 1024m, as in 512k or 32m; got 1025m'],
  ['-I 1g', '-I takes a size from 1024 to 1024m, as in 512k or 32m; got 1g'],
  ['-I 0.5m', '-I takes a size from 1024 to 1024m, as in 512k or 32m; got 0.5m'],
  ['-I 33m', '-I takes at most half of the memory limit (-m 64), 33554432 bytes; got 33m'],
  ['-U dns', '-U takes a whole number from -1 to 65535; got dns'],
  ['-o idle_timeout', '-o idle_timeout takes seconds, 0 for never; got nothing'],
  ['-o idle_timeout=-1', '-o idle_timeout takes seconds, 0 for never; got -1'],
  ['-o idle_timeout=soon', '-o idle_timeout takes seconds, 0 for never; got soon'],
  ['-o idle_timeout=9999999999', '-o idle_timeout takes seconds, 0 for never; got 9999999999'],
  ['-o tls', 'unknown option -o tls; see hotset --help'],
  ['-o proxy_config=x.lua', 'unknown option -o proxy_config; see hotset --help'],
  ['-o toString', 'unknown option -o toString; see hotset --help'],
  ['-o external', 'unknown option -o external; see hotset --help'],
  ['-Z', '-Z needs a certificate: give -o ssl_chain_cert=<file> with it'],
  ['-Z -o ssl_chain_cert', '-o ssl_chain_cert takes a file; got nothing'],
  [
    '-Z -o ssl_chain_cert=/c,ssl_verify_mode=2',
    'to check clients’ certificates (-l mtls: or -o ssl_verify_mode above 0), give -o ssl_ca_cert=<file>',
  ],
  ['-o ssl_verify_mode=4', '-o ssl_verify_mode takes 0 (none), 1 (request), 2 (require) or 3 (once); got 4'],
  ['-o ssl_min_version=4', '-o ssl_min_version takes 2 (TLS 1.2) or 3 (TLS 1.3); got 4'],
  ['-o ssl_keyformat=ENGINE', '-o ssl_keyformat takes PEM or DER; got ENGINE'],
  ['-S', '-S needs users: give -Y <file> with it, as hotset reads them from no other place'],
  ['--auth-file=', '-Y takes <file>; got nothing'],
  ['-B udp', '-B takes auto, ascii or binary; got udp'],
  ['-B ASCII', '-B takes auto, ascii or binary; got ASCII'],
  ['-b many', '-b takes a whole number from -2147483647 to 2147483647; got many'],
  ['-R 0', '-R takes a whole number from 1 to 2147483647; got 0'],
  ['--prefix-delimiter=', '-D takes one character, as in :; got nothing'],
  ['-f 1', '-f takes a number above 1; got 1'],
  ['-n 0', '-n takes a whole number from 1 to 2147483647; got 0'],
  ['-E engine.so', 'unknown flag -E; see hotset --help'],
  ['-o', '-o takes <options>; see hotset --help'],
  ['-x', 'unknown flag -x; see hotset --help'],
  ['--turbo', 'unknown flag --turbo; see hotset --help'],
  ['--toString', 'unknown flag --toString; see hotset --help'],
  ['--__proto__', 'unknown flag --__proto__; see hotset --help'],
  ['--no-port', 'unknown flag --no-port; see hotset --help'],
  ['--disable-evictions=yes', '--disable-evictions takes no value; got yes'],
];

function words(flags: string): string[] {
  return flags === '' ? [] : flags.split(' ');
}

describe('the flags', () => {
  it.each(good)('hotset %s', (flags, settings) => {
    expect(settingsFrom(words(flags))).toEqual({
      ...defaults,
      shownSettings: expect.anything(),
      ...settings,
    });
  });

  it.each(bad)('hotset %s is refused', (flags, message) => {
    expect(() => settingsFrom(words(flags))).toThrow(new UsageError(message));
    expect(message).not.toContain('\n');
  });
});

/** `stats settings` shows them, and nothing else. */
const shown: [flags: string, settings: Settings['shownSettings']][] = [
  ['', {}],
  ['-e file -Y users', { memory_file: 'file', auth_file: 'users' }],
  ['-l 127.0.0.1 -l ::1', { inter: '127.0.0.1,::1' }],
  ['-t 8 -n 64 -f 1.5 -N 2', { num_threads: 8, chunk_size: 64, growth_factor: 1.5, num_napi_ids: 2 }],
  [
    '-o no_lru_crawler,no_slab_automove,no_slab_reassign',
    { lru_crawler: false, slab_automove: 0, slab_reassign: false },
  ],
  [
    '-o lru_crawler,slab_automove,maxconns_fast',
    { lru_crawler: true, slab_automove: 1, maxconns_fast: true },
  ],
  ['-o slab_automove=2,slab_automove_ratio=0.5', { slab_automove: 2, slab_automove_ratio: 0.5 }],
  ['-o hashpower=20,hash_algorithm=xxh3', { hashpower_init: 20, hash_algorithm: 'xxh3' }],
  ['-o temporary_ttl=5,hot_lru_pct=10', { temp_lru: true, temporary_ttl: 5, hot_lru_pct: 10 }],
  [
    '-o watcher_logbuf_size=1,read_buf_mem_limit=2',
    { watcher_logbuf_size: 1024, read_buf_mem_limit: 2 * MIB },
  ],
  ['-o ext_wbuf_size=2,ext_drop_unread', { ext_wbuf_size: 2 * MIB, ext_drop_unread: true }],
  [
    '-o ssl_keyformat=1,ssl_wbuf_size=8,ssl_kernel_tls',
    { ssl_keyformat: 1, ssl_wbuf_size: 8192, ssl_kernel_tls: true },
  ],
];

describe('what stats settings shows', () => {
  it.each(shown)('of hotset %s', (flags, settings) => {
    expect(settingsFrom(words(flags)).shownSettings).toEqual(settings);
  });
});
