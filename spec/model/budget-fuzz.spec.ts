/**
 * Random operations on an engine whose columns come into use as they may: after each call the limits hold and
 * the structure is sound, with listeners that call back and whatever the outcome was.
 */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CacheEngine, ManualClock, type Policy } from '../../lib/index.js';

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
const options = fc.record(
  { ttlMs: fc.constantFrom(-1, 1, 100, 1e6), flags: fc.constantFrom(1, 7), keepRefused: fc.boolean() },
  { requiredKeys: [] },
);
const value = fc.constantFrom('', 'x'.repeat(50), 'y'.repeat(300), 'z'.repeat(5000));

type Engine = CacheEngine<string, string>;

const operation: fc.Arbitrary<(engine: Engine, clock: ManualClock) => unknown> = fc.oneof(
  fc.tuple(key, value, options).map(
    ([k, v, o]) =>
      (e: Engine) =>
        e.set(k, v, o),
  ),
  fc.tuple(key, value, options).map(
    ([k, v, o]) =>
      (e: Engine) =>
        e.add(k, v, o),
  ),
  fc.tuple(key, value, options).map(
    ([k, v, o]) =>
      (e: Engine) =>
        e.replace(k, v, o),
  ),
  fc.tuple(key, value, options).map(
    ([k, v, o]) =>
      (e: Engine) =>
        e.compareAndSet(k, 1, v, o),
  ),
  fc.tuple(key, value).map(
    ([k, v]) =>
      (e: Engine) =>
        e.update(k, v),
  ),
  fc.tuple(key, fc.constantFrom(-1, 5, 1e9)).map(
    ([k, ttl]) =>
      (e: Engine) =>
        e.touch(k, ttl),
  ),
  key.map((k) => (e: Engine) => e.get(k)),
  key.map((k) => (e: Engine) => e.getEntry(k)),
  key.map((k) => (e: Engine) => e.delete(k)),
  fc.constantFrom(300, 1000, 2000).map((maxBytes) => (e: Engine) => e.resize({ maxBytes })),
  fc.constantFrom(1, 64, 5000, -1000).map((ms) => (_: Engine, clock: ManualClock) => clock.advance(ms)),
  fc.constantFrom(1, 100).map((limit) => (e: Engine) => e.sweepExpired(limit)),
);

it('the budget and the structure hold after every call', () => {
  fc.assert(
    fc.property(
      fc.array(operation, { minLength: 40, maxLength: 40 }),
      fc.record({
        policy: fc.constantFrom<Policy>('lru', 'sieve', 's3-fifo', 'w-tinylfu'),
        evict: fc.boolean(),
        trackAccess: fc.boolean(),
        callsBack: fc.boolean(),
      }),
      (operations, { policy, evict, trackAccess, callsBack }) => {
        const clock = new ManualClock();
        let callsLeft = 20;
        const engine: Engine = new CacheEngine({
          maxBytes: 1000,
          policy,
          evict,
          trackAccess,
          clock,
          onRemoval: (k) => {
            expect(engine.verify()).toEqual([]);
            if (callsBack && callsLeft-- > 0) engine.set(`${k}!`, 'again', { ttlMs: 10 });
          },
        });
        for (const operate of operations) {
          operate(engine, clock);
          expect(engine.bytes).toBeLessThanOrEqual(engine.maxBytes);
          expect(engine.verify()).toEqual([]);
        }
      },
    ),
    { numRuns: 2000 },
  );
});
