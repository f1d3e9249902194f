/** Makes the memory of a shared store, and opens it in each of its threads. */

import type { Clock } from '../engine/clock.js';
import { PageStore, type PageStoreOptions } from './page-store.js';
import { type Shard, ShardedItems } from './sharded-items.js';
import { SharedControl, sharedControlBytes } from './shared-control.js';
import { newSharedBuffer, SharedMemory } from './shared-memory.js';

const SHARDS_FOR_EACH_CORE = 4;
export const SHARDS_MAX = 256;
const DEFAULT_SHARD_MIN_BYTES: number = 4 * 2 ** 20;
/** What a buffer may have in all versions of Node, less what describes its pages. */
export const SHARD_MAX_BYTES: number = 2 ** 32 - 2 ** 26;

/** What all threads must agree on. */
export interface ShardSettings {
  /** A power of two. */
  readonly shards: number;
  /** The budget. */
  readonly maxBytes: number;
  /** The most that `maxBytes` may become. */
  readonly reservedBytes: number;
  /** Whether a full store evicts. */
  readonly evicts: boolean;
  /** Where hashes of keys begin. */
  readonly hashSeed: number;
}

/** The buffers of a shared store. */
export interface SharedMemories {
  /** What the threads have in common beside the shards. */
  readonly control: SharedArrayBuffer;
  /** A buffer for each shard. */
  readonly shards: readonly SharedArrayBuffer[];
}

/** Reserves memory for a store that `openShards` is to begin. */
export function newSharedMemories({ shards, reservedBytes }: ShardSettings): SharedMemories {
  return {
    control: new SharedArrayBuffer(sharedControlBytes(shards)),
    shards: Array.from({ length: shards }, () => newSharedBuffer(Math.floor(reservedBytes / shards))),
  };
}

/**
 * Opens a store for the calling thread. `isNew`: nobody has opened it before, and no lock is taken until `share` is
 * called. Throws `HOTSET_TOO_MANY`.
 */
export function openShards(
  { control, shards }: SharedMemories,
  { maxBytes, evicts, hashSeed }: ShardSettings,
  clock: Clock,
  isNew: boolean,
): ShardedItems {
  const options = { evict: evicts, clock, hashSeed };
  const begins = Math.floor(maxBytes / shards.length);
  const common = new SharedControl(control, shards.length);
  if (isNew) common.maxBytes = maxBytes;
  const locks = isNew ? null : common.openLocks();
  const opened = shards.map((buffer, index) => {
    const memory = new SharedMemory(buffer);
    if (locks === null) return new PageShard(memory, options, begins);
    // Others are at work: even a look needs the lock. What is half-done is emptied by whoever comes next, as always.
    locks.take(index);
    try {
      return new PageShard(memory, options, locks.isHalfChanged(index) ? memory.maxBytes : null);
    } finally {
      locks.release(index);
    }
  });
  return new ShardedItems(opened, common, locks);
}

/** A sixteenth of the budget. */
const HEADROOM_SHIFT = 4;

/** A page store in memory that other threads change as well. */
class PageShard implements Shard {
  items: PageStore;
  private readonly memory: SharedMemory;
  private readonly options: Omit<PageStoreOptions, 'maxBytes'>;
  private generation = 0;

  /** `maxBytes`: of a new shard; null opens the one that is there. */
  constructor(
    memory: SharedMemory,
    options: Pick<PageStoreOptions, 'evict' | 'clock' | 'hashSeed'>,
    maxBytes: number | null,
  ) {
    this.memory = memory;
    this.options = { ...options, memory };
    if (maxBytes !== null) memory.reset(maxBytes);
    this.items = new PageStore({ ...this.options, maxBytes: this.storeBytes, opens: maxBytes === null });
    this.note();
  }

  refresh(): void {
    if (this.generation === this.memory.generation) return;
    this.items.refresh();
    this.note();
  }

  note(): void {
    this.generation = this.memory.generation;
  }

  resize(maxBytes: number): void {
    this.memory.maxBytes = maxBytes;
    this.items.resize(this.storeBytes);
  }

  empty(): void {
    this.memory.reset(this.memory.maxBytes);
    this.items = new PageStore({ ...this.options, maxBytes: this.storeBytes });
    this.note();
  }

  /** The store counts the parts of its pages that it has used; the rest of them, and ranges between them, need room too. */
  private get storeBytes(): number {
    return this.memory.maxBytes - (this.memory.maxBytes >>> HEADROOM_SHIFT);
  }
}

/** How many shards so many threads at a time do well with. */
export function shardsFor(threads: number, maxBytes: number, reservedBytes: number): number {
  const fewest = powerOfTwo(reservedBytes / SHARD_MAX_BYTES);
  const most = Math.max(1, 2 ** Math.floor(Math.log2(maxBytes / DEFAULT_SHARD_MIN_BYTES)));
  return Math.min(SHARDS_MAX, Math.max(fewest, Math.min(powerOfTwo(SHARDS_FOR_EACH_CORE * threads), most)));
}

/** The least that is not below `value`. */
export function powerOfTwo(value: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2(value)));
}
