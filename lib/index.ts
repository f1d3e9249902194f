/** hotset's core: importing it loads no network code. */

export type { Limits } from './engine/budget.js';
export { CacheEngine } from './engine/cache-engine.js';
export { type Clock, CoarseClock, ManualClock, monotonicClock, systemClock } from './engine/clock.js';
export type { LookupMessage, RemovalMessage, StoreMessage } from './engine/diagnostics.js';
export type { AgeBar } from './engine/eviction-ages.js';
export type { HitRatioSnapshot } from './engine/hit-ratio-window.js';
export type { CurvePoint, CurveQuery, MissRatioCurve } from './engine/miss-ratio/curve.js';
export { type CacheEngineOptions, DEFAULT_MAX_BYTES, type MissRatioCurveOptions } from './engine/options.js';
export type { Policy } from './engine/policy/names.js';
export type { EngineStats } from './engine/stats.js';
export type {
  Change,
  ChangeCause,
  ChangeListener,
  Direction,
  DumpedEntry,
  EntryInfo,
  IterationOptions,
  KeyPage,
  RemovalCause,
  RemovalListener,
  ScanOptions,
  StoreOptions,
  StoreResult,
  TouchOptions,
  UpdateOptions,
} from './engine/types.js';
export { ERROR_CODES, type ErrorCode, HotsetError } from './errors.js';
export type { SizeOf } from './weigh/index.js';
