/** What every store says of the next version; and scans, a few places at a time, beside other work: an item that stays is visited at least once. */

import { describe, expect, it } from 'vitest';
import { CacheEngine, type Clock, ManualClock } from '../../lib/index.js';
import { EngineItems } from '../../lib/items/engine-items.js';
import { Key } from '../../lib/items/key.js';
import type { Items } from '../../lib/items.js';
import { newSharedMemories, openShards } from '../../lib/pages/open-shards.js';
import { PageStore } from '../../lib/pages/page-store.js';
import { dataOf } from '../pages/fixture.js';
import { randomFrom } from '../tcp/fixture.js';

const MAX_BYTES = 8 * 1024 * 1024;

const STORES: Readonly<Record<string, (clock: Clock) => Items>> = {
  engine: (clock) => new EngineItems(new CacheEngine({ maxBytes: MAX_BYTES, clock })),
  pages: (clock) => new PageStore({ maxBytes: MAX_BYTES, clock }),
  shards: (clock) => {
    const settings = { shards: 4, maxBytes: MAX_BYTES, reservedBytes: MAX_BYTES, evicts: true, hashSeed: 1 };
    return openShards(newSharedMemories(settings), settings, clock, true);
  },
};

interface TestItems {
  readonly items: Items;
  readonly clock: ManualClock;
  set(key: string, ttlMs?: number): void;
  delete(key: string): void;
}

function open(store: string): TestItems {
  const clock = new ManualClock(1000);
  const items = STORES[store]!(clock);
  const key = new Key(items.hashSeed);
  return {
    items,
    clock,
    set(text, ttlMs = Number.POSITIVE_INFINITY) {
      items.set(key.setText(text), dataOf('value'), ttlMs, 0, false);
      items.endTurn();
    },
    delete(text) {
      items.delete(key.setText(text));
      items.endTurn();
    },
  };
}

/** All keys of a scan with so many looks at once; between two calls, `meanwhile` is called. */
function keysOf(items: Items, prefix: string, looks: number, meanwhile: () => void = () => {}): string[] {
  const keys: string[] = [];
  let from = 0;
  do {
    from = items.scan(prefix, from, looks, (slot) => keys.push(items.keyAt(slot)) > 0);
    items.endTurn();
    meanwhile();
  } while (from !== 0);
  return keys;
}

it.each(Object.keys(STORES))('the next version of a key in %s is that of its next write', (store) => {
  const { items } = open(store);
  items.beginVersions(0);
  const key = new Key(items.hashSeed);
  for (let i = 0; i < 50; i++) {
    key.setText(`key${i % 20}`);
    const version = items.nextVersion(key);
    items.set(key, dataOf('v'), Number.POSITIVE_INFINITY, 0, false);
    expect(items.versionAt(items.peek(key))).toBe(version);
    items.endTurn();
  }
});

describe.each(Object.keys(STORES))('a scan of %s', (store) => {
  it('of nothing ends', () => {
    expect(keysOf(open(store).items, '', 10)).toEqual([]);
  });

  it.each([1, 3, 100, 10_000])('visits each item once, %i looks at a time', (looks) => {
    const { items, set } = open(store);
    const all = Array.from({ length: 500 }, (_, i) => `key${i}`);
    for (const key of all) set(key);
    expect(keysOf(items, '', looks).sort()).toEqual([...all].sort());
    expect(keysOf(items, 'key1', looks).sort()).toEqual(all.filter((key) => key.startsWith('key1')).sort());
    expect(keysOf(items, 'key499', looks)).toEqual(['key499']);
    for (const prefix of ['key4999', 'x', 'keY']) expect(keysOf(items, prefix, looks)).toEqual([]);
  });

  it('goes by bytes, also within a character, and leaves out what has expired', () => {
    const { items, set, clock } = open(store);
    const wire = (text: string): string => Buffer.from(text).toString('latin1');
    for (const key of ['ü', 'üb', 'u', '\xc3', '\xff\xfe'])
      set(key === '\xc3' || key === '\xff\xfe' ? key : wire(key));
    set('gone', 10);
    set('stays', 11);
    clock.advance(10);
    expect(keysOf(items, '\xc3', 5).sort()).toEqual(['\xc3', wire('ü'), wire('üb')]);
    expect(keysOf(items, wire('ü'), 5).sort()).toEqual([wire('ü'), wire('üb')]);
    expect(keysOf(items, '\xff', 5)).toEqual(['\xff\xfe']);
    expect(keysOf(items, '', 5)).toHaveLength(6);
  });

  it('goes on where it was stopped', () => {
    const { items, set } = open(store);
    for (let i = 0; i < 100; i++) set(`key${i}`);
    const keys: string[] = [];
    let from = 0;
    do {
      const before = keys.length;
      from = items.scan('', from, 1000, (slot) => {
        keys.push(items.keyAt(slot));
        return false;
      });
      items.endTurn();
      expect(keys.length - before).toBeLessThanOrEqual(1);
    } while (from !== 0);
    expect(new Set(keys).size).toBe(100);
    expect(keys).toHaveLength(100);
  });

  it('removes what it visits', () => {
    const { items, set } = open(store);
    for (let i = 0; i < 3000; i++) set(`${i % 3 === 0 ? 'a' : 'b'}${i}`);
    let from = 0;
    let removed = 0;
    for (let calls = 1; calls === 1 || from !== 0; calls++) {
      from = items.scan('b', from, 7, (slot) => {
        items.deleteAt(slot);
        return ++removed > 0;
      });
      items.endTurn();
      if (calls % 20 === 0) expect(items.verify()).toEqual([]);
    }
    expect([removed, items.size]).toEqual([2000, 1000]);
    expect(items.verify()).toEqual([]);
  });

  it.each([1, 2, 3, 4, 5])(
    'misses nothing that stays, though the store shrinks and grows: seed %i',
    (seed) => {
      const test = open(store);
      const { items } = test;
      const random = randomFrom(seed);
      const stays = Array.from({ length: 200 }, (_, i) => `stay${i}`);
      const others = Array.from({ length: 4000 }, (_, i) => `other${i}`);
      const mixed = [...stays, ...others].sort(() => random() - 0.5);
      for (const key of mixed) test.set(key);
      let goes = others.length;
      let added = 0;
      const seen = new Set(
        keysOf(items, '', 25, () => {
          // Most leave at once, so that items move; then others come.
          for (let i = 0; i < 200 && goes > 0; i++) test.delete(others[--goes]!);
          for (let i = 0; i < 5; i++) test.set(`new${added++}`);
          test.set(stays[Math.floor(random() * stays.length)]!);
          if (added === 100) items.resize(MAX_BYTES / 2);
        }),
      );
      for (const key of stays) expect(seen, key).toContain(key);
      expect(items.verify()).toEqual([]);
    },
  );

  it.each([1, 2 ** 27, 2 ** 28, 2 ** 28 - 1, 2 ** 40, Number.MAX_SAFE_INTEGER])(
    'takes any place to go on from: %i',
    (place) => {
      const { items, set } = open(store);
      for (let i = 0; i < 20; i++) set(`key${i}`);
      let from = place;
      for (let calls = 0; from !== 0; calls++) {
        expect(calls).toBeLessThan(100);
        from = items.scan('', from, 10, () => true);
      }
      items.endTurn();
    },
  );
});
