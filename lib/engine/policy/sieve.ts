/**
 * SIEVE (Zhang et al., "SIEVE is Simpler than LRU", NSDI 2024): one queue in the order of entrance, one bit that a use
 * sets, and a hand that goes from the oldest entry to the newest and round again. The victim is the first entry that
 * the hand finds without the bit; it clears the bits that it passes. No parameters. A use moves nothing.
 *
 * A walk goes in the order of entrance.
 */

import type { Budget } from '../budget.js';
import { type Columns, OLDER } from '../columns.js';
import type { Direction } from '../types.js';
import type { EvictionOrder } from './order.js';
import { NOTE, Queues } from './queues.js';

/** Entries that the hand passes for one victim. Then it takes the one at which it stands, so that no call takes milliseconds. */
export const MAX_LOOKS = 4096;

export class Sieve implements EvictionOrder {
  readonly isByUse = false;
  readonly keepsHashes = false;
  isLoading = false;
  private readonly columns: Columns;
  private readonly queue: Queues;
  /** The entry that is looked at next; 0 for the oldest. */
  private hand = 0;

  constructor(columns: Columns, budget: Budget) {
    this.columns = columns;
    this.queue = new Queues(columns, budget, 1, 0);
  }

  get oldest(): number {
    return this.queue.oldest;
  }

  victim(): number {
    const { queue } = this;
    let looks = MAX_LOOKS;
    let slot = this.hand === 0 ? queue.oldest : this.hand;
    while (slot !== 0 && (slot === queue.kept || queue.notesOf(slot) !== 0)) {
      if (slot !== queue.kept) {
        if (looks-- === 0) break;
        queue.note(slot, 0);
      } else if (queue.counts[0] === 1) return 0;
      slot = queue.newerThan(slot);
      if (slot === 0) slot = queue.oldest;
    }
    this.hand = slot;
    return slot;
  }

  /** Short, so that V8 makes one function of a hit. */
  promote(slot: number): void {
    if ((this.columns.links[(slot << 2) + OLDER]! & NOTE) === 0) this.queue.note(slot, NOTE);
  }

  link(slot: number, _key: unknown, _hash: number, weight: number): void {
    this.queue.link(slot, 0, weight);
  }

  unlink(slot: number): void {
    if (slot === this.hand) this.hand = this.queue.newerThan(slot);
    this.queue.unlink(slot);
  }

  evict(slot: number): void {
    this.unlink(slot);
  }

  reuse(slot: number, _key: unknown, _hash: number, weight: number): void {
    this.unlink(slot);
    this.queue.link(slot, 0, weight);
  }

  weighed(slot: number, by: number): void {
    this.queue.weighed(slot, by);
  }

  keep(slot: number): void {
    this.queue.keep(slot);
  }

  release(): number {
    return this.queue.release();
  }

  move(from: number, to: number): void {
    if (this.hand === from) this.hand = to;
    this.queue.move(from, to);
  }

  clear(): void {
    this.hand = 0;
    this.queue.clear();
  }

  walk(direction: Direction): Generator<number, void, undefined> {
    return this.queue.walk(direction);
  }

  verify(size: number): string[] {
    const problems = this.queue.verify(size);
    if (this.hand !== 0 && !this.columns.isUsed(this.hand)) problems.push('the hand is at a free slot');
    return problems;
  }
}
