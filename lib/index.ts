/** hotset's core: importing it loads no network code. */

export type { Change, ChangeCause, ChangeListener } from './engine/announcements.js';
export { CacheEngine, type IterationOptions } from './engine/cache-engine.js';
export { type Clock, CoarseClock, ManualClock, systemClock, TickingClock } from './engine/clock.js';
export type { LookupMessage, RemovalMessage, StoreMessage } from './engine/diagnostics.js';
export type { DumpedEntry, EntryInfo, StoreOptions, StoreResult } from './engine/entry.js';
export type { AgeBar } from './engine/eviction-ages.js';
export { type CacheEngineOptions, DEFAULT_MAX_BYTES } from './engine/options.js';
export type { Direction } from './engine/recency-list.js';
export type { RecentReadsSnapshot } from './engine/recent-reads.js';
export type { RemovalCause, RemovalListener } from './engine/removal.js';
export type { EngineStats } from './engine/stats.js';
export { ERROR_CODES, type ErrorCode, HotsetError } from './errors.js';
export type { SizeOf } from './weigh/index.js';
