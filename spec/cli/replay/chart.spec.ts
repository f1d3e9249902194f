/** The drawing and the words of a report. */

import { describe, expect, it } from 'vitest';
import { chart } from '../../../lib/cli/replay/chart.js';
import { type Report, reportText, sizeText } from '../../../lib/cli/replay/report.js';

const REPORT: Report = {
  title: 'a <trace> & more (columns)',
  unit: 'bytes',
  reads: 1000,
  keys: 100,
  rate: 0.25,
  footprint: 64 * 1024 ** 2,
  sizes: [1024 ** 2, 16 * 1024 ** 2, 64 * 1024 ** 2],
  policies: [
    { name: 'lru', hitRatios: [0.1, 0.5, 0.9] },
    { name: 'sieve', hitRatios: [0.2, 0.6, 0.9] },
  ],
  limit: { name: 'Belady, approx.', hitRatios: [0.3, 0.7, 0.9] },
  lru: [
    { size: 1024 ** 2, hitRatio: 0.1 },
    { size: 64 * 1024 ** 2, hitRatio: 0.9 },
  ],
  sizeFor99: 60 * 1024 ** 2,
  notes: ['1 line of 1,001 could not be used. The first: line 5: there is no key: '],
};

describe('sizes', () => {
  it.each([
    [5, 'bytes', '5 B'],
    [1536, 'bytes', '1.5 KiB'],
    [64 * 1024 ** 2, 'bytes', '64 MiB'],
    [3 * 1024 ** 4, 'bytes', '3.0 TiB'],
    [76_152, 'entries', '76,152'],
  ] as const)('%d %s', (size, unit, text) => {
    expect(sizeText(size, unit)).toBe(text);
  });
});

describe('the report', () => {
  it('is a table with what it says in words', () => {
    expect(reportText(REPORT)).toBe(`a <trace> & more (columns)
1,000 reads of about 100 keys, which take 64 MiB together; replayed: a sample of 25 % of the keys
1 line of 1,001 could not be used. The first: line 5: there is no key: 

Hit ratios:
   size   of all      lru    sieve   Belady, approx.
1.0 MiB      2 %   10.0 %   20.0 %            30.0 %
 16 MiB     25 %   50.0 %   60.0 %            70.0 %
 64 MiB    100 %   90.0 %   90.0 %            90.0 %

With room for 60 MiB, 94 % of all, LRU has 99 % of the hits that it can have.
sieve saves up to 20 % of LRU's misses: with room for 16 MiB.
A cache that knew the future would save at most 40 % of them.
`);
  });
});

describe('the chart', () => {
  it('is an SVG with a line for each policy and one for the limit', () => {
    const svg = chart(REPORT);
    expect(svg.match(/<polyline/g)).toHaveLength(3);
    expect(svg).toContain('a &lt;trace&gt; &amp; more');
    for (const name of ['lru', 'sieve', 'Belady, approx.', '16 MiB', '100 %'])
      expect(svg).toContain(`>${name}<`);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('of one size, and of a title that no XML takes', () => {
    const one = {
      ...REPORT,
      title: 'x\u0000\ud800',
      sizes: [5],
      policies: [{ name: 'lru', hitRatios: [0.5] }],
    };
    const svg = chart({
      ...one,
      limit: { name: 'Belady', hitRatios: [0.5] },
      lru: [{ size: 5, hitRatio: 0.5 }],
    });
    for (const text of ['NaN', 'undefined', 'Infinity', '\u0000', '\ud800']) expect(svg).not.toContain(text);
  });
});
