/**
 * What the store needs of an eviction policy: what a use does, where a new entry enters, who leaves next. The engine
 * makes one at its construction (policies.ts), and all its calls go there.
 */

import type { Direction } from '../types.js';

export interface EvictionOrder {
  /** Whether the oldest entry is the one that has not been used for the longest time. */
  readonly isByUse: boolean;
  /** Whether it finds what it remembers of keys by their hash, which must not change then. */
  readonly keepsHashes: boolean;
  /** Set while a dump is loaded, whose entries come in the order of their worth. */
  isLoading: boolean;
  /** The first slot of a walk from the oldest end; 0 when there is none. */
  readonly oldest: number;
  /** The slot to evict next; 0 when there is none. The same again, unless something happens in between. Amortized O(1). */
  victim(): number;
  /**
   * Puts the slot of a new entry into the order. `hash` is what the index will have for the key, but neither the index nor
   * the column of weights has the entry yet.
   */
  link(slot: number, key: unknown, hash: number, weight: number): void;
  /** Takes an entry out that leaves for a reason of its own. */
  unlink(slot: number): void;
  /** Takes the victim out, to be evicted. */
  evict(slot: number): void;
  /** `evict`, and `link` for a new entry that gets the slot: the columns still have the victim's key and weight, the links its hash. */
  reuse(slot: number, key: unknown, hash: number, weight: number): void;
  /** Notes that the entry has been used: read, or written again. */
  promote(slot: number): void;
  /** The entry weighs more by so many bytes; the columns have its new weight before anything else is called. */
  weighed(slot: number, by: number): void;
  /** From here to `release`, this entry is not the victim, unless it is the only one. */
  keep(slot: number): void;
  /** The slot that the kept entry has by now. */
  release(): number;
  /** An entry, all of whose columns have been copied, has another slot now. */
  move(from: number, to: number): void;
  /** Forgets everything; walks in progress end. The columns are new afterwards. */
  clear(): void;
  walk(direction: Direction): Generator<number, void, undefined>;
  /** What is inconsistent; `size` slots must be linked. O(n). */
  verify(size: number): string[];
}
