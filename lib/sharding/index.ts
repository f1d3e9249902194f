/** `hotset/sharding`: one cache on several servers. */

export {
  FleetClient,
  type FleetClientOptions,
  type FleetInvalidation,
  type FleetServer,
} from './fleet-client.js';
export {
  type KetamaOptions,
  ketama,
  type Ring,
  type RingMaker,
  type RingServer,
  rendezvous,
} from './rings.js';
export type { ShardStats } from './shard.js';
export { type ShardedTier, shardedTier } from './sharded-tier.js';
export type { ShardedTierOptions, ShardOptions } from './tier-options.js';
