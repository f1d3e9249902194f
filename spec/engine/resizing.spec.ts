/** resize: new limits for a living cache. */

import { describe, expect, it } from 'vitest';
import { makeFixture, order, thrownBy } from './fixture.js';

const weighed = { sizeOf: (value: number) => value };

describe('resize', () => {
  it('evicts what no longer fits, oldest first', () => {
    const { engine, removals } = makeFixture({ maxEntries: 4 });
    for (const key of ['a', 'b', 'c', 'd']) engine.set(key, 1);
    engine.get('a');
    engine.resize({ maxEntries: 2 });
    expect(order(engine)).toEqual(['d', 'a']);
    expect(removals.map(([key, , cause]) => [key, cause])).toEqual([
      ['b', 'evicted'],
      ['c', 'evicted'],
    ]);
  });

  it('lets expired entries go first', () => {
    const { engine, clock } = makeFixture({ maxEntries: 3 });
    engine.set('a', 1);
    engine.set('b', 1);
    engine.set('c', 1, { ttlMs: 10 });
    clock.advance(10);
    engine.resize({ maxEntries: 2 });
    expect(order(engine)).toEqual(['a', 'b']);
    expect(engine.stats()).toMatchObject({ evictions: 0, expirations: 1 });
  });

  it('changes one limit and leaves the other', () => {
    const { engine } = makeFixture({ maxBytes: 5000, maxEntries: 5 });
    engine.resize({ maxEntries: 7 });
    expect(engine).toMatchObject({ maxBytes: 5000, maxEntries: 7 });
    engine.resize({ maxBytes: 6000 });
    expect(engine).toMatchObject({ maxBytes: 6000, maxEntries: 7 });
    engine.resize({});
    expect(engine.stats()).toMatchObject({ maxBytes: 6000, maxEntries: 7 });
    engine.resize({ maxEntries: Number.POSITIVE_INFINITY });
    expect(engine.maxEntries).toBe(Number.POSITIVE_INFINITY);
  });

  it('empties a cache whose entries no longer fit at all', () => {
    const { engine } = makeFixture(weighed);
    engine.set('a', 1000);
    engine.resize({ maxBytes: 1 });
    expect(engine).toMatchObject({ size: 0, bytes: 0 });
    expect(engine.set('a', 0)).toBe('too-large');
  });

  it.each([
    ['maxBytes', 0],
    ['maxBytes', -1],
    ['maxBytes', 1.5],
    ['maxBytes', Number.NaN],
    ['maxBytes', null],
    ['maxBytes', ''],
    ['maxBytes', '101%'],
    ['maxEntries', '5MiB'],
    ['maxEntries', 0],
    ['maxEntries', '5'],
  ])('refuses %s: %s, naming it, and changes nothing', (name, value) => {
    const { engine } = makeFixture({ maxBytes: 5000, maxEntries: 5 });
    engine.set('a', 1);
    const error = thrownBy(() => engine.resize({ maxBytes: 10, maxEntries: 10, [name]: value }));
    expect(error.code).toBe('HOTSET_INVALID_OPTION');
    expect(error.message).toContain(name);
    expect(engine).toMatchObject({ maxBytes: 5000, maxEntries: 5, size: 1 });
  });

  it('cannot switch weighing on or off, and cannot take the last bound away', () => {
    const { engine } = makeFixture({ maxBytes: 5000, maxEntries: 5 });
    expect(thrownBy(() => engine.resize({ maxBytes: Infinity })).message).toContain('maxBytes');
    const unweighed = makeFixture({ maxBytes: Infinity, maxEntries: 5 }).engine;
    expect(thrownBy(() => unweighed.resize({ maxBytes: 5000 })).message).toContain('maxBytes');
    expect(thrownBy(() => unweighed.resize({ maxEntries: Infinity })).message).toContain('maxEntries');
    expect(unweighed.maxEntries).toBe(5);
  });

  it('holds the budget through 10,000 changes of it', () => {
    const { engine, clock } = makeFixture<number, number>({ maxBytes: 100_000, ...weighed });
    let seed = 1;
    const random = (below: number): number => {
      seed = (seed * 48271) % 2147483647;
      return seed % below;
    };
    for (let i = 0; i < 10_000; i++) {
      engine.set(random(500), random(2000), { ttlMs: 1 + random(100) });
      engine.resize({ maxBytes: 1 + random(200_000), maxEntries: 1 + random(400) });
      clock.advance(random(3));
      if (engine.bytes > engine.maxBytes || engine.size > engine.maxEntries)
        throw new Error(`the budget does not hold after change ${i}`);
    }
    expect(engine.verify()).toEqual([]);
  });
});
