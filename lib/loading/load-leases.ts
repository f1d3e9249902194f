/**
 * What stands between a LoadingCache and its loaders where one process of all is to load a key: `loadLeases` of `hotset/tiered`
 * makes it. This file has only its shape, so that loading knows no second tier.
 */

import type { LoaderAdapter, SourceAdapter } from './loader-adapter.js';

/** The leases of one cache: what `attach` of the option returns. */
export interface AttachedLeases<K, V> {
  /** Asks the others first, then `source`. */
  over(source: SourceAdapter<K, V>): LoaderAdapter<K, V>;
  // What the others may still have is not read by any later load. None of these throws.
  forget(key: K): void;
  forgetTags(tags: readonly string[]): void;
  forgetAll(): void;
}
