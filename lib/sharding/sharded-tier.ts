/**
 * A second tier over several: each key has one server, by a ring. Calls with several keys are split, and the servers are asked
 * at once. What a server that fails, and comes back, means for the age of values: docs/sharding.md, and shard.ts.
 */

import { HotsetError } from '../errors.js';
import type { InvalidationSource, Leases, SecondTier, TierEntry } from '../tiered/second-tier.js';
import type { Ring } from './rings.js';
import { NEVER, Shard, type ShardStats } from './shard.js';
import { ShardedSource } from './sharded-source.js';
import { type ResolvedShardedTier, resolveShardedTier, type ShardedTierOptions } from './tier-options.js';

/** The lease of a key whose server is out: its holder loads, and nothing is stored under it. */
const VOID_LEASE = 'void';

/** A second tier over several servers. `shardedTier` makes it. */
export class ShardedTier implements SecondTier {
  /** The name of the tiers that it is made of. */
  readonly name: string;
  /** Present where every server's tier has leases. */
  readonly leases: Leases | undefined;
  /** Present where every server's tier has it. Rejects when a server could not be asked; the others have been. */
  readonly deletePrefix?: (prefix: string, signal: AbortSignal) => Promise<void>;
  /** Reports the changes on all servers, for `TieredCache`'s `source`. Absent where the servers have none. */
  readonly source: InvalidationSource | undefined;
  readonly #options: ResolvedShardedTier;
  readonly #shards: readonly Shard[];
  readonly #ring: Ring;
  /** Finds servers for the keys of those that are out; null while all are in, and without `rehash`. */
  #rest: { readonly ring: Ring; readonly shards: readonly Shard[] } | null = null;

  /** Throws `HOTSET_INVALID_OPTION`. */
  constructor(options: ShardedTierOptions) {
    this.#options = resolveShardedTier(options);
    const { servers, ring } = this.#options;
    this.#ring = ring(servers);
    this.#shards = servers.map((server) => new Shard(server, this.#options, () => this.#onMove()));
    const tiers = servers.map(({ tier }) => tier);
    this.name = tiers[0]!.name;
    this.leases = tiers.every((tier) => tier.leases !== undefined) ? this.#leases() : undefined;
    if (tiers.every((tier) => tier.deletePrefix !== undefined))
      this.deletePrefix = (prefix, signal) => this.#deletePrefix(prefix, signal);
    const sources = servers.flatMap(({ source }) => source ?? []);
    this.source = sources.length === 0 ? undefined : new ShardedSource(sources, this.#shards);
  }

  /** What there is under `keys`. Keys of a server that is out, or fails, are left out; rejects when all that were asked fail. */
  async get(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, TierEntry>> {
    const parts = new Map<Shard, string[]>();
    for (const key of keys) {
      const shard = this.#shardOf(key);
      if (shard?.isCurrent(key)) push(parts, shard, key);
    }
    if (parts.size === 1) for (const [shard, part] of parts) return this.#read(shard, part, signal);
    const answers = await Promise.allSettled(
      Array.from(parts, ([shard, part]) => this.#read(shard, part, signal)),
    );
    const all = new Map<string, TierEntry>();
    let failed: PromiseRejectedResult | undefined;
    let isAnswered = parts.size === 0;
    for (const answer of answers) {
      if (answer.status === 'rejected') failed ??= answer;
      else {
        isAnswered = true;
        for (const [key, entry] of answer.value) all.set(key, entry);
      }
    }
    if (!isAnswered) throw failed!.reason;
    return all;
  }

  /** Stores each entry on its server. Rejects when one could not be stored; the others have been. */
  set(entries: ReadonlyMap<string, TierEntry>, signal: AbortSignal): Promise<void> {
    return this.#write(
      entries.keys(),
      (shard, keys, limit) => {
        const part = new Map(keys.map((key) => [key, this.#cappedFor(shard, key, entries.get(key)!)]));
        return shard.tier.set(part, limit);
      },
      signal,
    );
  }

  /** Removes keys. Rejects when one could not be removed; the others have been. */
  delete(keys: readonly string[], signal: AbortSignal): Promise<void> {
    return this.#write(keys, (shard, part, limit) => shard.tier.delete(part, limit), signal);
  }

  /** Figures of each server, by its name. */
  stats(): ReadonlyMap<string, ShardStats> {
    return new Map(this.#shards.map((shard) => [shard.name, shard.stats()]));
  }

  /** Stops trying servers that are out. The servers' tiers stay open. */
  close(): void {
    for (const shard of this.#shards) shard.close();
  }

  async #read(
    shard: Shard,
    keys: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, TierEntry>> {
    const found = await shard.call((given) => shard.tier.get(keys, given), signal);
    shard.countReads(keys.length, found.size);
    return current(found, shard);
  }

  async #write(
    keys: Iterable<string>,
    write: (shard: Shard, keys: readonly string[], signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const parts = new Map<Shard, string[]>();
    const missed = new Map<Shard, string[]>();
    let unreachable: Shard | undefined;
    for (const key of keys) {
      const home = this.#home(key);
      const shard = this.#shardOf(key);
      // Its own server keeps what it has, whoever takes the write.
      if (shard !== home) push(missed, home, key);
      if (shard === null) unreachable = home;
      else push(parts, shard, key);
    }
    for (const [shard, part] of missed) shard.miss(part);
    const answers = await Promise.allSettled(
      Array.from(parts, ([shard, part]) => shard.write(part, (limit) => write(shard, part, limit), signal)),
    );
    for (const answer of answers) if (answer.status === 'rejected') throw answer.reason;
    if (unreachable !== undefined) throw isOut(unreachable);
  }

  async #deletePrefix(prefix: string, signal: AbortSignal): Promise<void> {
    const answers = await Promise.allSettled(
      this.#shards.map(async (shard) => {
        try {
          if (!shard.isIn) throw isOut(shard);
          await shard.call((limit) => shard.tier.deletePrefix!(prefix, limit), signal);
        } catch (error) {
          shard.missPrefix(prefix);
          throw error;
        }
      }),
    );
    for (const answer of answers) if (answer.status === 'rejected') throw answer.reason;
  }

  /** A lease is of the server that gave it: its token begins with the server's number, and is void on another. */
  #leases(): Leases {
    const leasesOf = (key: string, lease: string): readonly [Shard, string] | null => {
      const shard = this.#shardOf(key);
      const number = `${shard === null ? '' : this.#shards.indexOf(shard)}:`;
      return shard !== null && lease.startsWith(number) ? [shard, lease.slice(number.length)] : null;
    };
    return {
      read: async (key, leaseMs, staleBelowMs, signal) => {
        const shard = this.#shardOf(key);
        if (shard === null) return { entry: undefined, lease: VOID_LEASE, isLoading: false };
        if (!shard.isCurrent(key))
          await shard.write([key], (limit) => shard.tier.delete([key], limit), signal);
        const read = await shard.call(
          (limit) => shard.tier.leases!.read(key, leaseMs, staleBelowMs, limit),
          signal,
          // Nobody is going to use it, and others would wait for its end.
          ({ lease }) => {
            if (lease !== undefined) shard.tier.leases!.release(key, lease, NEVER).catch(() => {});
          },
        );
        shard.countReads(1, read.entry === undefined ? 0 : 1);
        const lease = read.lease === undefined ? undefined : `${this.#shards.indexOf(shard)}:${read.lease}`;
        return { entry: shard.isCurrent(key) ? read.entry : undefined, lease, isLoading: read.isLoading };
      },
      fill: async (key, lease, entry, signal) => {
        const found = leasesOf(key, lease);
        if (found === null) return false;
        const [shard, token] = found;
        if (!shard.isCurrent(key)) return false;
        const capped = this.#cappedFor(shard, key, entry);
        return shard.call((limit) => shard.tier.leases!.fill(key, token, capped, limit), signal);
      },
      release: async (key, lease, signal) => {
        const found = leasesOf(key, lease);
        if (found === null) return;
        const [shard, token] = found;
        await shard.call((limit) => shard.tier.leases!.release(key, token, limit), signal);
      },
    };
  }

  #home(key: string): Shard {
    return this.#shards[this.#ring.locate(key)]!;
  }

  /** The server that the key is read from and written to now; null for none. */
  #shardOf(key: string): Shard | null {
    const home = this.#home(key);
    if (home.isIn) return home;
    return this.#rest === null ? null : this.#rest.shards[this.#rest.ring.locate(key)]!;
  }

  #cappedFor(shard: Shard, key: string, entry: TierEntry): TierEntry {
    const { rehashedTtlMs } = this.#options;
    if (entry.ttlMs <= rehashedTtlMs || shard === this.#home(key)) return entry;
    return { bytes: entry.bytes, ttlMs: rehashedTtlMs };
  }

  #onMove(): void {
    const { rehash, ring, servers } = this.#options;
    const indexes = this.#shards.flatMap(({ isIn }, i) => (isIn ? i : []));
    this.#rest =
      rehash && indexes.length > 0 && indexes.length < servers.length
        ? {
            ring: ring(indexes.map((i) => servers[i]!)),
            shards: indexes.map((i) => this.#shards[i]!),
          }
        : null;
    (this.source as ShardedSource | undefined)?.onMove();
  }
}

/**
 * One second tier over several servers, of any kind: memcached, hotset, Redis.
 *
 * @example
 * const tier = shardedTier({
 *   servers: ['10.0.0.1:11211', '10.0.0.2:11211'].map((name) => ({ name, tier: memcachedTier(name) })),
 *   ring: ketama(),
 * });
 *
 * Throws `HOTSET_INVALID_OPTION`.
 */
export function shardedTier(options: ShardedTierOptions): ShardedTier {
  return new ShardedTier(options);
}

function push(parts: Map<Shard, string[]>, shard: Shard, key: string): void {
  const part = parts.get(shard);
  if (part === undefined) parts.set(shard, [key]);
  else part.push(key);
}

/** Without keys that a write has missed since they were asked for. */
function current(found: ReadonlyMap<string, TierEntry>, shard: Shard): ReadonlyMap<string, TierEntry> {
  for (const key of found.keys())
    if (!shard.isCurrent(key)) return new Map([...found].filter(([name]) => shard.isCurrent(name)));
  return found;
}

function isOut({ name }: Shard): HotsetError {
  return new HotsetError(
    'HOTSET_DISCONNECTED',
    `${name} is out of use, because it failed; it is tried again by itself`,
  );
}
