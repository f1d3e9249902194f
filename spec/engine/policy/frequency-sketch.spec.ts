/** The sketch: how wrong it is, that it ages, and that it keeps what it knows as it grows. */

import { describe, expect, it } from 'vitest';
import type { Budget } from '../../../lib/engine/budget.js';
import { FrequencySketch } from '../../../lib/engine/policy/frequency-sketch.js';

interface Counted {
  policyBytes: number;
  entryBytes: number;
}

function made(): { sketch: FrequencySketch; counted: Counted } {
  const counted = {
    policyBytes: 0,
    entryBytes: 0,
    pays: () => true,
    addPolicy(bytes: number) {
      counted.entryBytes += bytes;
    },
  };
  return { sketch: new FrequencySketch(counted as unknown as Budget), counted };
}

/** So many entries that nothing ages. */
const NO_AGEING = 1e12;

/** As the index has them: positive, and unlike each other. */
function hashOf(key: number): number {
  return Math.imul(key + 1, 0x9e3779b1) & 0x7fffffff;
}

describe('the frequency sketch', () => {
  it('never counts too few, and seldom too many, before it ages', () => {
    const { sketch } = made();
    const entries = 10_000;
    sketch.growTo(entries);
    for (let key = 0; key < entries; key++) sketch.add(hashOf(key), NO_AGEING, 1 + (key % 4));
    let wrong = 0;
    for (let key = 0; key < entries; key++) {
      const frequency = sketch.frequency(hashOf(key));
      if (frequency < 1 + (key % 4))
        throw new Error(`key ${key} was used ${1 + (key % 4)} times, not ${frequency}`);
      if (frequency > 1 + (key % 4)) wrong++;
    }
    expect(wrong / entries).toBeLessThan(0.05);
  });

  it('counts up to 15', () => {
    const { sketch } = made();
    sketch.add(hashOf(1), 1000, 40);
    expect(sketch.frequency(hashOf(1))).toBe(15);
    expect(sketch.frequency(hashOf(2))).toBe(0);
  });

  it('halves what it knows in the time that each entry could be used seven times', () => {
    const { sketch } = made();
    const entries = 1000;
    sketch.growTo(entries);
    for (let key = 0; key < 100; key++) sketch.add(hashOf(key), entries, 14);
    const sum = () =>
      Array.from({ length: 100 }, (_, key) => sketch.frequency(hashOf(key))).reduce((a, b) => a + b);
    const before = sum();
    // One key alone, so that hardly any of the others' counters rise.
    for (let use = 0; use < 7 * entries; use++) sketch.add(hashOf(5000), entries);
    expect(sum() / before).toBeGreaterThan(0.4);
    expect(sum() / before).toBeLessThan(0.62);
    for (let use = 0; use < 40 * entries; use++) sketch.add(hashOf(5000), entries);
    expect(sum()).toBeLessThan(30);
  });

  it('keeps what it knows as it grows, and takes no more than is counted', () => {
    const { sketch, counted } = made();
    for (let key = 0; key < 500; key++) sketch.add(hashOf(key), NO_AGEING, 5);
    for (let entries = 500; entries < 100_000; entries += 100) {
      sketch.growTo(entries);
      expect(counted.policyBytes).toBeLessThanOrEqual(Math.max(entries * counted.entryBytes, 4096));
    }
    for (let key = 0; key < 500; key++) expect(sketch.frequency(hashOf(key))).toBeGreaterThanOrEqual(5);
    sketch.shrinkTo(30_000);
    expect(sketch.frequency(hashOf(1))).toBeGreaterThanOrEqual(5);
    sketch.shrinkTo(1000);
    expect(counted.policyBytes).toBe(8192);
    expect(sketch.frequency(hashOf(1))).toBe(0);
    expect(sketch.verify()).toEqual([]);
  });
});
