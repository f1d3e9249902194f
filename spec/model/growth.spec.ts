/**
 * Growth and shrinking with thousands of entries: columns that are enlarged ahead of need a piece at a time, and
 * give their memory back; an index that doubles and halves a few chains at a time; columns that come into use half
 * way. A Map, whose order of insertion is the order of use, is the model.
 */

import { describe, expect, it, vi } from 'vitest';
import { storeOf } from '../../lib/engine/cache-engine.js';
import { Columns } from '../../lib/engine/columns.js';
import { CacheEngine, type CacheEngineOptions, ManualClock } from '../../lib/index.js';
import { heldBytes } from '../support/collect.js';
import { randomFrom } from './random.js';

/** Below this a text is at once hashed and compared by the index; longer ones, and objects, are in Maps. */
const LONG = 'x'.repeat(70);

interface Held {
  value: unknown;
  flags: number;
  dueMs: number;
}

class Pair {
  readonly clock: ManualClock = new ManualClock(1000);
  readonly engine: CacheEngine<unknown, unknown>;
  /** Oldest first. */
  readonly model: Map<unknown, Held> = new Map();
  readonly random: (below: number) => number;
  readonly #objects: object[] = [];

  constructor(options: CacheEngineOptions<unknown, unknown>, seed: number) {
    this.engine = new CacheEngine({ ...options, clock: this.clock });
    this.random = randomFrom(seed);
  }

  key(number: number): unknown {
    if (number % 16 === 5) return `${LONG}${number}`;
    if (number % 16 === 6) {
      this.#objects[number] ??= { number };
      return this.#objects[number];
    }
    if (number % 16 < 8) return number;
    return number % 16 < 10 ? number + 0.5 : `key ${number}`;
  }

  set(key: unknown, value: unknown, ttlMs = Number.POSITIVE_INFINITY, flags = 0): void {
    expect(this.engine.set(key, value, { ttlMs, flags })).toBe('stored');
    this.model.delete(key);
    this.model.set(key, { value, flags, dueMs: this.clock.now() + ttlMs });
  }

  get(key: unknown): void {
    const held = this.#live(key);
    const found = this.engine.get(key);
    if (found !== held?.value) throw new Error(`get finds ${found} and not ${held?.value}`);
    this.model.delete(key);
    if (held !== undefined) this.model.set(key, held);
  }

  delete(key: unknown): void {
    const is = this.#live(key) !== undefined;
    if (this.engine.delete(key) !== is) throw new Error(`delete finds ${!is}`);
    this.model.delete(key);
  }

  touch(key: unknown, ttlMs: number): void {
    const held = this.#live(key);
    if (this.engine.touch(key, ttlMs) !== (held !== undefined)) throw new Error('touch');
    if (held !== undefined) held.dueMs = this.clock.now() + ttlMs;
  }

  /** The first entries in both directions. */
  walk(): void {
    let steps = 0;
    for (const key of this.engine.keys({ order: 'oldest-first' })) {
      if (this.#live(key) === undefined) throw new Error('the walk meets what is not there');
      if (++steps === 5) break;
    }
    const [key] = this.engine.keys();
    if (key !== undefined && this.#live(key) === undefined) throw new Error('the newest is not there');
  }

  #live(key: unknown): Held | undefined {
    const held = this.model.get(key);
    return held === undefined || held.dueMs <= this.clock.now() ? undefined : held;
  }

  /** The whole order, which by other policies than LRU is not the model's, each value and each flag. O(n). */
  check(): void {
    expect(this.engine.verify()).toEqual([]);
    const store = storeOf(this.engine);
    const now = this.clock.now();
    const walk = store.walk('oldest-first');
    for (const [key, held] of this.model) {
      if (held.dueMs <= now) continue;
      const next = walk.next().value ?? 0;
      const slot = this.engine.policy === 'lru' ? next : store.peekSlot(key);
      const is = [store.keyAt(slot), store.valueAt(slot), store.flagsAt(slot), store.dueMsAt(slot)];
      if (![key, held.value, held.flags, held.dueMs].every((part, i) => Object.is(part, is[i])))
        throw new Error(`${String(is[0])} is where ${String(key)} should be, or holds something else`);
    }
    expect(walk.next().done).toBe(true);
  }

  /** Random work on keys below `keys`, with `inserts` insertions in ten. */
  work(operations: number, keys: number, inserts: number, mortal: boolean): void {
    const { random } = this;
    for (let i = 0; i < operations; i++) {
      const key = this.key(random(keys));
      const what = random(10);
      if (what < inserts) {
        if (mortal && random(4) === 0) this.set(key, i, 1 + random(5000), random(3));
        else this.set(key, random(2) === 0 ? i : `value ${i}`);
      } else if (what < 7) this.get(key);
      else if (what === 7) this.delete(key);
      else if (what === 8 && mortal) this.touch(key, 1 + random(9000));
      else if (random(200) === 0) this.walk();
      if (mortal && random(300) === 0) this.clock.advance(1);
    }
  }
}

describe('an engine that grows and shrinks', () => {
  it.each<[string, CacheEngineOptions<unknown, unknown>]>([
    ['counts bytes', { maxBytes: '1GiB' }],
    ['counts entries alone', { maxBytes: Number.POSITIVE_INFINITY, maxEntries: 10_000_000 }],
    ['tracks access', { maxBytes: '1GiB', trackAccess: true }],
    ['has one queue', { maxBytes: '1GiB', policy: 'sieve' }],
    ['has two queues', { maxBytes: '1GiB', policy: 's3-fifo', trackAccess: true }],
    ['has four queues', { maxBytes: '1GiB', policy: 'w-tinylfu' }],
  ])('and %s holds what a Map holds, in the same order', (_, options) => {
    const pair = new Pair(options, 7);
    const { engine } = pair;
    pair.work(4000, 3000, 6, false);
    pair.check();
    // The first time to live and the first flags.
    for (let round = 0; round < 6; round++) {
      pair.work(5000, 30_000, 6, round > 0);
      pair.check();
    }
    const peak = engine.size;
    expect(peak).toBeGreaterThan(8192);
    engine.getEntry(engine.keys().next().value);
    for (let round = 0; round < 6; round++) {
      pair.work(5000, 60_000, 5, true);
      pair.check();
    }
    // Down again, in any order.
    for (const key of [...pair.model.keys()]) {
      if (pair.random(1000) === 0) pair.work(50, 60_000, 3, true);
      if (pair.random(2000) > 0) pair.delete(key);
      if (pair.random(5000) === 0) pair.check();
    }
    pair.clock.advance(20_000);
    engine.sweepExpired();
    pair.check();
    expect(engine.size).toBeLessThan(peak / 50);
  });

  it('beyond 131,072 slots moves keys and values into pages and back', () => {
    const pair = new Pair({ maxBytes: '1GiB' }, 3);
    const { engine } = pair;
    const store = storeOf(engine);
    // Columns come into use while larger ones are on their way.
    let last = 0;
    const columns: [number, (key: number) => void][] = [
      [40_000, (key) => pair.set(pair.key(key), key, 60_000)],
      [70_000, (key) => pair.set(pair.key(key), key, Number.POSITIVE_INFINITY, 9)],
      [125_000, () => store.beginVersions()],
    ];
    for (let key = 0; key < 200_000; key++) {
      pair.set(pair.key(key), key);
      while (columns[0]?.[0] === key) columns.shift()![1](++last + 500_000);
      if (key % 3 === 0) pair.get(pair.key(pair.random(key + 1)));
      if (key % 66_000 === 65_999) pair.check();
    }
    pair.check();
    const full = engine.bytes;
    for (const [i, key] of [...pair.model.keys()].entries()) {
      if (i % 20_000 !== 0) pair.delete(key);
      if (i % 60_000 === 5) pair.check();
    }
    pair.check();
    expect(engine.size).toBeLessThan(20);
    expect(engine.bytes).toBeLessThan(full / 150);
    pair.work(20_000, 20_000, 6, true);
    pair.check();
  });

  it.each(['delete', 'resize', 'evictOldest', 'sweep', 'clear'])(
    'gives memory back as it shrinks by %s',
    (way) => {
      const clock = new ManualClock(0);
      const engine = new CacheEngine<number, number>({ clock, maxBytes: '1GiB' });
      for (let key = 0; key < 200_000; key++) engine.set(key, key, { ttlMs: key < 10 ? 1e6 : 1000 });
      const full = engine.bytes;
      if (way === 'delete') for (let key = 10; key < 200_000; key++) engine.delete(key);
      else if (way === 'resize') engine.resize({ maxEntries: 10 });
      else if (way === 'evictOldest') while (engine.size > 10) engine.evictOldest();
      else if (way === 'clear') engine.clear();
      else {
        clock.advance(1000);
        engine.sweepExpired();
      }
      expect(engine.size).toBeLessThanOrEqual(10);
      expect(engine.bytes).toBeLessThan(full / 100);
      expect(engine.verify()).toEqual([]);
    },
  );

  it('gives memory back in truth, and not only in what it counts', async () => {
    const before = await heldBytes();
    const engine = new CacheEngine<number, number>({ maxBytes: '1GiB', ttlMs: 1e9, trackAccess: true });
    for (let key = 0; key < 300_000; key++) engine.set(key, key);
    const full = (await heldBytes()) - before;
    expect(full).toBeGreaterThan(15_000_000);
    for (let key = 0; key < 300_000; key++) if (key % 30_000 !== 0) engine.delete(key);
    expect((await heldBytes()) - before).toBeLessThan(full / 20);
    for (let key = 0; key < 300_000; key += 30_000) expect(engine.get(key)).toBe(key);
  });

  it('finishes growing also when it has become full in the middle of that', () => {
    const take = vi.spyOn(Columns.prototype, 'take');
    const engine = new CacheEngine<number, number>({ maxBytes: '1GiB' });
    engine.set(0, 0);
    const columns = take.mock.contexts[0] as Columns;
    take.mockRestore();
    let key = 1;
    while (columns.ahead === null || columns.ahead.copied === 0) engine.set(key, key++);
    engine.resize({ maxEntries: engine.size });
    for (const end = key + 1000; key < end; key++) engine.set(key, key);
    expect(columns.ahead).toBeNull();
    expect(engine.verify()).toEqual([]);
  });

  it('keeps its versions apart, and each with its entry, while entries move to other slots', () => {
    const engine = new CacheEngine<number, number>({ maxBytes: '1GiB' });
    const store = storeOf(engine);
    for (let key = 0; key < 20_000; key++) engine.set(key, key);
    store.beginVersions();
    const wide = 2n ** 63n + 5n;
    store.setVersionAt(store.peekSlot(19_999), wide);
    const versions = new Map<number, number | bigint>();
    for (let key = 0; key < 20_000; key += 500) versions.set(key, engine.getEntry(key)!.version);
    versions.set(19_999, wide);
    for (let key = 0; key < 20_000; key++) if (!versions.has(key)) engine.delete(key);
    for (const [key, version] of versions) expect(engine.getEntry(key)!.version).toBe(version);
    expect(new Set(versions.values()).size).toBe(versions.size);
    expect(engine.verify()).toEqual([]);
  });

  it('keeps weights of more than four gigabytes while entries move', () => {
    const engine = new CacheEngine<number, number>({ maxBytes: 2 ** 50, sizeOf: (value) => value });
    for (let key = 0; key < 5000; key++) engine.set(key, key % 1000 === 999 ? 2 ** 33 + key : 1);
    for (let key = 0; key < 5000; key++) if (key % 1000 !== 999) engine.delete(key);
    expect([...engine.keys({ order: 'oldest-first' })]).toEqual([999, 1999, 2999, 3999, 4999]);
    expect(engine.verify()).toEqual([]);
    for (const key of [999, 1999, 2999, 3999, 4999]) engine.delete(key);
    expect(engine.bytes).toBeLessThan(100_000);
  });
});

describe('the budget in bytes', () => {
  const texts = (i: number): string => `key ${i}`;
  const kinds: [string, (i: number) => unknown][] = [
    ['integers', (i) => i],
    ['short texts', texts],
    ['long texts', (i) => LONG + i],
    ['objects', (i) => ({ i })],
    ['keys of several kinds', (i) => [i, texts(i), LONG + i][i % 3]],
  ];

  it.each(kinds.flatMap((kind) => [true, false].map((evict) => [...kind, evict] as const)))(
    'holds after each insertion of %s',
    (_, key, evict) => {
      const engine = new CacheEngine<unknown, unknown>({ maxBytes: 10_000_000, evict });
      for (let i = 0; i < 200_000; i++) {
        engine.set(key(i), i % 7 === 0 ? 'v'.repeat(i % 50) : i);
        if (engine.bytes > 10_000_000) throw new Error(`${engine.bytes} bytes after insertion ${i}`);
      }
      if (!evict) expect(engine.stats().evictions).toBe(0);
      expect(engine.verify()).toEqual([]);
    },
  );

  it.each([1e5, 1e6, 1e7])('halved from %d leaves half of the entries', (maxBytes) => {
    const engine = new CacheEngine<number, number>({ maxBytes });
    for (let key = 0; key < maxBytes / 20; key++) engine.set(key, key);
    const { size } = engine;
    engine.resize({ maxBytes: maxBytes / 2 });
    expect(engine.size).toBeGreaterThan(size * 0.45);
    expect(engine.bytes).toBeLessThanOrEqual(maxBytes / 2);
    expect(engine.verify()).toEqual([]);
  });

  it.each<[string, (engine: CacheEngine<number, unknown>, key: number) => unknown]>([
    ['touch', (engine, key) => engine.touch(key, 1e6)],
    ['getEntry', (engine, key) => engine.getEntry(key)],
    ['a time to live', (engine, key) => engine.set(key, 1, { ttlMs: 1e6 })],
    ['flags', (engine, key) => engine.set(key, 1, { flags: 1 })],
  ])('makes room for the column that %s brings into use, and for no more than that', (_, use) => {
    for (const maxBytes of [1e5, 1e6, 1e7]) {
      const engine = new CacheEngine<number, unknown>({ maxBytes });
      const newest = maxBytes / 20;
      for (let key = 0; key <= newest; key++) engine.set(key, key);
      const { size } = engine;
      use(engine, newest);
      expect(engine.has(newest)).toBe(true);
      expect(engine.size).toBeGreaterThan(size * 0.7);
      expect(engine.bytes).toBeLessThanOrEqual(maxBytes);
      expect(engine.verify()).toEqual([]);
    }
  });

  it('evicts, for a large value, about as many bytes of entries, whatever columns are allocated', () => {
    for (let fill = 90_000; fill < 140_000; fill += 3331) {
      const engine = new CacheEngine<number, unknown>({ maxBytes: 1e9 });
      for (let key = 0; key < fill; key++) engine.set(key, key);
      engine.resize({ maxBytes: engine.bytes + 1000 });
      engine.set(fill - 1, 'x'.repeat(20_000));
      engine.set('new' as never, 'x'.repeat(20_000));
      expect(engine.size).toBeGreaterThan(fill * 0.97);
      expect(engine.verify()).toEqual([]);
    }
  });
});
