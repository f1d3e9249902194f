/** `hotset/client`: a cache on a server, over WebSocket, in browsers and in Node. */

export type { CurvePoint, MissRatioCurve } from '../engine/miss-ratio/curve.js';
export type {
  Access,
  ChangeCause,
  DeletedResult,
  EntryResult,
  HistoryResult,
  HotKey,
  HotKeys,
  HotPrefix,
  InspectResult,
  InvalidatedResult,
  KeysResult,
  LeaseResult,
  Notifications,
  ProcessFigures,
  StatsResult,
  TtlMs,
  WriteResult,
} from '../rpc-protocol.js';
export type { Scheduler } from '../scheduler.js';
export type {
  Inspection,
  KeysPage,
  LeasedEntry,
  RemoteEntry,
  ServerStats,
  WriteOutcome,
} from './answers.js';
export type {
  IncrementOptions,
  KeysOptions,
  LeaseOptions,
  ReadOptions,
  WriteOptions,
} from './entry-requests.js';
export { HotsetClient } from './hotset-client.js';
export type { NearCacheStats } from './near-cache.js';
export type { ClientOptions, ClientState, NearCacheOptions } from './options.js';
export type { CallOptions } from './request-queue.js';
export type { ClientSocket, SocketFactory } from './socket.js';
export type { Invalidation, InvalidationCause, InvalidationListener, Topics } from './subscriptions.js';
export type { CacheValue } from './values.js';
