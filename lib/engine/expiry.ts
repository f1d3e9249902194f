/**
 * Which entries have expired. Each slot has a due time, and all of them a lower bound: before it, nothing can be
 * due. After it, a pass checks a bounded number of slots at a time and continues where it stopped; after a full
 * round, the earliest due time that it saw is the new bound. Setting a time is O(1), whatever the clock shows.
 */

import { type Columns, NEVER } from './columns.js';

export class Expiry {
  private readonly columns: Columns;
  /** No entry is due before this time. */
  private nextDueMs = NEVER;
  /** The earliest due time that this round of the pass has seen, or that was set in the meantime. */
  private seenDueMs = NEVER;
  /** The slot at which the pass continues. */
  private hand = 1;

  constructor(columns: Columns) {
    this.columns = columns;
  }

  /** False means that nothing is due; true that something may be. */
  mayHaveDue(nowMs: number): boolean {
    return nowMs >= this.nextDueMs;
  }

  get canExpire(): boolean {
    return this.nextDueMs !== NEVER;
  }

  /** Gives the slot, which must be in use, a due time; there must be a column. */
  set(slot: number, dueMs: number): void {
    this.columns.dues![slot] = dueMs;
    if (dueMs < this.nextDueMs) this.nextDueMs = dueMs;
    if (dueMs < this.seenDueMs) this.seenDueMs = dueMs;
  }

  /**
   * Checks at most `limit` slots, at most once round, and calls `expire` for those that are due, which must remove
   * the entry. Returns how many have expired.
   */
  sweep(nowMs: number, limit: number, expire: (slot: number) => void): number {
    let expired = 0;
    const slots = this.columns.nextFresh;
    for (let looks = Math.min(limit, slots); looks >= 1 && nowMs >= this.nextDueMs; looks--) {
      // Removing entries may have moved others down, and dropped slots.
      if (this.hand >= this.columns.nextFresh) {
        this.nextDueMs = this.seenDueMs;
        this.seenDueMs = NEVER;
        this.hand = 1;
        continue;
      }
      const dueMs = this.columns.dues![this.hand]!;
      this.hand++;
      if (dueMs <= nowMs) {
        expire(this.hand - 1);
        expired++;
      } else if (dueMs < this.seenDueMs) this.seenDueMs = dueMs;
    }
    return expired;
  }

  /** An entry has another slot now. */
  move(to: number): void {
    if (this.columns.dues !== null) this.set(to, this.columns.dues[to]!);
  }

  clear(): void {
    this.nextDueMs = NEVER;
    this.seenDueMs = NEVER;
    this.hand = 1;
  }

  /** What is inconsistent. O(slots). */
  verify(): string[] {
    const { dues, nextFresh } = this.columns;
    const problems: string[] = [];
    for (let slot = 1; dues !== null && slot < nextFresh; slot++) {
      if (dues[slot]! < this.nextDueMs) problems.push(`slot ${slot} is due before the next due time`);
      if (slot < this.hand && dues[slot]! < this.seenDueMs)
        problems.push(`slot ${slot} is due before what the pass has seen`);
    }
    return problems;
  }
}
