/** Figures as the live view writes them. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  byteRate,
  bytes,
  count,
  duration,
  percent,
  rate,
  timeOfDay,
  wholeCount,
} from '../../lib/live-view/format.js';

/** Number and unit do not part at the end of a line. */
const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

describe('figures', () => {
  it.each([
    [0, '0 B'],
    [1, '1 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [1024 * 1024 - 1, '1 MiB'],
    [64 * 2 ** 20, '64 MiB'],
    [63.77 * 2 ** 20, '63.8 MiB'],
    [3.128 * 2 ** 30, '3.13 GiB'],
    [2 ** 60, '1024 PiB'],
    [null, '–'],
  ])('%d bytes are %s', (value, text) => {
    expect(plain(bytes(value))).toBe(text);
  });

  it.each([
    [0, '0'],
    [0.2, '0.2'],
    [7, '7'],
    [12.34, '12.3'],
    [999, '999'],
    [999.7, '1 k'],
    [1000, '1 k'],
    [1536, '1.54 k'],
    [999_999, '1 M'],
    [12_345_678, '12.3 M'],
  ])('%d is %s', (value, text) => {
    expect(plain(count(value))).toBe(text);
  });

  it.each([
    [0, '0'],
    [1536, '1,536'],
    [999_999, '999,999'],
    [1_234_567, '1.23 M'],
    [null, '–'],
  ])('%d entries are %s', (value, text) => {
    expect(plain(wholeCount(value))).toBe(text);
  });

  it.each([
    [0, '0 %'],
    [0.5, '50.0 %'],
    [0.97312, '97.3 %'],
    [0.9996, '99.96 %'],
    [0.99999, '99.99 %'],
    [1, '100 %'],
    [null, '–'],
  ])('a ratio of %d is %s: nothing but 1 is 100 %%', (value, text) => {
    expect(plain(percent(value))).toBe(text);
  });

  it('rates have their second', () => {
    expect(plain(rate(1536))).toBe('1.54 k/s');
    expect(plain(byteRate(1536))).toBe('1.5 KiB/s');
    expect([rate(null), byteRate(null)]).toEqual(['–', '–']);
  });

  it.each([
    [0, '0 ms'],
    [0.25, '0.25 ms'],
    [999, '999 ms'],
    [4_200, '4.2 s'],
    [59_900, '1 min'],
    [83_000, '1 min 23 s'],
    [3_600_000, '1 h'],
    [3_605_000, '1 h'],
    [7_500_000, '2 h 5 min'],
    [86_400_000 * 3 + 3_600_000 * 4, '3 d 4 h'],
  ])('%d ms are %s', (value, text) => {
    expect(plain(duration(value))).toBe(text);
  });

  it('the time of day is local, with seconds or without', () => {
    const noonish = new Date(2026, 10, 21, 9, 5, 7).getTime() / 1000;
    expect([timeOfDay(noonish, false), timeOfDay(noonish, true)]).toEqual(['09:05', '09:05:07']);
  });

  it('are short, whatever they are', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e17, noNaN: true }), (value) => {
        for (const text of [bytes(value), count(value), rate(value), byteRate(value)])
          expect(text.length).toBeLessThanOrEqual('1023 KiB/s'.length);
        expect(duration(value)).not.toMatch(/NaN|undefined|e\+/);
      }),
    );
  });
});
