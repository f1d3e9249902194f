/** keys, values and entries: both orders, and any change on the way. */

import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { CacheEngine, type Direction, ManualClock } from '../../lib/index.js';
import { makeFixture, order, thrownBy } from './fixture.js';

const DIRECTIONS: Direction[] = ['newest-first', 'oldest-first'];

function filled(...keys: string[]): CacheEngine<string, number> {
  const { engine } = makeFixture();
  keys.forEach((key, i) => {
    engine.set(key, i);
  });
  return engine;
}

/** Walks, calls `change` at the first visit of `at`, and returns the keys visited. */
function walk(
  engine: CacheEngine<string, number>,
  direction: Direction,
  at: string,
  change: () => void,
): string[] {
  const visited: string[] = [];
  for (const key of engine.keys({ order: direction })) {
    visited.push(key);
    if (key === at) change();
    if (visited.length > 20) throw new Error('the walk does not end');
  }
  expect(engine.verify()).toEqual([]);
  return visited;
}

describe('a walk', () => {
  it('goes newest first by default, over keys, values and entries', () => {
    const engine = filled('a', 'b');
    expect([...engine.keys()]).toEqual(['b', 'a']);
    expect([...engine.values()]).toEqual([1, 0]);
    expect([...engine.entries()]).toEqual([
      ['b', 1],
      ['a', 0],
    ]);
    expect([...engine.keys({ order: 'oldest-first' })]).toEqual(['a', 'b']);
    expect([...engine.values({ order: 'oldest-first' })]).toEqual([0, 1]);
    expect([...engine.entries({ order: 'oldest-first' })]).toEqual([
      ['a', 0],
      ['b', 1],
    ]);
  });

  it.each(DIRECTIONS)('over an empty cache visits nothing (%s)', (direction) => {
    expect([...filled().entries({ order: direction })]).toEqual([]);
  });

  it.each(DIRECTIONS)('skips expired entries and leaves them where they are (%s)', (direction) => {
    const { engine, clock } = makeFixture();
    engine.set('a', 1, { ttlMs: 10 });
    engine.set('b', 1);
    engine.set('c', 1, { ttlMs: 10 });
    clock.advance(10);
    expect([...engine.keys({ order: direction })]).toEqual(['b']);
    expect(engine.size).toBe(3);
  });

  it('promotes nothing and counts nothing', () => {
    const engine = filled('a', 'b', 'c');
    const before = engine.stats();
    for (const _ of engine.entries()) void _;
    expect(order(engine)).toEqual(['a', 'b', 'c']);
    expect(engine.stats()).toEqual(before);
  });

  it.each(['newest', '', 5])('refuses the order %j at its first step', (direction) => {
    const keys = filled('a').keys({ order: direction as Direction });
    expect(thrownBy(() => keys.next()).message).toContain('order');
  });
});

describe('a walk on which entries are removed', () => {
  it.each(DIRECTIONS)('goes on after its present entry is deleted (%s)', (direction) => {
    const engine = filled('a', 'b', 'c');
    const all = direction === 'newest-first' ? ['c', 'b', 'a'] : ['a', 'b', 'c'];
    expect(walk(engine, direction, 'b', () => engine.delete('b'))).toEqual(all);
  });

  it('skips the next one when that is deleted', () => {
    const newest = filled('a', 'b', 'c');
    expect(walk(newest, 'newest-first', 'c', () => newest.delete('b'))).toEqual(['c', 'a']);
    const oldest = filled('a', 'b', 'c');
    expect(walk(oldest, 'oldest-first', 'a', () => oldest.delete('b'))).toEqual(['a', 'c']);
  });

  it.each(DIRECTIONS)('ends where the last one was deleted (%s)', (direction) => {
    const engine = filled('a', 'b', 'c');
    const [first, last] = direction === 'newest-first' ? ['c', 'a'] : ['a', 'c'];
    expect(walk(engine, direction, first!, () => engine.delete(last!))).toEqual([first, 'b']);
  });

  it.each(DIRECTIONS)('can delete everything it meets (%s)', (direction) => {
    const engine = filled('a', 'b', 'c');
    for (const key of engine.keys({ order: direction })) engine.delete(key);
    expect(engine.size).toBe(0);
    expect(engine.verify()).toEqual([]);
  });

  it.each(DIRECTIONS)('ends when all the others are deleted, or all are cleared (%s)', (direction) => {
    const first = direction === 'newest-first' ? 'c' : 'a';
    const deleted = filled('a', 'b', 'c');
    const deleteOthers = (): void => {
      for (const key of ['a', 'b', 'c']) if (key !== first) deleted.delete(key);
    };
    expect(walk(deleted, direction, first, deleteOthers)).toEqual([first]);
    const cleared = filled('a', 'b', 'c');
    const clearAndFill = (): void => {
      cleared.clear();
      for (const key of ['x', 'y', 'z']) cleared.set(key, 1);
    };
    expect(walk(cleared, direction, first, clearAndFill)).toEqual([first]);
    expect(order(cleared)).toEqual(['x', 'y', 'z']);
  });

  it('does not take a new entry for the removed one whose slot it got', () => {
    const engine = filled('a', 'b', 'c');
    const swap = (): void => {
      engine.delete('b');
      engine.set('x', 1);
    };
    expect(walk(engine, 'newest-first', 'c', swap)).toEqual(['c', 'a']);
    const other = filled('a', 'b', 'c');
    const swapLast = (): void => {
      other.delete('c');
      other.set('x', 1);
    };
    expect(walk(other, 'oldest-first', 'a', swapLast)).toEqual(['a', 'b']);
  });
});

describe('a walk on which entries move or enter', () => {
  it.each(DIRECTIONS)('visits each entry once when it promotes each (%s)', (direction) => {
    const engine = filled('a', 'b', 'c', 'd');
    const visited: string[] = [];
    for (const key of engine.keys({ order: direction })) {
      visited.push(key);
      engine.get(key);
      if (visited.length > 20) break;
    }
    expect(visited.toSorted()).toEqual(['a', 'b', 'c', 'd']);
    expect(engine.verify()).toEqual([]);
  });

  it.each(DIRECTIONS)('does not visit what enters at the newest end (%s)', (direction) => {
    const engine = filled('a', 'b', 'c');
    const visited: string[] = [];
    for (const key of engine.keys({ order: direction })) {
      visited.push(key);
      engine.set(`${key} again`, 1);
      if (visited.length > 20) break;
    }
    expect(visited.toSorted()).toEqual(['a', 'b', 'c']);
  });

  it('takes an entry that moves to the newest end as passed', () => {
    const newest = filled('a', 'b', 'c', 'd');
    expect(walk(newest, 'newest-first', 'd', () => newest.get('c'))).toEqual(['d', 'b', 'a']);
    const oldest = filled('a', 'b', 'c', 'd');
    expect(walk(oldest, 'oldest-first', 'a', () => oldest.get('b'))).toEqual(['a', 'c', 'd']);
    const last = filled('a', 'b', 'c');
    expect(walk(last, 'newest-first', 'c', () => last.get('a'))).toEqual(['c', 'b']);
  });

  it.each(DIRECTIONS)('visits no key twice whatever slots new entries get (%s)', (direction) => {
    const { engine } = makeFixture({ maxEntries: 2 });
    engine.set('a', 1);
    engine.set('b', 1);
    const shrink = (): void => {
      engine.resize({ maxEntries: 1 });
      engine.set('a', 1);
    };
    const first = direction === 'oldest-first' ? 'a' : 'b';
    expect(walk(engine, direction, first, shrink)).toEqual([first]);
  });

  it('goes on while the entries of a shrinking engine move to other slots', () => {
    const { engine } = makeFixture<number, number>();
    for (let key = 0; key < 10_000; key++) engine.set(key, key);
    const visited: number[] = [];
    for (const key of engine.keys({ order: 'oldest-first' })) {
      visited.push(key);
      if (key === 0)
        for (let other = 1; other < 10_000; other++) if (other % 1000 !== 0) engine.delete(other);
    }
    expect(visited).toEqual([0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000]);
    expect(engine.verify()).toEqual([]);
  });

  it('survives the growth of the columns', () => {
    const engine = filled('a', 'b', 'c');
    const fill = (): void => {
      for (let i = 0; i < 1000; i++) engine.set(`${i}`, i);
    };
    expect(walk(engine, 'newest-first', 'c', fill)).toEqual(['c', 'b', 'a']);
  });
});

describe('several walks', () => {
  it('at once do not disturb each other', () => {
    const engine = filled('a', 'b', 'c', 'd');
    const down = engine.keys();
    const up = engine.keys({ order: 'oldest-first' });
    expect([down.next().value, up.next().value]).toEqual(['d', 'a']);
    engine.delete('b');
    expect([down.next().value, up.next().value]).toEqual(['c', 'c']);
    engine.delete('d');
    expect([down.next().value, up.next().done]).toEqual(['a', true]);
    expect(down.next().done).toBe(true);
  });

  it('may be left unfinished: by break, by return, or just forgotten', () => {
    const engine = filled('a', 'b', 'c');
    for (const _ of engine.keys()) break;
    engine.keys().return();
    for (let i = 0; i < 50; i++) engine.keys().next();
    for (const key of ['a', 'b', 'c', 'd']) engine.set(key, 1);
    engine.delete('b');
    expect(order(engine)).toEqual(['a', 'c', 'd']);
    engine.clear();
    expect(engine.verify()).toEqual([]);
  });
});

describe('like a Map, an engine', () => {
  function make(): CacheEngine<string, number> {
    const engine = new CacheEngine<string, number>({ maxEntries: 100 });
    for (const [i, key] of ['a', 'b', 'c', 'd', 'e'].entries()) engine.set(key, i);
    engine.get('b');
    return engine;
  }

  it('is iterable: newest first, key and value', () => {
    const engine = make();
    const pairs: [string, number][] = [
      ['b', 1],
      ['e', 4],
      ['d', 3],
      ['c', 2],
      ['a', 0],
    ];
    expect([...engine]).toEqual(pairs);
    expect([...engine.entries()]).toEqual(pairs);
    expect([...new Map(engine)]).toEqual(pairs);
    expect(Object.fromEntries(engine)).toEqual(Object.fromEntries(pairs));
  });

  it('calls forEach with value, key and itself, in the same order', () => {
    const engine = make();
    const calls: unknown[][] = [];
    engine.forEach((...call) => {
      calls.push(call);
    });
    expect(calls.map(([value, key]) => [key, value])).toEqual([...engine]);
    expect(calls.every(([, , self]) => self === engine)).toBe(true);
  });

  it('may be changed while it is walked', () => {
    const engine = make();
    const visited: string[] = [];
    engine.forEach((_value, key) => {
      visited.push(key);
      engine.get(key);
      if (key === 'e') engine.delete('d');
      engine.set(`${key}'`, 1);
    });
    expect(visited.filter((key) => key !== 'd')).toEqual(visited);
    expect(new Set(visited).size).toBe(visited.length);
    expect(visited).toEqual(['b', 'e', 'c', 'a']);
    expect(engine.verify()).toEqual([]);
  });

  it('lets go of a walk that is left with an error', () => {
    const engine = make();
    expect(() =>
      engine.forEach(() => {
        throw new Error('enough');
      }),
    ).toThrow('enough');
    for (const _pair of engine) break;
    for (let i = 0; i < 50; i++) engine.set(`${i}`, i);
    expect([...engine.keys({ order: 'oldest-first' })].slice(0, 6)).toEqual(['a', 'c', 'd', 'e', 'b', '0']);
    expect(engine.verify()).toEqual([]);
  });

  it('skips the expired, also those that expire on the way', () => {
    const clock = new ManualClock(0);
    const engine = new CacheEngine<string, number>({ clock });
    for (const [i, key] of ['a', 'b', 'c', 'd'].entries()) engine.set(key, i, { ttlMs: 10 * (i + 1) });
    clock.advance(10);
    const visited: string[] = [];
    for (const [key] of engine) {
      visited.push(key);
      if (key === 'd') clock.advance(10);
    }
    expect(visited).toEqual(['d', 'c']);
  });

  it('ends when it is cleared and filled anew on the way', () => {
    for (const direction of DIRECTIONS) {
      const engine = make();
      let visits = 0;
      for (const _key of engine.keys({ order: direction })) {
        visits++;
        engine.clear();
        for (let i = 0; i < 20; i++) engine.set(`${i}`, i);
      }
      expect(visits).toBe(1);
      expect(engine.verify()).toEqual([]);
    }
  });

  it('shows in Node what it holds, and not how', () => {
    const shown = inspect(make());
    expect(shown).toMatch(/^CacheEngine \{ size: 5, bytes: 0, maxBytes: Infinity, maxEntries: 100 \}$/);
  });
});
