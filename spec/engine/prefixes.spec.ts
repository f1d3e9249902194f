/** Keys by prefix: walked, in pages, and removed. */

import { describe, expect, it } from 'vitest';
import { makeFixture, thrownBy } from './fixture.js';

function filled(count: number): ReturnType<typeof makeFixture<string, number>> {
  const made = makeFixture<string, number>({ maxBytes: '256MiB' });
  for (let i = 0; i < count; i++) made.engine.set(`${i % 3 === 0 ? 'user' : 'page'}:${i}`, i);
  return made;
}

describe('walks', () => {
  it('take a prefix, which the empty one is of every key', () => {
    const { engine } = makeFixture<unknown, number>();
    for (const [i, key] of ['user:1', 'page:1', 7, null, 'user:2'].entries()) engine.set(key, i);
    expect([...engine.keys({ prefix: 'user:' })]).toEqual(['user:2', 'user:1']);
    expect([...engine.values({ prefix: 'user:', order: 'oldest-first' })]).toEqual([0, 4]);
    expect([...engine.entries({ prefix: 'page' })]).toEqual([['page:1', 1]]);
    expect([...engine.keys({ prefix: '' })]).toHaveLength(5);
    expect([...engine.keys({ prefix: 'none' })]).toEqual([]);
  });
});

describe('scanKeys', () => {
  it('returns every key once in a cache that does not change, looking at no more than the limit', () => {
    const { engine } = filled(1000);
    const keys: string[] = [];
    let pages = 0;
    let cursor: number | undefined;
    do {
      const page = engine.scanKeys({ prefix: 'user:', cursor, limit: 100 });
      expect(page.keys.length).toBeLessThanOrEqual(100);
      keys.push(...page.keys);
      cursor = page.cursor;
      pages++;
    } while (cursor !== undefined);
    expect(pages).toBe(10);
    expect(keys.toSorted()).toEqual([...engine.keys({ prefix: 'user:' })].toSorted());
  });

  it('looks at 1,000 entries by default, and changes neither the order nor the statistics', () => {
    const { engine } = filled(2500);
    const before = [[...engine.keys()], engine.stats()];
    expect(engine.scanKeys().keys).toHaveLength(1000);
    expect([[...engine.keys()], engine.stats()]).toEqual(before);
  });

  it('leaves out what has expired, and ends at once in an empty cache', () => {
    const { engine, clock } = makeFixture();
    expect(engine.scanKeys()).toEqual({ keys: [], cursor: undefined });
    engine.set('a', 1, { ttlMs: 5 });
    engine.set('b', 1);
    clock.advance(5);
    expect(engine.scanKeys()).toEqual({ keys: ['b'], cursor: undefined });
  });

  it('sees what stays, though the cache shrinks under way and entries move', () => {
    const { engine } = filled(10_000);
    const stays = [...engine.keys()].filter((key) => Number(key.split(':')[1]) % 50 === 0);
    const seen = new Set<string>();
    let cursor: number | undefined;
    do {
      const page = engine.scanKeys({ cursor, limit: 500 });
      for (const key of page.keys) seen.add(key);
      let deleted = 0;
      for (const key of engine.keys()) {
        if (Number(key.split(':')[1]) % 50 === 0) continue;
        engine.delete(key);
        if (++deleted === 900) break;
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(stays.filter((key) => !seen.has(key))).toEqual([]);
    expect(engine.size).toBe(stays.length);
  });

  it('goes on with any cursor, also in a cache that was cleared', () => {
    const { engine } = filled(100);
    const { cursor } = engine.scanKeys({ limit: 10 });
    engine.clear();
    expect(engine.scanKeys({ cursor })).toEqual({ keys: [], cursor: undefined });
    engine.set('a', 1);
    expect(engine.scanKeys({ cursor: Number.MAX_SAFE_INTEGER })).toEqual({ keys: ['a'], cursor: undefined });
  });
});

describe('deletePrefix', () => {
  it('removes what begins so, and says how many live entries that were', () => {
    const { engine, removals, clock } = makeFixture<unknown, number>();
    for (const key of ['user:1', 'user:2', 'use', 'page:1', 7]) engine.set(key, 1);
    engine.set('user:old', 1, { ttlMs: 5 });
    clock.advance(5);
    expect(engine.deletePrefix('user:')).toBe(2);
    expect(removals.map(([key, , cause]) => [key, cause]).toSorted()).toEqual([
      ['user:1', 'deleted'],
      ['user:2', 'deleted'],
      ['user:old', 'expired'],
    ]);
    expect([...engine.keys({ order: 'oldest-first' })]).toEqual(['use', 'page:1', 7]);
    expect([engine.deletePrefix('user:'), engine.deletePrefix(''), engine.size]).toEqual([0, 3, 0]);
    expect(engine.verify()).toEqual([]);
  });

  it('gives memory back, and leaves a sound engine of many entries', () => {
    const { engine } = filled(50_000);
    for (const key of [...engine.keys({ prefix: 'user:' })].slice(1000)) engine.delete(key);
    const before = engine.bytes;
    expect(engine.deletePrefix('page:')).toBe(33_333);
    expect(engine.bytes).toBeLessThan(before / 2);
    expect(engine.verify()).toEqual([]);
  });

  it('takes a text', () => {
    const { engine } = makeFixture();
    engine.set('a', 1);
    for (const prefix of [undefined, null, 7, ['a']])
      expect(thrownBy(() => engine.deletePrefix(prefix as never)).code).toBe('HOTSET_INVALID_ARGUMENT');
    expect(engine.size).toBe(1);
  });
});
