/**
 * Packing: it moves blocks so that holes become one, or a segment becomes empty and goes back. It takes the segment with the
 * most holes, takes those out of the free lists, and moves its blocks one by one: into holes elsewhere that fit, else
 * down, so that the hole behind them grows. Any call may stop after a bounded number of bytes; the next one goes on.
 */

import type { Arena } from './arena.js';
import { RESERVED_SLOT } from './arena.js';
import type { Budget } from './budget.js';
import { CREDIT, CURSOR, type Header, IS_CLOSED, PACKED } from './header.js';
import { PLACE, type Records } from './records.js';

/** What a block's move costs beside its bytes, as bytes. */
const BLOCK_COST = 64;
/** Blocks visited at a time to take holes out of the free lists, and what each costs. */
const CLOSED_AT_ONCE = 16;
const CLOSE_COST = 8;
/** Bytes moved at most to make a hole, or room, of one byte, and beside those. */
const MOVED_PER_BYTE = 24;
const MOVED_BESIDE = 256 * 1024;
/** Bytes moved for each byte that is stored or freed, while there are too many holes. */
const PAID_PER_BYTE = 8;
const PAID_AT_ONCE = 64 * 1024;
/** A segment that has fewer holes is not worth it: a 64th. */
const WORTH_SHIFT = 6;

export class Packer {
  private readonly ints: Int32Array;
  private readonly nums: Float64Array;
  private readonly arena: Arena;
  private readonly records: Records;
  private readonly budget: Budget;

  constructor(header: Header, arena: Arena, records: Records, budget: Budget) {
    this.ints = header.ints;
    this.nums = header.nums;
    this.arena = arena;
    this.records = records;
    this.budget = budget;
  }

  /** Moves blocks until there may be a hole of so many units; false when that would take too long. O(units). */
  makeHole(units: number): boolean {
    let left = (units << this.arena.unitShift) * MOVED_PER_BYTE + MOVED_BESIDE;
    while (left > 0) {
      const cost = this.step(units);
      if (cost === 0) return false;
      if (this.ints[PACKED] === 0 || this.arena.gapUnits >= units) return true;
      left -= cost;
    }
    return false;
  }

  /** Moves blocks until so many bytes of memory may be added; false when that would take too long. O(bytes). */
  makeRoom(bytes: number): boolean {
    let left = bytes * MOVED_PER_BYTE + MOVED_BESIDE;
    while (left > 0) {
      const cost = this.step(0);
      if (cost === 0) return false;
      if (this.ints[PACKED] === 0 && this.budget.allows(bytes)) return true;
      left -= cost;
    }
    return false;
  }

  /** To be called with the bytes of each block that was stored or freed: a share of the work, while there are too many holes. */
  pay(bytes: number): void {
    const { nums } = this;
    if (!this.budget.isLoose) {
      nums[CREDIT] = 0;
      return;
    }
    nums[CREDIT]! += bytes * PAID_PER_BYTE;
    nums[CREDIT]! -= this.work(Math.min(nums[CREDIT]!, bytes * 4 + PAID_AT_ONCE));
  }

  /** Moves so many bytes, and at most one block more; returns what it cost, 0 when nothing is left to do. */
  work(limit: number): number {
    let done = 0;
    while (done < limit && this.budget.isLoose) {
      const cost = this.step(0);
      if (cost === 0) break;
      done += cost;
    }
    return done;
  }

  /** Does a little; `least`: only a segment with so many free units will do. Returns what it cost; 0 when there is nothing to do. */
  private step(least: number): number {
    const { ints, arena, records } = this;
    if (ints[PACKED] === 0) {
      const id = arena.emptiest(Math.max(least, arena.segmentUnits >>> WORTH_SHIFT));
      if (id === 0) return 0;
      ints[PACKED] = id;
      ints[IS_CLOSED] = 0;
      ints[CURSOR] = 0;
      return BLOCK_COST;
    }
    if (ints[IS_CLOSED] === 0) return (arena.close(CLOSED_AT_ONCE) + 1) * CLOSE_COST;
    const slot = arena.slotAtCursor();
    let cost = BLOCK_COST;
    if (slot === -1) arena.passFree();
    else if (slot !== 0) {
      const units = arena.unitsAtCursor();
      cost += units << arena.unitShift;
      if (slot === RESERVED_SLOT) ints[CURSOR]! += units;
      else records.put(slot, PLACE, arena.moveAtCursor(units, arena.takeListed(units)));
    }
    if (arena.slotAtCursor() === 0) arena.reopen();
    return cost;
  }
}
