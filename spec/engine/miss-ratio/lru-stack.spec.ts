/** Stack distances equal those of a plain list, whatever happens to the keys. */

import { describe, expect, it } from 'vitest';
import { LruStack } from '../../../lib/engine/miss-ratio/lru-stack.js';
import { randomNumbers } from './sequences.js';

const NEVER = Number.POSITIVE_INFINITY;

/** The newest last. */
interface Known {
  hash: number;
  weight: number;
}

function after(list: readonly Known[], hash: number): number {
  const at = list.findIndex((known) => known.hash === hash);
  return list.slice(at + 1).reduce((sum, { weight }) => sum + weight, 0);
}

describe('LruStack', () => {
  it('has the distances of a list after any history', () => {
    const stack = new LruStack();
    const random = randomNumbers(1);
    let list: Known[] = [];
    for (let step = 0; step < 20_000; step++) {
      const hash = Math.floor(random() ** 3 * 900);
      const place = stack.placeOf(hash);
      expect(place !== 0).toBe(list.some((known) => known.hash === hash));
      if (place !== 0) expect(stack.weightAfter(place)).toBe(after(list, hash));
      const choice = random();
      list = list.filter((known) => known.hash !== hash || (choice >= 0.02 && choice < 0.03));
      if (choice < 0.02) stack.delete(hash);
      else if (choice < 0.03 && stack.size > 0) {
        stack.delete(stack.oldest);
        list.shift();
      } else {
        const weight = 1 + Math.floor(random() * 1000);
        stack.use(hash, weight, NEVER, 0, false);
        list.push({ hash, weight });
      }
      expect(stack.size).toBe(list.length);
      expect(stack.total).toBe(list.reduce((sum, { weight }) => sum + weight, 0));
    }
  });

  it('keeps weight, due time and notes of a key through every gathering', () => {
    const stack = new LruStack();
    stack.use(7, 100, 5000, 9, true);
    for (let step = 0; step < 5000; step++) stack.use(8 + (step % 3), 1, NEVER, 0, false);
    const place = stack.placeOf(7);
    expect([stack.weightAt(place), stack.dueAt(place), stack.storedAt(place), stack.isMarked(place)]).toEqual(
      [100, 5000, 9, true],
    );
    expect(stack.weightAfter(place)).toBe(3);
  });

  it('gives the memory of keys back that it has forgotten', () => {
    const stack = new LruStack();
    for (let hash = 0; hash < 10_000; hash++) stack.use(hash, 2, NEVER, 0, false);
    const full = stack.bytes;
    for (const hash of stack.hashesKnown()) if (hash >= 100) stack.delete(hash);
    expect([stack.size, stack.total]).toEqual([100, 200]);
    for (let step = 0; step < 40_000; step++) stack.use(step % 100, 2, NEVER, 0, false);
    expect(stack.bytes).toBeLessThan(full / 20);
    stack.clear();
    expect([stack.size, stack.total, stack.placeOf(5)]).toEqual([0, 0, 0]);
  });
});
