/**
 * A table of blocks of 32-bit numbers that a hash leads to, for what a policy remembers of keys that may not be there:
 * some numbers for each entry held, or twice as many just after it has grown. The first bits of a hash choose the block, so that a
 * table can double by copying each block twice. It takes at most 64 MB, and O(entries) to grow.
 */

import type { Budget } from '../budget.js';

const WORD_BYTES = 4;
/** So many that few entries seldom meet in a block, and too few to be counted. */
const MIN_WORDS = 1024;
const MAX_WORDS = 2 ** 24;
/** Entries may become fewer and more again: each time that a table shrinks, everything is forgotten. */
const SPARSE = 8;

export class HashedBlocks {
  words: Int32Array;
  readonly blockWords: number;
  private readonly entryWords: number;
  private readonly budget: Budget;
  /** By how much a hash is shifted to be the number of a block. */
  private shift = 0;

  /** `entryWords`: for each entry, at least. */
  constructor(blockWords: number, entryWords: number, budget: Budget) {
    this.blockWords = blockWords;
    this.entryWords = entryWords;
    this.budget = budget;
    this.words = new Int32Array(MIN_WORDS);
    // A table is up to twice as long.
    budget.addPolicy(entryWords * WORD_BYTES * 2);
    this.use(this.words);
  }

  get blocks(): number {
    return this.words.length / this.blockWords;
  }

  /** Where the block begins that a hash, all of whose bits are mixed, leads to. */
  at(hash: number): number {
    return (hash >>> this.shift) * this.blockWords;
  }

  private use(words: Int32Array): void {
    this.words = words;
    this.shift = 32 - Math.log2(this.blocks);
    this.budget.policyBytes = words.byteLength;
    this.budget.policyWants = 0;
  }

  /**
   * Grows until it has enough for so many entries, as far as those pay for it. Returns how many times as long it is then:
   * so often is each block in it.
   */
  growTo(entries: number): number {
    let times = 1;
    while (this.isShortFor(entries)) {
      const { words, blockWords } = this;
      if (!this.isPaid(words.byteLength, entries)) break;
      const doubled = new Int32Array(words.length * 2);
      for (let at = 0; at < words.length; at += blockWords)
        for (let i = at; i < at + blockWords; i++) {
          doubled[at + i] = words[i]!;
          doubled[at + i + blockWords] = words[i]!;
        }
      this.use(doubled);
      times *= 2;
    }
    return times;
  }

  private isShortFor(entries: number): boolean {
    if (entries * this.entryWords > this.words.length && this.words.length < MAX_WORDS) return true;
    this.budget.policyWants = 0;
    return false;
  }

  /** What is not paid for yet is wanted: the store makes room for it where columns have too much. */
  private isPaid(bytes: number, entries: number): boolean {
    const isPaid = this.budget.pays(bytes, entries);
    this.budget.policyWants = isPaid ? 0 : bytes;
    return isPaid;
  }

  /** Forgets everything for a smaller table where an eighth of this one would do. Returns whether it did. */
  shrinkTo(entries: number): boolean {
    const words = entries * this.entryWords;
    if (words * SPARSE > this.words.length || this.words.length === MIN_WORDS) return false;
    this.use(new Int32Array(wordsFor(words)));
    return true;
  }

  clear(): void {
    this.use(new Int32Array(MIN_WORDS));
  }

  verify(): string[] {
    const { byteLength } = this.words;
    const { policyBytes } = this.budget;
    return byteLength === policyBytes
      ? []
      : [`the policy's table takes ${byteLength} bytes, and ${policyBytes} are counted`];
  }
}

function wordsFor(words: number): number {
  let length = MIN_WORDS;
  while (length < words && length < MAX_WORDS) length *= 2;
  return length;
}

/** Every bit of the hash depends on every bit of the index's, the first of which says how wide a text is. */
export function mixed(hash: number): number {
  let bits = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return (bits ^ (bits >>> 16)) >>> 0;
}
