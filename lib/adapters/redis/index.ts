/// <reference types="node" preserve="true" />
/** `hotset/redis`: replies of a Redis server, kept up to date by its tracking. See docs/redis.md. */

export {
  type CacheStats,
  type ClientSideCacheProvider,
  HotsetClientSideCache,
  HotsetPooledClientSideCache,
} from './client-side-cache.js';
export type { ClientSideCacheOptions } from './reply-cache.js';
