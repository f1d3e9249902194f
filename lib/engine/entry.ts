/** The types that the engine's methods take and return for one entry. */

export interface StoreOptions {
  /**
   * Time to live in milliseconds from now; `Infinity` never expires. Zero or less stores the entry
   * already expired. Default: the engine's `ttlMs`.
   */
  ttlMs?: number;
  /** A number of the caller's own, an unsigned 32-bit integer. Default: 0. */
  flags?: number;
  /** Leave the old value where it is when the new one is refused as too large or for lack of room. Default: false. */
  keepRefused?: boolean;
}

export interface UpdateOptions extends Pick<StoreOptions, 'keepRefused'> {
  /** Leave it marked as read, and an adapter's marks where they are. Default: false. */
  keepMarks?: boolean;
}

/**
 * What became of a write.
 *
 * - `stored`: the value is in the cache.
 * - `exists`: `add` found the key; `compareAndSet` found another version. Nothing changed.
 * - `not-found`: `replace`, `update` or `compareAndSet` found no entry. Nothing changed.
 * - `too-large`: the entry can never fit. It was refused, and the old value under the key is gone
 *   (unless `keepRefused` was asked for).
 * - `no-room`: the cache is full and does not evict (`evict: false`). Refused in the same way.
 */
export type StoreResult = 'stored' | 'exists' | 'not-found' | 'too-large' | 'no-room';

/** What the engine knows about one entry, at one moment. */
export interface EntryInfo<K, V> {
  readonly key: K;
  readonly value: V;
  /** Counted bytes: key, value and overhead; 0 when the engine has no byte limits. */
  readonly bytes: number;
  readonly flags: number;
  /**
   * Changes with every write of the value, never repeats within one engine. A bigint only where an adapter's
   * client has given it a number that a double cannot hold.
   */
  readonly version: number | bigint;
  /** Milliseconds until it expires; `Infinity` for never. */
  readonly remainingTtlMs: number;
  /** Milliseconds since the value was stored; `undefined` without `trackAccess`. */
  readonly ageMs: number | undefined;
  /** Milliseconds since it was last read or stored; `undefined` without `trackAccess`. */
  readonly idleMs: number | undefined;
  /** Whether the value has been read since it was stored; `undefined` without `trackAccess`. */
  readonly fetched: boolean | undefined;
}

/** One entry of a dump. Times are relative, so that a dump survives a restart and another clock. */
export interface DumpedEntry<K, V> {
  readonly key: K;
  readonly value: V;
  readonly flags: number;
  /** Milliseconds left; `Infinity` for never. */
  readonly remainingTtlMs: number;
  /** Milliseconds since the value was stored; `undefined` without `trackAccess`, as the next two. */
  readonly ageMs?: number | undefined;
  /** Milliseconds since it was last read or stored. */
  readonly idleMs?: number | undefined;
  /** Whether it has been read since it was stored. */
  readonly fetched?: boolean | undefined;
  /** An adapter's marks; absent for none. */
  readonly marks?: number;
}
