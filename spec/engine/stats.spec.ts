/** stats and resetStats: what is counted, and where. */

import { describe, expect, it } from 'vitest';
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
      stores: 0,
      refusals: 0,
      evictions: 0,
      evictionsUnfetched: 0,
      expirations: 0,
      expirationsUnfetched: 0,
      deletions: 0,
      size: 0,
      bytes: 0,
      maxBytes: 5000,
      maxEntries: 5,
    });
  });

  it('is a frozen snapshot that later calls do not change', () => {
    const { engine } = makeFixture();
    const before = engine.stats();
    engine.set('a', 1);
    engine.get('a');
    expect(before).toMatchObject({ hits: 0, stores: 0, size: 0 });
    expect(Object.isFrozen(before)).toBe(true);
  });

  it('tells hits, misses of absent entries and misses of expired ones apart', () => {
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
    expect(engine.stats().bytes).toBe(engine.bytes);
    expect(engine.peek('b')).toBe(1);
  });
});
