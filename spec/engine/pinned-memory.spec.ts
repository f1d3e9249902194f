/** Buffers behind slices: each counted once while somebody pins it. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PinnedMemory } from '../../lib/engine/pinned-memory.js';
import { valueBytes } from '../../lib/weigh/index.js';
import { detached } from '../weigh/values.js';

const BLOCK = 10_000;

function slice(buffer: ArrayBufferLike, at = 10): Uint8Array {
  return new Uint8Array(buffer, at, 10);
}

/** What the value adds to the pinned memory. */
function pinned(memory: PinnedMemory<number>, entry: number, value: unknown): number {
  memory.weigh(value);
  return memory.pin(entry);
}

describe('PinnedMemory', () => {
  it('counts a block with the first slice that pins it, and until the last is gone', () => {
    const memory = new PinnedMemory<number>();
    const buffer = new ArrayBuffer(BLOCK);
    const first = pinned(memory, 1, slice(buffer));
    expect(first).toBeGreaterThan(BLOCK);
    const second = pinned(memory, 2, slice(buffer, 50));
    expect(second).toBeGreaterThan(0);
    expect(second).toBeLessThan(100);
    expect(memory.bytes).toBe(first + second);
    expect(memory.unpin(1)).toBe(-second);
    expect(memory.unpin(2)).toBe(-first);
    expect(memory.bytes).toBe(0);
    expect(memory.size).toBe(0);
  });

  it('weighs a slice without its block, and with it as valueBytes does', () => {
    const memory = new PinnedMemory<number>();
    const view = slice(new ArrayBuffer(BLOCK));
    const own = memory.weigh(view);
    expect(own).toBeLessThan(200);
    expect(memory.hasFound).toBe(true);
    expect(valueBytes(view) - own).toBeGreaterThan(BLOCK);
    expect(memory.alone()).toBeGreaterThanOrEqual(valueBytes(view) - own);
    expect(memory.alone()).toBeLessThan(valueBytes(view) - own + 300);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['text', 'x'.repeat(1000)],
    ['a record', { a: 'b' }],
    ['a Buffer of its own', Buffer.alloc(1000)],
    ['a view of all of a buffer', new Uint8Array(new ArrayBuffer(1000))],
    ['an ArrayBuffer', new ArrayBuffer(1000)],
    ['a record with a whole view', { all: new Uint8Array(1000) }],
    ['an empty view', new Uint8Array(0)],
  ])('has nothing to do with %s', (_, value) => {
    const memory = new PinnedMemory<number>();
    expect(memory.weigh(value)).toBe(valueBytes(value));
    expect(memory.hasFound).toBe(false);
    expect([memory.alone(), memory.wouldAdd(1), memory.pin(1), memory.unpin(1), memory.bytes]).toEqual([
      0, 0, 0, 0, 0,
    ]);
  });

  it('finds slices inside values, each block once', () => {
    const memory = new PinnedMemory<number>();
    const [one, two] = [new ArrayBuffer(BLOCK), new SharedArrayBuffer(BLOCK)];
    const value = {
      a: slice(one),
      b: [slice(one, 20), new Map([['x', slice(two)]])],
      c: new DataView(one, 5),
    };
    expect(memory.weigh(value)).toBeLessThan(1500);
    const added = memory.pin(7);
    expect(added).toBeGreaterThan(2 * BLOCK);
    expect(added).toBeLessThan(2 * BLOCK + 1000);
    expect(pinned(memory, 8, slice(two))).toBeLessThan(100);
    memory.unpin(7);
    expect(memory.bytes).toBeGreaterThan(BLOCK);
    expect(memory.bytes).toBeLessThan(BLOCK + 300);
  });

  it('leaves a buffer in the weight of a value that holds all of it as well', () => {
    const memory = new PinnedMemory<number>();
    const buffer = new ArrayBuffer(BLOCK);
    for (const value of [
      [buffer, slice(buffer)],
      [slice(buffer), buffer],
      [slice(buffer), new Uint8Array(buffer)],
    ]) {
      expect(memory.weigh(value)).toBe(valueBytes(value));
      expect(memory.hasFound).toBe(false);
    }
  });

  it('gives back what it counted, also when the memory is gone', () => {
    const memory = new PinnedMemory<number>();
    const buffer = new ArrayBuffer(BLOCK);
    const added = pinned(memory, 1, slice(buffer));
    detached(buffer);
    expect(memory.bytes).toBe(added);
    expect(memory.unpin(1)).toBe(-added);
    expect(memory.verify()).toEqual([]);
  });

  it('weighs a buffer that can grow again with each pin', () => {
    const memory = new PinnedMemory<number>();
    const Resizable = ArrayBuffer as unknown as new (
      length: number,
      options: { maxByteLength: number },
    ) => ArrayBuffer & { resize(length: number): void };
    const buffer = new Resizable(100, { maxByteLength: BLOCK });
    const view = new Uint8Array(buffer);
    const before = pinned(memory, 1, view);
    buffer.resize(5000);
    expect(memory.bytes).toBe(before);
    expect(pinned(memory, 1, view)).toBe(4900);
    buffer.resize(0);
    expect(memory.unpin(1)).toBe(-before - 4900);
  });

  it('tells beforehand what pinning would add, in place of what an entry pins', () => {
    const memory = new PinnedMemory<number>();
    const [one, two] = [new ArrayBuffer(BLOCK), new ArrayBuffer(BLOCK)];
    pinned(memory, 1, slice(one));
    memory.weigh(slice(two));
    expect(memory.wouldAdd(1)).toBe(0);
    expect(memory.wouldAdd(2)).toBe(memory.alone());
    memory.weigh('text');
    expect(memory.wouldAdd(1)).toBe(-memory.bytes);
    expect(memory.wouldAdd(2)).toBe(0);
  });

  it('follows a value that changed under its entry', () => {
    const memory = new PinnedMemory<number>();
    const value: { body?: Uint8Array } = {};
    expect(pinned(memory, 1, value)).toBe(0);
    value.body = slice(new ArrayBuffer(BLOCK));
    expect(pinned(memory, 1, value)).toBeGreaterThan(BLOCK);
    delete value.body;
    expect(memory.verify()).toEqual([]);
    expect(pinned(memory, 1, value)).toBeLessThan(-BLOCK);
    expect(memory.bytes).toBe(0);
  });

  it('has true sums after any operations', () => {
    const step = fc.record({
      entry: fc.nat(9),
      what: fc.constantFrom('pin', 'pin', 'pin', 'unpin', 'detach', 'clear'),
      buffers: fc.array(fc.nat(5), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const memory = new PinnedMemory<number>();
        const buffers = Array.from({ length: 6 }, (_, i) => new ArrayBuffer(1000 * (i + 1)));
        const model = new Map<number, Set<ArrayBuffer>>();
        for (const { entry, what, buffers: chosen } of steps) {
          const before = memory.bytes;
          if (what === 'clear' && chosen.length === 0) {
            memory.clear();
            model.clear();
          } else if (what === 'detach') {
            const i = chosen[0] ?? 0;
            detached(buffers[i]!);
            buffers[i] = new ArrayBuffer(1000 * (i + 1));
          } else if (what === 'unpin') {
            expect(before + memory.unpin(entry)).toBe(memory.bytes);
            model.delete(entry);
          } else {
            const views = chosen.map((i) => slice(buffers[i]!));
            memory.weigh(views.length === 1 ? views[0] : views);
            const expected = memory.wouldAdd(entry);
            expect(memory.pin(entry)).toBe(expected);
            expect(memory.bytes - before).toBe(expected);
            model.set(entry, new Set(chosen.map((i) => buffers[i]!)));
          }
          expect(memory.verify()).toEqual([]);
          const alive = [...model.values()].filter((set) => set.size > 0).length;
          expect(memory.size).toBe(alive);
          if (alive === 0) expect(memory.bytes).toBe(0);
        }
      }),
    );
  });
});
