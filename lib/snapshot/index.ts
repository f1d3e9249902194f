/// <reference types="node" preserve="true" />
/** `hotset/snapshot`: an engine's entries in a file, for warm restarts. See docs/snapshots.md. */

export type { SnapshotSource, SnapshotTarget } from './endpoints.js';
export { type LoadedSnapshot, loadSnapshot } from './load.js';
export type { LoadSnapshotOptions, SaveSnapshotOptions, SnapshotOptions, ValueCodec } from './options.js';
export { type SavedSnapshot, saveSnapshot } from './save.js';
