/** The pool of columns: places that never meet, zeros, and free places that join. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ColumnPool } from '../../lib/engine/column-pool.js';
import { grownUint32 } from '../../lib/engine/columns.js';

type Column = Uint8Array | Uint32Array | Float64Array;
const KINDS = ['uint8', 'uint32', 'float64'] as const;

describe('the column pool', () => {
  it('gives columns of zeros that share no byte, whatever is taken and given back', () => {
    const step = fc.record({
      kind: fc.constantFrom(...KINDS),
      length: fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 100_000 })),
      frees: fc.boolean(),
      which: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const pool = new ColumnPool();
        const held: { column: Column; mark: number }[] = [];
        let mark = 0;
        for (const { kind, length, frees, which } of steps) {
          if (frees && held.length > 0) pool.free(held.splice(which % held.length, 1)[0]!.column);
          const column = pool[kind](length);
          expect(column).toHaveLength(length);
          expect(column.some((number) => number !== 0)).toBe(false);
          mark = (mark % 200) + 1;
          column.fill(mark);
          held.push({ column, mark });
        }
        for (const { column, mark } of held) expect(column.every((number) => number === mark)).toBe(true);
        for (const { column } of held) pool.free(column);
        expect(pool.freeBytes).toBe(pool.bytes);
      }),
      { numRuns: 50 },
    );
  });

  it('joins free places, so that what was given back is taken again', () => {
    const pool = new ColumnPool();
    const parts = Array.from({ length: 64 }, () => pool.uint32(2000));
    const { bytes } = pool;
    for (const i of [1, 3, 2, 0, ...Array.from({ length: 60 }, (_, j) => 63 - j)]) pool.free(parts[i]!);
    expect(pool.uint32(bytes / 4)).toHaveLength(bytes / 4);
    expect(pool.bytes).toBe(bytes);
  });

  it('holds little beyond the columns when many grow together', () => {
    const pool = new ColumnPool();
    let columns = Array.from({ length: 500 }, () => pool.uint32(16));
    for (let capacity = 20; capacity < 5000; capacity = Math.ceil(capacity * 1.25))
      columns = columns.map((column) => grownUint32(pool, column, capacity));
    const used = columns.reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(pool.bytes - pool.freeBytes - used).toBeLessThan(500 * 8);
    expect(pool.bytes).toBeLessThan(used * 1.35);
  });

  it('leaves alone what came from elsewhere', () => {
    const pool = new ColumnPool();
    pool.free(new Uint8Array(8));
    expect(pool.bytes).toBe(0);
  });
});
