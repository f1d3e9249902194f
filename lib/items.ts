/**
 * What the commands, hotset.v1, snapshots and statistics need of a store. Two implement it: `EngineItems` over a
 * service's own `CacheEngine`, and the page stores, whose items lie outside V8's heap.
 *
 * Items are named by slots: numbers above 0, valid until the next call that may store or remove, and at most until
 * `endTurn`. Methods are O(1) unless they say otherwise, plus O(1) for each item that they have to evict.
 */

import type { Clock } from './engine/clock.js';
import type { CurveQuery, MissRatioCurve } from './engine/miss-ratio/curve.js';
import type { EngineStats } from './engine/stats.js';
import type { ChangeListener, Direction, DumpedEntry, StoreResult } from './engine/types.js';

/** A key as a request names it: bytes [start, end) of `bytes`. */
export interface KeyBytes {
  /** Where its bytes lie. */
  readonly bytes: Uint8Array;
  /** Where they begin. */
  readonly start: number;
  /** Where they end. */
  readonly end: number;
  /** FNV-1a of 32 bits, begun with the store's `hashSeed`. */
  readonly hash: number;
  /** A latin1 character for each byte. */
  readonly text: string;
}

/** A value as it arrives: bytes [start, end) of `bytes`. */
export interface ItemData {
  /** Where its bytes lie. */
  bytes: Buffer;
  /** Where they begin. */
  start: number;
  /** Where they end. */
  end: number;
  /** Whether the store may keep `bytes` itself: nobody else is going to use them. */
  owned: boolean;
  /** Where the store keeps these very bytes, if `reserve` has given them: what stores them then copies nothing, and sets it to 0. */
  place: number;
}

/** What a store with tags can do. */
export interface ItemTags {
  /** Removes items that have one of these tags, `limit` at most, and says so to who is about to store some. Returns how many were live. */
  invalidate(tags: readonly string[], limit: number): number;
  /** Whether an item has one of these tags. */
  isAny(tags: readonly string[]): boolean;
}

/** A store of items, by slot. */
export interface Items {
  /** Measures durations. */
  readonly clock: Clock;
  /** Where hashes of keys begin: see `Key`. Differs from process to process. */
  readonly hashSeed: number;
  /** Whether a full store evicts. */
  readonly evicts: boolean;
  /** Items held, expired ones that are not yet reclaimed included. */
  readonly size: number;
  /** What all items count. */
  readonly bytes: number;
  /** What the store keeps within its budget: `bytes`, and memory without items where it has that. */
  readonly heldBytes: number;
  /** The budget. */
  readonly maxBytes: number;
  /** What an adapter keeps with the store. */
  adapter: object | null;
  /** Null for a store without tags. */
  readonly tags: ItemTags | null;
  /** The greatest version of any write. */
  readonly lastVersion: number;
  /** Whether a client has ever chosen a version: then two values may have had the same one. */
  readonly givesVersions: boolean;
  /** False when nothing has expired that is not yet reclaimed; true when something may have. */
  readonly mayHaveExpired: boolean;
  /** Milliseconds since the least recently used item was used; 0 when there is none. */
  readonly oldestIdleMs: number;

  // Finding

  /** The slot of a live item, or 0; changes nothing. */
  peek(key: KeyBytes): number;
  /** The version that the next write of the key gets, if nothing else is written before it. */
  nextVersion(key: KeyBytes): number;
  /** As `peek`, counted, and made the newest: 0 when there is none, -1 when there was one that has expired. */
  read(key: KeyBytes): number;

  // What is known about an item

  /** A latin1 character for each byte. */
  keyAt(slot: number): string;
  /** The value's length. */
  valueBytesAt(slot: number): number;
  /** Copies the value to `target`, from `at` on, where there is room for it. O(bytes). */
  copyValueAt(slot: number, target: Buffer, at: number): void;
  /** The value as bytes that never change: the store's own where those do not, else a copy. */
  valueAt(slot: number): Buffer;
  /** Whether `valueAt` makes a copy, as a rule: then `copyValueAt` costs less at any size. */
  readonly copiesValues: boolean;
  /** The number that the writer gave. */
  flagsAt(slot: number): number;
  /** Changes with each write of the value. A bigint where a number would not be exact. */
  versionAt(slot: number): number | bigint;
  /** `Infinity` for never. */
  remainingTtlMsAt(slot: number): number;
  /** Seven bits of the protocol's own, 0 after each write. */
  adapterBitsAt(slot: number): number;
  /** Whether the value has been read since it was stored. */
  fetchedAt(slot: number): boolean;
  /** Milliseconds since the value was stored; `undefined` where the store does not keep that. */
  ageMsAt(slot: number): number | undefined;
  /** Milliseconds since the item was last read or stored. */
  idleMsAt(slot: number): number;
  /** What the item counts: key, value and overhead. */
  bytesAt(slot: number): number;

  /** Numbers writes from now on, above `above`. May evict: versions may take room. */
  beginVersions(above: number): void;

  // Changing an item where it is

  /** Makes it the newest, uncounted. */
  promoteAt(slot: number): void;
  /** Sets a TTL, from now. The item may be gone afterwards. */
  touchAt(slot: number, ttlMs: number): void;
  /** Sets what `adapterBitsAt` returns. */
  setAdapterBitsAt(slot: number, bits: number): void;
  /** Gives the item a version of the caller's: an unsigned number of 64 bits. `fresh`: it has just been written. */
  setVersionAt(slot: number, version: number | bigint, fresh: boolean): void;
  /** Gives the item the next version, as a write does. */
  renewVersionAt(slot: number): void;

  // Writing

  /**
   * Stores `data` under `key`. 0 or less for `ttlMs` stores and expires at once, `Infinity` never. A refused value takes
   * the old one away unless `keepRefused`. `tags` are the item's from now on, in a store that has tags.
   */
  set(
    key: KeyBytes,
    data: ItemData,
    ttlMs: number,
    flags: number,
    keepRefused: boolean,
    tags?: readonly string[] | null,
  ): StoreResult;
  /** A new value for a live item, which keeps its flags and its time to live; with `keepBits` its bits as well. */
  update(slot: number, data: ItemData, keepRefused: boolean, keepBits: boolean): StoreResult;
  /** Adds `data` behind a live item's value, or with `before` in front of it; the rest as in `update`. O(bytes). */
  extend(slot: number, data: ItemData, before: boolean, keepRefused: boolean): StoreResult;
  /** The slot of what has been written last, 0 where that has expired at once. */
  readonly lastStored: number;
  /**
   * Memory for a value of so many bytes that is still to arrive: sets all of `data`, and returns true; false when there
   * is no room, or nothing to gain. Two bytes more may be written behind it. The bytes stay where they are until something stores `data` or `release` gives them back.
   */
  reserve(bytes: number, data: ItemData): boolean;
  /** Takes back what `reserve` has given, and nobody has stored. */
  release(data: ItemData): void;

  // Removing

  /** False when there was no live item. */
  delete(key: KeyBytes): boolean;
  /** Removes an item, expired or not. */
  deleteAt(slot: number): void;
  /** Removes everything at once, to those who look; memory may come back a piece at a time. */
  clear(): void;
  /** Removes expired items, looking at `limit` at most; the next call continues there. Returns how many. */
  sweepExpired(limit: number): number;
  /** The slot of the least recently used item, expired or not, if it was last used before `timeMs`; else 0. */
  oldestUnusedSince(timeMs: number): number;

  // Limits

  /** Sets the budget; evicts what no longer fits, the oldest first. */
  resize(maxBytes: number): void;
  /** Does `steps` steps of what `resize` would do at once; false when nothing is left but to resize. */
  shrinkTowards(maxBytes: number, steps: number): boolean;

  // Looking at all

  /**
   * Slots of live items. A walk goes on after any change; what is used or stored meanwhile may be missed. Call
   * `return` when it is not walked to its end.
   */
  walk(order: Direction): IterableIterator<number, void, undefined>;
  /**
   * Calls `visit` with the slots of live items whose keys begin with `prefix` (a latin1 character for each byte), in an order of
   * the store's own, until it returns false. Looks at no more than `looks` places, from `from` on, 0 for the beginning;
   * returns where to go on, 0 at the end. An item that stays is visited at least once, whatever happens between two calls.
   * `visit` may remove the item. O(looks).
   */
  scan(prefix: string, from: number, looks: number, visit: (slot: number) => boolean): number;
  /** Live items, least recently used first, for a snapshot: texts as keys (latin1), Buffers as values. */
  dump(): Iterable<DumpedEntry<string, Buffer>>;
  /** Stores what a dump holds, in its order, as the newest; returns how many were stored. */
  load(entries: Iterable<DumpedEntry<string, Buffer>>): number;
  /** Counters since the start or the last `resetStats`, and what is held now. */
  stats(): EngineStats;
  /** What hit ratio another size or policy would have; `undefined` for a store that keeps no curve. */
  missRatioCurve(query?: CurveQuery): MissRatioCurve | undefined;
  /** Sets the counters to 0. */
  resetStats(): void;
  /** What is inconsistent, one sentence each; empty when all is well. O(n). */
  verify(): string[];

  // Being told

  /** Called with every change of a key that begins with `prefix`, after the store is consistent again. Keys are latin1 texts. */
  subscribe(prefix: string, listener: ChangeListener<string>): () => void;
  /** Called with an item that is about to be evicted; must change nothing. Null for nobody. */
  onEviction: ((slot: number) => void) | null;
  /** Called with the key of every `read`; must change nothing. Null for nobody. */
  onRead: ((key: string) => void) | null;

  /** Others may change items from here on: slots are not valid any more. A session calls it at the end of each turn. */
  endTurn(): void;
}
