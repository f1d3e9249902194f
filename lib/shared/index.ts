/// <reference types="node" preserve="true" />
/** `hotset/shared`: a store that all threads of a process read and write. */

export type { KindFlags } from '../items/value-codec.js';
export type { ShardSettings, SharedMemories } from '../pages/open-shards.js';
export {
  SharedStore,
  type SharedStoreHandle,
  type SharedStoreOptions,
  type SharedStoreValue,
} from './shared-store.js';
