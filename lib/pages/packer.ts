/**
 * Packing: it moves blocks so that holes become one, or a segment becomes empty and goes back. It takes the segment with the
 * most holes and moves its blocks one by one: into holes elsewhere that fit, else down, so that the hole behind them
 * grows. A segment that is to become empty is closed first: its holes leave the free lists. Any call may stop after a
 * bounded number of bytes; the next one goes on.
 */

import type { Arena } from './arena.js';
import { CLOSED, CLOSING, FOR_HOLE, RESERVED_SLOT } from './arena.js';
import type { Budget } from './budget.js';
import { CREDIT, CURSOR, GAP, type Header, MODE, PACKED, SEGMENTS_END } from './header.js';
import { PLACE, type Records } from './records.js';

/** What a block's move costs beside its bytes, as bytes. */
const BLOCK_COST = 64;
/** Blocks visited at a time to take holes out of the free lists, and what each costs. */
const CLOSED_AT_ONCE = 16;
const CLOSE_COST = 8;
/** Bytes moved at most to make a hole, or room, of one byte, and beside those. */
const MOVED_PER_BYTE = 8;
const MOVED_BESIDE = 64 * 1024;
/** Bytes moved for each byte that is stored or freed, while there are too many holes, and what earlier ones left at most. */
const PAID_PER_BYTE = 6;
const PAID_BESIDE = 64 * 1024;
/** A segment that has fewer holes is not worth it: a 64th. */
const WORTH_SHIFT = 6;

export class Packer {
  private readonly ints: Int32Array;
  private readonly nums: Float64Array;
  private readonly arena: Arena;
  private readonly records: Records;
  private readonly budget: Budget;
  /** What the calls for the item that is being stored may still move, in bytes. */
  private left = 0;

  constructor(header: Header, arena: Arena, records: Records, budget: Budget) {
    this.ints = header.ints;
    this.nums = header.nums;
    this.arena = arena;
    this.records = records;
    this.budget = budget;
  }

  /** How much the calls for one item may move together; beyond that, others have to go. */
  allow(bytes: number): void {
    this.left = bytes * MOVED_PER_BYTE + MOVED_BESIDE;
  }

  /** Moves blocks until there may be a hole of so many units; false when that would take too long. O(units). */
  makeHole(units: number): boolean {
    const { ints } = this;
    while (this.left > 0) {
      const cost = this.step(FOR_HOLE, units);
      if (cost === 0) return false;
      this.left -= cost;
      if (ints[PACKED] === 0 || (ints[MODE] !== CLOSING && ints[GAP]! >= units)) return true;
    }
    return false;
  }

  /** Moves blocks until so many bytes of memory may be added; false when that would take too long. O(bytes). */
  makeRoom(bytes: number): boolean {
    while (this.left > 0) {
      const cost = this.step(CLOSING, 0);
      if (cost === 0) return false;
      this.left -= cost;
      if (this.ints[PACKED] === 0 && this.budget.allows(bytes)) return true;
    }
    return false;
  }

  /** To be called with the bytes of each block that was stored or freed: a share of the work, while there are too many holes. */
  pay(bytes: number): void {
    const { nums } = this;
    nums[CREDIT]! += bytes * PAID_PER_BYTE;
    let left = Math.max(0, Math.min(nums[CREDIT]!, bytes * PAID_PER_BYTE + PAID_BESIDE));
    nums[CREDIT]! -= left;
    while (left > 0 && this.budget.isLoose) {
      const cost = this.step(CLOSING, 0);
      // Nothing can be emptied: it is not worth a look for a while.
      left = cost === 0 ? -PAID_BESIDE : left - cost;
    }
    if (left < 0) nums[CREDIT]! += left;
  }

  /** Does a little; `least`: only a segment with so many free units will do. Returns what it cost; 0 when there is nothing to do. */
  private step(mode: typeof FOR_HOLE | typeof CLOSING, least: number): number {
    const { ints, arena, records } = this;
    if (ints[PACKED] === 0) {
      const id = arena.emptiest(Math.max(least, arena.segmentUnits >>> WORTH_SHIFT), mode === CLOSING);
      if (id === 0) return 0;
      ints[PACKED] = id;
      ints[MODE] = mode;
      ints[CURSOR] = 0;
      ints[GAP] = 0;
      return BLOCK_COST + ints[SEGMENTS_END]! * CLOSE_COST;
    }
    if (ints[MODE] === CLOSING) return (arena.close(CLOSED_AT_ONCE) + 1) * CLOSE_COST;
    const slot = arena.slotAtCursor();
    let cost = BLOCK_COST;
    if (slot === -1) arena.passFree();
    else if (slot !== 0) {
      const units = arena.unitsAtCursor();
      cost += units << arena.unitShift;
      if (slot === RESERVED_SLOT) arena.passReserved(units);
      else {
        // Where all is to go, any hole will do. Else a block that fills a hole of its size makes the gap as much larger.
        let place = 0;
        if (ints[MODE] === CLOSED) place = arena.takeElsewhere(units);
        else if (ints[GAP] !== 0) place = arena.takeExact(units);
        records.put(slot, PLACE, arena.moveAtCursor(units, place));
      }
    }
    if (arena.slotAtCursor() === 0) arena.reopen();
    return cost;
  }
}
