/**
 * Hit ratios of a trace by policy and size. A read that misses stores what it asked for; a write stores; a deletion
 * removes. LRU takes one pass for all sizes, by stack distances; each other policy takes a cache of its own for each size.
 * Of a sample of the keys, caches are smaller by the sampled share, and the reads that the sample lacks, or has too many
 * of, are hits of the hottest keys (SHARDS' correction).
 */

import { Distances, STEPS } from '../../engine/miss-ratio/distances.js';
import type { Miniature } from '../../engine/miss-ratio/estimator.js';
import { LruStack } from '../../engine/miss-ratio/lru-stack.js';
import { DELETE, READ } from './formats.js';
import type { Requests } from './trace.js';

const NEVER = Number.POSITIVE_INFINITY;

/** Of all reads, from the hits among the reads that are held. */
export function hitRatioOf({ allReads, rate }: Requests, hits: number, reads: number): number {
  const correction = allReads - reads / rate;
  return allReads === 0 ? 0 : Math.min(Math.max((hits / rate + correction) / allReads, 0), 1);
}

export function readsIn({ operations, length }: Requests): number {
  let reads = 0;
  for (let at = 0; at < length; at++) if (operations[at] === READ) reads++;
  return reads;
}

export interface LruCurve {
  /** By step of size (distances.ts), for a size at its end. */
  readonly ratios: Float64Array;
  /** The weight of all keys. */
  readonly footprint: number;
}

/** O(requests x log keys). */
export function lruCurve(requests: Requests, reads: number): LruCurve {
  const { keys, operations, times, weights, dues, rate } = requests;
  const stack = new LruStack();
  const distances = new Distances();
  const footprints = new Float64Array(requests.keyCount);
  for (let at = 0; at < requests.length; at++) {
    const key = keys[at]!;
    let place = stack.placeOf(key);
    if (place !== 0 && (operations[at] === DELETE || stack.dueAt(place) <= times[at]!)) {
      stack.delete(key);
      place = 0;
    }
    if (operations[at] === DELETE) continue;
    const weight = weights[at]!;
    footprints[key] = weight;
    const isKnownRead = operations[at] === READ && place !== 0;
    if (isKnownRead) distances.add(stack.weightAfter(place) / rate + weight, 1);
    stack.use(key, weight, isKnownRead ? stack.dueAt(place) : dues === null ? NEVER : dues[at]!, 0, false);
  }
  const ratios = new Float64Array(STEPS);
  let hits = 0;
  for (let step = 0; step < STEPS; step++) {
    hits += distances.counts[step]!;
    ratios[step] = hitRatioOf(requests, hits, reads);
  }
  return { ratios, footprint: Math.round(footprints.reduce((sum, weight) => sum + weight, 0) / rate) };
}

/** The hits of a cache, which begins empty. O(requests). */
export function simulate(requests: Requests, cache: Miniature): number {
  const { keys, operations, times, weights, dues } = requests;
  const due = dues === null ? null : new Float64Array(requests.keyCount).fill(NEVER);
  const held = new Float64Array(requests.keyCount);
  let hits = 0;
  for (let at = 0; at < requests.length; at++) {
    const key = keys[at]!;
    const isRead = operations[at] === READ;
    const weight = weights[at]!;
    if (operations[at] === DELETE || (due !== null && due[key]! <= times[at]!)) cache.delete(key);
    if (operations[at] === DELETE) continue;
    if (isRead && cache.read(key)) {
      hits++;
      if (held[key] !== weight) cache.write(key, weight);
    } else {
      // What is written after a read that missed is here already.
      if (isRead || held[key] !== weight || !cache.has(key)) cache.write(key, weight);
      if (due !== null) due[key] = dues![at]!;
    }
    held[key] = weight;
  }
  return hits;
}
