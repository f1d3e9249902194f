/** Numbers of entries kept beyond their time: they are checked against keys, and are never trusted. */

import { describe, expect, it } from 'vitest';
import { CacheEngine, ManualClock } from '../../lib/index.js';

const LAYOUT = { singleMaxEntries: 8, tables: 4 };

describe.each([8, 100])('numbers among %i entries', (count) => {
  const keys = Array.from({ length: count }, (_, i) => `key ${i}`);
  const made = () => {
    const clock = new ManualClock();
    const engine = new CacheEngine<string, number>({ maxBytes: '1MiB', clock }, LAYOUT);
    for (const [i, key] of keys.entries()) engine.set(key, i);
    return { engine, clock };
  };

  it('name keys, or nothing', () => {
    const { engine } = made();
    for (const key of keys) expect(engine.keyUnder(engine.find(key))).toBe(key);
    for (const number of [0, 4_000_000, 2 ** 22, 2 ** 22 + 4_000_000, 2 ** 30, 2 ** 31 - 1])
      expect([undefined, ...keys]).toContain(engine.keyUnder(number));
    expect(engine.keyUnder(0)).toBeUndefined();
    engine.delete(keys[0]!);
    engine.clear();
    for (let number = 0; number < 200; number++) expect(engine.keyUnder(number)).toBeUndefined();
  });

  it('are read as keys are', () => {
    const { engine, clock } = made();
    for (const key of keys) {
      const entry = engine.lookupAt(engine.find(key));
      expect(engine.valueAt(entry)).toBe(keys.indexOf(key));
      expect([...engine.keys()][0]).toBe(key);
    }
    expect(engine.stats().hits).toBe(count);
    engine.set('brief', 1, { ttlMs: 10 });
    const brief = engine.find('brief');
    clock.advance(10);
    expect(engine.lookupAt(brief)).toBe(-1);
    expect(engine.size).toBe(count);
    expect(engine.verify()).toEqual([]);
  });

  it('may be given with any key to be set', () => {
    const { engine } = made();
    const numbers = keys.map((key) => engine.find(key));
    const guesses = [0, ...numbers, 2 ** 22 - 1, 2 ** 31 - 1];
    for (const [i, guess] of guesses.entries())
      for (const key of [keys[i % count]!, 'new', `new ${i}`]) {
        expect(engine.setKnown(guess, key, i, {})).toBe('stored');
        expect(engine.keyUnder(engine.lastStored)).toBe(key);
        expect(engine.peek(key)).toBe(i);
        expect([...engine.keys()][0]).toBe(key);
      }
    expect(engine.size).toBe(count + 1 + guesses.length);
    expect(engine.verify()).toEqual([]);
  });

  it('do not bring back what has expired', () => {
    const { engine, clock } = made();
    engine.set('brief', 1, { ttlMs: 10 });
    const brief = engine.find('brief');
    clock.advance(10);
    engine.setKnown(brief, 'brief', 2, {});
    expect(engine.stats().expirations).toBe(1);
    expect(engine.peek('brief')).toBe(2);
    expect(engine.verify()).toEqual([]);
  });
});
