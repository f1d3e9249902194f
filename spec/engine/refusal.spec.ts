/** Writes that cannot be: entries that can never fit, and a full cache that does not evict. */

import { describe, expect, it } from 'vitest';
import { makeFixture, order } from './fixture.js';

const weighed = { sizeOf: (value: number) => value };

describe('an entry that can never fit', () => {
  it.each([
    ['maxBytes', { maxBytes: 1000 }],
    ['maxEntryBytes', { maxEntryBytes: 1000 }],
    ['maxEntryBytes without a maxBytes', { maxBytes: Infinity, maxEntries: 10, maxEntryBytes: 1000 }],
  ])('is refused as too large by %s', (_, limits) => {
    const { engine } = makeFixture({ ...limits, ...weighed });
    expect(engine.set('a', 1000)).toBe('too-large');
    expect(engine.add('a', 1000)).toBe('too-large');
    expect(engine.set('a', 1)).toBe('stored');
    expect(engine.size).toBe(1);
    expect(engine.verify()).toEqual([]);
  });

  it.each(['set', 'replace', 'update', 'compareAndSet'] as const)(
    'takes the old value with it when %s brings it, and nothing else',
    (method) => {
      const { engine, removals } = makeFixture({ maxBytes: 1000, ...weighed });
      for (const key of ['a', 'b', 'c']) engine.set(key, 1);
      const result =
        method === 'compareAndSet'
          ? engine.compareAndSet('b', engine.getEntry('b')!.version, 2000)
          : engine[method]('b', 2000);
      expect(result).toBe('too-large');
      expect(order(engine)).toEqual(['a', 'c']);
      expect(removals).toEqual([['b', 1, 'replaced']]);
      expect(engine.stats()).toMatchObject({ stores: 3, refusals: 1, evictions: 0, deletions: 0 });
      expect(engine.verify()).toEqual([]);
    },
  );

  it('leaves the old value when the write would not have been anyway', () => {
    const { engine } = makeFixture({ maxBytes: 1000, ...weighed });
    engine.set('a', 1);
    expect(engine.add('a', 2000)).toBe('exists');
    expect(engine.compareAndSet('a', -1, 2000)).toBe('exists');
    expect(engine.replace('b', 2000)).toBe('not-found');
    expect(engine.peek('a')).toBe(1);
    expect(engine.stats().refusals).toBe(0);
  });
});

describe('a full cache that does not evict', () => {
  it('refuses a new entry and keeps what it has', () => {
    const { engine, removals } = makeFixture({ maxEntries: 2, evict: false });
    engine.set('a', 1);
    engine.set('b', 1);
    expect(engine.set('c', 1)).toBe('no-room');
    expect(order(engine)).toEqual(['a', 'b']);
    expect(removals).toEqual([]);
    expect(engine.stats()).toMatchObject({ stores: 2, refusals: 1, evictions: 0 });
  });

  it('still takes a new value under a key that it holds', () => {
    const { engine } = makeFixture({ maxEntries: 1, evict: false });
    engine.set('a', 1);
    expect(engine.set('a', 2)).toBe('stored');
    expect(engine.peek('a')).toBe(2);
  });

  it('refuses a larger value that does not fit, and then the old one is gone', () => {
    const { engine, removals } = makeFixture({ maxBytes: 1000, evict: false, ...weighed });
    engine.set('a', 200);
    engine.set('b', 200);
    expect(engine.set('a', 700)).toBe('no-room');
    expect(order(engine)).toEqual(['b']);
    expect(removals).toEqual([['a', 200, 'replaced']]);
    expect(engine.verify()).toEqual([]);
  });

  it('reclaims expired entries first', () => {
    const { engine, clock, removals } = makeFixture<number, number>({ maxEntries: 60, evict: false });
    for (let key = 0; key < 59; key++) engine.set(key, key, { ttlMs: 10 });
    engine.set(59, 59, { ttlMs: 5 });
    expect(engine.set(60, 60)).toBe('no-room');
    clock.advance(5);
    expect(engine.set(60, 60)).toBe('stored');
    expect(engine.set(61, 61)).toBe('no-room');
    expect(removals).toEqual([[59, 59, 'expired']]);
    expect(engine.verify()).toEqual([]);
  });

  it('looks for an expired entry where it stopped the last time, so that it finds each in the end', () => {
    const { engine, clock, removals } = makeFixture<number, number>({ maxEntries: 1000, evict: false });
    for (let key = 0; key < 1000; key++) engine.set(key, key, { ttlMs: key === 999 ? 5 : 10 });
    clock.advance(5);
    let tries = 0;
    while (engine.set(1000, 1) === 'no-room') tries++;
    expect(tries).toBeLessThan(20);
    expect(removals).toEqual([[999, 999, 'expired']]);
  });

  it('needs no room for a value that has expired before it is stored', () => {
    const { engine, removals } = makeFixture({ maxEntries: 1, evict: false });
    engine.set('a', 1);
    expect(engine.set('b', 2, { ttlMs: 0 })).toBe('stored');
    expect([...engine.entries()]).toEqual([['a', 1]]);
    expect(removals).toEqual([['b', 2, 'expired']]);
  });

  it('still shrinks by resize, and evicts by evictOldest', () => {
    const { engine } = makeFixture({ maxEntries: 3, evict: false });
    for (const key of ['a', 'b', 'c']) engine.set(key, 1);
    engine.resize({ maxEntries: 2 });
    expect(order(engine)).toEqual(['b', 'c']);
    expect(engine.evictOldest()).toEqual(['b', 1]);
  });
});
