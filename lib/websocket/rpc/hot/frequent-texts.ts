/**
 * Finds what occurs most often among any number of different texts, in bounded memory.
 *
 * Counts by Misra and Gries, in batches as Anderson and others have it ("A High-Performance Algorithm for Identifying
 * Frequent Items in Data Streams", 2017): when there are twice as many counts as are to be kept, the median is taken
 * from all of them, and those that it brings to nothing go. So a count is too low, and never too high, by at
 * most the number of all texts divided by `kept`; and adding is one look-up in a Map, and O(1) beside it on the
 * average.
 */

import { Heap } from 'mnemonist';

/** A text, and how often it came at least. */
export interface Frequency {
  readonly text: string;
  readonly count: number;
}

export class FrequentTexts {
  readonly #kept: number;
  readonly #counts = new Map<string, number>();

  constructor(kept: number) {
    this.#kept = kept;
  }

  add(text: string): void {
    const count = this.#counts.get(text);
    this.#counts.set(text, (count ?? 0) + 1);
    if (count === undefined && this.#counts.size > this.#kept * 2) this.#thin();
  }

  /** Those that are counted at present. */
  texts(): string[] {
    return [...this.#counts.keys()];
  }

  /** The most frequent ones first. O(counts x log limit). */
  top(limit: number): Frequency[] {
    const heap = new Heap<Frequency>((a, b) => a.count - b.count);
    for (const [text, count] of this.#counts) {
      if (heap.size < limit) heap.push({ text, count });
      else if (count > heap.peek()!.count) heap.replace({ text, count });
    }
    return heap.consume().reverse();
  }

  clear(): void {
    this.#counts.clear();
  }

  #thin(): void {
    const sorted = Float64Array.from(this.#counts.values()).sort();
    const median = sorted[sorted.length >> 1]!;
    for (const [text, count] of this.#counts) {
      if (count <= median) this.#counts.delete(text);
      else this.#counts.set(text, count - median);
    }
  }
}
