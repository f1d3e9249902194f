/** `shrinkTowards`: what `resize` does at once, in bounded steps. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { storeOf } from '../../lib/engine/cache-engine.js';
import { CacheEngine, ManualClock } from '../../lib/index.js';

const operation = fc.record({
  key: fc.nat(300),
  bytes: fc.constantFrom(0, 10, 500, 5000),
  ttlMs: fc.constantFrom(Number.POSITIVE_INFINITY, 5),
});

it('ends where resize ends, and removes the same entries in the same order', () => {
  fc.assert(
    fc.property(
      fc.array(operation, { minLength: 1, maxLength: 1500 }),
      fc.constantFrom(0, 20),
      fc.constantFrom(20_000, 60_000, 200_000),
      fc.constantFrom(1, 7, 500),
      (operations, waitMs, maxBytes, steps) => {
        const [atOnce, bySteps] = [0, 1].map(() => {
          const clock = new ManualClock();
          const removed: string[] = [];
          const onRemoval = (key: number, _value: string, cause: string) => removed.push(`${key} ${cause}`);
          const engine = new CacheEngine<number, string>({ maxBytes: '64MiB', clock, onRemoval });
          for (const { key, bytes, ttlMs } of operations) engine.set(key, 'x'.repeat(bytes), { ttlMs });
          removed.length = 0;
          clock.advance(waitMs);
          return { engine, removed };
        });
        atOnce!.engine.resize({ maxBytes });
        const { engine, removed } = bySteps!;
        for (let more = true; more; ) {
          const before = removed.length;
          more = storeOf(engine).shrinkTowards(maxBytes, steps);
          expect(removed.length - before).toBeLessThanOrEqual(steps);
          expect(engine.verify()).toEqual([]);
        }
        engine.resize({ maxBytes });
        expect(engine.bytes).toBeLessThanOrEqual(maxBytes);
        expect(engine.verify()).toEqual([]);
        if (waitMs === 0) {
          expect(removed).toEqual(atOnce!.removed);
          expect([...engine.keys()]).toEqual([...atOnce!.engine.keys()]);
        }
      },
    ),
    { numRuns: 60 },
  );
});
