/** Sequences of keys that caches know, and what an exact cache makes of them: for specs of the miss-ratio curve. */

import { LruStack } from '../../../lib/engine/miss-ratio/lru-stack.js';

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Sequence {
  readonly name: string;
  readonly keys: Uint32Array;
  /** What the cache has that the curve is estimated in. */
  readonly size: number;
}

const READS = 300_000;

function sequence(
  name: string,
  size: number,
  keyAt: (read: number, random: () => number) => number,
): Sequence {
  const random = randomNumbers(size);
  return { name, size, keys: Uint32Array.from({ length: READS }, (_, read) => keyAt(read, random)) };
}

/** Ranks by 1 / rank ** exponent, by inversion of the continuous distribution. */
function zipf(keys: number, exponent: number): (random: () => number) => number {
  const power = 1 - exponent;
  return (random) => Math.floor((random() * ((keys + 1) ** power - 1) + 1) ** (1 / power)) - 1;
}

const skewed = zipf(50_000, 0.9);
const shifting = zipf(20_000, 0.8);

export const SEQUENCES: readonly Sequence[] = [
  sequence('zipf', 5000, (_, random) => skewed(random)),
  sequence('uniform', 10_000, (_, random) => Math.floor(random() * 40_000)),
  sequence('loop', 10_000, (read) => read % 25_000),
  sequence('scans beside a hot set', 4000, (read, random) =>
    read % 4 === 0 ? 1_000_000 + read : Math.floor(random() * 6000),
  ),
  sequence('shifting', 3000, (read, random) => shifting(random) + Math.floor(read / 1000) * 40),
];

/** A hash of 31 bits below the one that is never sampled. */
export function hashOf(key: number, seed = 0): number {
  let bits = key ^ seed;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) & 0x7fffffff) % 0x7fffffff;
}

/** Hit ratios of exact LRU caches of so many entries, by stack distances. */
export function exactHitRatios(keys: Uint32Array, sizes: readonly number[]): number[] {
  const stack = new LruStack();
  const hits = sizes.map(() => 0);
  for (const key of keys) {
    const place = stack.placeOf(key);
    const distance = place === 0 ? Number.POSITIVE_INFINITY : stack.weightAfter(place) + 1;
    for (const [i, size] of sizes.entries()) if (distance <= size) hits[i]!++;
    stack.use(key, 1, Number.POSITIVE_INFINITY, 0, false);
  }
  return hits.map((count) => count / keys.length);
}

/** Ten sizes around one, from an eighth to eight times. */
export function sizesAround(size: number): number[] {
  return [1 / 8, 1 / 4, 1 / 2, 3 / 4, 1, 3 / 2, 2, 3, 4, 8].map((factor) => Math.round(size * factor));
}
