import { expect } from 'vitest';
import { ManualClock } from '../../lib/engine/clock.js';
import { Key } from '../../lib/items/key.js';
import type { ItemData } from '../../lib/items.js';
import { PageStore, type PageStoreOptions } from '../../lib/pages/page-store.js';

export interface TestStore {
  readonly store: PageStore;
  readonly clock: ManualClock;
  key(text: string): Key;
  set(
    key: string,
    value: Buffer | string | number,
    ttlMs?: number,
    flags?: number,
  ): ReturnType<PageStore['set']>;
  get(key: string): string | undefined;
}

export function dataOf(value: Buffer | string): ItemData {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
  return { bytes, start: 0, end: bytes.length, place: 0, owned: false };
}

/** A store with a manual clock; a value may be given as a number of bytes. */
export function openStore(options: Partial<PageStoreOptions> = {}): TestStore {
  const clock = new ManualClock(1_000);
  const store = new PageStore({ maxBytes: 1024 * 1024, clock, ...options });
  const scratch = new Key(store.hashSeed);
  const key = (text: string): Key => scratch.setText(text);
  return {
    store,
    clock,
    key,
    set(text, value, ttlMs = Number.POSITIVE_INFINITY, flags = 0) {
      const bytes = typeof value === 'number' ? Buffer.alloc(value, text) : value;
      return store.set(key(text), dataOf(bytes), ttlMs, flags, false);
    },
    get(text) {
      const slot = store.read(key(text));
      return slot > 0 ? store.valueAt(slot).toString('latin1') : undefined;
    },
  };
}

export function expectSound(store: PageStore): void {
  expect(store.verify()).toEqual([]);
}
