/** The lazy queue: its first is always a source of the lowest priority, however they have risen meanwhile. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LazyQueue } from '../../lib/engine/lazy-queue.js';

const priority = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.constant(Number.POSITIVE_INFINITY),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

describe('the first of a lazy queue', () => {
  it.each([1, 2, 3, 7, 8, 100])('of %d sources is the only one that is lowest', (count) => {
    for (let lowest = 0; lowest < count; lowest++) {
      const queue = new LazyQueue(count, (source) => (source === lowest ? -1 : source));
      expect(queue.first()).toBe(lowest);
      expect(queue.first()).toBe(lowest);
    }
  });

  it('takes each source in its turn when the first one rises above the rest, as in an eviction', () => {
    const priorities = Float64Array.from({ length: 50 }, (_, source) => (source * 37) % 50);
    const queue = new LazyQueue(50, (source) => priorities[source]!);
    for (let turn = 0; turn < 500; turn++) {
      const first = queue.first();
      expect(priorities[first]).toBe(turn);
      priorities[first] = turn + 50;
    }
  });

  it('is a minimum, whatever has risen, by however much, at whichever source', () => {
    const rises = fc.array(
      fc.record({ source: fc.nat({ max: 16 }), by: priority.map(Math.abs), asked: fc.boolean() }),
      { maxLength: 100 },
    );
    fc.assert(
      fc.property(fc.array(priority, { minLength: 1, maxLength: 17 }), rises, (start, steps) => {
        const priorities = [...start];
        const queue = new LazyQueue(start.length, (source) => priorities[source]!);
        for (const { source, by, asked } of steps) {
          const risen = source % priorities.length;
          priorities[risen] = Math.max(priorities[risen]!, priorities[risen]! + by);
          if (asked) expect(priorities[queue.first()]).toBe(Math.min(...priorities));
        }
        expect(priorities[queue.first()]).toBe(Math.min(...priorities));
      }),
      { numRuns: 1000 },
    );
  });

  it('asks few sources: about one for each that has risen', () => {
    const priorities = Float64Array.from({ length: 256 }, (_, source) => source);
    let asked = 0;
    const queue = new LazyQueue(256, (source) => {
      asked++;
      return priorities[source]!;
    });
    asked = 0;
    for (let turn = 0; turn < 10_000; turn++) priorities[queue.first()]! += 256;
    expect(asked).toBeLessThanOrEqual(2 * 10_000);
  });
});
