/** What a snapshot needs of an engine: anything that can dump and load can be saved. */

import type { DumpedEntry } from '../engine/types.js';

/** What can be saved: a `CacheEngine`. */
export interface SnapshotSource<K, V> {
  /** Live entries, oldest first. Must survive changes made between two of them. */
  dump(): Iterable<DumpedEntry<K, V>>;
}

/** What can be loaded into: a `CacheEngine`. */
export interface SnapshotTarget<K, V> {
  /** Stores entries as the newest, in their order; returns how many were stored. */
  load(entries: Iterable<DumpedEntry<K, V>>): number;
}
