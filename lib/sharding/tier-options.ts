/** The options of a sharded tier: the types, the defaults, and the function that validates. */

import { type Clock, monotonicClock } from '../engine/clock.js';
import { invalidOption, rejectUnknownOptions } from '../errors.js';
import { functionOption, limitOption, methodOption } from '../options.js';
import { type Scheduler, systemScheduler, TIMER_MAX_MS } from '../scheduler.js';
import type { InvalidationSource, SecondTier } from '../tiered/second-tier.js';
import { type RingMaker, type RingServer, rendezvous } from './rings.js';

/** One server of a sharded tier. */
export interface ShardOptions extends RingServer {
  /** The tier that is this server alone. */
  tier: SecondTier;
  /** Reports changes on this server. All servers have one, or none has. */
  source?: InvalidationSource | undefined;
  /**
   * Removes everything from the server. Called only when it has missed more writes than `maxMissedKeys`; without it, such a
   * server stays out.
   */
  empty?: ((signal: AbortSignal) => Promise<unknown>) | undefined;
}

/** What `shardedTier` takes. */
export interface ShardedTierOptions {
  /** The servers, in the order in which every process and every other client has them. */
  servers: readonly ShardOptions[];
  /** Which server has a key. Default: `rendezvous()`. */
  ring?: RingMaker | undefined;
  /**
   * What happens to the keys of a server that is out. False: they are misses, and writes of them reject. True: they are read and
   * written on the others. docs/sharding.md says how old a value may then be. Default: false.
   */
  rehash?: boolean | undefined;
  /** With `rehash`, entries live no longer on a server that is not their own. Default: 60,000. */
  rehashedTtlMs?: number | undefined;
  /** Failures in a row after which a server is out. Default: 3. */
  failures?: number | undefined;
  /** It is out earlier when it has failed for so long, without a success in between. Default: 2,000. */
  failingMs?: number | undefined;
  /** How long one server's part of a call may take: less than the tiered cache's `tierTimeoutMs`. Default: 500. */
  timeoutMs?: number | undefined;
  /** A server that is out is tried again after a random half to whole of this times 2^n. Default: 500. */
  probeBaseMs?: number | undefined;
  /** The longest such wait. Default: 10,000. */
  maxProbeMs?: number | undefined;
  /** Keys remembered for each server because it may have an old value. Default: 100,000. */
  maxMissedKeys?: number | undefined;
  /** Called when a server goes out, with the error that led to it, and when it comes back in. */
  onStateChange?: ((server: string, state: 'in' | 'out', error?: unknown) => void) | undefined;
  /** Where time comes from, in milliseconds. Default: a clock that never goes back. */
  clock?: Clock | undefined;
  /** Where timeouts come from. Default: `setTimeout`. */
  scheduler?: Scheduler | undefined;
  /** A number from 0 up to but not including 1, for the waits between attempts. Default: `Math.random`. */
  random?: (() => number) | undefined;
}

export interface ResolvedShard extends RingServer {
  readonly tier: SecondTier;
  readonly source: InvalidationSource | undefined;
  readonly empty: ShardOptions['empty'];
}

export interface ResolvedShardedTier {
  readonly servers: readonly ResolvedShard[];
  readonly ring: RingMaker;
  readonly rehash: boolean;
  readonly rehashedTtlMs: number;
  readonly failures: number;
  readonly failingMs: number;
  readonly timeoutMs: number;
  readonly probeBaseMs: number;
  readonly maxProbeMs: number;
  readonly maxMissedKeys: number;
  readonly onStateChange: (server: string, state: 'in' | 'out', error?: unknown) => void;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: () => number;
}

const TIER_OPTIONS: ReadonlySet<string> = new Set<keyof ShardedTierOptions>([
  'servers',
  'ring',
  'rehash',
  'rehashedTtlMs',
  'failures',
  'failingMs',
  'timeoutMs',
  'probeBaseMs',
  'maxProbeMs',
  'maxMissedKeys',
  'onStateChange',
  'clock',
  'scheduler',
  'random',
]);

const SHARD_OPTIONS: ReadonlySet<string> = new Set<keyof ShardOptions>([
  'name',
  'weight',
  'tier',
  'source',
  'empty',
]);

/** The ring checks names and weights. Throws `HOTSET_INVALID_OPTION`. */
export function resolveShardedTier(options: ShardedTierOptions): ResolvedShardedTier {
  rejectUnknownOptions(options, TIER_OPTIONS);
  const { servers, rehash = false } = options;
  if (!Array.isArray(servers)) throw invalidOption('servers', 'an array of servers', servers);
  if (typeof rehash !== 'boolean') throw invalidOption('rehash', 'true or false', rehash);
  const resolved = servers.map(resolveShard);
  if (new Set(resolved.map(({ source }) => source === undefined)).size > 1)
    throw invalidOption('source', 'a source for every server, or for none', undefined);
  return {
    servers: resolved,
    ring: functionOption('ring', options.ring, rendezvous()),
    rehash,
    rehashedTtlMs: delayOption('rehashedTtlMs', options.rehashedTtlMs, 60_000),
    failures: limitOption('failures', options.failures, 3),
    failingMs: delayOption('failingMs', options.failingMs, 2000),
    timeoutMs: delayOption('timeoutMs', options.timeoutMs, 500),
    probeBaseMs: delayOption('probeBaseMs', options.probeBaseMs, 500),
    maxProbeMs: delayOption('maxProbeMs', options.maxProbeMs, 10_000),
    maxMissedKeys: limitOption('maxMissedKeys', options.maxMissedKeys, 100_000),
    onStateChange: functionOption('onStateChange', options.onStateChange, () => {}),
    clock: methodOption('clock', 'now', options.clock, monotonicClock),
    scheduler: methodOption('scheduler', 'schedule', options.scheduler, systemScheduler),
    random: functionOption('random', options.random, Math.random),
  };
}

function resolveShard(options: ShardOptions): ResolvedShard {
  rejectUnknownOptions(options, SHARD_OPTIONS);
  const { name, weight, tier, source, empty } = options;
  for (const method of ['get', 'set', 'delete'] as const)
    if (typeof tier?.[method] !== 'function') throw invalidOption('tier', 'a second tier', tier);
  if (source !== undefined) methodOption('source', 'start', source, source);
  if (empty !== undefined) functionOption('empty', empty, empty);
  return { name, weight, tier, source, empty };
}

function delayOption(name: string, value: number | undefined, defaultValue: number): number {
  if (value === undefined) return defaultValue;
  if (typeof value !== 'number' || !(value > 0 && value <= TIMER_MAX_MS))
    throw invalidOption(name, `milliseconds, more than 0 and at most ${TIMER_MAX_MS}`, value);
  return value;
}
