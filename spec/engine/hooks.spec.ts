/** A sizeOf hook and a removal listener may call the engine, whatever it is at. */

import { describe, expect, it } from 'vitest';
import { CacheEngine, ManualClock } from '../../lib/index.js';

type Engine = CacheEngine<number, number>;

describe('a sizeOf hook', () => {
  it('may read, promote and walk', () => {
    const engine: Engine = new CacheEngine({
      maxBytes: 4000,
      sizeOf: (value) => {
        engine.get(value % 7);
        engine.peek(1);
        for (const _ of engine) break;
        return 10;
      },
    });
    for (let key = 0; key < 300; key++) {
      engine.set(key % 90, key);
      if (key % 13 === 0) expect(engine.verify()).toEqual([]);
    }
    expect(engine.bytes).toBeLessThanOrEqual(4000);
  });

  it.each<[string, (engine: Engine, key: number) => void]>([
    ['deletes its key', (engine, key) => engine.delete(key)],
    ['stores its key', (engine, key) => engine.set(key, -1)],
    ['stores others', (engine, key) => engine.set(key + 1000, -1)],
    ['clears', (engine) => engine.clear()],
    ['resizes', (engine) => engine.resize({ maxEntries: 3 })],
    ['evicts', (engine) => engine.evictOldest()],
    ['begins versions', (engine, key) => engine.getEntry(key)],
  ])('that %s leaves the write that asked for it whole', (_, act) => {
    let isNested = false;
    const engine: Engine = new CacheEngine({
      maxBytes: 4000,
      clock: new ManualClock(5),
      sizeOf: (_value, key) => {
        if (isNested) return 20;
        isNested = true;
        act(engine, key);
        isNested = false;
        return 10;
      },
    });
    for (let key = 0; key < 200; key++) {
      expect(engine.set(key % 50, key, key % 3 === 0 ? { ttlMs: 1000, flags: 1 } : {})).toBe('stored');
      expect(engine.peek(key % 50)).toBe(key);
      if (engine.update(key % 50, key + 1) === 'stored') expect(engine.peek(key % 50)).toBe(key + 1);
      expect(engine.verify()).toEqual([]);
    }
  });

  it('that throws, or weighs nonsense, leaves everything as it was', () => {
    let answer: () => unknown = () => 10;
    const engine: Engine = new CacheEngine({ sizeOf: () => answer() as number });
    engine.set(1, 1, { flags: 7 });
    const nonsense = [Number.NaN, -1, '5', null, undefined, Number.POSITIVE_INFINITY, 5n];
    for (const bad of nonsense) {
      answer = () => bad;
      expect(() => engine.set(1, 2)).toThrow();
      expect(() => engine.set(2, 2, { ttlMs: 5 })).toThrow();
    }
    answer = () => {
      throw new Error('no');
    };
    expect(() => engine.update(1, 2)).toThrow('no');
    expect([[...engine], engine.verify()]).toEqual([[[1, 1]], []]);
  });
});

describe('a listener', () => {
  it('may do anything, at any time', () => {
    let depth = 0;
    let calls = 0;
    const clock = new ManualClock(0);
    const engine: Engine = new CacheEngine({
      maxBytes: 3000,
      clock,
      sizeOf: (value) => Math.abs(value) % 100,
      onRemoval: (key, _value, cause) => {
        expect(engine.verify()).toEqual([]);
        expect(engine.bytes).toBeLessThanOrEqual(engine.maxBytes);
        if (++calls > 2000 || depth > 0) return;
        depth++;
        const acts = [
          () => engine.set(key + 1000, 1),
          () => engine.delete(key + 3),
          () => engine.get(key + 5),
          () => engine.evictOldest(),
          () => engine.touch(key + 7, 1000),
          () => [...engine],
          () => engine.set(key, 50, { ttlMs: 5 }),
          () => engine.getEntry(key + 1),
          () => engine.resize({ maxBytes: 2500 + (calls % 500) }),
          () => cause !== 'cleared' && key % 50 === 0 && engine.clear(),
        ];
        acts[calls % acts.length]!();
        depth--;
      },
    });
    for (let key = 0; key < 1000; key++) {
      engine.set(key, key, key % 5 === 0 ? { ttlMs: 20, flags: key } : {});
      if (key % 17 === 0) engine.delete(key - 3);
      if (key % 29 === 0) engine.update(key - 1, key + 90);
      if (key % 7 === 0) clock.advance(1);
      expect(engine.bytes).toBeLessThanOrEqual(engine.maxBytes);
      expect(engine.verify()).toEqual([]);
    }
    expect(calls).toBeGreaterThan(500);
  });
});
