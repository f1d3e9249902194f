/** A PageStore with those methods of a CacheEngine that specs use: its keys, and values as the codec of servers has them. */

import type { EntryInfo, StoreOptions, StoreResult } from '../../lib/engine/types.js';
import { Key } from '../../lib/items/key.js';
import { keyOfWire, wireOfKey } from '../../lib/items/key-encoding.js';
import { ValueCodec } from '../../lib/items/value-codec.js';
import type { ItemData, KeyBytes } from '../../lib/items.js';
import { PageStore } from '../../lib/pages/page-store.js';

const CODEC = new ValueCodec();

export class TextPageStore extends PageStore {
  readonly #textKey: Key = new Key(this.hashSeed);

  #key(key: string | KeyBytes): KeyBytes {
    return typeof key === 'string' ? this.#textKey.setText(wireOfKey(key)!) : key;
  }

  #slot(key: string): number {
    return this.peek(this.#key(key));
  }

  #valueAt(slot: number): unknown {
    return CODEC.decode(this.valueAt(slot), this.flagsAt(slot), this.keyAt(slot));
  }

  get(key: string): unknown {
    const slot = this.read(this.#key(key));
    return slot > 0 ? this.#valueAt(slot) : undefined;
  }

  has(key: string): boolean {
    return this.#slot(key) !== 0;
  }

  getEntry(key: string): EntryInfo<string, unknown> | undefined {
    const slot = this.#slot(key);
    if (slot === 0) return undefined;
    return {
      key,
      value: this.#valueAt(slot),
      bytes: this.bytesAt(slot),
      flags: this.flagsAt(slot),
      version: this.versionAt(slot),
      remainingTtlMs: this.remainingTtlMsAt(slot),
      tags: [],
      ageMs: undefined,
      idleMs: this.idleMsAt(slot),
      fetched: this.fetchedAt(slot),
    };
  }

  remainingTtlMs(key: string): number | undefined {
    return this.getEntry(key)?.remainingTtlMs;
  }

  *keys(): Generator<string> {
    for (const slot of this.walk('newest-first')) yield keyOfWire(this.keyAt(slot));
  }

  override set(key: string, value: unknown, options?: StoreOptions): StoreResult;
  override set(...args: Parameters<PageStore['set']>): StoreResult;
  override set(...args: readonly unknown[]): StoreResult {
    if (typeof args[0] !== 'string') return super.set(...(args as Parameters<PageStore['set']>));
    const [key, value, options = {}] = args as unknown as [string, unknown, StoreOptions?];
    const { ttlMs = Number.POSITIVE_INFINITY, flags = CODEC.flagsOf(value), keepRefused = false } = options;
    return super.set(this.#key(key), dataOf(value, flags), ttlMs, flags, keepRefused);
  }

  override update(key: string, value: unknown): StoreResult;
  override update(...args: Parameters<PageStore['update']>): StoreResult;
  override update(...args: readonly unknown[]): StoreResult {
    if (typeof args[0] !== 'string') return super.update(...(args as Parameters<PageStore['update']>));
    const slot = this.#slot(args[0]);
    return super.update(slot, dataOf(args[1], this.flagsAt(slot)), false, false);
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

function dataOf(value: unknown, flags: number): ItemData {
  const bytes = CODEC.bytesOf(CODEC.encode(value, flags)!);
  return { bytes, start: 0, end: bytes.length, place: 0, owned: false };
}
