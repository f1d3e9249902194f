import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LARGE, type PageKind, RECORDS, SEGMENT } from '../../lib/pages/memory.js';
import { newSharedBuffer, SharedMemory } from '../../lib/pages/shared-memory.js';

const MAX_BYTES = 2 ** 21;
const KiB = 1024;

function sharedMemory(): { one: SharedMemory; other: SharedMemory } {
  const buffer = newSharedBuffer(MAX_BYTES);
  const one = new SharedMemory(buffer);
  one.reset(MAX_BYTES);
  return { one, other: new SharedMemory(buffer) };
}

it('gives pages that do not overlap, and keeps what is in them, whoever takes and releases them', () => {
  const kinds: PageKind[] = [RECORDS, SEGMENT, LARGE];
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          kind: fc.constantFrom(...kinds),
          index: fc.nat(9),
          bytes: fc.integer({ min: 1, max: 300 * KiB }),
          byOther: fc.boolean(),
        }),
        { maxLength: 120 },
      ),
      (steps) => {
        const { one, other } = sharedMemory();
        const held = new Map<string, { kind: PageKind; index: number; bytes: number; mark: number }>();
        let mark = 0;
        for (const { kind, index, bytes, byOther } of steps) {
          const memory = byOther ? other : one;
          const name = `${kind} ${index}`;
          if (held.delete(name)) memory.release(kind, index);
          else {
            const page = memory.obtain(kind, index, bytes);
            if (page !== null) {
              expect(page).toHaveLength(bytes);
              mark = (mark + 1) & 0xff;
              page.fill(mark);
              held.set(name, { kind, index, bytes, mark });
            }
          }
          let sum = 0;
          for (const page of held.values()) {
            const seen = (byOther ? one : other).at(page.kind, page.index);
            expect(seen).toHaveLength(page.bytes);
            expect(seen[0]).toBe(page.mark);
            expect(seen.at(-1)).toBe(page.mark);
            sum += Math.ceil((page.bytes + 64) / 256) * 256;
          }
          expect(sum + one.freeBytes).toBeLessThanOrEqual(MAX_BYTES);
        }
        for (const { kind, index } of held.values()) one.release(kind, index);
        // All that was ever taken is one range again.
        const { freeBytes } = one;
        if (freeBytes > 0) expect(one.obtain(LARGE, 0, freeBytes - 64)).not.toBeNull();
        expect(one.freeBytes).toBe(0);
      },
    ),
  );
});

it('has no page beyond its limit, and none beyond what was reserved', () => {
  const { one, other } = sharedMemory();
  expect(one.obtain(SEGMENT, 0, MAX_BYTES - 64)).not.toBeNull();
  expect(other.obtain(SEGMENT, 1, 1)).toBeNull();
  one.release(SEGMENT, 0);
  one.reset(64 * KiB);
  expect(other.obtain(SEGMENT, 0, 64 * KiB)).toBeNull();
  expect(other.obtain(SEGMENT, 0, 64 * KiB - 64)).not.toBeNull();
  one.maxBytes = 2 * MAX_BYTES;
  expect(one.obtain(SEGMENT, 1, MAX_BYTES)).toBeNull();
});

it('takes memory only as pages are taken', () => {
  const buffer = newSharedBuffer(2 ** 31);
  const memory = new SharedMemory(buffer);
  const before = process.memoryUsage.rss();
  memory.reset(2 ** 31);
  memory.obtain(SEGMENT, 0, 2 ** 20)!.fill(1);
  expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 25);
});

it('shows that other threads have changed something', () => {
  const { one, other } = sharedMemory();
  const before = one.generation;
  other.obtain(RECORDS, 0, 16 * KiB);
  const after = one.generation;
  expect(after).not.toBe(before);
  other.release(RECORDS, 0);
  expect(one.generation).not.toBe(after);
});
