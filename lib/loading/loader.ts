/** What a user writes: the functions that load. */

/** What a loader gets beside its key. */
export interface LoadContext<V> {
  /** Aborted when nobody wants the value any more, or when it took too long. Hand it to `fetch` and the like. */
  readonly signal: AbortSignal;
  /** The value that is to be replaced, if the cache still holds one: for a conditional request. */
  readonly stale: V | undefined;
}

/**
 * Loads the value of one key. `undefined` says that there is none: a miss. It may throw or reject.
 * It must not wait for its own key, which would be waiting for itself.
 */
export type Loader<K, V, R extends V | undefined = V | undefined> = (
  key: K,
  context: LoadContext<V>,
) => R | PromiseLike<R>;

/** What a batch loader gets beside its keys. */
export interface BatchContext<K, V> {
  /** Aborted when nobody wants any of the values any more, or when they took too long. */
  readonly signal: AbortSignal;
  /** The values that are to be replaced, where the cache still holds one. */
  readonly stale: ReadonlyMap<K, V>;
}

/**
 * Values by key, or values in the order of the keys. A key that is not in the Map, and `undefined`, are misses;
 * an `Error` in the place of a value is the failure of that key alone. Keys that were not asked for are ignored.
 */
export type BatchAnswer<K, V> = ReadonlyMap<K, V | Error | undefined> | readonly (V | Error | undefined)[];

/** Loads the values of many keys with one call. */
export type BatchLoader<K, V> = (
  keys: readonly K[],
  context: BatchContext<K, V>,
) => BatchAnswer<K, V> | PromiseLike<BatchAnswer<K, V>>;
