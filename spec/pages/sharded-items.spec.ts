/** What holds for any shards: keys to shards, locks, half-done changes, subscribers, walks. The shards here are engines. */

import { describe, expect, it } from 'vitest';
import { CacheEngine } from '../../lib/engine/cache-engine.js';
import { ManualClock } from '../../lib/engine/clock.js';
import type { Change } from '../../lib/engine/types.js';
import { EngineItems } from '../../lib/items/engine-items.js';
import { Key } from '../../lib/items/key.js';
import type { ItemData, KeyBytes } from '../../lib/items.js';
import { LOCK_WORDS } from '../../lib/pages/lock.js';
import { type Shard, ShardedItems, type ShardItems } from '../../lib/pages/sharded-items.js';
import { SharedControl, sharedControlBytes } from '../../lib/pages/shared-control.js';

const SHARDS = 4;

class EngineShardItems extends EngineItems implements ShardItems {
  keyBytesAt(slot: number): number {
    return this.keyAt(slot).length;
  }

  copyItemAt(slot: number, withValue: boolean, target: Buffer, at: number): void {
    const end = at + target.write(this.keyAt(slot), at, 'latin1');
    if (withValue) this.copyValueAt(slot, target, end);
  }

  prepare(): void {}

  restore(): void {}

  endRestore(): void {}

  textAt(slot: number): string {
    return this.valueAt(slot).toString();
  }
}

class EngineShard implements Shard {
  items: EngineShardItems;
  refreshes = 0;
  emptied = 0;

  constructor(clock: ManualClock) {
    this.items = new EngineShardItems(new CacheEngine<string, unknown>({ maxBytes: 2 ** 20, clock }));
    Object.assign(this.items, { hashSeed: 12345 });
  }

  refresh(): void {
    this.refreshes++;
  }

  note(): void {}

  resize(maxBytes: number): void {
    this.items.resize(maxBytes);
  }

  empty(): void {
    this.emptied++;
    this.items.clear();
  }
}

interface Fixture {
  readonly items: ShardedItems;
  /** As another thread sees the same shards, though this spec runs in one. */
  readonly shards: readonly EngineShard[];
  readonly control: SharedControl;
  readonly clock: ManualClock;
  /** Who holds each lock. */
  holders(): number[];
}

function fixture(): Fixture {
  const clock = new ManualClock(1000);
  const shards = Array.from({ length: SHARDS }, () => new EngineShard(clock));
  const memory = new SharedArrayBuffer(sharedControlBytes(SHARDS));
  const control = new SharedControl(memory, SHARDS);
  control.maxBytes = SHARDS * 2 ** 20;
  const items = new ShardedItems(shards, control);
  const locks = (control.openLocks() as unknown as { words: Int32Array }).words;
  return {
    items,
    shards,
    control,
    clock,
    holders: () => shards.map((_, i) => locks[i * LOCK_WORDS]! & 0x7fffffff),
  };
}

function keyOf({ items }: Fixture, text: string): KeyBytes {
  const key = new Key(items.hashSeed);
  key.setText(text);
  return key;
}

function dataOf(text: string): ItemData {
  const bytes = Buffer.from(text);
  return { bytes, start: 0, end: bytes.length, owned: false, place: 0 };
}

function put(own: Fixture, text: string, value: string = text): void {
  expect(own.items.set(keyOf(own, text), dataOf(value), Number.POSITIVE_INFINITY, 0, false)).toBe('stored');
}

function read(own: Fixture, text: string): string | undefined {
  const slot = own.items.read(keyOf(own, text));
  return slot > 0 ? own.items.valueAt(slot).toString() : undefined;
}

const KEYS = Array.from({ length: 100 }, (_, i) => `key-${i}`);

it('spreads keys over all shards, and finds them there', () => {
  const own = fixture();
  for (const key of KEYS) put(own, key);
  for (const key of KEYS) expect(read(own, key)).toBe(key);
  expect(own.items.size).toBe(100);
  for (const { items } of own.shards) expect(items.size).toBeGreaterThan(10);
  expect(own.items.stats()).toMatchObject({ hits: 100, misses: 0, stores: 100, size: 100 });
  expect(own.items.delete(keyOf(own, 'key-7'))).toBe(true);
  expect(own.items.peek(keyOf(own, 'key-7'))).toBe(0);
  own.items.clear();
  expect(own.items.size).toBe(0);
  expect(own.items.verify()).toEqual([]);
});

describe('locks', () => {
  it('takes none before it is shared', () => {
    const own = fixture();
    put(own, 'a');
    expect(own.holders()).toEqual([0, 0, 0, 0]);
    expect(own.shards.every((shard) => shard.refreshes === 0)).toBe(true);
  });

  it('holds one at a time, until the turn ends, and follows what others did each time', () => {
    const own = fixture();
    own.items.share();
    const held = new Set<number>();
    for (const key of KEYS) {
      put(own, key);
      const holders = own.holders().filter((holder) => holder !== 0);
      expect(holders).toHaveLength(1);
      held.add(own.holders().findIndex((holder) => holder !== 0));
    }
    expect(held.size).toBe(SHARDS);
    own.items.endTurn();
    own.items.endTurn();
    expect(own.holders()).toEqual([0, 0, 0, 0]);
    for (const shard of own.shards) expect(shard.refreshes).toBeGreaterThan(0);
  });

  it('locks the shard that it works on while it is shared in the middle of a turn', () => {
    const own = fixture();
    put(own, 'a');
    own.items.share();
    expect(own.holders().filter((holder) => holder !== 0)).toHaveLength(1);
    own.items.endTurn();
    expect(own.holders()).toEqual([0, 0, 0, 0]);
  });

  it('leaves the lock to whoever in the same thread has it already', () => {
    const own = fixture();
    own.items.share();
    const again = new ShardedItems(own.shards, own.control);
    again.share();
    put(own, 'a');
    const before = own.holders();
    put({ ...own, items: again }, 'a', 'b');
    again.endTurn();
    expect(own.holders()).toEqual(before);
    own.items.endTurn();
    expect(own.holders()).toEqual([0, 0, 0, 0]);
  });
});

describe('a change that was begun and not ended', () => {
  it('by a thread that is gone: its shard is emptied, and no other', () => {
    const own = fixture();
    own.items.share();
    for (const key of KEYS) put(own, key);
    own.items.endTurn();
    const locks = own.control.openLocks();
    locks.take(2);
    locks.beginChange(2);
    locks.release(2);
    const lost = own.shards[2]!.items.size;
    for (const key of KEYS) read(own, key);
    own.items.endTurn();
    expect(own.shards.map((shard) => shard.emptied)).toEqual([0, 0, 1, 0]);
    expect(own.items.size).toBe(100 - lost);
  });

  it('by an error: the shard is emptied before it is used again, in the same turn as well', () => {
    const own = fixture();
    own.items.share();
    put(own, 'a');
    const shard = own.shards.find(({ items }) => items.size === 1)!;
    const original = shard.items.read;
    shard.items.read = () => {
      throw new RangeError('no stack left');
    };
    expect(() => read(own, 'a')).toThrow(RangeError);
    shard.items.read = original;
    expect(read(own, 'a')).toBeUndefined();
    expect(shard.emptied).toBe(1);
    own.items.endTurn();
    expect(own.holders()).toEqual([0, 0, 0, 0]);
  });
});

describe('subscribers', () => {
  /** What a listener hears, as `cause key`. */
  function listen(own: Fixture, prefix = ''): { heard: string[]; end: () => void } {
    const heard: string[] = [];
    const end = own.items.subscribe(prefix, ({ cause, key }: Change<string>) => {
      heard.push(`${cause} ${key ?? ''}`.trim());
    });
    return { heard, end };
  }

  it('hear of their own thread once the shard is released', () => {
    const own = fixture();
    const { heard, end } = listen(own, 'key-1');
    put(own, 'key-1');
    put(own, 'key-2');
    own.items.endTurn();
    own.items.delete(keyOf(own, 'key-1'));
    own.items.endTurn();
    expect(heard).toEqual(['stored key-1', 'deleted key-1']);
    end();
    put(own, 'key-1');
    own.items.endTurn();
    expect(heard).toHaveLength(2);
  });

  it('hear once of a clearing, after all is gone', () => {
    const own = fixture();
    for (const key of KEYS) put(own, key);
    own.items.endTurn();
    const sizes: number[] = [];
    const end = own.items.subscribe('', ({ cause }) => {
      expect(cause).toBe('cleared');
      sizes.push(own.items.size);
    });
    own.items.clear();
    own.items.endTurn();
    expect(sizes).toEqual([0]);
    end();
  });

  it('hear `cleared` for a shard that was emptied', () => {
    const own = fixture();
    own.items.share();
    const { heard, end } = listen(own);
    const locks = own.control.openLocks();
    for (let shard = 0; shard < SHARDS; shard++) locks.beginChange(shard);
    read(own, 'a');
    own.items.endTurn();
    expect(heard).toEqual(['cleared']);
    end();
  });

  it('may use the store, and what they throw reaches the call that made the change', () => {
    const own = fixture();
    own.items.share();
    const end = own.items.subscribe('a', () => {
      for (const key of KEYS) put(own, key);
      throw new Error('a listener failed');
    });
    put(own, 'a');
    expect(() => own.items.endTurn()).toThrow('a listener failed');
    expect(own.holders()).toEqual([0, 0, 0, 0]);
    expect(own.items.size).toBe(101);
    end();
  });

  it('do not cause changes without end', () => {
    const own = fixture();
    const end = own.items.subscribe('', () => put(own, 'a'));
    put(own, 'a');
    expect(() => own.items.endTurn()).toThrow(expect.objectContaining({ code: 'HOTSET_LISTENER_LOOP' }));
    end();
  });
});

describe('walks', () => {
  it('visit all shards, though others work in between', () => {
    const own = fixture();
    own.items.share();
    for (const key of KEYS) put(own, key);
    const found: string[] = [];
    for (const slot of own.items.walk('oldest-first')) {
      found.push(own.items.keyAt(slot));
      own.items.endTurn();
      read(own, 'key-3');
    }
    own.items.endTurn();
    expect(new Set(found).size).toBe(found.length);
    expect(found.length).toBeGreaterThan(90);
  });

  it('dump all shards together in the order of use, and load it', () => {
    const own = fixture();
    for (const key of KEYS) {
      own.clock.advance(1);
      put(own, key);
    }
    const dumped = [...own.items.dump()];
    expect(dumped.map(({ key }) => key)).toEqual(KEYS);
    const copy = fixture();
    expect(copy.items.load(dumped)).toBe(100);
    for (const key of KEYS) expect(read(copy, key)).toBe(key);
  });

  it('end for a shard that was emptied meanwhile', () => {
    const own = fixture();
    own.items.share();
    for (const key of KEYS) put(own, key);
    const slots = own.items.walk('oldest-first');
    slots.next();
    own.items.endTurn();
    const locks = own.control.openLocks();
    for (let shard = 0; shard < SHARDS; shard++) locks.beginChange(shard);
    expect([...slots]).toEqual([]);
    own.items.endTurn();
    expect(own.items.size).toBe(0);
  });

  it('end in the middle without holding a lock', () => {
    const own = fixture();
    own.items.share();
    for (const key of KEYS) put(own, key);
    for (const _ of own.items.dump()) break;
    expect(own.holders()).toEqual([0, 0, 0, 0]);
  });
});

it('sweeps, resizes and shrinks shard by shard', () => {
  const own = fixture();
  for (const key of KEYS) own.items.set(keyOf(own, key), dataOf('x'), 10, 0, false);
  own.clock.advance(11);
  expect(own.items.mayHaveExpired).toBe(true);
  let swept = 0;
  for (let calls = 0; swept < 100 && calls < 100; calls++) swept += own.items.sweepExpired(20);
  expect(swept).toBe(100);
  own.items.resize(2 ** 21);
  expect(own.items.maxBytes).toBe(2 ** 21);
  expect(own.shards[0]!.items.maxBytes).toBe(2 ** 19);
});
