/**
 * How often keys were used lately, also keys that are not there: a count-min sketch of 4-bit counters (Einziger,
 * Friedman, Manes, "TinyLFU: A Highly Efficient Cache Admission Policy", TOS 2017). A key has four counters in one
 * cache line, of which a use raises the lowest; its frequency is the least of them, 15 at most. There are 16
 * counters or more for each entry.
 *
 * Counters are halved once in so many uses that each entry could have had seven. A hand does that block by block, so that
 * no call halves them all. All operations are O(1).
 */

import type { Budget } from '../budget.js';
import { HashedBlocks, mixed } from './hashed-blocks.js';

/** 64 bytes: four rows of four numbers, each of eight counters. */
const BLOCK_WORDS = 16;
/** 16 counters, as Caffeine has. */
const ENTRY_WORDS = 2;
const ROWS = 4;
const MAX_COUNT = 15;
/** Uses for each entry between two halvings of a counter. */
const SAMPLE = 7;

export class FrequencySketch {
  private readonly table: HashedBlocks;
  /** Uses since a block was halved. */
  private uses = 0;
  /** Where the next block begins that is halved. */
  private hand = 0;

  constructor(budget: Budget) {
    this.table = new HashedBlocks(BLOCK_WORDS, ENTRY_WORDS, budget);
  }

  /** Counts a use, or several, in a cache of so many entries. */
  add(hash: number, entries: number, uses = 1): void {
    for (let use = 0; use < uses; use++) this.addOne(hash, entries);
  }

  private addOne(hash: number, entries: number): void {
    const { words, blocks } = this.table;
    const bits = mixed(hash);
    const block = this.table.at(bits);
    const least = this.leastOf(words, block, bits);
    if (least < MAX_COUNT)
      for (let row = 0; row < ROWS; row++) {
        const at = block + wordOf(bits, row);
        const shift = shiftOf(bits, row);
        if (((words[at]! >>> shift) & MAX_COUNT) === least) words[at]! += 1 << shift;
      }
    if (++this.uses * blocks < SAMPLE * entries) return;
    this.uses = 0;
    this.halve(words);
  }

  frequency(hash: number): number {
    const bits = mixed(hash);
    return this.leastOf(this.table.words, this.table.at(bits), bits);
  }

  private leastOf(words: Int32Array, block: number, bits: number): number {
    let least = MAX_COUNT;
    for (let row = 0; row < ROWS; row++) {
      const count = (words[block + wordOf(bits, row)]! >>> shiftOf(bits, row)) & MAX_COUNT;
      if (count < least) least = count;
    }
    return least;
  }

  private halve(words: Int32Array): void {
    if (this.hand >= words.length) this.hand = 0;
    for (let at = this.hand; at < this.hand + BLOCK_WORDS; at++) words[at] = (words[at]! >>> 1) & 0x77777777;
    this.hand += BLOCK_WORDS;
  }

  growTo(entries: number): void {
    this.table.growTo(entries);
  }

  shrinkTo(entries: number): void {
    this.table.shrinkTo(entries);
  }

  clear(): void {
    this.table.clear();
    this.uses = 0;
    this.hand = 0;
  }

  verify(): string[] {
    return this.table.verify();
  }
}

/** Five bits for each row: the first bits lead to the block. */
function wordOf(bits: number, row: number): number {
  return row * 4 + ((bits >>> (row * 5)) & 3);
}

function shiftOf(bits: number, row: number): number {
  return ((bits >>> (row * 5 + 2)) & 7) << 2;
}
