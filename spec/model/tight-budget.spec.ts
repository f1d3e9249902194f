/**
 * Thousands of entries in budgets that are always short, with values that grow and shrink, buffers that several share,
 * keys of every kind, and limits that change: after every call the limits hold, and the structure is sound.
 */

import { expect, it } from 'vitest';
import { CacheEngine, ManualClock, type Policy } from '../../lib/index.js';
import { randomFrom } from './random.js';

const LONG = 'x'.repeat(70);

function someValue(random: (below: number) => number, blocks: readonly ArrayBuffer[]): unknown {
  const kind = random(10);
  if (kind < 5) return random(1000);
  if (kind < 7) return 'v'.repeat(random(60));
  if (kind === 7) return 'v'.repeat(random(3000));
  if (kind === 8) return { id: random(10), text: 'v'.repeat(random(20)) };
  return new Uint8Array(blocks[random(blocks.length)]!, 8, random(90));
}

const POLICIES: readonly [seed: number, policy: Policy][] = [
  ...[1, 2, 3, 4].map((seed) => [seed, 'lru'] as [number, Policy]),
  [1, 'sieve'],
  [2, 's3-fifo'],
  [3, 's3-fifo'],
  [3, 'w-tinylfu'],
  [4, 'w-tinylfu'],
];

const cases = POLICIES.flatMap(([seed, policy]) =>
  (policy === 'lru' ? [true, false] : [true]).map((evict) => ({
    seed,
    policy,
    evict,
    trackAccess: seed % 2 === 0,
    maxBytes: 800_000 + 200_000 * seed,
  })),
);

it.each(cases)('the budget holds after every call: %o', ({ seed, policy, evict, trackAccess, maxBytes }) => {
  const random = randomFrom(seed);
  const clock = new ManualClock(1000);
  let removals = 0;
  const engine = new CacheEngine<unknown, unknown>({
    maxBytes,
    policy,
    evict,
    trackAccess,
    clock,
    onRemoval: () => void removals++,
  });
  const blocks = Array.from({ length: 20 }, (_, i) => new ArrayBuffer(500 * (i + 1)));
  const objects = Array.from({ length: 3000 }, () => ({}));
  const key = (number: number): unknown =>
    [number, `${number}`, LONG + number, number + 0.5, objects[number % objects.length]][number % 5];
  let evictionsByResize = 0;
  let highest = 0;
  for (let i = 0; i < 60_000; i++) {
    const each = key(random(i < 30_000 ? 12_000 : 40_000));
    const what = random(100);
    if (what < 55) engine.set(each, someValue(random, blocks));
    else if (what < 62) engine.set(each, i, { ttlMs: random(3000) - 10, flags: random(2) * i });
    else if (what < 75) engine.get(each);
    else if (what < 80) engine.delete(each);
    else if (what < 85) engine.update(each, someValue(random, blocks));
    else if (what < 87) engine.touch(each, random(2000));
    else if (what < 88) clock.advance(random(20));
    else if (what === 88) engine.sweepExpired(random(200));
    else if (random(150) === 0) {
      const { evictions } = engine.stats();
      if (random(4) === 0) engine.clear();
      else if (random(3) === 0) engine.getEntry(each);
      else engine.resize({ maxBytes: maxBytes / 4 + random(maxBytes) });
      evictionsByResize += engine.stats().evictions - evictions;
    }
    highest = Math.max(highest, engine.size);
    if (engine.bytes > engine.maxBytes)
      throw new Error(`${engine.bytes} of ${engine.maxBytes} bytes after call ${i}`);
    if (i % 2000 === 0) expect(engine.verify()).toEqual([]);
  }
  expect(engine.verify()).toEqual([]);
  expect(highest).toBeGreaterThan(1000);
  const { evictions } = engine.stats();
  if (!evict) {
    // Columns that come into use may make entries go, also where nothing else does.
    expect(evictions - evictionsByResize).toBeLessThan(highest);
  } else expect(evictions).toBeGreaterThan(500);
  const left = engine.size;
  engine.clear();
  expect(removals).toBe(engine.stats().stores);
  expect(left).toBeGreaterThan(0);
  expect(engine.bytes).toBe(0);
});

it.each([true, false])('larger columns wait until there is room beside the entry: evict %s', (evict) => {
  // Columns grow by a quarter: somewhere on the way they would.
  for (let entries = 1500; entries < 2000; entries++) {
    const engine = new CacheEngine<string, unknown>({ maxBytes: 1_000_000, evict });
    for (let i = 0; i < entries; i++) engine.set(`k${i}`, i);
    const room = engine.maxBytes - engine.bytes;
    engine.set('last', 'x'.repeat(room - 120));
    expect(engine.verify()).toEqual([]);
    expect(engine.stats().evictions).toBeLessThanOrEqual(evict ? 1 : 0);
  }
});
