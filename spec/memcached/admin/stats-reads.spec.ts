/** hotset's own groups: `stats curve` and `stats hot`. */

import { describe, expect, it } from 'vitest';
import { HALVING_MS, LONG_INTEREST_MS } from '../../../lib/memcached/hot-keys.js';
import { Administered } from './fixture.js';

describe('stats curve', () => {
  it('is refused where no curve is kept', () => {
    expect(new Administered().ask('stats curve\r\n')).toBe(
      'CLIENT_ERROR no miss-ratio curve is kept on this server\r\n',
    );
  });

  it('has what other sizes and policies would have, and a sentence', () => {
    const admin = new Administered({}, { maxBytes: 300_000, missRatioCurve: true });
    for (let i = 0; i < 12_000; i++) {
      const key = `k${(i * 7919) % 3001}`;
      if (admin.ask(`get ${key}\r\n`) === 'END\r\n') admin.set(key, 'v'.repeat(50));
    }
    const curve = admin.stats('curve');
    expect([...curve.keys()]).toEqual(
      [
        ...['unit', 'size', 'policy', 'hit_ratio'],
        ...['hit_ratio_0.25x', 'hit_ratio_0.5x', 'hit_ratio_1x', 'hit_ratio_2x', 'hit_ratio_4x'],
        ...[...curve.keys()].slice(9, 13).map((name) => name.slice('curve:'.length)),
        ...['working_set', 'size_for_99', 'sampled_reads', 'sampled_keys', 'summary'],
      ].map((name) => `curve:${name}`),
    );
    expect(new Set([...curve.keys()].slice(9, 13))).toEqual(
      new Set(['lru', 'sieve', 's3-fifo', 'w-tinylfu'].map((name) => `curve:hit_ratio_${name}`)),
    );
    expect(curve.get('curve:hit_ratio')).toMatch(/^[01]\.\d{4}$/);
    expect(curve.get('curve:summary')).toMatch(/\.$/);
  });
});

describe('stats hot', () => {
  it('is refused where keys may not be listed', () => {
    expect(new Administered({ allowDump: false }).ask('stats hot\r\n')).toBe(
      'CLIENT_ERROR stats hot not allowed\r\n',
    );
  });

  it('counts from the first time, and shows keys as a metadump does', () => {
    const admin = new Administered();
    admin.set('user:1');
    expect(admin.stats('hot')).toEqual(
      new Map([
        ['hot:sampled_seconds', '0'],
        ['hot:reads', '0'],
      ]),
    );
    for (let i = 0; i < 3; i++) admin.ask('get user:1 ü%\r\n');
    admin.ask('get user:1\r\n');
    admin.clock.advance(5000);
    const hot = admin.stats('hot');
    expect(Object.fromEntries(hot)).toMatchObject({
      'hot:sampled_seconds': '5',
      'hot:reads': '7',
      'hot:key:1:key': 'user%3A1',
      'hot:key:1:reads': '4',
      'hot:key:2:reads': '3',
      'hot:key:2:bytes': '0',
      'hot:prefix:1:prefix': 'user%3A',
      'hot:prefix:1:reads': '4',
    });
    expect(hot.get('hot:key:2:key')).not.toMatch(/ü/);
    admin.items.hotKeys.stop();
  });

  it('goes on for some minutes after, and forgets by halves', () => {
    const admin = new Administered();
    admin.stats('hot');
    for (let i = 0; i < 100; i++) admin.ask('get old\r\n');
    admin.clock.advance(HALVING_MS);
    const hot = admin.stats('hot');
    expect(hot.get('hot:sampled_seconds')).toBe(String(HALVING_MS / 2000));
    expect([hot.get('hot:reads'), hot.get('hot:key:1:reads')]).toEqual(['50', '50']);
    admin.clock.advance(LONG_INTEREST_MS + 1);
    expect(admin.stats('hot').get('hot:reads')).toBe('0');
    admin.items.hotKeys.stop();
  });
});
