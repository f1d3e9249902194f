/** Access times: exact whatever comes, and of 32 bits as long as that is possible. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AccessTimes } from '../../lib/engine/access-times.js';
import { CacheEngine } from '../../lib/engine/cache-engine.js';
import { ManualClock } from '../../lib/engine/clock.js';
import { ColumnPool } from '../../lib/engine/column-pool.js';
import { WIDE_ACCESS_BYTES } from '../../lib/engine/entry-overhead.js';

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 0, 1);

describe('access times', () => {
  it.each([
    ['of a clock near now', fc.integer({ min: NOW, max: NOW + 30 * DAY_MS })],
    ['far apart', fc.integer({ min: -(2 ** 34), max: 2 ** 34 })],
    ['at any distance', fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -9, max: 9 }))],
    ['with fractions', fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 })],
  ])('%s come back as they went in', (_, time) => {
    const step = fc.record({
      slot: fc.integer({ min: 1, max: 30 }),
      how: fc.constantFrom('stored', 'used', 'both'),
      first: time,
      second: time,
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let capacity = 16;
        const times = new AccessTimes(capacity, new ColumnPool());
        const model = new Map<number, [number, number]>();
        for (const { slot, how, first, second } of steps) {
          if (slot >= capacity) {
            capacity = slot + 1;
            times.grow(capacity);
          }
          if (how === 'both') {
            times.set(slot, first, second);
            model.set(slot, [first, second]);
          } else if (how === 'used' && model.has(slot)) {
            times.setUsed(slot, first);
            model.get(slot)![1] = first;
          } else {
            times.setStored(slot, first);
            model.set(slot, [first, first]);
          }
          for (const [held, [stored, used]] of model) {
            // -0 is 0.
            expect(times.storedAt(held)).toBe(stored + 0);
            expect(times.usedAt(held)).toBe(used + 0);
          }
        }
      }),
    );
  });

  it('stay at 32 bits for ever when all are within 24 days of each other', () => {
    const times = new AccessTimes(4);
    for (let day = 0; day < 5000; day++) {
      for (const slot of [1, 2, 3]) times.setStored(slot, NOW + day * DAY_MS + slot);
      expect([1, 2, 3].map((slot) => times.usedAt(slot))).toEqual(
        [1, 2, 3].map((n) => NOW + day * DAY_MS + n),
      );
    }
    expect(times.isWide).toBe(false);
  });

  it('reach 49 days, and widen beyond', () => {
    const times = new AccessTimes(4);
    times.setStored(1, NOW);
    times.setStored(2, NOW + 49 * DAY_MS);
    expect(times.isWide).toBe(false);
    times.setStored(3, NOW + 50 * DAY_MS);
    expect(times.isWide).toBe(true);
    expect([1, 2, 3].map((slot) => times.storedAt(slot) - NOW)).toEqual([0, 49 * DAY_MS, 50 * DAY_MS]);
  });
});

describe('an engine with access times', () => {
  function engineAt(now: number) {
    const clock = new ManualClock(now);
    const engine = new CacheEngine<string, string>({ maxBytes: '1MiB', trackAccess: true, clock });
    return { clock, engine };
  }

  it('counts times that come to take 64 bits from the next write on, and only once', () => {
    const { clock, engine } = engineAt(NOW);
    engine.set('a', 'x');
    const narrow = engine.bytes;
    clock.advance(0.5);
    engine.get('a');
    engine.set('a', 'x');
    expect(engine.bytes).toBe(narrow + WIDE_ACCESS_BYTES);
    engine.set('a', 'x');
    expect(engine.bytes).toBe(narrow + WIDE_ACCESS_BYTES);
  });

  it('stays in its budget when it does, also where it does not evict', () => {
    for (const evict of [true, false]) {
      const clock = new ManualClock(NOW);
      const engine = new CacheEngine<number, string>({ maxBytes: 10_000, trackAccess: true, clock, evict });
      for (let key = 0; key < 200; key++) engine.set(key, 'x');
      clock.advance(0.5);
      for (let key = 0; key < 200; key++) {
        engine.set(key, 'y');
        expect(engine.bytes).toBeLessThanOrEqual(10_000);
      }
      expect(engine.verify()).toEqual([]);
    }
  });

  it('forgets the times of entries that are gone', () => {
    const { clock, engine } = engineAt(NOW);
    for (let i = 0; i < 10; i++) engine.set(`k${i}`, 'x');
    for (let i = 0; i < 10; i++) engine.delete(`k${i}`);
    clock.advance(30 * DAY_MS);
    engine.set('a', 'x');
    const narrow = engine.bytes;
    clock.advance(25 * DAY_MS);
    engine.set('a', 'y');
    engine.set('a', 'z');
    expect(engine.bytes).toBe(narrow);
  });
});
