/** Slots that an adapter kept beyond their time: they are checked against keys, and are never trusted. */

import { describe, expect, it } from 'vitest';
import { storeOf } from '../../lib/engine/cache-engine.js';
import { CacheEngine, ManualClock } from '../../lib/index.js';

const NEVER = Number.POSITIVE_INFINITY;

describe.each([8, 100])('slots among %i entries', (count) => {
  const keys = Array.from({ length: count }, (_, i) => `key ${i}`);
  const made = () => {
    const clock = new ManualClock();
    const engine = new CacheEngine<string, number>({ maxBytes: '1MiB', clock });
    for (const [i, key] of keys.entries()) engine.set(key, i);
    return { engine, clock, store: storeOf(engine) };
  };

  it('name keys, or nothing', () => {
    const { engine, store } = made();
    for (const key of keys) expect(store.keyUnder(store.peekSlot(key))).toBe(key);
    for (const slot of [-1, 0, 4_000_000, 2 ** 28, 2 ** 30, 2 ** 31 - 1])
      expect(store.keyUnder(slot)).toBeUndefined();
    const slot = store.peekSlot(keys[0]!);
    engine.delete(keys[0]!);
    expect(store.keyUnder(slot)).toBeUndefined();
    engine.clear();
    for (let each = 0; each < 200; each++) expect(store.keyUnder(each)).toBeUndefined();
  });

  it('are read as keys are', () => {
    const { engine, clock, store } = made();
    for (const key of keys) {
      const slot = store.readAt(store.peekSlot(key));
      expect(store.valueAt(slot)).toBe(keys.indexOf(key));
      expect([...engine.keys()][0]).toBe(key);
    }
    expect(engine.stats().hits).toBe(count);
    engine.set('brief', 1, { ttlMs: 10 });
    const brief = store.peekSlot('brief');
    clock.advance(10);
    expect(store.readAt(brief)).toBe(-1);
    expect(engine.size).toBe(count);
    expect(engine.verify()).toEqual([]);
  });

  it('may be given with any key to be set', () => {
    const { engine, store } = made();
    const slots = keys.map((key) => store.peekSlot(key));
    const guesses = [0, -1, ...slots, 2 ** 22 - 1, 2 ** 31 - 1];
    for (const [i, guess] of guesses.entries())
      for (const key of [keys[i % count]!, 'new', `new ${i}`]) {
        expect(store.setWithHint(guess, key, i, NEVER, 0, false)).toBe('stored');
        expect(store.keyUnder(store.lastStored)).toBe(key);
        expect(engine.peek(key)).toBe(i);
        expect([...engine.keys()][0]).toBe(key);
      }
    expect(engine.size).toBe(count + 1 + guesses.length);
    expect(engine.verify()).toEqual([]);
  });

  it('do not bring back what has expired', () => {
    const { engine, clock, store } = made();
    engine.set('brief', 1, { ttlMs: 10 });
    const brief = store.peekSlot('brief');
    clock.advance(10);
    store.setWithHint(brief, 'brief', 2, NEVER, 0, false);
    expect(engine.stats().expirations).toBe(1);
    expect(engine.peek('brief')).toBe(2);
    expect(engine.verify()).toEqual([]);
  });

  it('tell of the slot written last also when making room for it has moved entries', () => {
    const clock = new ManualClock();
    const engine = new CacheEngine<string | number, string | number>({ maxBytes: 1_000_000, clock });
    const store = storeOf(engine);
    for (let key = 0; key < 30_000; key++) engine.set(key, key);
    for (let key = 0; key < 30_000; key += 2) engine.delete(key);
    engine.set(29_999, 'x'.repeat(500_000));
    expect(store.keyUnder(store.lastStored)).toBe(29_999);
    engine.set('new', 'x'.repeat(300_000), { ttlMs: 5 });
    expect(store.keyUnder(store.lastStored)).toBe('new');
    expect(engine.verify()).toEqual([]);
  });
});
