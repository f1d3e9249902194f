/**
 * Why an entry left the cache.
 *
 * - `evicted`: no room in the budget (bytes or entries).
 * - `expired`: its time had passed.
 * - `replaced`: a write under the same key took its place, or was refused as too large.
 * - `deleted`: `delete` was called.
 * - `cleared`: `clear` was called.
 */
export type RemovalCause = 'evicted' | 'expired' | 'replaced' | 'deleted' | 'cleared';

/**
 * Told of every removal, after the engine is consistent again: it may call the engine. What it throws
 * reaches the caller of the method that removed the entry, and the cache is intact.
 */
export type RemovalListener<K, V> = (key: K, value: V, cause: RemovalCause) => void;
