/** The memo of keys' entries: it may forget, and is never wrong. */

import { describe, expect, it } from 'vitest';
import { storeOf } from '../../lib/engine/cache-engine.js';
import { CacheEngine } from '../../lib/index.js';
import { KeyMemo } from '../../lib/items/engine-items.js';
import { HASH_FACTOR } from '../../lib/items/key.js';

const SEED = 0x811c9dc5 | 0;

function filled(keys: readonly string[]) {
  const engine = new CacheEngine<string, unknown>({ maxBytes: '64MiB' });
  const entries = storeOf(engine);
  const memo = new KeyMemo(entries);
  const set = (key: string): void => {
    engine.set(key, 'v');
    memo.note(hashOf(key), entries.lastStored);
  };
  for (const key of keys) set(key);
  return { engine, entries, memo, set };
}

function hashOf(key: string): number {
  return Buffer.from(key, 'latin1').reduce((hash, byte) => Math.imul(hash ^ byte, HASH_FACTOR), SEED);
}

function find(memo: KeyMemo, key: string, hash: number = hashOf(key)): number {
  const bytes = Buffer.from(`..${key}..`, 'latin1');
  return memo.find({ bytes, start: 2, end: 2 + key.length, hash, text: key });
}

describe('the key memo', () => {
  it('knows what has been noted', () => {
    const { entries, memo } = filled(['a', 'b', '\x7f\0', 'ü']);
    for (const key of ['a', 'b', '\x7f\0']) expect(find(memo, key)).toBe(entries.peekSlot(key));
    expect(find(memo, 'c')).toBe(0);
  });

  it('does not take a character for the byte of its number', () => {
    const { memo } = filled(['\xfc']);
    expect(find(memo, '\xfc')).toBe(0);
  });

  it('takes no key for another one with the same hash', () => {
    const { entries, memo } = filled(['a']);
    for (const other of ['b', 'aa', '']) expect(find(memo, other, hashOf('a'))).toBe(0);
    expect(find(memo, 'a')).toBe(entries.peekSlot('a'));
  });

  it('keeps two keys of one place, and forgets the one noted first for a third', () => {
    const { entries, memo } = filled(['a', 'b', 'c']);
    const [first, second, third] = [0x10000000, 0x20000000, 0x30000000];
    memo.note(first, entries.peekSlot('a'));
    memo.note(second, entries.peekSlot('b'));
    expect([find(memo, 'a', first), find(memo, 'b', second)]).toEqual([
      entries.peekSlot('a'),
      entries.peekSlot('b'),
    ]);
    memo.note(third, entries.peekSlot('c'));
    expect([find(memo, 'a', first), find(memo, 'b', second), find(memo, 'c', third)]).toEqual([
      0,
      entries.peekSlot('b'),
      entries.peekSlot('c'),
    ]);
  });

  it('knows nothing of an entry that is gone, or whose number another has', () => {
    const { engine, entries, memo, set } = filled(['a', 'b']);
    const number = entries.peekSlot('a');
    engine.delete('a');
    expect(find(memo, 'a')).toBe(0);
    set('c');
    expect(entries.peekSlot('c')).toBe(number);
    expect(find(memo, 'a')).toBe(0);
    engine.clear();
    expect(find(memo, 'b')).toBe(0);
  });

  it('is right about as many keys as it likes to remember, through growth', () => {
    const keys = Array.from({ length: 200_000 }, (_, i) => `key:${i}`);
    const { engine, entries, memo } = filled(keys);
    let known = 0;
    for (const key of keys) {
      const entry = find(memo, key);
      if (entry === 0) continue;
      known++;
      expect(entries.keyAt(entry)).toBe(key);
    }
    expect(known).toBeGreaterThan(30_000);
    engine.clear();
    for (const key of keys) expect(find(memo, key)).toBe(0);
  });
});
