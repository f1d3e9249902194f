/** The lists of `stats`: complete, in memcached's order, true, and in step with one another. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Transport } from '../../../lib/transport.js';
import { STORE } from '../../support/stores.js';
import { Administered, START_SECONDS } from './fixture.js';

/** As memcached 1.6.45 has them. */
const GENERAL = `pid uptime time version libevent pointer_size rusage_user rusage_system max_connections
  curr_connections total_connections rejected_connections connection_structures response_obj_oom
  response_obj_count response_obj_bytes read_buf_count read_buf_bytes read_buf_bytes_free read_buf_oom
  reserved_fds cmd_get cmd_set cmd_flush cmd_touch cmd_meta get_hits get_misses get_expired get_flushed
  delete_misses delete_hits incr_misses incr_hits decr_misses decr_hits cas_misses cas_hits cas_badval
  touch_hits touch_misses store_too_large store_no_memory auth_cmds auth_errors bytes_read bytes_written
  limit_maxbytes accepting_conns listen_disabled_num time_in_listen_disabled_us threads conn_yields
  hash_power_level hash_bytes hash_is_expanding slab_reassign_rescues slab_reassign_chunk_rescues
  slab_reassign_inline_reclaim slab_reassign_busy_items slab_reassign_busy_deletes slab_reassign_busy_nomem
  slab_reassign_last_busy_status slab_reassign_running slabs_moved lru_crawler_running lru_crawler_starts
  lru_maintainer_juggles malloc_fails log_worker_dropped log_worker_written log_watcher_skipped
  log_watcher_sent log_watchers unexpected_napi_ids round_robin_fallback bytes curr_items total_items
  slab_global_page_pool expired_unfetched evicted_unfetched evicted_active evictions reclaimed
  crawler_reclaimed crawler_items_checked lrutail_reflocked moves_to_cold moves_to_warm moves_within_lru
  direct_reclaims lru_bumps_dropped`.split(/\s+/);

const SETTINGS = `maxbytes maxconns tcpport udpport inter verbosity oldest evictions domain_socket umask
  shutdown_command growth_factor chunk_size num_threads num_threads_per_udp stat_key_prefix detail_enabled
  reqs_per_event cas_enabled tcp_backlog binding_protocol auth_enabled_sasl auth_enabled_ascii item_size_max
  maxconns_fast hashpower_init slab_reassign slab_automove slab_automove_ratio slab_automove_window
  slab_chunk_max lru_crawler lru_crawler_sleep lru_crawler_tocrawl tail_repair_time flush_enabled dump_enabled
  hash_algorithm lru_maintainer_thread lru_segmented hot_lru_pct warm_lru_pct hot_max_factor warm_max_factor
  temp_lru temporary_ttl idle_timeout watcher_logbuf_size worker_logbuf_size read_buf_mem_limit track_sizes
  inline_ascii_response ext_item_size ext_item_age ext_low_ttl ext_recache_rate ext_wbuf_size
  ext_compact_under ext_drop_under ext_max_sleep ext_max_frag slab_automove_freeratio ext_drop_unread
  ssl_enabled ssl_chain_cert ssl_key ssl_verify_mode ssl_keyformat ssl_ciphers ssl_ca_cert ssl_wbuf_size
  ssl_session_cache ssl_kernel_tls ssl_min_version num_napi_ids memory_file client_flags_size`.split(/\s+/);

const ITEMS = `number number_hot number_warm number_cold age_hot age_warm age mem_requested evicted
  evicted_nonzero evicted_time outofmemory tailrepairs reclaimed expired_unfetched evicted_unfetched
  evicted_active crawler_reclaimed crawler_items_checked lrutail_reflocked moves_to_cold moves_to_warm
  moves_within_lru direct_reclaims hits_to_hot hits_to_warm hits_to_cold hits_to_temp`.split(/\s+/);

const SLABS = `chunk_size chunks_per_page total_pages total_chunks used_chunks free_chunks free_chunks_end
  get_hits cmd_set delete_hits incr_hits decr_hits cas_hits cas_badval touch_hits`.split(/\s+/);

/** What stays when the statistics are reset. */
const STAYS = new Set(
  `pid uptime time version libevent pointer_size rusage_user rusage_system max_connections curr_connections
   connection_structures limit_maxbytes accepting_conns threads slab_reassign_last_busy_status
   lru_crawler_running log_watchers bytes curr_items`.split(/\s+/),
);

describe('names, in memcached’s order', () => {
  const admin = new Administered();
  admin.set('a');

  it.each([
    ['', GENERAL],
    ['settings', SETTINGS],
    ['items', ITEMS.map((name) => `items:1:${name}`)],
    ['slabs', [...SLABS.map((name) => `1:${name}`), 'active_slabs', 'total_malloced']],
  ])('stats %s', (args, names) => {
    expect([...admin.stats(args).keys()]).toEqual(names);
  });

  it('of an empty cache', () => {
    const empty = new Administered();
    expect(empty.ask('stats items\r\n')).toBe('END\r\n');
    expect(empty.ask('stats slabs\r\n')).toBe('STAT active_slabs 0\r\nSTAT total_malloced 0\r\nEND\r\n');
  });
});

describe('stats settings', () => {
  it('shows the options of the items', () => {
    const admin = new Administered(
      { casIds: false, allowFlush: false, allowDump: false, requestsPerTurn: 7, maxItemBytes: 2048 },
      { evict: false },
    );
    expect(Object.fromEntries(admin.stats('settings'))).toMatchObject({
      maxbytes: '67108864',
      item_size_max: '2048',
      reqs_per_event: '7',
      cas_enabled: 'no',
      flush_enabled: 'no',
      dump_enabled: 'no',
      evictions: 'off',
      shutdown_command: 'no',
      binding_protocol: 'auto-negotiate',
      auth_enabled_ascii: 'no',
      auth_enabled_sasl: 'no',
      ssl_enabled: 'no',
      ssl_key: '(null)',
    });
  });

  it('shows the settings that were given, in memcached’s form', () => {
    const admin = new Administered({
      settings: {
        memory_file: '/dev/shm/a\nb',
        inter: '10.0.0.1,10.0.0.2',
        lru_crawler: false,
        lru_crawler_sleep: 5,
        slab_reassign: false,
        growth_factor: 1.5,
        hot_max_factor: 0.5,
        hash_algorithm: 'jenkins',
        maxconns_fast: false,
        read_buf_mem_limit: 5_242_880,
      },
    });
    expect(Object.fromEntries(admin.stats('settings'))).toMatchObject({
      memory_file: '/dev/shm/a?b',
      inter: '10.0.0.1,10.0.0.2',
      lru_crawler: 'no',
      lru_crawler_sleep: '5',
      slab_reassign: 'no',
      growth_factor: '1.50',
      hot_max_factor: '0.50',
      hash_algorithm: 'jenkins',
      maxconns_fast: 'no',
      read_buf_mem_limit: '5242880',
    });
    expect(admin.ask('lru_crawler crawl all\r\nslabs reassign 1 2\r\n')).toBe(
      'CLIENT_ERROR lru crawler disabled\r\nCLIENT_ERROR slab reassignment disabled\r\n',
    );
  });

  it('refuses settings that do not exist or are of another type, by name', () => {
    expect(() => new Administered({ settings: { toString: 1 } as object })).toThrow(/settings.*toString/);
    expect(() => new Administered({ settings: { lru_crawler: 'no' } as object })).toThrow(
      /settings\.lru_crawler.*boolean/,
    );
  });

  it('shows the file of users where it is known', () => {
    const admin = new Administered({ settings: { auth_file: '/etc/users' } });
    const settings = { protocol: 'ascii', authenticates: true, path: null, host: null, tls: null };
    const transport = { settings } as unknown as Transport;
    admin.items.transports.add(transport);
    expect(admin.stats('settings').get('auth_enabled_ascii')).toBe('/etc/users');
  });

  it.each([
    ['auto', 'auto-negotiate', 'yes', 'yes'],
    ['ascii', 'ascii', 'yes', 'no'],
    ['binary', 'binary', 'no', 'yes'],
  ] as const)('shows which protocols a transport speaks: %s', (protocol, name, ascii, sasl) => {
    const admin = new Administered();
    const tls = {
      chainCert: '/c.pem',
      key: '/k.pem',
      verifyMode: 2,
      caCert: '/ca.pem',
      ciphers: null,
      minVersion: 'tlsv1.3',
    };
    const settings = {
      protocol,
      tls,
      authenticates: true,
      tcpPort: 5,
      host: '::1',
      certificatesReadAtMs: admin.clock.now(),
      backlog: 77,
      path: null,
      mode: 0,
      reload: () => {},
    };
    const figures = { handshakeErrors: 3, maxConnections: 9, idleTimeoutSeconds: 3 };
    admin.items.transports.add({ settings, ...figures } as unknown as Transport);
    expect(Object.fromEntries(admin.stats('settings'))).toMatchObject({
      binding_protocol: name,
      auth_enabled_ascii: ascii,
      auth_enabled_sasl: sasl,
      maxconns: '9',
      tcpport: '5',
      inter: '::1',
      idle_timeout: '3',
      ssl_enabled: 'yes',
      ssl_chain_cert: '/c.pem',
      ssl_key: '/k.pem',
      ssl_verify_mode: '2',
      ssl_ca_cert: '/ca.pem',
      ssl_ciphers: 'NULL',
      ssl_min_version: 'tlsv1.3',
      tcp_backlog: '77',
    });
    admin.clock.advance(5500);
    const general = [...admin.stats()];
    const at = general.findIndex(([name]) => name === 'ssl_handshake_errors');
    expect(general.slice(at - 1, at + 3).map(([name]) => name)).toEqual([
      'log_watchers',
      'ssl_handshake_errors',
      'time_since_server_cert_refresh',
      'unexpected_napi_ids',
    ]);
    expect(general.slice(at, at + 2).map(([, value]) => value)).toEqual(['3', '5']);
  });
});

it('asking begins no cas ids and moves no item', () => {
  const admin = new Administered({ casIds: false });
  admin.set('old');
  admin.clock.advance(5000);
  admin.set('new');
  const { bytes } = admin.engine;
  for (const args of ['', 'items', 'slabs', 'settings', 'sizes', 'conns']) admin.stats(args);
  expect(admin.engine.bytes).toBe(bytes);
  expect(admin.stat('items:1:age', 'items')).toBe(5);
  expect([...admin.engine.keys()]).toEqual(['new', 'old']);
});

it('time, uptime and rusage read as numbers of seconds', () => {
  const admin = new Administered();
  admin.clock.advance(12_345);
  const stats = admin.stats();
  expect(stats.get('uptime')).toBe('12');
  expect(stats.get('time')).toBe(String(START_SECONDS + 12));
  expect(stats.get('rusage_user')).toMatch(/^\d+\.\d{6}$/);
});

const key = fc.constantFrom('a', 'b', 'c', 'd:1', 'd:2', 'e');
const value = fc.constantFrom('', '7', 'x', 'y'.repeat(300), 'z'.repeat(3000));
const exptime = fc.constantFrom(0, 0, 1, 5, -1);
const storage = fc
  .tuple(fc.constantFrom('set', 'add', 'replace', 'append', 'prepend'), key, exptime, value)
  .map(([verb, k, t, v]) => `${verb} ${k} 0 ${t} ${v.length}\r\n${v}\r\n`);
const command = fc.oneof(
  { weight: 4, arbitrary: storage },
  fc.tuple(key, fc.nat(30)).map(([k, cas]) => `cas ${k} 0 0 1 ${cas}\r\n5\r\n`),
  fc.tuple(key, key).map(([a, b]) => `get ${a} ${b}\r\n`),
  fc.tuple(key, exptime).map(([k, t]) => `gat ${t} ${k}\r\n`),
  fc.tuple(key, exptime).map(([k, t]) => `touch ${k} ${t}\r\n`),
  key.map((k) => `delete ${k}\r\n`),
  key.map((k) => `incr ${k} 3\r\n`),
  key.map((k) => `decr ${k} 3\r\n`),
  key.map((k) => `mg ${k} v N5\r\n`),
  fc.tuple(key, value).map(([k, v]) => `ms ${k} ${v.length}\r\n${v}\r\n`),
  key.map((k) => `md ${k}\r\n`),
  fc.constant(`set big 0 0 5000\r\n${'b'.repeat(5000)}\r\n`),
  fc.constantFrom('flush_all\r\n', 'flush_all 3\r\n'),
  fc.constantFrom('stats\r\n', 'stats items\r\n', 'stats slabs\r\n', 'stats sizes\r\n'),
);

function check(admin: Administered): void {
  const general = admin.stats();
  const items = admin.stats('items');
  const slabs = admin.stats('slabs');
  const number = (name: string): number => {
    expect(general.get(name), name).toMatch(/^\d+$/);
    return Number(general.get(name));
  };
  expect(number('cmd_get')).toBe(number('get_hits') + number('get_misses'));
  expect(number('cmd_touch')).toBe(number('touch_hits') + number('touch_misses'));
  expect(number('get_expired') + number('get_flushed')).toBeLessThanOrEqual(number('get_misses'));
  expect(number('bytes')).toBeLessThanOrEqual(number('limit_maxbytes'));
  expect(number('bytes')).toBe(admin.engine.bytes);
  expect(number('evicted_unfetched')).toBeLessThanOrEqual(number('evictions'));
  expect(number('expired_unfetched')).toBeLessThanOrEqual(number('reclaimed'));
  expect(number('crawler_reclaimed')).toBeLessThanOrEqual(number('reclaimed'));
  if (number('curr_items') === 0) {
    expect(items.size).toBe(0);
    return;
  }
  for (const [general, item] of [
    ['curr_items', 'number'],
    ['evictions', 'evicted'],
    ['evicted_unfetched', 'evicted_unfetched'],
    ['expired_unfetched', 'expired_unfetched'],
    ['reclaimed', 'reclaimed'],
    ['crawler_reclaimed', 'crawler_reclaimed'],
    ['crawler_items_checked', 'crawler_items_checked'],
    ['store_no_memory', 'outofmemory'],
    ['bytes', 'mem_requested'],
  ])
    expect(Number(items.get(`items:1:${item}`)), item).toBe(number(general!));
  expect(Number(items.get('items:1:evicted_nonzero'))).toBeLessThanOrEqual(number('evictions'));
  const slab = (name: string): number => Number(slabs.get(`1:${name}`));
  expect(slab('used_chunks')).toBe(number('curr_items'));
  expect(slab('used_chunks') + slab('free_chunks')).toBe(slab('total_chunks'));
  expect(slab('total_chunks')).toBe(slab('total_pages') * slab('chunks_per_page'));
  for (const name of SLABS.slice(7)) expect(slab(name), name).toBe(number(name));
  expect(Number(slabs.get('total_malloced'))).toBeGreaterThanOrEqual(number('bytes'));
}

/** So little that items are evicted. */
const MAX_BYTES = { engine: 12_000, pages: 60_000 };

describe('after any commands', () => {
  it('the numbers are in step with one another', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(command, fc.constantFrom(0, 0, 0, 500, 2000)), { maxLength: 60 }),
        (steps) => {
          const admin = new Administered({ maxItemBytes: 4096 }, { maxBytes: MAX_BYTES[STORE] });
          let stored = 0;
          for (const [text, ms] of steps) {
            stored += admin.ask(text).split('STORED\r\n').length - 1;
            admin.clock.advance(ms);
          }
          check(admin);
          expect(admin.stat('total_items')).toBeLessThanOrEqual(steps.length);
          expect(admin.stat('total_items') + steps.length).toBeGreaterThanOrEqual(stored);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('stats reset sets back to 0 what memcached sets back', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (texts) => {
        const admin = new Administered({ maxItemBytes: 4096 }, { maxBytes: MAX_BYTES[STORE] });
        for (const text of texts) admin.ask(text);
        const size = admin.stat('curr_items');
        expect(admin.ask('stats reset\r\n')).toBe('RESET\r\n');
        for (const [name, value] of admin.stats()) if (!STAYS.has(name)) expect(value, name).toBe('0');
        expect(admin.stat('curr_items')).toBe(size);
        check(admin);
      }),
      { numRuns: 60 },
    );
  });
});

it.runIf(STORE === 'engine')('stats items counts evictions', () => {
  const admin = new Administered({}, { maxBytes: Number.POSITIVE_INFINITY, maxEntries: 1 });
  admin.set('a', 'x', 100);
  admin.clock.advance(3500);
  admin.set('b');
  admin.clock.advance(1000);
  admin.set('c');
  expect(Object.fromEntries(admin.stats('items'))).toMatchObject({
    'items:1:evicted': '2',
    'items:1:evicted_nonzero': '1',
    'items:1:evicted_time': '1',
    'items:1:evicted_unfetched': '2',
  });
});

it('what each command counts', () => {
  const admin = new Administered();
  admin.set('n', '5', 10);
  admin.ask('get n missing\r\ngat 20 n\r\ngat 20 missing\r\ntouch n 3\r\ntouch missing 3\r\n');
  admin.ask('incr n 1\r\nincr missing 1\r\ndecr n 1\r\ndecr missing 1\r\n');
  admin.ask('cas n 0 3 1 999\r\n5\r\ncas missing 0 0 1 1\r\n5\r\nme n\r\ndelete missing\r\nflush_all 0\r\n');
  admin.set('n', '5', 3);
  admin.clock.advance(4000);
  admin.ask('get n\r\n');
  expect(Object.fromEntries(admin.stats())).toMatchObject({
    cmd_get: '3',
    get_hits: '1',
    get_misses: '2',
    get_expired: '1',
    cmd_touch: '4',
    touch_hits: '2',
    touch_misses: '2',
    cmd_set: '4',
    cmd_meta: '1',
    cmd_flush: '1',
    incr_hits: '1',
    incr_misses: '1',
    decr_hits: '1',
    decr_misses: '1',
    cas_badval: '1',
    cas_misses: '1',
    cas_hits: '0',
    delete_misses: '1',
    reclaimed: '1',
    expired_unfetched: '1',
  });
});
