/** A PageStore with those methods of a CacheEngine that specs use: keys are texts, a latin1 character for each byte. */

import type { EntryInfo, StoreOptions, StoreResult } from '../../lib/engine/types.js';
import type { ItemData, KeyBytes } from '../../lib/items.js';
import { bytesOf, type WireValue, wireValue } from '../../lib/memcached/wire-value.js';
import { PageStore } from '../../lib/pages/page-store.js';
import { TextKey } from '../../lib/pages/text-key.js';

export class TextPageStore extends PageStore {
  readonly #textKey: TextKey = new TextKey();

  #key(key: string | KeyBytes): KeyBytes {
    return typeof key === 'string' ? this.#textKey.set(key, this.hashSeed) : key;
  }

  #slot(key: string): number {
    return this.peek(this.#key(key));
  }

  #valueAt(slot: number): WireValue {
    const bytes = this.valueAt(slot);
    return wireValue(bytes, 0, bytes.length);
  }

  get(key: string): WireValue | undefined {
    const slot = this.read(this.#key(key));
    return slot > 0 ? this.#valueAt(slot) : undefined;
  }

  has(key: string): boolean {
    return this.#slot(key) !== 0;
  }

  getEntry(key: string): EntryInfo<string, WireValue> | undefined {
    const slot = this.#slot(key);
    if (slot === 0) return undefined;
    return {
      key,
      value: this.#valueAt(slot),
      bytes: this.bytesAt(slot),
      flags: this.flagsAt(slot),
      version: this.versionAt(slot),
      remainingTtlMs: this.remainingTtlMsAt(slot),
      ageMs: undefined,
      idleMs: this.idleMsAt(slot),
      fetched: this.fetchedAt(slot),
    };
  }

  remainingTtlMs(key: string): number | undefined {
    return this.getEntry(key)?.remainingTtlMs;
  }

  *keys(): Generator<string> {
    for (const slot of this.walk('newest-first')) yield this.keyAt(slot);
  }

  override set(key: string, value: WireValue, options?: StoreOptions): StoreResult;
  override set(...args: Parameters<PageStore['set']>): StoreResult;
  override set(...args: readonly unknown[]): StoreResult {
    if (typeof args[0] !== 'string') return super.set(...(args as Parameters<PageStore['set']>));
    const [key, value, options = {}] = args as unknown as [string, WireValue, StoreOptions?];
    const { ttlMs = Number.POSITIVE_INFINITY, flags = 0, keepRefused = false } = options;
    return super.set(this.#key(key), dataOf(value), ttlMs, flags, keepRefused);
  }

  override update(key: string, value: WireValue): StoreResult;
  override update(...args: Parameters<PageStore['update']>): StoreResult;
  override update(...args: readonly unknown[]): StoreResult {
    if (typeof args[0] !== 'string') return super.update(...(args as Parameters<PageStore['update']>));
    return super.update(this.#slot(args[0]), dataOf(args[1] as WireValue), false, false);
  }

  touch(key: string, ttlMs: number): boolean {
    const slot = this.#slot(key);
    if (slot !== 0) this.touchAt(slot, ttlMs);
    return slot !== 0;
  }

  override delete(key: string | KeyBytes): boolean {
    return super.delete(this.#key(key));
  }

  /** Evicts the oldest, by way of `shrinkTowards`. */
  evictOldest(): void {
    const { size } = this;
    while (this.size === size && this.shrinkTowards(1, 1));
  }

  override sweepExpired(limit: number = Number.POSITIVE_INFINITY): number {
    return super.sweepExpired(limit);
  }

  override resize(maxBytes: number | { maxBytes: number }): void {
    super.resize(typeof maxBytes === 'number' ? maxBytes : maxBytes.maxBytes);
  }
}

function dataOf(value: WireValue): ItemData {
  const bytes = bytesOf(value);
  return { bytes, start: 0, end: bytes.length, place: 0, owned: false };
}
