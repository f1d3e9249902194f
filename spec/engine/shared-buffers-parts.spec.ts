/** Buffers behind slices, by slot: each counted once while some slot holds it. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SharedBuffers } from '../../lib/engine/shared-buffers.js';
import { detached } from '../weigh/values.js';

const BLOCK = 10_000;

/** By how much `bytes` grows. */
function added(shared: SharedBuffers, slot: number, buffers: ArrayBufferLike[] | null): number {
  const before = shared.bytes;
  const expected = shared.wouldAdd(slot, buffers);
  shared.hold(slot, buffers);
  expect(shared.bytes - before).toBe(expected);
  expect(shared.verify()).toEqual([]);
  return expected;
}

describe('SharedBuffers', () => {
  it('count a buffer with the first slot that holds it, and until the last lets go', () => {
    const shared = new SharedBuffers();
    const buffer = new ArrayBuffer(BLOCK);
    const first = added(shared, 1, [buffer]);
    expect(first).toBeGreaterThan(BLOCK);
    expect(first).toBe(SharedBuffers.alone([buffer]));
    const second = added(shared, 2, [buffer]);
    expect(second).toBeGreaterThan(0);
    expect(second).toBeLessThan(200);
    expect(added(shared, 1, null)).toBe(-second);
    expect(added(shared, 2, null)).toBe(-first);
    expect(shared.bytes).toBe(0);
  });

  it('count each buffer of a slot, also of a kind that is shared between threads', () => {
    const shared = new SharedBuffers();
    const [one, two] = [new ArrayBuffer(BLOCK), new SharedArrayBuffer(BLOCK)];
    const both = added(shared, 7, [one, two]);
    expect(both).toBeGreaterThan(2 * BLOCK);
    expect(both).toBeLessThan(2 * BLOCK + 1000);
    expect(added(shared, 8, [two])).toBeLessThan(200);
    added(shared, 7, null);
    expect(shared.bytes).toBeGreaterThan(BLOCK);
    expect(shared.bytes).toBeLessThan(BLOCK + 300);
  });

  it('give back what they counted, also when the memory is gone', () => {
    const shared = new SharedBuffers();
    const buffer = new ArrayBuffer(BLOCK);
    const first = added(shared, 1, [buffer]);
    detached(buffer);
    expect(shared.bytes).toBe(first);
    expect(added(shared, 1, null)).toBe(-first);
  });

  it('weigh a buffer that can grow each time that it is held', () => {
    const shared = new SharedBuffers();
    const Resizable = ArrayBuffer as unknown as new (
      length: number,
      options: { maxByteLength: number },
    ) => ArrayBuffer & { resize(length: number): void };
    const buffer = new Resizable(100, { maxByteLength: BLOCK });
    const before = added(shared, 1, [buffer]);
    buffer.resize(5000);
    expect(shared.bytes).toBe(before);
    shared.hold(1, [buffer]);
    expect(shared.bytes).toBe(before + 4900);
    buffer.resize(0);
    shared.hold(1, null);
    expect(shared.bytes).toBe(0);
  });

  it('predict what holding others would add, in place of what a slot holds', () => {
    const shared = new SharedBuffers();
    const [one, two] = [new ArrayBuffer(BLOCK), new ArrayBuffer(BLOCK)];
    shared.hold(1, [one]);
    expect(shared.wouldAdd(1, [two])).toBe(0);
    expect(shared.wouldAdd(0, [two])).toBe(SharedBuffers.alone([two]));
    expect(shared.wouldAdd(1, null)).toBe(-shared.bytes);
    expect(shared.wouldAdd(2, null)).toBe(0);
  });

  it('follow an entry to another slot', () => {
    const shared = new SharedBuffers();
    const { bytes } = shared;
    shared.hold(9, [new ArrayBuffer(BLOCK)]);
    shared.move(9, 3);
    shared.move(8, 4);
    expect(shared.wouldAdd(9, null)).toBe(0);
    expect(added(shared, 3, null)).toBeLessThan(-BLOCK);
    expect(shared.bytes).toBe(bytes);
  });

  it('have true sums after any operations', () => {
    const step = fc.record({
      slot: fc.integer({ min: 1, max: 9 }),
      what: fc.constantFrom('hold', 'hold', 'hold', 'release', 'move', 'detach', 'clear'),
      buffers: fc.uniqueArray(fc.nat(5), { minLength: 1, maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const shared = new SharedBuffers();
        const buffers = Array.from({ length: 6 }, (_, i) => new ArrayBuffer(1000 * (i + 1)));
        const model = new Map<number, ArrayBuffer[]>();
        for (const { slot, what, buffers: chosen } of steps) {
          if (what === 'clear' && chosen.length === 4) {
            shared.clear();
            model.clear();
          } else if (what === 'detach') {
            const i = chosen[0]!;
            detached(buffers[i]!);
            buffers[i] = new ArrayBuffer(1000 * (i + 1));
          } else if (what === 'release') {
            added(shared, slot, null);
            model.delete(slot);
          } else if (what === 'move') {
            if (!model.has(slot)) continue;
            shared.move(slot, 100 + slot);
            shared.move(100 + slot, slot);
          } else {
            const held = chosen.map((i) => buffers[i]!);
            added(shared, slot, held);
            model.set(slot, held);
          }
          expect(shared.verify()).toEqual([]);
          if (model.size === 0) expect(shared.bytes).toBe(0);
          else expect(shared.bytes).toBeGreaterThan(model.size * 80);
        }
      }),
    );
  });
});
