/** Memory after long churn of sizes: holes stay below a tenth, and the budget holds after every call. */

import { describe, expect, it } from 'vitest';
import { pageSizes } from '../../lib/pages/page-sizes.js';
import type { PageStore } from '../../lib/pages/page-store.js';
import { expectSound, openStore, type TestStore } from './fixture.js';

const OPERATIONS = 8000;
const MIB = 1024 * 1024;
/** Pages that are not full, and the store's header. */
const besideBytes = (maxBytes: number): number => 2 ** pageSizes(maxBytes).segmentShift;

/** A number from 0 to 1, the same in each run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

type Shape = (random: () => number, progress: number) => number;

function lognormal(random: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
  return Math.max(50, Math.min(200_000, Math.round(Math.exp(6.5 + 1.6 * normal))));
}

const waves = [100, 5000, 300, 60_000, 40, 1500, 20_000, 700];
const shapes: Record<string, Shape> = {
  fixed: () => 1000,
  lognormal,
  growing: (_, progress) => 50 + progress * 8000,
  shrinking: (_, progress) => 8050 - progress * 8000,
  'alternating tiny and huge': (_, progress) => (Math.floor(progress * 60) % 2 === 0 ? 60 : 100_000),
  'huge among tiny': (random) => (random() < 0.02 ? 900_000 : 80),
  waves: (random, progress) => waves[Math.floor(progress * waves.length)]! * (0.8 + 0.4 * random()),
};

function churn(
  test: TestStore,
  shape: Shape,
  keys: number,
  check: (store: PageStore, progress: number) => void,
): void {
  const random = randomFrom(7);
  for (let i = 0; i < OPERATIONS; i++) {
    test.clock.advance(1);
    const key = `key${Math.floor(random() * keys)}`;
    if (random() < 0.1) test.store.delete(test.key(key));
    else {
      const ttlMs = random() < 0.3 ? 1 + Math.floor(random() * 5000) : undefined;
      expect(test.set(key, Math.floor(shape(random, i / OPERATIONS)), ttlMs)).toBe('stored');
    }
    check(test.store, i / OPERATIONS);
  }
}

describe('churn', () => {
  it.each(Object.entries(shapes))('of a full store: %s', (_, shape) => {
    const maxBytes = 8 * MIB;
    const test = openStore({ maxBytes });
    let evictions = 0;
    churn(test, shape, 100_000, (store, progress) => {
      if (store.heldBytes > store.maxBytes) expect.fail(`${store.heldBytes} bytes are held`);
      // Items go only where there would be no room.
      const before = evictions;
      evictions = store.stats().evictions;
      if (progress > 0.2 && evictions > before && store.bytes < store.maxBytes * 0.75)
        expect.fail('an item went too soon');
      if (progress > 0.2 && store.heldBytes - besideBytes(maxBytes) > store.bytes * 1.12)
        expect.fail(`${store.heldBytes} bytes are held for ${store.bytes}, at ${progress}`);
    });
    expectSound(test.store);
    expect(test.store.heldBytes - besideBytes(maxBytes)).toBeLessThan(test.store.bytes * 1.1);
  });

  it.each(Object.entries(shapes))('of a store that is not full: %s', (name, shape) => {
    const maxBytes = 256 * MIB;
    const test = openStore({ maxBytes });
    churn(test, shape, 1000, (store, progress) => {
      const most = name === 'shrinking' || name === 'waves' ? 1.25 : 1.1;
      if (progress > 0.2 && store.heldBytes - 2 * besideBytes(maxBytes) > store.bytes * most)
        expect.fail(`${store.heldBytes} bytes are held for ${store.bytes}, at ${progress}`);
    });
    expect(test.store.stats().evictions).toBe(0);
    expectSound(test.store);
  });

  it('gives memory back when most items go', () => {
    const test = openStore({ maxBytes: 63 * MIB });
    const random = randomFrom(1);
    for (let i = 0; i < 40_000; i++) test.set(`key${i}`, Math.floor(random() * 500));
    const before = test.store.heldBytes;
    for (let i = 0; i < 40_000; i++) if (i % 20 !== 0) test.store.delete(test.key(`key${i}`));
    test.store.sweepExpired(0);
    expectSound(test.store);
    expect(test.store.heldBytes).toBeLessThan(before / 5);
  });

  it('takes a value larger than all holes together, and evicts only as many as it needs', () => {
    const test = openStore({ maxBytes: 12 * 1024 * 1024 });
    for (let i = 0; i < 60_000; i++) test.set(`key${i}`, 100);
    const before = test.store.size;
    expect(test.set('huge', 3 * 1024 * 1024)).toBe('stored');
    expectSound(test.store);
    expect(test.get('huge')).toBe(Buffer.alloc(3 * 1024 * 1024, 'huge').toString('latin1'));
    expect(before - test.store.size).toBeLessThan((3.5 * 1024 * 1024) / 148);
    expect(test.store.peek(test.key('key59999'))).toBeGreaterThan(0);
  });
});
