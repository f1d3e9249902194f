/** Random operations on a page store and on a naive one: they hold the same, and the store is sound after each. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ItemData } from '../../lib/items.js';
import type { LruList } from '../../lib/pages/lru-list.js';
import { dataOf, expectSound, openStore, type TestStore } from './fixture.js';
import { NaiveItems } from './naive-items.js';

const RUNS = Number(process.env.HOTSET_MODEL_RUNS ?? 60);
const KEYS = 60;
const NEVER = Number.POSITIVE_INFINITY;

const key = fc
  .integer({ min: 0, max: KEYS - 1 })
  .map((n) => (n % 7 === 0 ? `long-${'k'.repeat(n * 3)}${n}` : `k${n}`));
const length = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 200 }) },
  { weight: 3, arbitrary: fc.integer({ min: 200, max: 3000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 3000, max: 30_000 }) },
);
const ttl = fc.oneof(
  { weight: 3, arbitrary: fc.constant(NEVER) },
  { weight: 2, arbitrary: fc.integer({ min: -1, max: 2000 }) },
  { weight: 1, arbitrary: fc.constantFrom(1, 4_000_000_000, 2 ** 41, 2 ** 50) },
);
const flags = fc.constantFrom(0, 0, 0, 1, 0xffffffff);
const version = fc.constantFrom<(number | bigint)[]>(
  0,
  7,
  2 ** 32,
  2 ** 41,
  2 ** 52,
  2n ** 63n,
  2n ** 64n - 1n,
);

type Operation = readonly [name: string, ...rest: never[]];
const operation = fc.oneof(
  { weight: 10, arbitrary: fc.tuple(fc.constant('set' as const), key, length, ttl, flags) },
  { weight: 8, arbitrary: fc.tuple(fc.constant('read' as const), key) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('delete' as const), key) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('touch' as const), key, ttl) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('update' as const), key, length, fc.boolean()) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('extend' as const), key, length, fc.boolean()) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('reserve' as const), length) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('setReserved' as const), key, ttl, flags) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('release' as const)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('promote' as const), key) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('version' as const), key, version, fc.boolean()) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('bits' as const), key, fc.integer({ min: 0, max: 127 })) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('advance' as const), fc.integer({ min: -500, max: 1500 })) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant('resize' as const), fc.integer({ min: 90_000, max: 400_000 })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant('shrink' as const), fc.integer({ min: 90_000, max: 200_000 })),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant('sweep' as const), fc.integer({ min: 0, max: 40 })) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant('walk' as const), fc.constantFrom('newest-first', 'oldest-first')),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant('step' as const)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('reload' as const)) },
);
const rare = fc.tuple(fc.constant('clear' as const));

class Pair {
  readonly real: TestStore;
  readonly model: NaiveItems = new NaiveItems();
  readonly reserved: ItemData[] = [];
  readonly changes: string[] = [];
  walk: Iterator<number> | null = null;
  walked = new Set<string>();
  private written = 0;

  constructor(evict: boolean) {
    this.real = openStore({ maxBytes: 200_000, evict });
    this.model.now = this.real.clock.now();
  }

  value(bytes: number): Buffer {
    return Buffer.alloc(bytes, `${this.written++}.`);
  }

  /** The slot of a key that is live in both. */
  slot(text: string): number {
    const slot = this.real.store.peek(this.real.key(text));
    expect(slot > 0).toBe(this.model.peek(text) !== undefined);
    return slot;
  }

  /** What the store has removed to make room goes from the model too: expired items, and the oldest. */
  reconcile(written: string | null): void {
    const { real, model } = this;
    const held = new Set<string>();
    const { store } = real;
    for (const item of model.items) if (store.peek(real.key(item.key)) !== 0) held.add(item.key);
    let isKept = false;
    for (const item of model.items.slice()) {
      if (held.has(item.key)) {
        if (item.due > model.now) isKept = true;
        continue;
      }
      if (item.due <= model.now) continue;
      expect(isKept && item.key !== written, `${item.key} is evicted, and an older item is not`).toBe(false);
      model.remove(item.key);
    }
    // Expired items that are held are not seen.
    const live = [...store.walk('oldest-first')].map((slot) => store.keyAt(slot));
    expect(live).toEqual(model.live().map((item) => item.key));
  }

  check(): void {
    const { store } = this.real;
    // Expired items that are gone must not come back when the clock does.
    const { lru } = store as unknown as { lru: LruList };
    const held = new Set([...lru.walk('oldest-first')].map((slot) => store.keyAt(slot)));
    this.model.items = this.model.items.filter((item) => item.due > this.model.now || held.has(item.key));
    expectSound(store);
    for (const item of this.model.live()) {
      const slot = this.slot(item.key);
      expect(store.valueBytesAt(slot)).toBe(item.value.length);
      const copy = Buffer.alloc(item.value.length + 1);
      store.copyValueAt(slot, copy, 1);
      expect(copy.subarray(1).equals(item.value), `the value of ${item.key}`).toBe(true);
      expect(store.flagsAt(slot)).toBe(item.flags);
      expect(store.versionAt(slot)).toBe(item.version);
      const left = item.due - this.model.now;
      expect(store.remainingTtlMsAt(slot)).toBe(left > 2 ** 42 ? NEVER : left);
      expect(store.idleMsAt(slot)).toBe(Math.max(0, this.model.now - item.usedAt));
      expect(store.fetchedAt(slot)).toBe(item.fetched);
      expect(store.adapterBitsAt(slot)).toBe(item.bits);
    }
    const stats = store.stats();
    expect([stats.hits, stats.misses, stats.stores]).toEqual([
      this.model.hits,
      this.model.misses,
      this.model.stores,
    ]);
    expect(store.lastVersion).toBe(this.model.lastVersion);
  }
}

describe('a page store against a naive one', () => {
  it.each([true, false])('evict: %s', (evict) => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 60, arbitrary: operation }, { weight: 1, arbitrary: rare }), {
          minLength: 20,
          maxLength: 120,
          size: 'max',
        }),
        (operations) => {
          const pair = new Pair(evict);
          for (const one of operations) {
            apply(pair, one as unknown as Operation);
            pair.check();
          }
          for (const data of pair.reserved) pair.real.store.release(data);
          pair.walk?.return?.();
          expectSound(pair.real.store);
        },
      ),
      { numRuns: RUNS },
    );
  });
});

const actions: Record<string, (pair: Pair, ...rest: never[]) => void> = {
  set(pair, text: string, bytes: number, ttlMs: number, flagsOf: number) {
    const value = pair.value(bytes);
    note(pair, text, pair.real.set(text, value, ttlMs, flagsOf), value, ttlMs, flagsOf);
  },
  read(pair, text: string) {
    const { real, model } = pair;
    const slot = real.store.read(real.key(text));
    expect(slot > 0).toBe(model.read(text) !== undefined);
  },
  delete(pair, text: string) {
    const { real, model } = pair;
    expect(real.store.delete(real.key(text))).toBe(model.remove(text));
  },
  touch(pair, text: string, ttlMs: number) {
    const slot = pair.slot(text);
    if (slot === 0) return;
    pair.real.store.touchAt(slot, ttlMs);
    pair.model.find(text)!.due = pair.model.now + Math.max(0, ttlMs);
    pair.reconcile(null);
  },
  update(pair, text: string, bytes: number, keepBits: boolean) {
    const slot = pair.slot(text);
    if (slot === 0) return;
    const value = pair.value(bytes);
    const before = pair.model.find(text)!;
    const result = pair.real.store.update(slot, dataOf(value), false, keepBits);
    note(pair, text, result, value, before.due - pair.model.now, before.flags, keepBits ? before : null);
  },
  extend(pair, text: string, bytes: number, atFront: boolean) {
    const slot = pair.slot(text);
    if (slot === 0) return;
    const added = pair.value(bytes);
    const before = pair.model.find(text)!;
    const value = Buffer.concat(atFront ? [added, before.value] : [before.value, added]);
    const result = pair.real.store.extend(slot, dataOf(added), atFront, false);
    note(pair, text, result, value, before.due - pair.model.now, before.flags);
  },
  reserve(pair, bytes: number) {
    const data = dataOf('');
    if (pair.real.store.reserve(bytes, data)) {
      expect(data.end - data.start).toBe(bytes);
      pair.value(bytes).copy(data.bytes, data.start);
      pair.reserved.push(data);
    }
    pair.reconcile(null);
  },
  setReserved(pair, text: string, ttlMs: number, flagsOf: number) {
    const data = pair.reserved.shift();
    if (data === undefined) return;
    const value = Buffer.from(data.bytes.subarray(data.start, data.end));
    const { real } = pair;
    const result = real.store.set(real.key(text), data, ttlMs, flagsOf, false);
    if (result === 'stored') expect(data.place).toBe(0);
    real.store.release(data);
    note(pair, text, result, value, ttlMs, flagsOf);
  },
  release(pair) {
    const data = pair.reserved.pop();
    if (data !== undefined) pair.real.store.release(data);
  },
  promote(pair, text: string) {
    const slot = pair.slot(text);
    if (slot === 0) return;
    pair.real.store.promoteAt(slot);
    pair.model.promote(pair.model.find(text)!);
  },
  version(pair, text: string, chosen: number | bigint, renews: boolean) {
    const slot = pair.slot(text);
    if (slot === 0) return;
    const item = pair.model.find(text)!;
    if (renews) {
      pair.real.store.renewVersionAt(slot);
      item.version = ++pair.model.lastVersion;
    } else {
      pair.real.store.setVersionAt(slot, chosen, false);
      item.version = chosen;
    }
    pair.reconcile(null);
  },
  bits(pair, text: string, bits: number) {
    const slot = pair.slot(text);
    if (slot === 0) return;
    pair.real.store.setAdapterBitsAt(slot, bits);
    pair.model.find(text)!.bits = bits;
  },
  advance(pair, ms: number) {
    const { real, model } = pair;
    const expired = model.items.filter((item) => item.due <= model.now);
    real.clock.advance(ms);
    model.now += ms;
    // Where the clock goes back, those live on that nothing has taken.
    for (const item of expired)
      if (item.due > model.now && real.store.peek(real.key(item.key)) === 0) model.remove(item.key);
  },
  resize(pair, maxBytes: number) {
    pair.real.store.resize(maxBytes);
    expect(pair.real.store.maxBytes).toBe(maxBytes);
    expect(pair.real.store.heldBytes).toBeLessThanOrEqual(maxBytes);
    pair.reconcile(null);
  },
  shrink(pair, maxBytes: number) {
    pair.real.store.shrinkTowards(maxBytes, 5);
    pair.reconcile(null);
  },
  sweep(pair, limit: number) {
    pair.real.store.sweepExpired(limit);
    pair.reconcile(null);
  },
  walk(pair, order: 'newest-first' | 'oldest-first') {
    pair.walk?.return?.();
    pair.walk = pair.real.store.walk(order);
    pair.walked = new Set();
  },
  step(pair) {
    const next = pair.walk?.next();
    if (next === undefined || next.done === true) return;
    const text = pair.real.store.keyAt(next.value);
    expect(pair.model.peek(text)).toBeDefined();
  },
  reload(pair) {
    const { store } = pair.real;
    const dumped = [...store.dump()];
    const live = pair.model.live();
    expect(dumped.map((entry) => entry.key)).toEqual(live.map((item) => item.key));
    const other = openStore({ maxBytes: 4_000_000 });
    expect(other.store.load(dumped)).toBe(dumped.length);
    expectSound(other.store);
    expect([...other.store.dump()]).toEqual(dumped);
  },
  clear(pair) {
    pair.real.store.clear();
    pair.model.items = [];
  },
};

function apply(pair: Pair, [name, ...rest]: Operation): void {
  actions[name]!(pair, ...rest);
}

/** A write has had this result. */
function note(
  pair: Pair,
  text: string,
  result: string,
  value: Buffer,
  ttlMs: number,
  flagsOf: number,
  kept: { bits: number; fetched: boolean } | null = null,
): void {
  const { model, real } = pair;
  if (result === 'stored') {
    model.set(text, value, ttlMs, flagsOf, kept?.bits ?? 0);
    const item = model.find(text);
    if (item !== undefined) item.fetched = kept?.fetched ?? false;
    pair.reconcile(text);
    expect(real.store.lastStored > 0).toBe(ttlMs > 0);
    if (ttlMs > 0) expect(real.store.keyAt(real.store.lastStored)).toBe(text);
  } else {
    model.remove(text);
    pair.reconcile(null);
  }
}
