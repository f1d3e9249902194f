/// <reference types="node" preserve="true" />
/** `hotset/shared`: a store that all threads of a process read and write. */

export { SharedStore, type SharedStoreHandle, type SharedStoreOptions } from './shared-store.js';
