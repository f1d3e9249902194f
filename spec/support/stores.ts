/**
 * The stores that the protocol's specs run over. Some specs take one by name; the others take that of the run: the projects in
 * vitest.config.ts run them once for each.
 */

import { bytesOption } from '../../lib/engine/byte-size.js';
import { CacheEngine, type CacheEngineOptions, type Clock } from '../../lib/index.js';
import { EngineItems } from '../../lib/items/engine-items.js';
import type { Items } from '../../lib/items.js';
import { PageStore, type PageStoreOptions } from '../../lib/pages/page-store.js';
import { TextPageStore } from './text-page-store.js';

export type StoreName = 'engine' | 'pages';

/** What a store is made with. */
export interface StoreOptions {
  readonly clock: Clock;
  /** Default: 64 MiB. */
  readonly maxBytes?: number;
  readonly evict?: boolean;
}

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;

const STORES: Readonly<Record<StoreName, (options: StoreOptions) => Items>> = {
  engine: (options) => new EngineItems(new CacheEngine({ maxBytes: DEFAULT_MAX_BYTES, ...options })),
  pages: (options) => new PageStore({ maxBytes: DEFAULT_MAX_BYTES, ...options }),
};

export const STORE_NAMES: readonly StoreName[] = Object.keys(STORES) as StoreName[];

export function createStore(name: StoreName, options: StoreOptions): Items {
  return STORES[name](options);
}

/** Of this run. */
export const STORE: StoreName = process.env.HOTSET_STORE === 'pages' ? 'pages' : 'engine';

/**
 * What is served in this run: an engine, or pages with those methods of an engine that specs use. What pages do not have
 * (`onRemoval`, `maxEntries`) is for specs of the engine.
 */
export function createServed(
  options: CacheEngineOptions<string, unknown> = {},
): CacheEngine<string, unknown> {
  if (STORE === 'engine') return new CacheEngine<string, unknown>(options);
  const { maxBytes, ...others } = options;
  const store = new TextPageStore({
    ...(others as PageStoreOptions),
    maxBytes: bytesOption('maxBytes', maxBytes, DEFAULT_MAX_BYTES),
  });
  return store as unknown as CacheEngine<string, unknown>;
}

/** Whether it is what `createServed` returns, rather than options for it. */
export function isServed(value: object): value is CacheEngine<string, unknown> {
  return value instanceof CacheEngine || value instanceof TextPageStore;
}
