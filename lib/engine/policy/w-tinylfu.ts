/**
 * W-TinyLFU (Einziger, Friedman, Manes, "TinyLFU: A Highly Efficient Cache Admission Policy", TOS 2017): new entries
 * enter a small LRU window. What leaves it is a candidate for the main part, a segmented LRU of probation and
 * protected entries, and is admitted where it has been used more often than the entry that would have to go, by a
 * sketch that also counts keys which are not there.
 *
 * A candidate that nothing had to make room for by the time of the next one is admitted. One that is judged counts two
 * uses more, whatever comes of it: so a key that comes back soon after it was turned away has the better of entries
 * that nobody has used since. While a dump is loaded, the newer one stays, since what comes last is worth most. A hit in the main part protects; what has not been used for longest goes back to probation where more than its
 * share is protected. Parts are measured in bytes, or in entries where nothing but those is limited.
 *
 * Parameters: window 1 % and four entries at least, protected 80 % of the main part, no doorkeeper, no adaptive window.
 *
 * A walk from the oldest end goes through probation, candidates, window and protected, each in the order of use.
 */

import type { Budget } from '../budget.js';
import type { Columns } from '../columns.js';
import type { Direction } from '../types.js';
import { FrequencySketch } from './frequency-sketch.js';
import { KeyHashes } from './key-hash.js';
import type { EvictionOrder } from './order.js';
import { Queues } from './queues.js';

const WINDOW_SHARE = 0.01;
const MIN_WINDOW = 4;
const PROTECTED_SHARE = 0.8;

const PROBATION = 0;
const CANDIDATES = 1;
const WINDOW = 2;
const PROTECTED = 3;

/** What being judged counts for a candidate. */
const JUDGED_USES = 2;

export class WTinyLfu implements EvictionOrder {
  readonly isByUse = false;
  readonly keepsHashes = true;
  private readonly queues: Queues;
  private readonly hashes: KeyHashes;
  private readonly sketch: FrequencySketch;
  isLoading = false;

  constructor(columns: Columns, budget: Budget) {
    this.queues = new Queues(columns, budget, 4, 2);
    this.hashes = new KeyHashes(columns);
    this.sketch = new FrequencySketch(budget);
  }

  get oldest(): number {
    return this.queues.oldest;
  }

  victim(): number {
    const candidate = this.oldestOf(CANDIDATES);
    const other = this.oldestOf(PROBATION) || this.oldestOf(PROTECTED);
    if (candidate === 0 || other === 0) return candidate || other || this.oldestOf(WINDOW);
    return this.isMoreFrequent(candidate, other) ? other : candidate;
  }

  private isMoreFrequent(candidate: number, other: number): boolean {
    const its = this.sketch.frequency(this.hashes.at(candidate));
    const others = this.sketch.frequency(this.hashes.at(other));
    return its > others || this.isLoading;
  }

  /** Without the entry that is kept. */
  private oldestOf(queue: number): number {
    const { queues } = this;
    const slot = queues.oldestOf(queue);
    if (slot !== queues.kept || slot === 0) return slot;
    return queues.counts[queue] === 1 ? 0 : queues.newerThan(slot);
  }

  promote(slot: number): void {
    const { queues } = this;
    this.sketch.add(this.hashes.at(slot), queues.size);
    const queue = queues.queueOf(slot);
    if (queue === WINDOW || queue === PROTECTED) {
      if (slot !== queues.newestOf(queue)) queues.relink(slot, queue);
      return;
    }
    queues.relink(slot, PROTECTED);
    while (
      queues.counts[PROTECTED]! > 1 &&
      queues.costOf(PROTECTED) > PROTECTED_SHARE * (queues.cost - queues.costOf(WINDOW))
    )
      queues.relink(queues.oldestOf(PROTECTED), PROBATION);
  }

  link(slot: number, key: unknown, hash: number, weight: number): void {
    const { queues } = this;
    this.sketch.growTo(queues.size + 1);
    this.sketch.add(this.hashes.give(slot, key, hash), queues.size + 1);
    while (queues.counts[CANDIDATES]! > 0) queues.relink(queues.oldestOf(CANDIDATES), PROBATION);
    queues.link(slot, WINDOW, weight);
    while (queues.counts[WINDOW]! > MIN_WINDOW && queues.costOf(WINDOW) > WINDOW_SHARE * queues.cost)
      queues.relink(queues.oldestOf(WINDOW), CANDIDATES);
  }

  unlink(slot: number): void {
    this.queues.unlink(slot);
    this.sketch.shrinkTo(this.queues.size);
  }

  evict(slot: number): void {
    const { queues } = this;
    const candidate = this.oldestOf(CANDIDATES);
    if (candidate !== 0) this.sketch.add(this.hashes.at(candidate), queues.size, JUDGED_USES);
    this.unlink(slot);
    // It has won its place.
    if (candidate !== 0 && candidate !== slot) queues.relink(candidate, PROBATION);
  }

  reuse(slot: number, key: unknown, hash: number, weight: number): void {
    this.evict(slot);
    this.link(slot, key, hash, weight);
  }

  weighed(slot: number, by: number): void {
    this.queues.weighed(slot, by);
  }

  keep(slot: number): void {
    this.queues.keep(slot);
  }

  release(): number {
    return this.queues.release();
  }

  move(from: number, to: number): void {
    this.queues.move(from, to);
  }

  clear(): void {
    this.queues.clear();
    this.sketch.clear();
  }

  walk(direction: Direction): Generator<number, void, undefined> {
    return this.queues.walk(direction);
  }

  verify(size: number): string[] {
    return [...this.queues.verify(size), ...this.sketch.verify()];
  }
}
