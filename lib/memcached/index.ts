/// <reference types="node" preserve="true" />
/** `hotset/memcached`: engines whose entries memcached, WebSocket and HTTP clients see, and the process's own access to them. */
export type { ItemData, Items, KeyBytes } from '../items.js';
export type { MemcachedSettings } from './admin/admin-state.js';
export type { ItemStoreOptions, MemcachedEngine, ServedStore } from './item-store.js';
export { decodeKey, encodeKey } from './key-encoding.js';
export { createMemcachedEngine, type MemcachedEngineOptions } from './memcached-engine.js';
export { SharedCache, type SharedCacheOptions, type SharedValue } from './shared-cache.js';
export { BYTES_FLAGS, JSON_FLAGS, TEXT_FLAGS, type WireValue } from './wire-value.js';
