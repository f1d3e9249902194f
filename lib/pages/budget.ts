/**
 * What the store may hold. Two figures: `held`, the memory that has been touched, and `bytes`, what the items count; their
 * difference is holes. `held <= maxBytes` after every call. Memory is added while holes are few; beyond that, packing
 * makes room, and where they are many it gives memory back. An item is evicted only where items count more than 15/16 of
 * the budget, or packing would move too much for one write.
 */

import { HELD, Header, ITEM_BYTES, MAX_BYTES } from './header.js';
import type { Memory } from './memory.js';

/** The share of the budget that items may not count, so that packing always finds holes: a sixteenth. */
const HOLES_SHIFT = 4;
/** Holes as a share of what items count, up to which memory is added, and beyond which it has to come back. */
const FEW_HOLES = 10 / 128;
const MANY_HOLES = 12 / 128;
/** What a store takes that has no items: its header, first buckets and rows. */
const FIXED_BYTES: number = Header.bytes + 12 * 1024;
/** Beyond these too: pages that have just been begun. */
const HOLES_MIN_BYTES = 96 * 1024;

export class Budget {
  private readonly nums: Float64Array;
  private readonly memory: Memory;

  constructor(header: Header, memory: Memory) {
    this.nums = header.nums;
    this.memory = memory;
  }

  get held(): number {
    return this.nums[HELD]! + this.memory.pendingBytes;
  }

  /** What items may always count together; where nothing has to be packed, it may be more. */
  get itemLimit(): number {
    return limitOf(this.nums[MAX_BYTES]!);
  }

  /** Whether so many bytes of memory may be added within the budget. */
  allows(bytes: number): boolean {
    const over = this.nums[HELD]! + bytes - this.nums[MAX_BYTES]!;
    if (over > 0) return false;
    const { pendingBytes } = this.memory;
    if (over + pendingBytes > 0) this.memory.giveBack(over + pendingBytes);
    return true;
  }

  /** Whether so many bytes may be added for items; where that is strict, holes must be few. */
  allowsForItems(bytes: number, isStrict: boolean): boolean {
    const counted = this.nums[ITEM_BYTES]! + bytes;
    const hasFewHoles = this.nums[HELD]! + bytes <= counted + counted * FEW_HOLES + HOLES_MIN_BYTES;
    return (hasFewHoles || !isStrict) && this.allows(bytes);
  }

  /** Whether there are so many holes that memory should come back. */
  get isLoose(): boolean {
    return this.isTooMuch(this.nums[HELD]!);
  }

  /** Whether pages that were taken back are too many to wait for their next use. */
  get keepsTooMuch(): boolean {
    return this.isTooMuch(this.held);
  }

  private isTooMuch(bytes: number): boolean {
    const counted = this.nums[ITEM_BYTES]!;
    return bytes > counted + counted * MANY_HOLES + HOLES_MIN_BYTES;
  }
}

export function limitOf(maxBytes: number): number {
  return maxBytes - maxBytes / (1 << HOLES_SHIFT) - FIXED_BYTES;
}
