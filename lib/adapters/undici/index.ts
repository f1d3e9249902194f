/// <reference types="node" preserve="true" />
/** `hotset/undici`: responses of undici's cache interceptor in an engine. See docs/undici.md. */

export { type CacheStoreStats, HotsetCacheStore } from './cache-store.js';
export type { CacheStoreOptions } from './options.js';
export type { CacheControlDirectives, CachedResponse, CacheKey, CacheValue } from './types.js';
