/** The budget in bytes and in entries: honoured as it is written, whatever its size. */

import { describe, expect, it } from 'vitest';
import { CacheEngine, DEFAULT_MAX_BYTES } from '../../lib/index.js';
import { makeFixture, order } from './fixture.js';

/** What an entry under an integer key weighs beside its value. */
const OVERHEAD: number = (() => {
  const engine = new CacheEngine<number, number>({ sizeOf: () => 0 });
  engine.set(0, 0);
  return engine.bytes;
})();

describe('maxBytes', () => {
  it.each([1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9])('of %d is used up and not exceeded', (maxBytes) => {
    const { engine } = makeFixture<number, number>({ maxBytes, sizeOf: (value) => value });
    const weight = maxBytes / 5;
    for (let key = 0; key < 20; key++) {
      engine.set(key, weight - OVERHEAD);
      expect(engine.bytes).toBeLessThanOrEqual(maxBytes);
    }
    expect(engine.maxBytes).toBe(maxBytes);
    expect(engine.bytes).toBe(maxBytes);
    expect(order(engine)).toEqual([15, 16, 17, 18, 19]);
  });

  it.each([2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 5e9, 2 ** 40, Number.MAX_SAFE_INTEGER])(
    'of %d is not cut to 32 bits',
    (maxBytes) => {
      const { engine } = makeFixture<string, number>({ maxBytes, sizeOf: (value) => value });
      const half = Math.floor(maxBytes / 2) - 200;
      engine.set('a', half);
      engine.set('b', half);
      expect(engine.size).toBe(2);
      expect(engine.bytes).toBeGreaterThan(2 * half);
      engine.set('c', half);
      expect(order(engine)).toEqual(['b', 'c']);
      expect(engine.getEntry('c')!.bytes).toBeGreaterThan(half);
      expect(engine.verify()).toEqual([]);
    },
  );

  it('is 64 MiB by default', () => {
    expect(new CacheEngine().maxBytes).toBe(DEFAULT_MAX_BYTES);
    expect(DEFAULT_MAX_BYTES).toBe(2 ** 26);
  });

  it('counts key, value and overhead', () => {
    const { engine } = makeFixture<string, string>();
    engine.set('k', 'v');
    const small = engine.bytes;
    engine.set('k', 'v'.repeat(1001));
    expect(engine.bytes - small).toBe(1000);
    engine.delete('k');
    engine.set('k'.repeat(1001), 'v');
    expect(engine.bytes - small).toBe(1000);
  });

  it('an entry that exactly fits is stored; one byte more is not', () => {
    const { engine } = makeFixture<number, number>({ maxBytes: 1000, sizeOf: (value) => value });
    expect(engine.set(0, 1000 - OVERHEAD)).toBe('stored');
    expect(engine.bytes).toBe(1000);
    expect(engine.set(0, 1001 - OVERHEAD)).toBe('too-large');
  });

  it('holds when an entry grows in place: others go, oldest first, not the entry itself', () => {
    const { engine, removals } = makeFixture<number, number>({ maxBytes: 1000, sizeOf: (value) => value });
    for (const key of [1, 2, 3, 4]) engine.set(key, 0);
    engine.update(1, 1000 - 2 * OVERHEAD);
    expect(order(engine)).toEqual([4, 1]);
    expect(removals.map(([key, , cause]) => [key, cause])).toEqual([
      [1, 'replaced'],
      [2, 'evicted'],
      [3, 'evicted'],
    ]);
    expect(engine.verify()).toEqual([]);
  });

  it('of Infinity switches weighing off', () => {
    const sizeOf = (): number => {
      throw new Error('weighed');
    };
    const { engine } = makeFixture({ maxBytes: Number.POSITIVE_INFINITY, maxEntries: 2, sizeOf });
    for (const key of ['a', 'b', 'c']) engine.set(key, 1);
    expect(engine.bytes).toBe(0);
    expect(engine.getEntry('c')!.bytes).toBe(0);
    expect(order(engine)).toEqual(['b', 'c']);
    expect(engine.verify()).toEqual([]);
  });
});

describe('maxEntries', () => {
  it.each([1, 2, 10, 1000])('of %d holds after every call', (maxEntries) => {
    const { engine } = makeFixture<number, number>({ maxEntries });
    for (let key = 0; key < 2 * maxEntries + 5; key++) {
      engine.set(key, key);
      expect(engine.size).toBeLessThanOrEqual(maxEntries);
    }
    expect(engine.size).toBe(maxEntries);
    expect(engine.peek(maxEntries + 4)).toBeUndefined();
    expect(engine.peek(maxEntries + 5)).toBe(maxEntries + 5);
  });
});

describe('eviction', () => {
  it('takes the least recently used entry, always', () => {
    const { engine, removals } = makeFixture<number, number>({ maxEntries: 100 });
    for (let key = 0; key < 100; key++) engine.set(key, key);
    for (let key = 0; key < 100; key += 2) engine.get(key);
    for (let key = 100; key < 150; key++) engine.set(key, key);
    expect(removals.map(([key]) => key)).toEqual(Array.from({ length: 50 }, (_, i) => 2 * i + 1));
  });

  it('takes expired entries before live ones, however recently they were used', () => {
    const { engine, clock, removals } = makeFixture({ maxEntries: 3 });
    engine.set('old', 1);
    engine.set('middle', 1);
    engine.set('mortal', 1, { ttlMs: 10 });
    clock.advance(10);
    engine.set('new', 1);
    expect(order(engine)).toEqual(['old', 'middle', 'new']);
    expect(removals).toEqual([['mortal', 1, 'expired']]);
    expect(engine.stats()).toMatchObject({ evictions: 0, expirations: 1 });
  });

  it('finds the expired among many that are about to expire', () => {
    const { engine, clock } = makeFixture<number, number>({ maxEntries: 1000 });
    engine.set(0, 0, { ttlMs: 5 });
    for (let key = 1; key < 1000; key++) engine.set(key, key, { ttlMs: 10 });
    clock.advance(5);
    for (let key = 1000; key < 1010; key++) engine.set(key, key);
    expect(engine.stats()).toMatchObject({ expirations: 1, evictions: 9 });
    expect(engine.verify()).toEqual([]);
  });
});

describe('columns in use', () => {
  const perEntry = (use: (engine: CacheEngine<string, number>) => void, trackAccess = false): number => {
    const engine = new CacheEngine<string, number>({ sizeOf: () => 0, trackAccess });
    engine.set('k', 1);
    use(engine);
    return engine.bytes;
  };
  const plain = perEntry(() => {});

  it.each<[string, (engine: CacheEngine<string, number>) => void]>([
    ['flags', (engine) => engine.set('k', 1, { flags: 1 })],
    ['a time to live in set', (engine) => engine.set('k', 1, { ttlMs: 1000 })],
    ['a time to live in touch', (engine) => engine.touch('k', 1000)],
    ['versions', (engine) => engine.getEntry('k')],
  ])('%s: counted for each entry from then on', (_, use) => {
    expect(perEntry(use)).toBeGreaterThan(plain);
  });

  it('access times: counted from the start', () => {
    expect(perEntry(() => {}, true)).toBeGreaterThan(plain);
  });

  it('the budget holds when a column comes into use in a full cache', () => {
    for (const use of [
      (engine: CacheEngine<number, number>) => engine.touch(1, 1000),
      (engine: CacheEngine<number, number>) => engine.getEntry(1),
      (engine: CacheEngine<number, number>) => engine.set(1, 1, { flags: 7 }),
      (engine: CacheEngine<number, number>) => engine.set(1, 1, { ttlMs: 60_000 }),
    ]) {
      const engine = new CacheEngine<number, number>({ maxBytes: 10_000 });
      for (let key = 0; key < 1000; key++) engine.set(key, key);
      engine.set(1, 1);
      use(engine);
      expect(engine.bytes).toBeLessThanOrEqual(10_000);
      expect(engine.stats().evictions).toBeGreaterThan(0);
      expect(engine.has(1)).toBe(true);
      expect(engine.verify()).toEqual([]);
    }
  });
});

describe('an insertion into a full cache', () => {
  // Were the index to double here, half of the entries would have to go at once: it is rewritten instead.
  it('evicts a few entries at most', () => {
    const engine = new CacheEngine<number, number>({ maxBytes: 850_000, sizeOf: () => 0 });
    let most = 0;
    for (let key = 0; key < 60_000; key++) {
      const before = engine.size;
      engine.set(key, key);
      most = Math.max(most, before + 1 - engine.size);
    }
    expect(most).toBeLessThan(100);
  });
});
