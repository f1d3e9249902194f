/// <reference types="node" preserve="true" />
/** `hotset/memcached`: what servers of an engine share, and how its keys and values look on the wire. */

export { BYTES_FLAGS, JSON_FLAGS, type KindFlags, TEXT_FLAGS } from '../items/value-codec.js';
export type { ItemData, Items, ItemTags, KeyBytes } from '../items.js';
export type { MemcachedSettings } from './admin/admin-state.js';
export type { ItemStoreOptions, ServedStore } from './item-store.js';
