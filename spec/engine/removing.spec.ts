/** delete, clear, evictOldest and sweepExpired. */

import { describe, expect, it } from 'vitest';
import { makeFixture, order, thrownBy } from './fixture.js';

describe('delete', () => {
  it('says whether a live entry was there', () => {
    const { engine, clock, removals } = makeFixture();
    engine.set('a', 1);
    engine.set('b', 2, { ttlMs: 10 });
    clock.advance(10);
    expect(engine.delete('a')).toBe(true);
    expect(engine.delete('a')).toBe(false);
    expect(engine.delete('b')).toBe(false);
    expect(engine.size).toBe(0);
    expect(removals).toEqual([
      ['a', 1, 'deleted'],
      ['b', 2, 'expired'],
    ]);
  });

  it('gives bytes and slots back', () => {
    const { engine } = makeFixture<number, number>();
    for (let round = 0; round < 10; round++) {
      for (let key = 0; key < 100; key++) engine.set(key, key);
      for (let key = 0; key < 100; key += 2) engine.delete(key);
      expect(engine.verify()).toEqual([]);
    }
    for (let key = 0; key < 100; key++) engine.delete(key);
    expect(engine).toMatchObject({ size: 0, bytes: 0 });
  });
});

describe('clear', () => {
  it('empties everything and reports each entry to the listener, oldest first', () => {
    const { engine, removals } = makeFixture();
    engine.set('a', 1);
    engine.set('b', 2, { ttlMs: 10 });
    engine.clear();
    expect(engine).toMatchObject({ size: 0, bytes: 0 });
    expect([...engine.keys()]).toEqual([]);
    expect(removals).toEqual([
      ['a', 1, 'cleared'],
      ['b', 2, 'cleared'],
    ]);
    expect(engine.verify()).toEqual([]);
  });

  it('leaves an engine that works as before, TTLs included', () => {
    const { engine, clock } = makeFixture<number, number>();
    for (let key = 0; key < 100; key++) engine.set(key, key, { ttlMs: 10 });
    engine.clear();
    for (let key = 0; key < 50; key++) engine.set(key, key, { ttlMs: 20 });
    clock.advance(10);
    expect(engine.sweepExpired()).toBe(0);
    clock.advance(10);
    expect(engine.sweepExpired()).toBe(50);
    expect(engine.verify()).toEqual([]);
  });

  it('ends a bounded sweep that was under way', () => {
    const { engine, clock } = makeFixture<number, number>();
    for (let key = 0; key < 100; key++) engine.set(key, key, { ttlMs: 10 });
    clock.advance(10);
    engine.sweepExpired(7);
    engine.clear();
    engine.set(1, 1, { ttlMs: 10 });
    expect(engine.sweepExpired()).toBe(0);
    expect(engine.verify()).toEqual([]);
  });
});

describe('evictOldest', () => {
  it('evicts the least recently used entry and returns it', () => {
    const { engine, removals } = makeFixture();
    for (const key of ['a', 'b', 'c']) engine.set(key, 1);
    engine.get('a');
    expect(engine.evictOldest()).toEqual(['b', 1]);
    expect(order(engine)).toEqual(['c', 'a']);
    expect(removals).toEqual([['b', 1, 'evicted']]);
  });

  it('skips expired entries on its way, which count as expired', () => {
    const { engine, clock, removals } = makeFixture();
    engine.set('a', 1, { ttlMs: 10 });
    engine.set('b', 2);
    engine.set('c', 3);
    clock.advance(10);
    expect(engine.evictOldest()).toEqual(['b', 2]);
    expect(removals).toEqual([
      ['a', 1, 'expired'],
      ['b', 2, 'evicted'],
    ]);
  });

  it('returns undefined when all entries have expired, and when there is none', () => {
    const { engine, clock } = makeFixture();
    expect(engine.evictOldest()).toBeUndefined();
    engine.set('a', 1, { ttlMs: 10 });
    clock.advance(10);
    expect(engine.evictOldest()).toBeUndefined();
    expect(engine.size).toBe(0);
  });
});

describe('sweepExpired', () => {
  it('removes all that has expired, and nothing else', () => {
    const { engine, clock } = makeFixture<number, number>();
    for (let key = 1; key <= 100; key++) engine.set(key, key, { ttlMs: key });
    engine.set(0, 0);
    clock.advance(60);
    expect(engine.sweepExpired()).toBe(60);
    expect(engine.size).toBe(41);
    expect(order(engine)).toEqual([...Array.from({ length: 40 }, (_, i) => 61 + i), 0]);
    expect(engine.verify()).toEqual([]);
  });

  it('removes at most `limit` entries in one call and finishes over several', () => {
    const { engine, clock } = makeFixture<number, number>();
    for (let key = 0; key < 100; key++) engine.set(key, key, { ttlMs: 10 });
    clock.advance(10);
    expect(engine.sweepExpired(0)).toBe(0);
    expect(engine.sweepExpired(30)).toBe(30);
    expect(engine.verify()).toEqual([]);
    expect(engine.sweepExpired(30)).toBe(30);
    expect(engine.sweepExpired(30)).toBe(30);
    expect(engine.sweepExpired(30)).toBe(10);
    expect(engine.sweepExpired(30)).toBe(0);
  });

  it('rounds a fractional limit down', () => {
    const { engine, clock } = makeFixture<number, number>();
    for (let key = 0; key < 10; key++) engine.set(key, key, { ttlMs: 10 });
    clock.advance(10);
    expect(engine.sweepExpired(0.5)).toBe(0);
    expect(engine.sweepExpired(2.5)).toBe(2);
  });

  it.each([-1, Number.NaN, '5', 5n, null, Number.NEGATIVE_INFINITY])('refuses a limit of %s', (limit) => {
    const { engine } = makeFixture();
    const error = thrownBy(() => engine.sweepExpired(limit as number));
    expect(error.code).toBe('HOTSET_INVALID_ARGUMENT');
    expect(error.message).toContain('limit');
  });
});
