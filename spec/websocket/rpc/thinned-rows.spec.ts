/** Rows in fixed memory: all of what is new, less of what is older, and nothing lost of counters and peaks. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ThinnedRows } from '../../../lib/websocket/rpc/thinned-rows.js';

const LEVELS = [
  { rows: 5, every: 1 },
  { rows: 4, every: 5 },
  { rows: 3, every: 3 },
];

/** The first column counts rows, the second is a peak. */
function filled(peaks: readonly number[]): number[][] {
  const rows = new ThinnedRows(2, [1], LEVELS);
  for (const [i, peak] of peaks.entries()) rows.add([i, peak]);
  return Array.from(rows.rows(), (row) => [...row]);
}

const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);
const counts = (rows: readonly number[][]): number[] => rows.map(([count]) => count!);

describe('thinned rows', () => {
  it('keep all of what is new, and then the last of every few', () => {
    expect(filled([])).toEqual([]);
    expect(counts(filled(zeros(5)))).toEqual([0, 1, 2, 3, 4]);
    expect(counts(filled(zeros(10)))).toEqual([4, 5, 6, 7, 8, 9]);
    expect(counts(filled(zeros(200)))).toEqual([134, 149, 164, 179, 184, 189, 194, 195, 196, 197, 198, 199]);
  });

  it('never go backwards, and never hold more than their levels', () => {
    fc.assert(
      fc.property(fc.nat(400), (count) => {
        const rows = counts(filled(zeros(count)));
        expect(rows).toEqual([...rows].sort((a, b) => a - b));
        expect(rows.length).toBeLessThanOrEqual(12);
        if (count > 0) expect(rows.at(-1)).toBe(count - 1);
      }),
    );
  });

  it('keep the highest of the peaks that they leave out', () => {
    const peaks = zeros(60);
    peaks[1] = 70;
    peaks[21] = 9;
    const rows = filled(peaks);
    expect(Object.fromEntries(rows.map(([count, peak]) => [count, peak]))).toMatchObject({ 14: 70, 29: 9 });
    expect(rows.filter(([, peak]) => peak !== 0).length).toBe(2);
  });

  it('take copies', () => {
    const rows = new ThinnedRows(1, [], LEVELS);
    const row = [1];
    rows.add(row);
    row[0] = 2;
    expect([...rows.rows()].map((held) => held[0])).toEqual([1]);
  });
});
