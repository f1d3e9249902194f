/** The stores that the protocol's specs run over. */

import type { Clock } from '../../lib/index.js';
import type { Items } from '../../lib/items.js';
import { createMemcachedEngine } from '../../lib/memcached/index.js';
import { itemsOf } from '../../lib/memcached/item-store.js';
import { PageStore } from '../../lib/pages/page-store.js';

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
  engine: (options) => itemsOf(createMemcachedEngine({ maxBytes: DEFAULT_MAX_BYTES, ...options }))!,
  pages: (options) => new PageStore({ maxBytes: DEFAULT_MAX_BYTES, ...options }),
};

export const STORE_NAMES: readonly StoreName[] = Object.keys(STORES) as StoreName[];

export function createStore(name: StoreName, options: StoreOptions): Items {
  return STORES[name](options);
}
