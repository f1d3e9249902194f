/**
 * Keys that have been evicted lately, without the keys: a FIFO that holds as many as together took a given room, and
 * from which those that come back are taken. A ghost is 20 bits of a hash and the number of an epoch. An epoch is a 64th
 * of the room; how much of it is still there is known, so that the oldest epochs are retired whole as soon as all
 * together take too much.
 *
 * Bounded: a block has 16 ghosts, and another one takes the place of the oldest. Two keys look alike to a block once in a
 * million times. All operations are O(1); each ghost that comes cleans a block of those that were retired, so that epochs
 * can be counted in 12 bits.
 */

import type { Budget } from '../budget.js';
import { HashedBlocks, mixed } from './hashed-blocks.js';

/** 64 bytes. */
const BLOCK_GHOSTS = 16;
const ENTRY_WORDS = 1;
const EPOCHS = 64;
/** Those of which ghosts may be left: epochs that have lost most of theirs take little room. */
const MAX_EPOCHS = 256;
const EPOCH_BITS = 12;
const EPOCH_MASK = 2 ** EPOCH_BITS - 1;

export class Ghosts {
  private readonly table: HashedBlocks;
  /** Of each epoch: what its ghosts took, and how many there are. */
  private readonly costs: Float64Array = new Float64Array(MAX_EPOCHS);
  private readonly counts: Uint32Array = new Uint32Array(MAX_EPOCHS);
  private newest = 0;
  private oldest = 0;
  /** What all ghosts took. */
  private cost = 0;
  /** Where the block begins that is cleaned next. */
  private hand = 0;

  constructor(budget: Budget) {
    this.table = new HashedBlocks(BLOCK_GHOSTS, ENTRY_WORDS, budget);
  }

  /** Remembers a key whose entry took so much, among those that took so much together; the cache holds so many entries. */
  add(hash: number, cost: number, room: number, entries: number): void {
    this.growTo(entries);
    this.clean();
    if (this.costs[this.newest % MAX_EPOCHS]! >= room / EPOCHS) {
      this.newest++;
      if (this.newest - this.oldest === MAX_EPOCHS) this.retire();
    }
    this.put(hash);
    this.costs[this.newest % MAX_EPOCHS]! += cost;
    this.counts[this.newest % MAX_EPOCHS]!++;
    this.cost += cost;
    while (this.cost > room && this.oldest < this.newest) this.retire();
  }

  /** Where the table doubles, each ghost is in it twice, and the one in the wrong block ages: half of the cost is each one's. */
  private growTo(entries: number): void {
    const times = this.table.growTo(entries);
    if (times > 1) for (let epoch = 0; epoch < MAX_EPOCHS; epoch++) this.counts[epoch]! *= times;
  }

  private put(hash: number): void {
    const { words } = this.table;
    const bits = mixed(hash);
    const name = nameOf(bits);
    const first = this.table.at(bits);
    let at = first;
    let oldest = -1;
    for (let each = first; each < first + BLOCK_GHOSTS; each++) {
      const word = words[each]!;
      const age = word >>> EPOCH_BITS === name || !this.isLive(word) ? EPOCH_MASK + 1 : this.ageOf(word);
      if (age <= oldest) continue;
      oldest = age;
      at = each;
    }
    this.forget(words[at]!);
    words[at] = (name << EPOCH_BITS) | (this.newest & EPOCH_MASK);
  }

  /** Whether the key, whose entry takes so much now, is remembered. It is forgotten then. */
  take(hash: number, cost: number): boolean {
    const { words } = this.table;
    const bits = mixed(hash);
    const name = nameOf(bits);
    const first = this.table.at(bits);
    for (let at = first; at < first + BLOCK_GHOSTS; at++) {
      const word = words[at]!;
      if (word >>> EPOCH_BITS !== name || !this.isLive(word)) continue;
      this.forget(word, cost);
      words[at] = 0;
      return true;
    }
    return false;
  }

  private ageOf(word: number): number {
    return (this.newest - word) & EPOCH_MASK;
  }

  private isLive(word: number): boolean {
    return word !== 0 && this.ageOf(word) <= this.newest - this.oldest;
  }

  /** Its epoch has a ghost less that took so much; where that is not known, what one takes on average. */
  private forget(word: number, known?: number): void {
    if (!this.isLive(word)) return;
    const epoch = (this.newest - this.ageOf(word)) % MAX_EPOCHS;
    const [costs, counts] = [this.costs[epoch]!, this.counts[epoch]!];
    const cost = counts === 1 ? costs : Math.min(known ?? costs / counts, costs);
    this.costs[epoch]! -= cost;
    this.counts[epoch]!--;
    this.cost -= cost;
  }

  private retire(): void {
    const epoch = this.oldest % MAX_EPOCHS;
    this.cost -= this.costs[epoch]!;
    this.costs[epoch] = 0;
    this.counts[epoch] = 0;
    this.oldest++;
  }

  private clean(): void {
    const { words } = this.table;
    if (this.hand >= words.length) this.hand = 0;
    for (let at = this.hand; at < this.hand + BLOCK_GHOSTS; at++) if (!this.isLive(words[at]!)) words[at] = 0;
    this.hand += BLOCK_GHOSTS;
  }

  shrinkTo(entries: number): void {
    if (this.table.shrinkTo(entries)) this.forgetAll();
  }

  clear(): void {
    this.table.clear();
    this.forgetAll();
  }

  private forgetAll(): void {
    this.costs.fill(0);
    this.counts.fill(0);
    this.oldest = this.newest;
    this.cost = 0;
  }

  /** What is inconsistent. O(ghosts). */
  verify(): string[] {
    const problems = this.table.verify();
    const live = this.table.words.filter((word) => this.isLive(word)).length;
    const counted = this.counts.reduce((sum, count) => sum + count, 0);
    if (live !== counted) problems.push(`there are ${live} ghosts, and ${counted} are counted`);
    const cost = this.costs.reduce((sum, each) => sum + each, 0);
    if (Math.abs(cost - this.cost) > 1e-6 * cost + 1e-3)
      problems.push(`ghosts took ${cost}, and ${this.cost} is counted`);
    return problems;
  }
}

/** Never 0, so that no ghost is the word 0. */
function nameOf(bits: number): number {
  return bits & 0xfffff || 1;
}
