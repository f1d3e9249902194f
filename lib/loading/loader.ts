/** What a user writes: the functions that load. */

/** What a loader gets beside its key. */
export interface LoadContext<V> {
  /** Aborts when no caller wants the value any more, and after `flightTimeoutMs`. Pass it to `fetch` and the like. */
  readonly signal: AbortSignal;
  /** The value that is to be replaced, if the cache still holds one: for a conditional request. */
  readonly stale: V | undefined;
}

/** Loads the value of one key; `undefined` is a miss. It may throw or reject. It must not wait for its own key. */
export type Loader<K, V, R extends V | undefined = V | undefined> = (
  key: K,
  context: LoadContext<V>,
) => R | PromiseLike<R>;

/** What a batch loader gets beside its keys. */
export interface BatchContext<K, V> {
  /** Aborts when no caller wants any of the values any more, and after `flightTimeoutMs`. */
  readonly signal: AbortSignal;
  /** The values that are to be replaced, where the cache still holds one. */
  readonly stale: ReadonlyMap<K, V>;
}

/**
 * Values by key, or values in the order of the keys. A key that is not in the Map, and `undefined`, are misses; an
 * `Error` in the place of a value is the failure of that key alone. Extra keys are ignored.
 */
export type BatchAnswer<K, V> = ReadonlyMap<K, V | Error | undefined> | readonly (V | Error | undefined)[];

/** Loads the values of many keys with one call. */
export type BatchLoader<K, V> = (
  keys: readonly K[],
  context: BatchContext<K, V>,
) => BatchAnswer<K, V> | PromiseLike<BatchAnswer<K, V>>;
