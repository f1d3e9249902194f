/**
 * CacheEngine: an exact LRU cache with a budget in bytes, TTLs and removal causes, by key.
 * The mechanics and their invariants stand in slot-engine.ts.
 *
 * Every method is O(1) unless it says otherwise, plus O(1) for each entry that it has to evict.
 */

import { invalidArgument } from '../errors.js';
import type { EntryInfo, StoreOptions, StoreResult } from './entry.js';
import type { Direction } from './recency-list.js';
import { SlotEngine } from './slot-engine.js';

/** How a walk over the entries goes. */
export interface IterationOptions {
  /** Which end comes first. Default: `'newest-first'`. */
  order?: Direction;
}

export class CacheEngine<K, V> extends SlotEngine<K, V> {
  // Reading

  /** The value under `key`, which becomes the newest entry; `undefined` when there is none. */
  get(key: K): V | undefined {
    const slot = this.lookup(key);
    return slot > 0 ? this.table.values[slot] : undefined;
  }

  /** The value under `key`; changes neither the order nor the statistics. */
  peek(key: K): V | undefined {
    return this.table.values[this.find(key)];
  }

  /** Whether a live entry is under `key`; changes neither the order nor the statistics. */
  has(key: K): boolean {
    return this.find(key) !== 0;
  }

  /**
   * All that is known about the entry under `key`; `undefined` when there is no live one. Changes neither order
   * nor statistics. The first call of all that finds an entry begins the versions: see `beginVersions`.
   */
  getEntry(key: K): EntryInfo<K, V> | undefined {
    const slot = this.#findNumbered(key);
    return slot === 0 ? undefined : this.#describe(slot);
  }

  /** Milliseconds until `key` expires: `Infinity` for never, `undefined` when there is no live entry. */
  remainingTtlMs(key: K): number | undefined {
    const slot = this.find(key);
    return slot === 0 ? undefined : this.remainingTtlMsAt(slot);
  }

  // Writing

  /** Stores `value` under `key`, whatever was there. Returns `stored`, `too-large` or `no-room`. */
  set(key: K, value: V, options?: StoreOptions): StoreResult {
    return this.store(key, this.table.find(key), value, options);
  }

  /** Stores only where there is no live entry: `stored`, `exists`, `too-large` or `no-room`. */
  add(key: K, value: V, options?: StoreOptions): StoreResult {
    const slot = this.table.find(key);
    if (slot !== 0 && !this.isExpired(slot)) return 'exists';
    return this.store(key, slot, value, options);
  }

  /** Stores only where there is a live entry: `stored`, `not-found`, `too-large` or `no-room`. */
  replace(key: K, value: V, options?: StoreOptions): StoreResult {
    const slot = this.find(key);
    return slot === 0 ? 'not-found' : this.store(key, slot, value, options);
  }

  /**
   * Stores only where the live entry has the version that `getEntry` told:
   * `stored`, `exists` (another version), `not-found`, `too-large` or `no-room`.
   */
  compareAndSet(key: K, version: number, value: V, options?: StoreOptions): StoreResult {
    const slot = this.#findNumbered(key);
    if (slot === 0) return 'not-found';
    return this.versionAt(slot) === version ? this.store(key, slot, value, options) : 'exists';
  }

  /**
   * A new value for a live entry, which keeps its flags and its time of expiry:
   * `stored`, `not-found`, `too-large` or `no-room`.
   */
  update(key: K, value: V, options?: Pick<StoreOptions, 'keepRefused'>): StoreResult {
    const slot = this.find(key);
    if (slot === 0) return 'not-found';
    const expiresAtMs = this.expiry === null ? Number.POSITIVE_INFINITY : this.expiry.expiresAt[slot]!;
    return this.write(
      key,
      slot,
      value,
      expiresAtMs,
      this.flagsAt(slot),
      options?.keepRefused === true,
      this.nowIfNeeded(),
    );
  }

  /**
   * Gives a live entry a new time to live, counted from now. Its place in the order, its value and its
   * version stay, unless `promote` asks for the newest place. False when there is no live entry.
   */
  touch(key: K, ttlMs: number, options?: { promote?: boolean }): boolean {
    const expiresAtMs = this.expiresAtMs(ttlMs);
    const slot = this.find(key);
    if (slot === 0) return false;
    if (options?.promote === true) this.promoteAt(slot);
    this.reschedule(slot, expiresAtMs);
    return true;
  }

  /** Removes the entry under `key`. False when there was no live one. */
  delete(key: K): boolean {
    const slot = this.table.find(key);
    if (slot === 0) return false;
    const live = !this.isExpired(slot);
    this.remove(slot, live ? 'deleted' : 'expired');
    this.removals?.deliver();
    return live;
  }

  // Walking. A walk survives any change made on the way, and it ends: it visits no removed entry and none
  // twice. An entry that moves or enters at the newest end before its turn may be missed.

  /** Live keys, newest first unless asked otherwise. O(1) for each. */
  *keys(options?: IterationOptions): Generator<K, void, undefined> {
    for (const slot of this.#slots(options)) yield this.table.keys[slot] as K;
  }

  /** Live values, newest first unless asked otherwise. O(1) for each. */
  *values(options?: IterationOptions): Generator<V, void, undefined> {
    for (const slot of this.#slots(options)) yield this.table.values[slot] as V;
  }

  /** Live keys and values, newest first unless asked otherwise. O(1) for each. */
  *entries(options?: IterationOptions): Generator<[K, V], void, undefined> {
    for (const slot of this.#slots(options)) yield [this.table.keys[slot] as K, this.table.values[slot] as V];
  }

  *#slots(options?: IterationOptions): Generator<number, void, undefined> {
    const order = options?.order ?? 'newest-first';
    if (order !== 'newest-first' && order !== 'oldest-first')
      throw invalidArgument('order', "'newest-first' or 'oldest-first'", order);
    const cursor = this.list.openCursor(order);
    try {
      for (let slot = this.list.advance(cursor); slot !== 0; slot = this.list.advance(cursor))
        if (!this.isExpired(slot)) yield slot;
    } finally {
      this.list.closeCursor(cursor);
    }
  }

  /** As `find`, for a caller that wants the version. */
  #findNumbered(key: K): number {
    const slot = this.find(key);
    if (slot === 0 || this.numbersWrites) return slot;
    this.beginVersions();
    // Numbers take room: the entry may have had to go.
    return this.find(key);
  }

  #describe(slot: number): EntryInfo<K, V> {
    const table = this.table;
    const now = this.trackAccess ? this.clock.now() : 0;
    return {
      key: table.keys[slot] as K,
      value: table.values[slot] as V,
      bytes: this.bytesAt(slot),
      flags: this.flagsAt(slot),
      version: this.versionAt(slot),
      remainingTtlMs: this.remainingTtlMsAt(slot),
      ageMs: this.trackAccess ? now - table.storedAt![slot]! : undefined,
      idleMs: this.trackAccess ? now - table.usedAt![slot]! : undefined,
      fetched: this.trackAccess ? table.fetched![slot] === 1 : undefined,
    };
  }
}
