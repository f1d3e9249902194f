/** stats and resetStats: what is counted, and where. */

import { describe, expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { makeFixture } from './fixture.js';

describe('stats', () => {
  it('starts at zero, with a hit ratio of 0', () => {
    const { engine } = makeFixture({ maxBytes: 5000, maxEntries: 5 });
    expect(engine.stats()).toEqual({
      hits: 0,
      misses: 0,
      missesAbsent: 0,
      missesExpired: 0,
      hitRatio: 0,
      recent: { reads: 0, hits: 0, hitRatio: 0 },
      stores: 0,
      refusals: 0,
      evictions: 0,
      evictionsUnfetched: 0,
      evictionsWithTtl: 0,
      lastEvictionIdleMs: undefined,
      evictionAges: undefined,
      evictionIdles: undefined,
      evictionAgeMsTotal: undefined,
      evictionIdleMsTotal: undefined,
      expirations: 0,
      expirationsUnfetched: 0,
      deletions: 0,
      size: 0,
      bytes: 0,
      maxBytes: 5000,
      maxEntries: 5,
    });
  });

  it('counts evicted entries with a TTL, and has the idle time of the last', () => {
    const { engine, clock } = makeFixture({ maxEntries: 2, trackAccess: true });
    expect(engine.stats()).toMatchObject({ evictionsWithTtl: 0, lastEvictionIdleMs: 0 });
    engine.set('a', 1, { ttlMs: 1000 });
    engine.set('b', 1);
    clock.advance(7);
    engine.set('c', 1);
    clock.advance(2);
    engine.set('d', 1);
    expect(engine.stats()).toMatchObject({ evictions: 2, evictionsWithTtl: 1, lastEvictionIdleMs: 9 });
    engine.resetStats();
    expect(engine.stats()).toMatchObject({ evictionsWithTtl: 0, lastEvictionIdleMs: 0 });
  });

  it('is a frozen snapshot that later calls do not change', () => {
    const { engine } = makeFixture();
    const before = engine.stats();
    engine.set('a', 1);
    engine.get('a');
    expect(before).toMatchObject({ hits: 0, stores: 0, size: 0, recent: { reads: 0 } });
    expect([Object.isFrozen(before), Object.isFrozen(before.recent)]).toEqual([true, true]);
  });

  it('distinguishes hits, misses of absent entries and misses of expired ones', () => {
    const { engine, clock } = makeFixture();
    engine.set('a', 1, { ttlMs: 10 });
    engine.get('a');
    engine.get('a');
    engine.get('b');
    clock.advance(10);
    engine.get('a');
    engine.get('a');
    expect(engine.stats()).toMatchObject({
      hits: 2,
      misses: 3,
      missesAbsent: 2,
      missesExpired: 1,
      hitRatio: 0.4,
      expirations: 1,
    });
  });

  it('counts evictions, expirations and deletions apart', () => {
    const { engine, clock } = makeFixture({ maxEntries: 2 });
    for (const key of ['a', 'b', 'c']) engine.set(key, 1, { ttlMs: 10 });
    engine.delete('b');
    clock.advance(10);
    engine.sweepExpired();
    expect(engine.stats()).toMatchObject({ stores: 3, evictions: 1, expirations: 1, deletions: 1, size: 0 });
  });

  it('counts a value stored by any method, and neither replacements nor clear as removals', () => {
    const { engine } = makeFixture();
    engine.set('a', 1);
    engine.add('b', 1);
    engine.replace('a', 2);
    engine.update('a', 3);
    engine.compareAndSet('a', engine.getEntry('a')!.version, 4);
    engine.clear();
    expect(engine.stats()).toMatchObject({ stores: 5, evictions: 0, expirations: 0, deletions: 0 });
  });

  it('counts what left without ever being read, with trackAccess', () => {
    const { engine, clock } = makeFixture({ maxEntries: 4, trackAccess: true });
    engine.set('read, evicted', 1);
    engine.set('unread, evicted', 1);
    engine.get('read, evicted');
    engine.set('read, expired', 1, { ttlMs: 10 });
    engine.set('unread, expired', 1, { ttlMs: 10 });
    engine.get('read, expired');
    engine.evictOldest();
    engine.evictOldest();
    clock.advance(10);
    engine.sweepExpired();
    expect(engine.stats()).toMatchObject({
      evictions: 2,
      evictionsUnfetched: 1,
      expirations: 2,
      expirationsUnfetched: 1,
    });
  });

  it('counts nothing as unread without trackAccess', () => {
    const { engine } = makeFixture({ maxEntries: 1 });
    engine.set('a', 1);
    engine.set('b', 1);
    expect(engine.stats()).toMatchObject({ evictions: 1, evictionsUnfetched: 0 });
  });

  it('equals the overall ratio while all reads are recent', () => {
    const { engine } = makeFixture();
    engine.set('a', 1);
    for (let i = 0; i < 3; i++) engine.get('a');
    engine.get('b');
    expect(engine.stats().recent).toEqual({ reads: 4, hits: 3, hitRatio: 0.75 });
  });

  it('forgets old reads', () => {
    const engine = new CacheEngine<string, number>();
    engine.set('a', 1);
    for (let i = 0; i < 60_000; i++) engine.get('absent');
    for (let i = 0; i < 60_000; i++) engine.get('a');
    expect(engine.stats()).toMatchObject({ hitRatio: 0.5, recent: { hitRatio: 1 } });
  });

  it('has the ages and idle times of evicted entries, with trackAccess', () => {
    const { engine, clock } = makeFixture({ maxEntries: 1, trackAccess: true });
    engine.set('a', 1);
    clock.advance(5000);
    engine.get('a');
    clock.advance(50);
    engine.set('b', 1);
    const { evictionAges, evictionIdles } = engine.stats();
    expect(evictionAges!.filter((bar) => bar.count > 0)).toEqual([{ toMs: 10_000, count: 1 }]);
    expect(evictionIdles!.filter((bar) => bar.count > 0)).toEqual([{ toMs: 100, count: 1 }]);
    expect(engine.stats()).toMatchObject({ evictionAgeMsTotal: 5050, evictionIdleMsTotal: 50 });
    engine.delete('b');
    clock.advance(1e9);
    expect(engine.stats().evictionAges).toEqual(evictionAges);
    engine.resetStats();
    expect(engine.stats().evictionAges!.every((bar) => bar.count === 0)).toBe(true);
  });

  it('peek does not count as a read of the entry', () => {
    const { engine } = makeFixture({ trackAccess: true });
    engine.set('a', 1);
    engine.peek('a');
    engine.evictOldest();
    expect(engine.stats().evictionsUnfetched).toBe(1);
  });
});

describe('resetStats', () => {
  it('sets the counters to zero and leaves what is held', () => {
    const { engine } = makeFixture({ maxEntries: 1 });
    engine.set('a', 1);
    engine.set('b', 1);
    engine.get('b');
    engine.get('a');
    engine.resetStats();
    expect(engine.stats()).toMatchObject({ hits: 0, misses: 0, stores: 0, evictions: 0, size: 1 });
    expect(engine.stats().recent).toEqual({ reads: 0, hits: 0, hitRatio: 0 });
    expect(engine.stats().bytes).toBe(engine.bytes);
    expect(engine.peek('b')).toBe(1);
  });
});
