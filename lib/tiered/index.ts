/// <reference types="node" preserve="true" />
/** `hotset/tiered`: a cache of two tiers, one in the process and one that all processes share. */

export type { MemcachedAddress } from '../memcached-client/address.js';
export { MemcachedClient } from '../memcached-client/memcached-client.js';
export type { MemcachedClientOptions, MemcachedClientState } from '../memcached-client/options.js';
export { type BusOptions, type BusStats, type BusTransport, InvalidationBus } from './bus.js';
export type { BreakerOptions, BreakerState } from './circuit-breaker.js';
export { type ClientInvalidationsOptions, clientInvalidations } from './client-invalidations.js';
export { type ClientTier, type ClientTierOptions, type ClientTierStats, clientTier } from './client-tier.js';
export type { CompressionFormat, CompressionOptions } from './envelope.js';
export type { InvalidationOptions, LinkState, LinkStats } from './invalidation-link.js';
export { type KeyvStore, keyvTier } from './keyv-tier.js';
export { type LoadLeasesOptions, loadLeases } from './load-leases.js';
export type { MemcachedTier, MemcachedTierStats } from './memcached-kinds.js';
export { type MemcachedTierOptions, memcachedTier } from './memcached-tier.js';
export type { TieredOptions, TieredSetOptions, WriteMode } from './options.js';
export type {
  IoredisClient,
  IoredisCluster,
  IoredisCommands,
  IoredisPipeline,
  NodeRedisClient,
  NodeRedisCluster,
  RedisClient,
} from './redis/client-types.js';
export { redisPubSub } from './redis/redis-pub-sub.js';
export { redisTier } from './redis/redis-tier.js';
export { type RedisTrackingOptions, redisTracking } from './redis/redis-tracking.js';
export type {
  InvalidationListener,
  InvalidationMessage,
  InvalidationSource,
  LeasedRead,
  Leases,
  SecondTier,
  TierEntry,
} from './second-tier.js';
export type { Serializer, SerializerChoice } from './serializers.js';
export type { TieredStats, TierOneStats, TierTwoStats } from './stats.js';
export { TieredCache } from './tiered-cache.js';
