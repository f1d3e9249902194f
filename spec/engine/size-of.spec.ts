/** The sizeOf hook: how it is called, and what it may return. */

import { describe, expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { makeFixture, thrownBy } from './fixture.js';

describe('sizeOf', () => {
  it('is called with value and key, once for each write', () => {
    const calls: unknown[][] = [];
    const { engine } = makeFixture<string, number>({
      sizeOf: (...args) => {
        calls.push(args);
        return 1;
      },
    });
    engine.set('a', 1);
    engine.update('a', 2);
    engine.get('a');
    engine.add('a', 3);
    expect(calls).toEqual([
      [1, 'a'],
      [2, 'a'],
    ]);
  });

  it('weighs the value; the engine adds key and overhead', () => {
    const { engine } = makeFixture<string, number>({ sizeOf: (value) => value });
    engine.set('a', 0);
    const rest = engine.bytes;
    expect(rest).toBeGreaterThan(0);
    engine.set('a', 12_345);
    expect(engine.bytes).toBe(rest + 12_345);
  });

  it('has its fractions rounded up', () => {
    const { engine } = makeFixture<string, number>({ sizeOf: (value) => value });
    engine.set('a', 2);
    const two = engine.bytes;
    engine.set('a', 1.0001);
    expect(engine.bytes).toBe(two);
    for (let i = 0; i < 100; i++) engine.set(`${i}`, i + 0.1);
    expect(Number.isInteger(engine.bytes)).toBe(true);
    expect(engine.verify()).toEqual([]);
  });

  it.each([Number.NaN, -1, -0.5, Infinity, -Infinity, '5', undefined, null, 5n, {}])(
    'must not return %s: the cache stays as it was',
    (result) => {
      let bad = false;
      const { engine, removals } = makeFixture<string, number>({
        maxEntries: 2,
        sizeOf: () => (bad ? (result as number) : 1),
      });
      engine.set('a', 1, { ttlMs: 10, flags: 3 });
      engine.set('b', 1);
      const before = { entry: engine.getEntry('a'), stats: engine.stats() };
      bad = true;
      const writes = [
        () => engine.set('a', 2),
        () => engine.set('c', 2),
        () => engine.add('c', 2),
        () => engine.replace('a', 2),
        () => engine.update('a', 2),
        () => engine.compareAndSet('a', before.entry!.version, 2),
      ];
      for (const write of writes) {
        const error = thrownBy(write);
        expect(error.code).toBe('HOTSET_INVALID_SIZE');
        expect(error.message).toContain('sizeOf');
      }
      expect({ entry: engine.getEntry('a'), stats: engine.stats() }).toEqual(before);
      expect([...engine.keys()]).toEqual(['b', 'a']);
      expect(removals).toEqual([]);
      expect(engine.verify()).toEqual([]);
    },
  );

  it('may throw: the error reaches the caller and the cache stays as it was', () => {
    const { engine } = makeFixture<string, number>({
      sizeOf: (value) => {
        if (value === 2) throw new Error('no idea');
        return 1;
      },
    });
    engine.set('a', 1);
    expect(() => engine.set('a', 2)).toThrow('no idea');
    expect(engine.peek('a')).toBe(1);
    expect(engine.verify()).toEqual([]);
  });

  it.each(['set', 'delete', 'clear'] as const)(
    'may call the engine: %s of the key being written',
    (method) => {
      let inside = false;
      const engine: CacheEngine<string, number> = new CacheEngine<string, number>({
        sizeOf: () => {
          if (!inside) {
            inside = true;
            if (method === 'set') engine.set('a', 7);
            else engine[method]('a');
            inside = false;
          }
          return 1;
        },
      });
      engine.set('a', 1);
      expect(engine.verify()).toEqual([]);
      engine.set('a', 2);
      expect(engine.verify()).toEqual([]);
      expect([...engine.entries()]).toEqual([['a', 2]]);
    },
  );

  it('is not needed for a value whose getter calls the engine', () => {
    const engine = new CacheEngine<string, unknown>();
    engine.set('a', 1);
    engine.set('a', {
      get lazy(): number {
        engine.delete('a');
        return 1;
      },
    });
    expect(engine.has('a')).toBe(true);
    expect(engine.verify()).toEqual([]);
  });
});
