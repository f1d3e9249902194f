/** Entries whose values are slices of one buffer: the buffer counts once, for as long as one of them is there. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';

const BLOCK_BYTES = 8192;

function sliceOf(block: ArrayBuffer, at: number): Uint8Array {
  return new Uint8Array(block, at, 100);
}

it('slices of one block count the block once, until the last has left', () => {
  const engine = new CacheEngine<number, Uint8Array>();
  const block = new ArrayBuffer(BLOCK_BYTES);
  engine.set(0, sliceOf(block, 0));
  const first = engine.bytes;
  expect(first).toBeGreaterThan(BLOCK_BYTES);
  for (let i = 1; i < 10; i++) engine.set(i, sliceOf(block, i * 100));
  expect(engine.bytes).toBeLessThan(BLOCK_BYTES * 2);
  for (let i = 0; i < 9; i++) engine.delete(i);
  expect(engine.bytes).toBe(first);
  engine.set(9, new Uint8Array(0));
  expect(engine.bytes).toBeLessThan(BLOCK_BYTES);
  engine.clear();
  expect(engine.bytes).toBe(0);
  expect(engine.verify()).toEqual([]);
});

it('an entry that pins more than the budget is refused', () => {
  const engine = new CacheEngine<string, Uint8Array>({ maxBytes: BLOCK_BYTES });
  expect(engine.set('a', sliceOf(new ArrayBuffer(BLOCK_BYTES), 0))).toBe('too-large');
  expect(engine.set('a', sliceOf(new ArrayBuffer(BLOCK_BYTES / 2), 0))).toBe('stored');
  expect(engine.verify()).toEqual([]);
});

it.each([true, false])('the budget holds whatever is stored (evict: %s)', (evict) => {
  const blocks = Array.from({ length: 4 }, (_, i) => new ArrayBuffer(500 * (i + 1)));
  const operation = fc.record({
    key: fc.integer({ min: 0, max: 8 }),
    what: fc.constantFrom('slice', 'slice', 'pair', 'text', 'delete', 'get', 'clear'),
    block: fc.integer({ min: 0, max: 3 }),
  });
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 80, size: 'max' }),
      fc.constantFrom(3, Number.POSITIVE_INFINITY),
      (operations, maxEntries) => {
        const engine = new CacheEngine<number, unknown>({ maxBytes: 4000, maxEntries, evict });
        for (const { key, what, block } of operations) {
          const slice = sliceOf(blocks[block]!, key * 10);
          if (what === 'slice') engine.set(key, slice);
          else if (what === 'pair') engine.set(key, [slice, sliceOf(blocks[(block + 1) % 4]!, 0)]);
          else if (what === 'text') engine.set(key, 'text');
          else if (what === 'delete') engine.delete(key);
          else if (what === 'get') engine.get(key);
          else engine.clear();
          expect(engine.bytes).toBeLessThanOrEqual(4000);
          expect(engine.verify()).toEqual([]);
        }
      },
    ),
    { numRuns: 300 },
  );
});
