/** `stats detail` and `stats sizes`: what they count, and what hostile keys can make them hold. */

import { describe, expect, it } from 'vitest';
import { PREFIXES_MAX, PrefixStats } from '../../../lib/memcached/prefix-stats.js';
import { Administered } from './fixture.js';

describe('stats detail', () => {
  it('is off by default, and switched without losing its counts', () => {
    const admin = new Administered();
    const { prefixes } = admin.items;
    expect(prefixes.enabled).toBe(false);
    expect(admin.ask('stats detail dump\r\n')).toBe('END\r\n');
    expect(admin.ask('stats detail on\r\n')).toBe('OK\r\n');
    prefixes.recordSet('a:1');
    expect(admin.ask('stats detail off more\r\n')).toBe('OK\r\n');
    expect(prefixes.enabled).toBe(false);
    expect(admin.ask('stats detail dump\r\n')).toBe('PREFIX a get 0 hit 0 set 1 del 0\r\nEND\r\n');
    expect(admin.ask('stats reset\r\nstats detail dump\r\n')).toBe('RESET\r\nEND\r\n');
  });

  it('counts by what stands before the first delimiter, which may be nothing', () => {
    const prefixes = new PrefixStats();
    prefixes.recordGet('a:b', true);
    prefixes.recordGet('a:c:d', false);
    prefixes.recordDelete('a:');
    prefixes.recordSet(':x');
    prefixes.recordSet('none');
    expect(prefixes.dump()).toBe(
      'PREFIX a get 2 hit 1 set 0 del 1\r\nPREFIX  get 0 hit 0 set 1 del 0\r\nEND\r\n',
    );
  });

  it('is on from the start with a delimiter of its own', () => {
    const prefixes = new PrefixStats('_');
    expect(prefixes.enabled).toBe(true);
    prefixes.recordSet('a_x');
    prefixes.recordSet('a:x');
    expect(prefixes.dump()).toBe('PREFIX a get 0 hit 0 set 1 del 0\r\nEND\r\n');
  });

  it('holds a bounded number of prefixes, those that came first', () => {
    const prefixes = new PrefixStats();
    for (let i = 0; i < PREFIXES_MAX + 1000; i++) prefixes.recordSet(`p${i}:x`);
    prefixes.recordGet('p0:x', true);
    const lines = prefixes.dump().split('\r\n');
    expect(lines).toHaveLength(PREFIXES_MAX + 2);
    expect(lines[0]).toBe('PREFIX p0 get 1 hit 1 set 1 del 0');
  });
});

describe('stats sizes', () => {
  it('is disabled by default', () => {
    expect(new Administered().ask('stats sizes\r\n')).toBe('STAT sizes_status disabled\r\nEND\r\n');
  });

  // As memcached -o track_sizes answers to the same.
  it('counts items by their size in steps of 32 bytes', () => {
    const admin = new Administered({ trackSizes: true });
    expect(admin.ask('stats sizes\r\n')).toBe('END\r\n');
    admin.set('a', 'x');
    admin.set('b', 'x'.repeat(100));
    admin.set('c', 'hello');
    admin.set('dd', 'hello');
    expect(admin.ask('stats sizes\r\n')).toBe('STAT 64 1\r\nSTAT 96 2\r\nSTAT 160 1\r\nEND\r\n');
    expect(Object.fromEntries(admin.stats('settings'))).toMatchObject({ track_sizes: 'yes' });
  });

  it('leaves out what has expired', () => {
    const admin = new Administered({ trackSizes: true });
    admin.set('a', 'x', 1);
    admin.set('b', 'x');
    admin.clock.advance(2000);
    expect(admin.ask('stats sizes\r\n')).toBe('STAT 64 1\r\nEND\r\n');
  });
});

describe('stats detail and meta commands', () => {
  // As memcached 1.6.18 answers: they are not recorded. A key in base64 could have put lines into the dump.
  it('knows nothing of ms', () => {
    const admin = new Administered();
    admin.ask('stats detail on\r\nms foo:a 1\r\nx\r\n');
    admin.ask(`ms ${Buffer.from('a\r\nEND\r\nx:1').toString('base64')} 1 b\r\nx\r\n`);
    expect(admin.ask('stats detail dump\r\n')).toBe('END\r\n');
  });
});
