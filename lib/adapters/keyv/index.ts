/// <reference types="node" preserve="true" />
/** `hotset/keyv`: a storage adapter for Keyv 5 and 6, and so for cache-manager, cacheable and @nestjs/cache-manager. */

export {
  type KeyvBatchEntry,
  type KeyvCapabilities,
  KeyvHotset,
  type KeyvHotsetOptions,
} from './keyv-hotset.js';
export type { KeyvLoader, KeyvTarget } from './targets.js';
