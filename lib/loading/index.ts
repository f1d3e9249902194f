/// <reference types="node" preserve="true" />
/** `hotset/loading`: a cache that fills itself, over any engine. */

export { ManualScheduler, type ScheduledTask, type Scheduler, systemScheduler } from '../scheduler.js';
export type { BatchAnswer, BatchContext, BatchLoader, LoadContext, Loader } from './loader.js';
export { LoadingCache } from './loading-cache.js';
export { type Memoizable, type Memoized, type MemoizeOptions, memoize } from './memoize.js';
export {
  DEFAULT_MAX_FLIGHTS,
  DEFAULT_MAX_NEGATIVES,
  type LoadingOptions,
  type LoadOptions,
  type SetOptions,
  type Ttl,
} from './options.js';
export type { LoadingStats } from './stats.js';
