/** The types that the engine's methods take and return. */

/** What the methods that store take. */
export interface StoreOptions {
  /**
   * TTL in milliseconds from now; `Infinity` never expires. 0 or less removes the old value and stores nothing.
   * Default: the engine's `ttlMs`.
   */
  ttlMs?: number | undefined;
  /** A number of the caller's: an unsigned 32-bit integer. Default: 0. */
  flags?: number | undefined;
  /** Keep the old value when the new one is refused as too large or for lack of room. Default: false. */
  keepRefused?: boolean | undefined;
  /** What the value weighs, 0 or more, for a caller who knows: the engine then does not weigh it. */
  bytes?: number | undefined;
  /**
   * Names under which `invalidateTags` removes the entry with others: at most 128, of 1 to 256 characters. They
   * count in the budget. Default: none, also where the key had some.
   */
  tags?: readonly string[] | undefined;
}

/** What `update` takes. */
export type UpdateOptions = Pick<StoreOptions, 'keepRefused'>;

/** What `touch` takes. */
export interface TouchOptions {
  /** Also count as a use: by LRU the entry is the newest then. Default: false. */
  promote?: boolean | undefined;
}

/** The end of the order of use at which a walk begins. */
export type Direction = 'newest-first' | 'oldest-first';

/** What walks take. */
export interface IterationOptions {
  /** Which end comes first. Default: `'newest-first'`. */
  order?: Direction | undefined;
  /** Only entries whose key is a text that begins so; the empty prefix takes every key. Default: `''`. */
  prefix?: string | undefined;
}

/** What `scanKeys` takes. */
export interface ScanOptions {
  /** Only keys that are texts and begin so; the empty prefix takes every key. Default: `''`. */
  prefix?: string | undefined;
  /** The `cursor` of the page before. Default: the beginning. */
  cursor?: number | undefined;
  /** The most entries that the call looks at, from 1. Default: 1,000. */
  limit?: number | undefined;
}

/** What `scanKeys` returns. */
export interface KeyPage<K> {
  /** Live keys; perhaps none, though more are to come. */
  readonly keys: K[];
  /** Where the next call continues; `undefined` at the end. */
  readonly cursor: number | undefined;
}

/**
 * What became of a write.
 *
 * - `stored`: the value is in the cache.
 * - `exists`: `add` found the key; `compareAndSet` found another version. Nothing changed.
 * - `not-found`: `replace`, `update` or `compareAndSet` found no entry. Nothing changed.
 * - `too-large`: the entry can never fit. It was refused, and the old value under the key is gone (unless
 *   `keepRefused`).
 * - `no-room`: the cache is full and does not evict (`evict: false`). Refused in the same way.
 */
export type StoreResult = 'stored' | 'exists' | 'not-found' | 'too-large' | 'no-room';

/** What the engine knows about one entry, at one moment. */
export interface EntryInfo<K, V> {
  /** The key. */
  readonly key: K;
  /** The value. */
  readonly value: V;
  /** Counted bytes: key, value and overhead; 0 when the engine has no byte limits. */
  readonly bytes: number;
  /** The number that the caller stored with the value. Default: 0. */
  readonly flags: number;
  /**
   * Changes with every write of the value and never repeats within one engine. A bigint only where an adapter's
   * client has set a number that a double cannot hold.
   */
  readonly version: number | bigint;
  /** Milliseconds until it expires; `Infinity` for never. */
  readonly remainingTtlMs: number;
  /** The tags that it was stored with. */
  readonly tags: readonly string[];
  /** Milliseconds since the value was stored; `undefined` without `trackAccess`. */
  readonly ageMs: number | undefined;
  /** Milliseconds since it was last read or stored; `undefined` without `trackAccess`. */
  readonly idleMs: number | undefined;
  /** Whether the value has been read since it was stored; `undefined` without `trackAccess`. */
  readonly fetched: boolean | undefined;
}

/** One entry of a dump. Times are relative, so that a dump survives a restart and another clock. */
export interface DumpedEntry<K, V> {
  /** The key. */
  readonly key: K;
  /** The value. */
  readonly value: V;
  /** As `set` takes them. Default: 0. */
  readonly flags?: number | undefined;
  /** Milliseconds left; `Infinity` for never, and `null`, which JSON makes of it. Absent: the engine's `ttlMs`. */
  readonly remainingTtlMs?: number | null | undefined;
  /** With `ttlFrom: 'read'`: what each read sets the TTL to. Absent: `remainingTtlMs`. */
  readonly ttlMs?: number | undefined;
  /** As `set` takes them; absent for none. */
  readonly tags?: readonly string[] | undefined;
  /** Milliseconds since the value was stored; `undefined` without `trackAccess`, as the next two. */
  readonly ageMs?: number | undefined;
  /** Milliseconds since it was last read or stored. */
  readonly idleMs?: number | undefined;
  /** Whether it has been read since it was stored. */
  readonly fetched?: boolean | undefined;
  /** Seven bits for an adapter; absent for none. */
  readonly adapterBits?: number | undefined;
}

/**
 * Why an entry left the cache.
 *
 * - `evicted`: no room in the budget (bytes or entries).
 * - `expired`: its time had passed.
 * - `replaced`: a write under the same key took its place, or was refused as too large.
 * - `deleted`: `delete`, `invalidateTags` or `deletePrefix` removed it.
 * - `cleared`: `clear` was called.
 */
export type RemovalCause = 'evicted' | 'expired' | 'replaced' | 'deleted' | 'cleared';

/**
 * Called with every removal, after the engine is consistent again; it may call the engine. What it throws reaches
 * the caller of the method that removed the entry; the cache stays intact.
 */
export type RemovalListener<K, V> = (key: K, value: V, cause: RemovalCause) => void;

/**
 * What happened to an entry.
 *
 * - `stored`: a value was written, whatever was there. Reported twice where an adapter gives it a version of its own.
 * - `touched`: the value is the same, but it expires sooner than it did, or an adapter gave it another version.
 * - `deleted`: `delete`, `invalidateTags` or `deletePrefix` removed it, or a value that was refused as too large took
 *   it away.
 * - `evicted`, `expired`: as in `RemovalCause`.
 * - `cleared`: every entry is gone.
 */
export type ChangeCause = 'stored' | 'touched' | 'deleted' | 'evicted' | 'expired' | 'cleared';

/** One change, as `subscribe` reports it. `cleared` has no key: every entry is gone. */
export type Change<K> =
  | {
      readonly cause: Exclude<ChangeCause, 'cleared'>;
      readonly key: K;
      /** The version that the entry had then; `undefined` for one that is gone, and where versions have not begun. */
      readonly version: number | bigint | undefined;
    }
  | { readonly cause: 'cleared'; readonly key: undefined; readonly version: undefined };

/**
 * Called with every change, after the engine is consistent again; it may call the engine. What it throws reaches
 * the caller of the method that made the change; the cache stays intact.
 */
export type ChangeListener<K> = (change: Change<K>) => void;
