/**
 * Several threads over the shards of one store, against the rules of one cache. The threads are simulated: each has
 * opened the store for itself, and at any point where it holds no lock another one may go on.
 */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ManualClock } from '../../lib/engine/clock.js';
import { Key } from '../../lib/items/key.js';
import type { ItemData } from '../../lib/items.js';
import { newSharedMemories, openShards, type ShardSettings } from '../../lib/pages/open-shards.js';
import type { ShardedItems } from '../../lib/pages/sharded-items.js';

const THREADS = 3;
const SHARDS = 4;
const KEYS = 60;
const MIB = 2 ** 20;
const SETTINGS: ShardSettings = {
  shards: SHARDS,
  maxBytes: SHARDS * MIB,
  reservedBytes: 2 * SHARDS * MIB,
  evicts: true,
  hashSeed: 4711,
};

interface Expected {
  value: string;
  due: number;
}

/** What a thread does before it lets go of its lock. */
interface Turn {
  readonly thread: number;
  readonly steps: readonly Step[];
  /** Whether another thread goes on at each point in it where it holds no lock. */
  readonly isInterrupted: boolean;
}

class Threads {
  readonly clock: ManualClock = new ManualClock(1000);
  readonly stores: readonly ShardedItems[];
  /** Expired ones stay. */
  readonly expected: Map<string, Expected> = new Map();
  hits = 0;
  misses = 0;
  #turns: Turn[] = [];
  #running: Turn | null = null;

  constructor() {
    const memories = newSharedMemories(SETTINGS);
    const open = (isNew: boolean): ShardedItems => {
      const store = openShards(memories, SETTINGS, this.clock, isNew);
      store.share();
      // Which items a full shard gives up is another spec's matter.
      store.onEviction = (slot) => this.expected.delete(store.keyAt(slot));
      const endTurn = store.endTurn.bind(store);
      store.endTurn = () => {
        endTurn();
        this.#interrupt(store);
      };
      return store;
    };
    this.stores = Array.from({ length: THREADS }, (_, thread) => open(thread === 0));
  }

  key(text: string): Key {
    const key = new Key(SETTINGS.hashSeed);
    key.setText(text);
    return key;
  }

  live(text: string): Expected | undefined {
    const found = this.expected.get(text);
    return found !== undefined && found.due > this.clock.now() ? found : undefined;
  }

  run(turns: readonly Turn[]): void {
    this.#turns = [...turns];
    for (let turn = this.#turns.shift(); turn !== undefined; turn = this.#turns.shift()) {
      this.#running = turn;
      this.#take(turn);
      this.#running = null;
      const other = this.stores[(turn.thread + 1) % THREADS]!;
      expect(other.verify()).toEqual([]);
      other.endTurn();
    }
  }

  /** Does something in which no other thread goes on. */
  alone(action: () => void): void {
    const running = this.#running;
    this.#running = null;
    action();
    this.#running = running;
  }

  #take({ thread, steps }: Turn): void {
    const store = this.stores[thread]!;
    for (const step of steps) step(this, store);
    store.endTurn();
  }

  /** The thread holds no lock: others may do anything before it goes on. */
  #interrupt(store: ShardedItems): void {
    const running = this.#running;
    if (running?.isInterrupted !== true || store !== this.stores[running.thread]) return;
    const next = this.#turns.findIndex(({ thread }) => thread !== running.thread);
    if (next < 0) return;
    const [turn] = this.#turns.splice(next, 1);
    this.alone(() => this.#take(turn!));
  }
}

type Step = (threads: Threads, store: ShardedItems) => void;

function dataOf(value: string): ItemData {
  const bytes = Buffer.from(value);
  return { bytes, start: 0, end: bytes.length, owned: false, place: 0 };
}

function valueAt(store: ShardedItems, slot: number): string {
  expect(store.valueBytesAt(slot)).toBe(store.valueAt(slot).length);
  return store.textAt(slot);
}

const aKey = fc.nat(KEYS - 1).map((i) => `key-${i}`);
const aTtl = fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 400 }));
const aSize = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 20_000 }));
const aValue = fc.tuple(fc.string({ minLength: 1, maxLength: 4, unit: 'grapheme-ascii' }), aSize);

/** One operation of a thread on one key: all of it happens under the lock of the key's shard. */
const aStep: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(aKey, aValue, aTtl).map(
    ([key, [text, times], ttl]): Step =>
      (threads, store) => {
        const value = text.repeat(times);
        expect(store.set(threads.key(key), dataOf(value), ttl, 0, false)).toBe('stored');
        threads.expected.set(key, { value, due: threads.clock.now() + ttl });
      },
  ),
  aKey.map(
    (key): Step =>
      (threads, store) => {
        const slot = store.read(threads.key(key));
        const found = threads.live(key);
        if (found === undefined) {
          expect(slot).toBeLessThanOrEqual(0);
          threads.misses++;
        } else {
          expect(valueAt(store, slot)).toBe(found.value);
          expect(store.keyAt(slot)).toBe(key);
          threads.hits++;
        }
      },
  ),
  aKey.map(
    (key): Step =>
      (threads, store) => {
        expect(store.delete(threads.key(key))).toBe(threads.live(key) !== undefined);
        threads.expected.delete(key);
      },
  ),
  fc.tuple(aKey, aTtl).map(
    ([key, ttl]): Step =>
      (threads, store) => {
        const slot = store.peek(threads.key(key));
        const found = threads.live(key);
        expect(slot !== 0).toBe(found !== undefined);
        if (found === undefined) return;
        store.touchAt(slot, ttl);
        found.due = threads.clock.now() + ttl;
      },
  ),
  fc.tuple(aKey, aValue, fc.boolean()).map(
    ([key, [text], before]): Step =>
      (threads, store) => {
        const slot = store.peek(threads.key(key));
        const found = threads.live(key);
        expect(slot !== 0).toBe(found !== undefined);
        if (found === undefined) return;
        expect(store.extend(slot, dataOf(text), before, false)).toBe('stored');
        found.value = before ? text + found.value : found.value + text;
      },
  ),
  fc.tuple(aKey, aKey).map(
    ([key, other]): Step =>
      (threads, store) => {
        // Two keys in one turn: the lock of the first is released when the second has another shard.
        for (const each of [key, other]) {
          const slot = store.peek(threads.key(each));
          const found = threads.live(each);
          expect(slot === 0 ? undefined : valueAt(store, slot)).toBe(found?.value);
        }
      },
  ),
  fc.integer({ min: 1, max: 200 }).map(
    (ms): Step =>
      (threads, store) => {
        threads.clock.advance(ms);
        store.sweepExpired(10);
      },
  ),
  fc.constant<Step>((threads, store) => {
    // Expired items are visited too.
    for (const slot of store.walk('oldest-first'))
      if (store.remainingTtlMsAt(slot) > 0)
        expect(valueAt(store, slot)).toBe(threads.live(store.keyAt(slot))?.value);
  }),
  fc.constant<Step>((threads, store) => {
    // Shard by shard, so that others might store something in between that stays.
    threads.alone(() => store.clear());
    threads.expected.clear();
  }),
  fc.integer({ min: 1, max: 2 * SHARDS }).map(
    (mebibytes): Step =>
      (_threads, store) => {
        store.resize(mebibytes * MIB);
      },
  ),
);

const aTurn: fc.Arbitrary<Turn> = fc.record({
  thread: fc.nat(THREADS - 1),
  steps: fc.array(aStep, { minLength: 1, maxLength: 4 }),
  isInterrupted: fc.boolean(),
});

it('is one cache to all threads, whichever goes on when', () => {
  fc.assert(
    fc.property(fc.array(aTurn, { minLength: 20, maxLength: 120 }), (turns) => {
      const threads = new Threads();
      threads.run(turns);
      const [first] = threads.stores;
      expect(first!.stats()).toMatchObject({ hits: threads.hits, misses: threads.misses });
      for (const [key] of threads.expected) {
        const slot = first!.peek(threads.key(key));
        expect(slot === 0 ? undefined : valueAt(first!, slot)).toBe(threads.live(key)?.value);
      }
      first!.endTurn();
    }),
    { numRuns: 100 },
  );
});
