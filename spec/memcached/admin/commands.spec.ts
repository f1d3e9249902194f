/** Administrative commands that only answer: their replies to every form of their arguments. */

import { describe, expect, it } from 'vitest';
import type { Transport, TransportSettings } from '../../../lib/transport.js';
import { Administered } from './fixture.js';

const BAD_FORMAT = 'CLIENT_ERROR bad command line format';

describe('replies', () => {
  it.each([
    ['lru tune 50 40 0.1 2.0', 'ERROR hot and warm pcts must not exceed 80'],
    ['lru tune 40 40 .5 1e1', 'OK'],
    ['lru tune 10 20 1 -2.0', 'ERROR hot/warm age factors must be greater than 0'],
    ['lru tune a 20 0 2.0', 'ERROR'],
    ['lru tune 10 20 x 2.0', 'ERROR'],
    ['lru constructor 1', 'ERROR'],
    ['slabs reassign 1 2', 'NOSPARE source class has no spare pages'],
    ['slabs reassign 0 2', 'NOSPARE source class has no spare pages'],
    ['slabs reassign 1 39', 'NOSPARE source class has no spare pages'],
    ['slabs reassign 1 40', 'BADCLASS invalid src or dst class id'],
    ['slabs reassign - 1', 'NOSPARE source class has no spare pages'],
    ['slabs reassign -1 1', 'BADCLASS invalid src or dst class id'],
    ['lru temp_ttl -', 'OK'],
    ['lru temp_ttl 00000000005', 'OK'],
    ['lru temp_ttl 000000000005', 'ERROR'],
    ['slabs automove -', BAD_FORMAT],
    ['slabs automove -0', BAD_FORMAT],
    ['slabs automove window 3', 'OK'],
    ['slabs automove window 1800', 'OK'],
    ['slabs automove window 1801', 'CLIENT_ERROR automove window too low or too high'],
    ['lru_crawler constructor', 'ERROR'],
    ['lru_crawler toString x', 'ERROR'],
    ['lru_crawler tocrawl -5', BAD_FORMAT],
    ['lru_crawler tocrawl 4294967296', BAD_FORMAT],
    ['lru_crawler sleep 1000000', 'OK'],
    ['lru_crawler crawl 1,99', 'BADCLASS invalid class id'],
    ['lru_crawler crawl hash', 'ERROR an unknown error happened'],
    ['verbosity', BAD_FORMAT],
    ['cache_memlimit', 'ERROR'],
    ['cache_memlimit 8', 'OK'],
    ['cache_memlimit 2000000000', 'MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes'],
    ['stats res', 'ERROR'],
    ['stats constructor', 'ERROR'],
    ['stats sizes_enable', 'ERROR'],
    ['stats cachedump', 'CLIENT_ERROR bad command line'],
    ['stats cachedump 1', 'CLIENT_ERROR bad command line'],
    ['stats cachedump 1 x', BAD_FORMAT],
    ['stats cachedump -1 0', BAD_FORMAT],
    ['stats detail', 'CLIENT_ERROR usage: stats detail on|off|dump'],
    ['stats detail foo', 'CLIENT_ERROR usage: stats detail on|off|dump'],
  ])('%s', (line, reply) => {
    expect(new Administered().ask(`${line}\r\n`)).toBe(`${reply}\r\n`);
  });

  it.each([
    ['stats cachedump 1 0', 'CLIENT_ERROR stats cachedump not allowed'],
    ['stats cachedump', 'CLIENT_ERROR stats cachedump not allowed'],
    ['stats detail on', 'CLIENT_ERROR stats detail not allowed'],
    ['lru_crawler metadump all', 'ERROR metadump not allowed'],
    ['lru_crawler metadump x', 'ERROR metadump not allowed'],
    ['lru_crawler mgdump all', 'ERROR key dump not allowed'],
    ['watch', 'CLIENT_ERROR watch commands not allowed'],
    ['watch foo', 'CLIENT_ERROR watch commands not allowed'],
    ['lru_crawler crawl all', 'OK'],
  ])('where dumps and watching are forbidden: %s', (line, reply) => {
    const admin = new Administered({ allowDump: false, allowWatch: false });
    expect(admin.ask(`${line}\r\n`)).toBe(`${reply}\r\n`);
  });
});

it.each([['watch noreply'], ['watch fetchers noreply']])(
  '%s is refused where watching is forbidden',
  (line) => {
    const admin = new Administered({ allowWatch: false });
    expect(admin.ask(`${line}\r\n`)).toBe('CLIENT_ERROR watch commands not allowed\r\n');
  },
);

it('debugtime moves the clock by whole seconds, and takes nothing else', () => {
  const moved: number[] = [];
  const admin = new Administered({ onDebugTime: (seconds) => moved.push(seconds) });
  expect(admin.ask('debugtime\r\ndebugtime x\r\ndebugtime p\r\ndebugtime 1.5\r\n')).toBe(
    'ERROR\r\n'.repeat(4),
  );
  expect(admin.ask('debugtime 5\r\ndebugtime -3 x\r\ndebugtime 7 noreply\r\n')).toBe('OK\r\nOK\r\n');
  expect(moved).toEqual([5, -3, 7]);
});

it('what is set is shown', () => {
  const admin = new Administered();
  admin.ask('extstore item_size 7\r\nextstore max_frag 0.5\r\nextstore drop_unread 1\r\n');
  admin.ask('lru tune 11 22 0.33 4.4\r\nlru mode segmented\r\nlru temp_ttl 77\r\n');
  admin.ask('slabs automove 2\r\nslabs automove ratio 0.5\r\nslabs automove freeratio 0.25\r\n');
  admin.ask('slabs automove window 99\r\nlru_crawler tocrawl 5\r\nlru_crawler sleep 6\r\nverbosity 2\r\n');
  admin.ask('lru_crawler disable\r\nstats detail on\r\ncache_memlimit 16\r\n');
  expect(Object.fromEntries(admin.stats('settings'))).toMatchObject({
    hot_lru_pct: '11',
    warm_lru_pct: '22',
    hot_max_factor: '0.33',
    warm_max_factor: '4.40',
    lru_segmented: 'yes',
    temp_lru: 'yes',
    temporary_ttl: '77',
    slab_automove: '2',
    slab_automove_ratio: '0.50',
    slab_automove_freeratio: '0.250',
    slab_automove_window: '99',
    lru_crawler: 'no',
    lru_crawler_tocrawl: '5',
    lru_crawler_sleep: '6',
    detail_enabled: 'yes',
    verbosity: '2',
    maxbytes: '16777216',
    ext_item_size: '7',
    ext_max_frag: '0.50',
    ext_drop_unread: 'yes',
  });
  admin.ask('lru temp_ttl -1\r\nlru_crawler enable\r\nstats detail off\r\n');
  expect(Object.fromEntries(admin.stats('settings'))).toMatchObject({
    temp_lru: 'no',
    temporary_ttl: '77',
    lru_crawler: 'yes',
    detail_enabled: 'no',
  });
});

describe('refresh_certs', () => {
  const tls = {
    chainCert: 'c',
    key: 'k',
    verifyMode: 0,
    caCert: null,
    ciphers: null,
    minVersion: 'tlsv1.2',
    expiresAtMs: 0,
  };

  function served(...all: readonly Partial<TransportSettings>[]): Administered {
    const admin = new Administered();
    for (const settings of all) admin.items.transports.add({ settings } as Transport);
    return admin;
  }

  it('reloads every transport, also one that has only users', () => {
    let reloads = 0;
    const reload = (): void => {
      reloads++;
    };
    const admin = served({ tls, reload }, { tls: null, reload }, { tls, reload });
    expect(admin.ask('refresh_certs\r\n')).toBe('OK\r\n');
    expect(reloads).toBe(3);
    // It knows no noreply, and passes over what follows.
    for (const args of ['', ' x', ' x y z', ' noreply'])
      expect(new Administered().ask(`refresh_certs${args}\r\n`)).toBe('Error TLS not enabled\r\n');
    expect(served({ tls: null, reload }).ask('refresh_certs\r\n')).toBe('Error TLS not enabled\r\n');
    expect(reloads).toBe(4);
  });

  it('says in one line why it could not', () => {
    const reload = (): void => {
      throw new Error('/etc/cert.pem:\n  no start line');
    };
    expect(served({ tls, reload }).ask('refresh_certs\r\n')).toBe('Error /etc/cert.pem: no start line\r\n');
  });
});

it('shutdown ends the session, gracefully on request', () => {
  const asked: boolean[] = [];
  const options = { onShutdown: (graceful: boolean) => asked.push(graceful) };
  expect(new Administered(options).ask('shutdown\r\n')).toBe('<closed>');
  expect(new Administered(options).ask('shutdown graceful\r\n')).toBe('<closed>');
  for (const args of ['now', 'graceful x', 'graceful graceful', 'x graceful', 'graceful noreply x'])
    expect(new Administered(options).ask(`shutdown ${args}\r\n`)).toBe(
      'CLIENT_ERROR invalid shutdown mode\r\n',
    );
  // As in memcached, where it counts as a word too many.
  for (const args of ['noreply', 'graceful noreply'])
    expect(new Administered(options).ask(`shutdown ${args}\r\nmn\r\n`)).toBe('MN\r\n');
  expect(asked).toEqual([false, true]);
});
