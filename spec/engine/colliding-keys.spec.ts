/** Keys whose hashes are the same, as somebody may choose them who knows the seed. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Columns } from '../../lib/engine/columns.js';
import { KeyIndex } from '../../lib/engine/key-index.js';
import { CacheEngine } from '../../lib/index.js';

beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** One round of the hash, over four characters. */
function round(state: number, word: number): number {
  const product = Math.imul(state ^ word, 0x9e3779b1);
  return product ^ (product >>> 15);
}

function textOf(...words: number[]): string {
  return String.fromCharCode(
    ...words.flatMap((word) => [0, 8, 16, 24].map((shift) => (word >>> shift) & 0xff)),
  );
}

/** Texts of eight characters and one hash: whatever the first four leave behind, the last four take back. */
function collidingTexts(count: number): string[] {
  const seed = (Math.random() * 2 ** 32) | 0;
  return Array.from({ length: count }, (_, i) => textOf(i, round(seed, i) ^ 0x5eed));
}

const FLOOD = ((): string[] => {
  const random = vi.spyOn(Math, 'random').mockReturnValue(0.5);
  const texts = collidingTexts(10_000);
  const index = new KeyIndex(new Columns());
  if (new Set(texts.map((text) => index.hash(text))).size !== 1) throw new Error('the texts do not collide');
  random.mockRestore();
  return texts;
})();

const TEXTS = FLOOD.slice(0, 4000);

/** How often a key that is held is looked at: what a long chain costs. */
function countLooks(): () => number {
  const looks = vi.spyOn(Columns.prototype, 'keyAt');
  return () => looks.mock.calls.length;
}

describe('keys that collide', () => {
  it('are ten thousand texts with one hash', () => {
    const index = new KeyIndex(new Columns());
    expect(new Set(FLOOD).size).toBe(10_000);
    expect(new Set(FLOOD.map((text) => index.hash(text))).size).toBe(1);
  });

  it('are all found, replaced, walked and removed', () => {
    const engine = new CacheEngine<string, number>({ maxEntries: 1e6 });
    for (const [i, text] of TEXTS.entries()) engine.set(text, i);
    for (const [i, text] of TEXTS.entries()) expect(engine.get(text)).toBe(i);
    expect(engine.get(`${TEXTS[0]}!`)).toBeUndefined();
    expect([...engine.keys({ order: 'oldest-first' })]).toEqual(TEXTS);
    expect(engine.verify()).toEqual([]);
    for (const [i, text] of TEXTS.entries()) if (i % 3 === 0) engine.set(text, -i);
    for (const [i, text] of TEXTS.entries()) if (i % 2 === 0) expect(engine.delete(text)).toBe(true);
    expect(engine.verify()).toEqual([]);
    for (const [i, text] of TEXTS.entries())
      expect(engine.peek(text)).toBe(i % 2 === 0 ? undefined : i % 3 === 0 ? -i : i);
    for (const text of TEXTS) engine.delete(text);
    expect([engine.size, engine.verify()]).toEqual([0, []]);
    engine.set(TEXTS[7]!, 7);
    expect(engine.get(TEXTS[7]!)).toBe(7);
  });

  it('are evicted in the order of use, beside others', () => {
    const engine = new CacheEngine<string, number>({ maxEntries: 1000 });
    for (const [i, text] of TEXTS.entries()) {
      engine.set(text, i);
      engine.set(`other ${i}`, i);
    }
    expect([...engine.keys({ order: 'oldest-first' })]).toEqual(
      TEXTS.flatMap((text, i) => [text, `other ${i}`]).slice(-1000),
    );
    expect(engine.verify()).toEqual([]);
  });

  it('survive that the engine shrinks and its entries move', () => {
    const engine = new CacheEngine<string, number>({ maxEntries: 1e6 });
    for (let i = 0; i < 5000; i++) engine.set(`other ${i}`, i);
    for (const [i, text] of TEXTS.entries()) engine.set(text, i);
    for (let i = 0; i < 5000; i++) engine.delete(`other ${i}`);
    for (const [i, text] of TEXTS.entries()) if (i < 3900) engine.delete(text);
    expect(engine.verify()).toEqual([]);
    for (const [i, text] of TEXTS.entries()) expect(engine.peek(text)).toBe(i < 3900 ? undefined : i);
  });

  it('leave the Maps again: keys that come later are where they would have been', () => {
    const columns = new Columns();
    const index = new KeyIndex(columns);
    const slots = TEXTS.slice(0, 1000).map((text) => {
      if (columns.isFull) columns.grow();
      const slot = columns.take(text, 0);
      index.insert(text, index.hash(text), slot, () => true);
      return slot;
    });
    const crowded = index.bytes;
    for (const slot of slots) {
      index.remove(slot);
      columns.release(slot);
    }
    expect(index.bytes).toBeLessThan(crowded / 50);
    const slot = columns.take(TEXTS[0], 0);
    index.insert(TEXTS[0], index.hash(TEXTS[0]), slot, () => true);
    expect(index.bytes).toBeLessThan(1000);
    expect(index.find(TEXTS[0], index.hash(TEXTS[0]))).toBe(slot);
  });

  it('cost each call a bounded number of looks, however many there are', () => {
    // A budget that is never reached; keys and values are in pages, where each look is a call that can be counted.
    const engine = new CacheEngine<string | number, number>({
      maxBytes: Number.POSITIVE_INFINITY,
      maxEntries: 1e6,
    });
    for (let i = 0; i < 140_000; i++) engine.set(i, i);
    const looks = countLooks();
    for (const text of FLOOD) engine.set(text, 1);
    for (const text of FLOOD) engine.get(text);
    for (const text of FLOOD) engine.get(`${text}`);
    for (const text of FLOOD) engine.delete(text);
    expect(looks() / (4 * FLOOD.length)).toBeLessThan(100);
    vi.restoreAllMocks();
    expect(engine.verify()).toEqual([]);
  });

  it('cost no more than a few times what others cost', () => {
    const timeOf = (texts: readonly string[]): number => {
      const engine = new CacheEngine<string, number>({ maxEntries: 1e6 });
      const began = performance.now();
      for (let round = 0; round < 3; round++) {
        for (const text of texts) engine.set(text, 1);
        for (const text of texts) engine.get(text);
        for (const text of texts) engine.delete(text);
      }
      return performance.now() - began;
    };
    const others = FLOOD.map((text, i) => text.slice(0, -6) + `${i}`.padStart(6, '0'));
    timeOf(others);
    // Were it quadratic, it would be hundreds of times.
    expect(timeOf(FLOOD)).toBeLessThan(50 * timeOf(others) + 50);
  });
});

describe('numbers', () => {
  it('of every kind share an index and keep apart', () => {
    const engine = new CacheEngine<number, number>({ maxEntries: 1e6 });
    const numbers = [
      0,
      1,
      -1,
      2 ** 31,
      -(2 ** 31),
      2 ** 32,
      2 ** 53,
      0.1,
      -0.1,
      1e300,
      5e-324,
      Infinity,
      -Infinity,
      NaN,
    ];
    for (let i = 0; i < 5000; i++) numbers.push(i + 2, i + 0.5, (i + 1) * 2 ** 40, (i + 1) * 2 ** -40);
    const unique = [...new Set(numbers)];
    for (const [i, number] of unique.entries()) engine.set(number, i);
    for (const [i, number] of unique.entries()) expect(engine.get(number)).toBe(i);
    expect(engine.get(-0)).toBe(unique.indexOf(0));
    expect(engine.size).toBe(unique.length);
    expect(engine.verify()).toEqual([]);
  });
});
