/** Makes the memory of a shared store, and opens it in each of its threads. */

import type { Clock } from '../engine/clock.js';
// @ts-expect-error to come
import { PageStore } from './page-store.js';
import { ShardedItems } from './sharded-items.js';
import { SharedControl, sharedControlBytes } from './shared-control.js';
import { newSharedBuffer, SharedMemory } from './shared-memory.js';

/** What all threads must agree on. */
export interface ShardSettings {
  /** A power of two. */
  readonly shards: number;
  readonly maxBytes: number;
  /** The most that `maxBytes` may become. */
  readonly reservedBytes: number;
  readonly evicts: boolean;
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
    shards: Array.from({ length: shards }, () => newSharedBuffer(reservedBytes / shards)),
  };
}

/** Opens a store for the calling thread. `isNew`: nobody has opened it before. Throws `HOTSET_TOO_MANY`. */
export function openShards(
  { control, shards }: SharedMemories,
  { maxBytes, reservedBytes, evicts, hashSeed }: ShardSettings,
  clock: Clock,
  isNew: boolean,
): ShardedItems {
  const stores = shards.map((buffer) => {
    const memory = new SharedMemory(buffer, reservedBytes / shards.length);
    if (isNew) memory.reset();
    return new PageStore({
      maxBytes: maxBytes / shards.length,
      evict: evicts,
      clock,
      memory,
      isNew,
      hashSeed,
    });
  });
  return new ShardedItems(stores, new SharedControl(control, shards.length));
}
