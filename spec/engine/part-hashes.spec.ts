/** Hashes that read a part of each text: keys are kept apart whatever they have in common, and readers never see another's value. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { Columns } from '../../lib/engine/columns.js';
import { KeyIndex } from '../../lib/engine/key-index.js';
import { CacheEngine, type CacheEngineOptions } from '../../lib/index.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** An index whose hashes read a part of each text, with these keys. */
function indexOf(keys: readonly (string | number)[]): { index: KeyIndex; slots: number[] } {
  const columns = new Columns();
  const index = new KeyIndex(columns);
  index.readsAll = false;
  const slots = keys.map((key) => {
    if (columns.isFull) columns.grow();
    const slot = columns.take(key, 0);
    index.insert(key, index.hash(key), slot, () => true);
    return slot;
  });
  return { index, slots };
}

function texts(count: number, textOf: (i: number) => string): string[] {
  return Array.from({ length: count }, (_, i) => textOf(i));
}

/** How many keys have the hash of another. */
function alike(index: KeyIndex, keys: readonly string[]): number {
  return keys.length - new Set(keys.map((key) => index.hash(key))).size;
}

const SHAPES: Record<string, (i: number) => string> = {
  'numbers within': (i) => `user:${1_000_000_000 + i}:state`,
  'numbers of many lengths': (i) => `item/${i}`,
  'numbers at the front': (i) => `${i}`.padStart(12, '0').concat(':profile'),
  'hexadecimal digests': (i) => (Math.imul(i + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0').repeat(4),
  'two numbers': (i) => `tenant-${i % 40}/page-${Math.floor(i / 40)}`,
  'characters of two bytes': (i) => `ключ-${String.fromCharCode(0x4e00 + (i % 800))}-${Math.floor(i / 800)}`,
};

const OPTIONS: Record<string, CacheEngineOptions<string, number>> = {
  plain: { maxEntries: 1e6 },
  SIEVE: { maxEntries: 1e6, policy: 'sieve' },
  'bytes and a TTL': { maxBytes: '64MiB', ttlMs: 60_000 },
};

describe.each(Object.entries(OPTIONS))('an engine (%s)', (_, options) => {
  it.each(Object.entries(SHAPES))('keeps texts apart: %s', (_, textOf) => {
    const engine = new CacheEngine<string, number>(options);
    const keys = texts(3000, textOf);
    for (const [i, key] of keys.entries()) {
      engine.set(key, i);
      if (i < 200) expect(engine.verify()).toEqual([]);
    }
    for (const [i, key] of keys.entries()) expect(engine.get(key)).toBe(i);
    for (let i = 3000; i < 6000; i++) expect(engine.get(textOf(i))).toBeUndefined();
    for (const [i, key] of keys.entries()) if (i % 2 === 0) expect(engine.delete(key)).toBe(true);
    for (const [i, key] of keys.entries()) engine.set(key, -i);
    for (const [i, key] of keys.entries()) expect(engine.peek(key)).toBe(-i);
    expect(engine.verify()).toEqual([]);
  });

  it('counts the same bytes for a key however its hash was made', () => {
    const few = new CacheEngine<string, number>(options);
    const all = new CacheEngine<string, number>({ ...options, missRatioCurve: true });
    for (const key of ['', 'a', 'key', 'ключ', 'a'.repeat(64), 'a'.repeat(65)]) {
      few.set(key, 1);
      all.set(key, 1);
      expect(few.bytes).toBe(all.bytes);
    }
  });

  it('changes its hashes in the midst of a write whose sizes come from a hook that writes', () => {
    const engine = new CacheEngine<string, number>({
      ...options,
      sizeOf: (value) => {
        if (value === -1) for (let i = 0; i < 500; i++) engine.set(`user:${i}${'!'.repeat(9)}`, i);
        return 8;
      },
      maxBytes: '64MiB',
    });
    engine.set('user:x', 0);
    engine.set('user:y', -1);
    expect([engine.get('user:x'), engine.get('user:y'), engine.size]).toEqual([0, -1, 502]);
    expect(engine.verify()).toEqual([]);
  });
});

describe('an index', () => {
  it.each(Object.entries(SHAPES))('learns characters that tell keys apart: %s', (_, textOf) => {
    const keys = texts(1000, textOf);
    const { index, slots } = indexOf(keys);
    expect(keys.map((key) => index.find(key, index.hash(key)))).toEqual(slots);
    expect(alike(index, keys)).toBeLessThan(500);
  });

  it('reads all characters of keys that few do not tell apart', () => {
    const keys = texts(1000, (i) => i.toString(2).padStart(10, '0'));
    const { index } = indexOf(keys);
    expect([index.readsAll, alike(index, keys)]).toEqual([true, 0]);
  });

  it('reads all characters where there are many keys', () => {
    const keys = texts(30_000, (i) => `user:${1_000_000_000 + i}:state`);
    const { index, slots } = indexOf(keys.slice(0, 10_000));
    expect(index.readsAll).toBe(false);
    const many = indexOf(keys);
    expect(many.index.readsAll).toBe(true);
    expect(keys.map((key) => many.index.find(key, many.index.hash(key)))).toEqual(many.slots);
    expect(many.slots.slice(0, 10_000)).toEqual(slots);
  });

  it('has texts beside numbers', () => {
    const keys = Array.from({ length: 2000 }, (_, i) => (i % 2 === 0 ? i : `key ${i}`));
    const { index, slots } = indexOf(keys);
    expect(keys.map((key) => index.find(key, index.hash(key)))).toEqual(slots);
  });

  it('bounds what keys cost that were chosen to have the same hash', () => {
    const insert = vi.spyOn(Columns.prototype, 'keyAt');
    // They differ in one place each, beyond any four that may have been learnt.
    const keys = texts(2000, (i) =>
      'a'
        .repeat(i % 40)
        .concat(String.fromCharCode(98 + (i % 7)), 'a'.repeat(39 - (i % 40)), `${i}`.padStart(9, '0')),
    );
    const { index, slots } = indexOf(keys);
    expect(insert.mock.calls.length).toBeLessThan(20 * keys.length);
    expect(keys.map((key) => index.find(key, index.hash(key)))).toEqual(slots);
  });
});
