/** What a user writes: the functions that load. */

/** How one loaded value is kept: what only its loader knows. */
export interface StoreAs {
  /**
   * How long it is fresh, in milliseconds, in the place of the option `ttlMs`; 0 or less: it is not stored. For a miss:
   * how long it is remembered.
   */
  ttlMs?: number | undefined;
  /**
   * How old it is already: this is taken off its ttl. A value that is older than that is stale from the start, and one that
   * is past the windows is not stored. Needs a ttl. Default: 0.
   */
  ageMs?: number | undefined;
  /** What `invalidateTags` removes it by, in the place of the option `tags`. */
  tags?: readonly string[] | undefined;
}

/** What a loader gets beside its key. */
export interface LoadContext<V> {
  /**
   * Aborts when no caller wants the value any more, and after `flightTimeoutMs`. Pass it to `fetch` and the like. It is made when it
   * is read: a copy of the context (`{ ...context }`) has none.
   */
  readonly signal: AbortSignal;
  /** The value that is to be replaced, if the cache still holds one: for a conditional request. */
  readonly stale: V | undefined;
  /**
   * Says how this value is kept, or this miss; the last call counts, and none after the loader has ended. Throws
   * `HOTSET_INVALID_OPTION` and `HOTSET_INVALID_ARGUMENT`.
   */
  readonly storeAs: (options: StoreAs) => void;
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
  /** Says how the value of one key is kept, as `storeAs` of a single load. */
  readonly storeAs: (key: K, options: StoreAs) => void;
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
