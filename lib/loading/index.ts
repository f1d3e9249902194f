/** `hotset/loading`: a cache that fills itself, over any engine. */

export { ManualScheduler, type ScheduledTask, type Scheduler, systemScheduler } from '../scheduler.js';
export type { LoadMessage } from './diagnostics.js';
export type { BatchAnswer, BatchContext, BatchLoader, LoadContext, Loader, StoreAs } from './loader.js';
export { LoadingCache } from './loading-cache.js';
export { type Memoizable, type Memoized, type MemoizeOptions, memoize } from './memoize.js';
export {
  DEFAULT_MAX_FLIGHTS,
  DEFAULT_MAX_NEGATIVES,
  type LoadingOptions,
  type LoadLeases,
  type LoadOptions,
  type LoadTags,
  type SetOptions,
  type Ttl,
} from './options.js';
export type { LoadingStats } from './stats.js';
