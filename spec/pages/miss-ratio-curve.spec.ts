/** The miss-ratio curve of a page store: near stores of other sizes, and without effect on the store. */

import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../lib/index.js';
import { randomNumbers } from '../engine/miss-ratio/sequences.js';
import { TextPageStore } from '../support/text-page-store.js';

const READS = 60_000;

/** Most of 30,000 keys seldom, a few often; values of 50 to 1,000 bytes. */
function replay(store: TextPageStore): TextPageStore {
  const random = randomNumbers(21);
  for (let read = 0; read < READS; read++) {
    const number = Math.floor(random() ** 2 * 30_000);
    const key = `item:${number}`;
    if (store.get(key) === undefined) store.set(key, 'x'.repeat(50 + ((number * 7919) % 950)));
  }
  return store;
}

describe('PageStore.missRatioCurve', () => {
  it('is off unless it is set, and refuses what the engine refuses', () => {
    expect(new TextPageStore({ maxBytes: 2 ** 22 }).missRatioCurve()).toBeUndefined();
    expect(() => new TextPageStore({ maxBytes: 2 ** 22, missRatioCurve: { keys: 5 } as never })).toThrow(
      /keys/,
    );
  });

  it('is near stores of other sizes', () => {
    const options = { maxBytes: 8 * 2 ** 20, hashSeed: 5, clock: new ManualClock(1_000_000) };
    const store = replay(new TextPageStore({ ...options, missRatioCurve: true }));
    const plain = replay(new TextPageStore(options));
    expect(store.stats()).toEqual(plain.stats());
    const curve = store.missRatioCurve()!;
    expect(curve).toMatchObject({ unit: 'bytes', policy: 'lru', hitRatio: plain.stats().hitRatio });
    expect(Object.keys(curve.policies).sort()).toEqual(['lru', 's3-fifo', 'sieve', 'w-tinylfu']);
    for (const { factor, hitRatio } of curve.factors) {
      const other = replay(new TextPageStore({ ...options, maxBytes: options.maxBytes * factor }));
      expect(Math.abs(hitRatio - other.stats().hitRatio), `${factor}`).toBeLessThan(0.03);
    }
    expect(store.verify()).toEqual([]);
  });

  it('items that were deleted, expired or flushed are lost by all sizes', () => {
    const clock = new ManualClock(1_000_000);
    const store = new TextPageStore({ maxBytes: 2 ** 20, clock, missRatioCurve: true });
    for (let round = 0; round < 20; round++) {
      for (const key of ['deleted', 'expired', 'none']) expect(store.get(key)).toBeUndefined();
      store.set('deleted', 'value');
      store.delete('deleted');
      store.set('expired', 'value', { ttlMs: 1000 });
      clock.advance(1000);
    }
    store.set('flushed', 'value');
    store.clear();
    store.get('flushed');
    expect(store.missRatioCurve({ sizes: [2 ** 24] })!.points[0]!.hitRatio).toBe(0);
    store.set('kept', 'value');
    store.get('kept');
    expect(store.missRatioCurve({ sizes: [2 ** 24] })!.points[0]!.hitRatio).toBeGreaterThan(0);
    store.resetStats();
    expect(store.missRatioCurve()!.summary).toBe('Nothing has been read yet.');
  });
});
