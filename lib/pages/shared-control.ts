/**
 * What the threads of a shared store have in common beside its shards: the table of threads, a few words, the shards'
 * locks and the rings of their changes, one behind the other in one SharedArrayBuffer. The rings take memory once
 * somebody subscribes, since nothing touches them before.
 */

import { CHANGE_RING_BYTES, ChangeRing } from './change-ring.js';
import { LOCK_WORDS, Locks } from './lock.js';
import type { ShardControl } from './sharded-items.js';
import { THREAD_TABLE_BYTES, ThreadTable } from './thread-table.js';

const WORDS = 16;
const LOCK_BYTES: number = LOCK_WORDS * 4;

/** Bytes of it all, for so many shards. */
export function sharedControlBytes(shards: number): number {
  return THREAD_TABLE_BYTES + WORDS * 4 + shards * (LOCK_BYTES + CHANGE_RING_BYTES);
}

export class SharedControl implements ShardControl {
  readonly words: Int32Array;
  private readonly numbers: Float64Array;
  readonly rings: readonly ChangeRing[];
  private readonly memory: SharedArrayBuffer;
  private readonly shards: number;

  /** `memory` holds `sharedControlBytes`, zero at first. */
  constructor(memory: SharedArrayBuffer, shards: number) {
    this.memory = memory;
    this.shards = shards;
    this.words = new Int32Array(memory, THREAD_TABLE_BYTES, WORDS);
    this.numbers = new Float64Array(memory, THREAD_TABLE_BYTES + (WORDS / 2) * 4, WORDS / 4);
    const rings = this.locksAt + shards * LOCK_BYTES;
    this.rings = Array.from(
      { length: shards },
      (_, index) => new ChangeRing(memory, rings + index * CHANGE_RING_BYTES),
    );
  }

  get maxBytes(): number {
    return this.numbers[0]!;
  }

  set maxBytes(bytes: number) {
    this.numbers[0] = bytes;
  }

  openLocks(): Locks {
    const words = new Int32Array(this.memory, this.locksAt, this.shards * LOCK_WORDS);
    const threads = new ThreadTable(this.memory, 0);
    const asNobody = new Locks(words, 0, threads);
    const self = threads.enter((thread) => {
      for (let lock = 0; lock < this.shards; lock++) if (asNobody.holderOf(lock) === thread) return true;
      return false;
    });
    return new Locks(words, self, threads);
  }

  private get locksAt(): number {
    return THREAD_TABLE_BYTES + WORDS * 4;
  }
}
