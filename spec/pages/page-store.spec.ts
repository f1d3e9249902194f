/** What the model does not cover: limits, hostile keys, versions, reserved values, changes, and how long things take in steps. */

import { describe, expect, it, vi } from 'vitest';
import { HotsetError } from '../../lib/errors.js';
import { Key } from '../../lib/items/key.js';
import type { KeyBytes } from '../../lib/items.js';
import { PlainMemory, SEGMENT } from '../../lib/pages/memory.js';
import { PageStore, type PageStoreOptions } from '../../lib/pages/page-store.js';
import { dataOf, expectSound, openStore } from './fixture.js';

const MIB = 1024 * 1024;

describe('options', () => {
  it.each([
    [{ maxBytes: 0 }, 'maxBytes'],
    [{ maxBytes: Number.POSITIVE_INFINITY }, 'maxBytes'],
    [{ maxBytes: 1.5 }, 'maxBytes'],
    [{ maxBytes: MIB, maxItemBytes: 0 }, 'maxItemBytes'],
    [{ maxBytes: MIB, size: 3 }, 'there is no option "size"'],
  ])('%j is refused', (options, message) => {
    const open = () => new PageStore(options as PageStoreOptions);
    expect(open).toThrow(HotsetError);
    expect(open).toThrow(message);
  });

  it('a limit of terabytes reserves nothing', () => {
    const test = openStore({ maxBytes: 2 ** 42 });
    expect(test.set('a', 'value')).toBe('stored');
    expect(test.get('a')).toBe('value');
    expect(test.store.heldBytes).toBeLessThan(64 * 1024);
    expectSound(test.store);
  });

  it.each([1, 100, 5000, 20_000, 40_000, 65_536, 100_000])('a budget of %d bytes holds', (maxBytes) => {
    const test = openStore({ maxBytes });
    for (let i = 0; i < 2000; i++) {
      const result = test.set(`key${i}`, (i * 37) % 700);
      if (result === 'stored') expect(test.store.heldBytes).toBeLessThanOrEqual(maxBytes);
      expect(test.store.bytes).toBeLessThanOrEqual(maxBytes);
    }
    expect(test.store.size > 0).toBe(maxBytes >= 20_000);
    expectSound(test.store);
  });
});

describe('values', () => {
  it('of every size come back as they were', () => {
    const test = openStore({ maxBytes: 64 * MIB });
    for (const bytes of [0, 1, 7, 8, 100, 4095, 32_000, 33_000, 262_144, MIB, 20 * MIB]) {
      const value = Buffer.alloc(bytes, `${bytes}-`);
      expect(test.set(`key${bytes}`, value, Number.POSITIVE_INFINITY, bytes % 2)).toBe('stored');
      const slot = test.store.read(test.key(`key${bytes}`));
      expect(test.store.valueAt(slot).equals(value)).toBe(true);
      expect(test.store.flagsAt(slot)).toBe(bytes % 2);
    }
    expectSound(test.store);
  });

  it('that can never fit are refused, and take the old one away unless it is kept', () => {
    const test = openStore({ maxBytes: MIB });
    test.set('a', 'old');
    expect(test.store.set(test.key('a'), dataOf(Buffer.alloc(MIB)), 1000, 0, true)).toBe('too-large');
    expect(test.get('a')).toBe('old');
    expect(test.store.set(test.key('a'), dataOf(Buffer.alloc(MIB)), 1000, 0, false)).toBe('too-large');
    expect(test.get('a')).toBeUndefined();
    expect(test.store.stats().refusals).toBe(2);
    expectSound(test.store);
  });

  it('above maxItemBytes are refused', () => {
    const test = openStore({ maxBytes: MIB, maxItemBytes: 1000 });
    expect(test.set('a', 900)).toBe('stored');
    expect(test.set('b', 1000)).toBe('too-large');
  });

  it('that a reader has do not change when the item does', () => {
    const test = openStore({ maxBytes: 64 * MIB });
    const first = Buffer.alloc(MIB, 'first');
    test.set('a', first);
    const read = test.store.valueAt(test.store.peek(test.key('a')));
    test.set('a', Buffer.alloc(MIB, 'second'));
    test.set('b', Buffer.alloc(MIB, 'third'));
    test.store.clear();
    test.store.sweepExpired(0);
    test.set('c', Buffer.alloc(MIB, 'fourth'));
    expect(read.equals(first)).toBe(true);
    expectSound(test.store);
  });

  it('of the longest key come back, and longer keys are refused', () => {
    const test = openStore();
    expect(test.set('k'.repeat(255), 'value')).toBe('stored');
    expect(test.get('k'.repeat(255))).toBe('value');
    expect(test.set('k'.repeat(256), 'value')).toBe('too-large');
    expect(test.set('', 'of the empty key')).toBe('stored');
    expect(test.get('')).toBe('of the empty key');
    expectSound(test.store);
  });
});

describe('keys whose hashes collide', () => {
  const colliding = (text: string): KeyBytes => {
    const { bytes, end } = new Key(0).setText(text);
    return { bytes, start: 0, end, hash: 42, text };
  };

  it('are told apart, and their chain stays short', () => {
    const test = openStore({ maxBytes: 16 * MIB });
    test.set('innocent', 'value');
    for (let i = 0; i < 10_000; i++) test.store.set(colliding(`key${i}`), dataOf(`${i}`), 1e6, 0, false);
    expect(test.store.size).toBeLessThanOrEqual(65);
    const slot = test.store.peek(colliding('key9999'));
    expect(test.store.valueAt(slot).toString()).toBe('9999');
    expect(test.get('innocent')).toBe('value');
    expect(test.store.stats().evictions).toBe(10_001 - test.store.size);
  });

  it('are refused by a store that does not evict', () => {
    const test = openStore({ maxBytes: 16 * MIB, evict: false });
    const results = Array.from({ length: 200 }, (_, i) =>
      test.store.set(colliding(`key${i}`), dataOf('value'), 1e6, 0, false),
    );
    expect(results.filter((result) => result === 'stored').length).toBe(64);
    expect(test.store.stats().evictions).toBe(0);
  });
});

describe('versions', () => {
  it.each([5, 2 ** 41, 2 ** 52, 2n ** 63n, 2n ** 64n - 1n])(
    '%s is kept, and given up by the next write',
    (version) => {
      const test = openStore();
      test.set('a', 'value');
      test.store.setVersionAt(test.store.lastStored, version, true);
      expect(test.store.versionAt(test.store.peek(test.key('a')))).toBe(version);
      expect(test.get('a')).toBe('value');
      expect([test.store.givesVersions, test.store.lastVersion]).toEqual([true, 0]);
      test.set('a', 'value');
      expect(test.store.versionAt(test.store.lastStored)).toBe(1);
      expectSound(test.store);
    },
  );

  it('go on beyond 2^41', () => {
    const test = openStore();
    test.store.beginVersions(511 * 2 ** 32 - 3);
    for (let i = 0; i < 6; i++) {
      test.set(`key${i}`, 'value', Number.POSITIVE_INFINITY, i);
      expect(test.store.versionAt(test.store.lastStored)).toBe(511 * 2 ** 32 - 2 + i);
      expect(test.store.flagsAt(test.store.lastStored)).toBe(i);
    }
    expectSound(test.store);
  });
});

describe('reserved values', () => {
  it('are stored without a copy, and are not moved while they wait', () => {
    const test = openStore({ maxBytes: 8 * MIB });
    const data = dataOf('');
    for (let i = 0; i < 20_000; i++) test.set(`key${i}`, 50 + (i % 200));
    expect(test.store.reserve(10_000, data)).toBe(true);
    const { bytes, start } = data;
    data.bytes.fill('v', data.start, data.end);
    for (let i = 0; i < 20_000; i++) test.set(`key${i}`, 50 + ((i * 7) % 400));
    expectSound(test.store);
    test.store.clear();
    expectSound(test.store);
    expect(test.store.set(test.key('a'), data, 1000, 3, false)).toBe('stored');
    expect(data.place).toBe(0);
    expect(bytes.toString('latin1', start, start + 10_000)).toBe('v'.repeat(10_000));
    expect(test.get('a')).toBe('v'.repeat(10_000));
    expectSound(test.store);
  });

  it('take a quarter of the budget at most', () => {
    const test = openStore({ maxBytes: 8 * MIB });
    const all = Array.from({ length: 100 }, () => dataOf(''));
    const got = all.filter((data) => test.store.reserve(200_000, data));
    expect(got.length).toBe(10);
    for (const data of got) test.store.release(data);
    expect(test.store.bytes).toBe(0);
    expect(test.store.reserve(200_000, all[0]!)).toBe(true);
    test.store.release(all[0]!);
    test.store.release(all[0]!);
    expectSound(test.store);
  });

  it('are not worth it for small values', () => {
    expect(openStore().store.reserve(100, dataOf(''))).toBe(false);
  });
});

describe('changes', () => {
  it('are reported by prefix, with their causes', () => {
    const test = openStore({ maxBytes: 64 * 1024 });
    const seen: string[] = [];
    const end = test.store.subscribe('a:', ({ key, cause, version }) =>
      seen.push(`${key} ${cause} ${version}`),
    );
    test.set('a:1', 'x');
    test.set('b:1', 'x');
    test.store.touchAt(test.store.peek(test.key('a:1')), 50);
    test.store.touchAt(test.store.peek(test.key('a:1')), 500);
    test.clock.advance(500);
    test.get('a:1');
    test.set('a:2', 'x');
    test.store.delete(test.key('a:2'));
    test.set('a:3', 'x', 0);
    test.set('a:4', 'x');
    test.set('a:4', 100_000);
    test.store.clear();
    end();
    test.set('a:5', 'x');
    expect(seen).toEqual([
      'a:1 stored 1',
      'a:1 touched 1',
      'a:1 expired undefined',
      'a:2 stored 3',
      'a:2 deleted undefined',
      'a:3 expired undefined',
      'a:4 stored 5',
      'a:4 deleted undefined',
      'undefined cleared undefined',
    ]);
  });

  it('onEviction sees the item, onRead the key', () => {
    const test = openStore({ maxBytes: 64 * 1024 });
    const evicted: string[] = [];
    const read: string[] = [];
    test.store.onEviction = (slot) => evicted.push(test.store.keyAt(slot));
    test.store.onRead = (key) => read.push(key);
    for (let i = 0; i < 300; i++) test.set(`key${i}`, 200);
    test.get('key299');
    test.get('none');
    expect(evicted.slice(0, 3)).toEqual(['key0', 'key1', 'key2']);
    expect(evicted.length).toBe(test.store.stats().evictions);
    expect(read).toEqual(['key299', 'none']);
  });
});

describe('walks', () => {
  it.each(['newest-first', 'oldest-first'] as const)('%s survive any change', (order) => {
    const test = openStore({ maxBytes: 4 * MIB });
    for (let i = 0; i < 1500; i++) test.set(`key${i}`, 100);
    const walk = test.store.walk(order);
    const seen = new Set<string>();
    for (let i = 0; ; i++) {
      const next = walk.next();
      if (next.done === true) break;
      const key = test.store.keyAt(next.value);
      expect(seen.has(key)).toBe(false);
      seen.add(key);
      if (i % 3 === 0) test.store.deleteAt(next.value);
      if (i % 5 === 0) test.store.delete(test.key(`key${(i * 7919) % 1500}`));
      if (i % 100 === 0) expectSound(test.store);
    }
    for (const slot of test.store.walk(order)) expect(seen.has(test.store.keyAt(slot))).toBe(true);
    expectSound(test.store);
  });

  it('end when everything is cleared, and take no memory beyond what a store begins with', () => {
    const test = openStore();
    for (let i = 0; i < 10; i++) test.set(`key${i}`, 100);
    const before = test.store.heldBytes;
    const walk = test.store.walk('newest-first');
    walk.next();
    expect(test.store.heldBytes).toBe(before);
    test.store.clear();
    test.set('a', 'x');
    expect(walk.next().done).toBe(true);
    for (const _ of test.store.walk('newest-first')) break;
    test.store.sweepExpired(0);
    expectSound(test.store);
    expect(test.store.heldBytes).toBeLessThan(before);
  });
});

describe('bounded work', () => {
  it('clear gives pages up and lets later calls return them to the system', () => {
    const memory = new PlainMemory();
    const test = openStore({ maxBytes: 256 * MIB, memory });
    for (let i = 0; i < 40_000; i++) test.set(`key${i}`, 1000);
    const held = test.store.heldBytes;
    test.store.clear();
    expect(test.store.size).toBe(0);
    expect(memory.pendingBytes).toBeGreaterThan(held / 2);
    while (memory.pendingBytes > 0) {
      const before = memory.pendingBytes;
      test.store.sweepExpired(0);
      expect(memory.pendingBytes).toBeLessThan(before);
    }
    expectSound(test.store);
    expect(test.store.heldBytes).toBeLessThan(64 * 1024);
  });

  it('a sweep gives back what is too much in slices, the rest of them in later turns', () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    // A page takes as long as a slice may.
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now++);
    try {
      const memory = new PlainMemory();
      const test = openStore({ maxBytes: 256 * MIB, memory });
      for (let i = 0; i < 40_000; i++) test.set(`key${i}`, 1000);
      test.store.clear();
      const given = (act: () => void): number => {
        const before = memory.pendingBytes;
        act();
        return before - memory.pendingBytes;
      };
      expect(given(() => test.store.sweepExpired(0))).toBeLessThanOrEqual(6 * MIB);
      // Another sweep does not make it go on twice as fast.
      expect(given(() => test.store.sweepExpired(0))).toBeLessThanOrEqual(6 * MIB);
      expect(vi.getTimerCount()).toBe(1);
      const slice = given(() => vi.advanceTimersToNextTimer());
      expect(slice).toBeGreaterThan(0);
      expect(slice).toBeLessThanOrEqual(2 * MIB);
      vi.runAllTimers();
      expect(test.store.heldBytes).toBeLessThan(128 * 1024);
      expectSound(test.store);
    } finally {
      vi.restoreAllMocks();
      vi.useRealTimers();
    }
  });

  it('shrinkTowards does a few steps at a time, and resize the rest', () => {
    const test = openStore({ maxBytes: 16 * MIB });
    for (let i = 0; i < 30_000; i++) test.set(`key${i}`, 50 + ((i * 31) % 300));
    const { size } = test.store;
    expect(test.store.shrinkTowards(4 * MIB, 10)).toBe(true);
    expect(test.store.size).toBeGreaterThanOrEqual(size - 10);
    let calls = 0;
    while (test.store.shrinkTowards(4 * MIB, 1000)) calls++;
    expect(calls).toBeGreaterThan(10);
    test.store.resize(4 * MIB);
    expect(test.store.heldBytes).toBeLessThanOrEqual(4 * MIB);
    expect(test.store.bytes).toBeGreaterThan(3 * MIB);
    expectSound(test.store);
  });

  it('a sweep looks at as many items as it is told, and goes on where it stopped', () => {
    const test = openStore();
    for (let i = 0; i < 1000; i++) test.set(`key${i}`, 10, i % 2 === 0 ? 100 : 1e6);
    test.clock.advance(100);
    expect(test.store.mayHaveExpired).toBe(true);
    expect(test.store.sweepExpired(100)).toBe(50);
    expect(test.store.sweepExpired(2000)).toBe(450);
    expect(test.store.size).toBe(500);
    // The next round sees that nothing else is due.
    expect(test.store.sweepExpired(2000)).toBe(0);
    expect(test.store.mayHaveExpired).toBe(false);
    expectSound(test.store);
  });
});

describe('another opener of the same memory', () => {
  it('sees the same items', () => {
    const memory = new PlainMemory();
    const test = openStore({ maxBytes: 8 * MIB, memory });
    for (let i = 0; i < 5000; i++) test.set(`key${i}`, i % 2000);
    test.set('large', 2 * MIB);
    const other = new PageStore({ maxBytes: 8 * MIB, memory, opens: true, clock: test.clock });
    expect(other.verify()).toEqual([]);
    expect([other.size, other.bytes, other.lastVersion]).toEqual([
      test.store.size,
      test.store.bytes,
      test.store.lastVersion,
    ]);
    const key = new Key(other.hashSeed);
    for (let i = 0; i < 5000; i++)
      other.set(key.setText(`other${i}`), dataOf('x'.repeat(i % 900)), 1e6, 0, false);
    test.store.refresh();
    expectSound(test.store);
    expect(test.get('other4999')).toBe('x'.repeat(4999 % 900));
    expect(memory.at(SEGMENT, 1).length).toBeGreaterThan(0);
  });
});
