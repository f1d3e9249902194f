/** Ghosts: which evicted keys are remembered, and that they take no more room than they should. */

import { describe, expect, it } from 'vitest';
import type { Budget } from '../../../lib/engine/budget.js';
import { Ghosts } from '../../../lib/engine/policy/ghosts.js';

interface Counted {
  policyBytes: number;
  entryBytes: number;
}

function made(mayGrow = true): { ghosts: Ghosts; counted: Counted } {
  const counted = {
    policyBytes: 0,
    entryBytes: 0,
    pays: () => mayGrow,
    addPolicy(bytes: number) {
      counted.entryBytes += bytes;
    },
  };
  return { ghosts: new Ghosts(counted as unknown as Budget), counted };
}

/** Those of the keys that are remembered; they are forgotten now. */
function taken(ghosts: Ghosts, from: number, to: number): number[] {
  const keys: number[] = [];
  for (let key = from; key < to; key++) if (ghosts.take(key * 0x9e3779b1, 1)) keys.push(key);
  return keys;
}

function add(ghosts: Ghosts, key: number, cost: number, room: number, entries: number): void {
  ghosts.add(key * 0x9e3779b1, cost, room, entries);
}

describe('ghosts', () => {
  it('are the last that fit, exactly where there are few', () => {
    const { ghosts } = made();
    for (let key = 0; key < 100; key++) add(ghosts, key, 1, 50.5, 56);
    expect(taken(ghosts, 0, 100)).toEqual(Array.from({ length: 50 }, (_, i) => i + 50));
    expect(ghosts.verify()).toEqual([]);
  });

  it('are measured by what their entries took', () => {
    const { ghosts } = made();
    for (let key = 0; key < 40; key++) add(ghosts, key, key % 2 === 0 ? 300 : 100, 2000, 20);
    expect(taken(ghosts, 0, 40)).toEqual([30, 31, 32, 33, 34, 35, 36, 37, 38, 39]);
  });

  it('are forgotten once they are taken, and make room', () => {
    const { ghosts } = made();
    for (let key = 0; key < 10; key++) add(ghosts, key, 1, 10, 11);
    expect(taken(ghosts, 5, 8)).toEqual([5, 6, 7]);
    expect(taken(ghosts, 5, 8)).toEqual([]);
    for (let key = 10; key < 13; key++) add(ghosts, key, 1, 10, 11);
    expect(taken(ghosts, 0, 13)).toEqual([0, 1, 2, 3, 4, 8, 9, 10, 11, 12]);
  });

  it.each([1000, 20_000, 300_000])('are nearly the last %d, where there are many', (entries) => {
    const { ghosts, counted } = made();
    const room = entries * 0.9;
    for (let key = 0; key < entries * 3; key++) add(ghosts, key, 1, room, entries);
    expect(counted.policyBytes).toBeLessThanOrEqual(Math.max(entries * counted.entryBytes, 4096));
    expect(ghosts.verify()).toEqual([]);
    const keys = taken(ghosts, 0, entries * 3);
    expect(keys.length).toBeGreaterThan(room * 0.93);
    expect(keys.length).toBeLessThanOrEqual(room);
    const last = keys.filter((key) => key >= entries * 3 - room * 0.97).length;
    expect(last).toBeGreaterThan(room * 0.97 * 0.94);
  });

  it('do not come to life again, however long it takes', () => {
    const { ghosts } = made();
    for (let key = 0; key < 2_000_000; key++) {
      add(ghosts, key, 1 + (key % 3), 500, 1000);
      if (key % 7 === 0) ghosts.take((key - 100) * 0x9e3779b1, 1);
    }
    expect(ghosts.verify()).toEqual([]);
    expect(taken(ghosts, 0, 1_999_000).length).toBeLessThan(20);
  });

  it('stay few where there is no room for a larger table', () => {
    const { ghosts, counted } = made(false);
    for (let key = 0; key < 50_000; key++) add(ghosts, key, 1, 40_000, 50_000);
    expect(counted.policyBytes).toBe(4096);
    expect(taken(ghosts, 0, 50_000).length).toBeGreaterThan(900);
    expect(ghosts.verify()).toEqual([]);
  });

  it('are forgotten as the cache shrinks to an eighth, and when it is cleared', () => {
    const { ghosts, counted } = made();
    for (let key = 0; key < 50_000; key++) add(ghosts, key, 1, 40_000, 50_000);
    const { policyBytes } = counted;
    ghosts.shrinkTo(10_000);
    expect(counted.policyBytes).toBe(policyBytes);
    ghosts.shrinkTo(5000);
    expect(counted.policyBytes).toBeLessThanOrEqual(policyBytes / 8);
    expect(ghosts.verify()).toEqual([]);
    add(ghosts, 7, 1, 10, 10_000);
    ghosts.clear();
    expect(taken(ghosts, 0, 50_000)).toEqual([]);
    expect(counted.policyBytes).toBe(4096);
  });
});
