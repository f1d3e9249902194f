/**
 * The option `leases` of a LoadingCache: one process of all loads a key, and the others find what it has loaded in a second tier. It
 * is the loading of a TieredCache, whose first tier is not used: the LoadingCache keeps the values.
 *
 * What the LoadingCache forgets is deleted in the second tier too, which voids leases; loads that begin later wait for that, so that
 * none of them reads what was forgotten. Other processes keep their copies, up to their ttl: only a TieredCache tells them.
 */

import { CacheEngine } from '../engine/cache-engine.js';
import { rejectUnknownOptions } from '../errors.js';
import type { AttachedLeases } from '../loading/load-leases.js';
import type { LoadLeases } from '../loading/options.js';
import type { TieredOptions } from './options.js';
import type { SecondTier } from './second-tier.js';
import { TieredCache, tierLoaderOf } from './tiered-cache.js';

/** What `loadLeases` takes: as for a `TieredCache`. */
export type LoadLeasesOptions<V> = Pick<
  TieredOptions<V>,
  | 'prefix'
  | 'leaseMs'
  | 'leaseWaitMs'
  | 'tierTimeoutMs'
  | 'breaker'
  | 'serializer'
  | 'compression'
  | 'maxValueBytes'
  | 'onTierError'
>;

const OPTIONS: ReadonlySet<string> = new Set<keyof LoadLeasesOptions<unknown>>([
  'prefix',
  'leaseMs',
  'leaseWaitMs',
  'tierTimeoutMs',
  'breaker',
  'serializer',
  'compression',
  'maxValueBytes',
  'onTierError',
]);

/**
 * For the option `leases` of one `LoadingCache`: keys are loaded once for all processes, which share the values by `tier`. Throws
 * `HOTSET_INVALID_OPTION`.
 *
 * @example
 * const cache = new LoadingCache(engine, { load, ttlMs: 60_000, leases: loadLeases(memcachedTier('cache-1:11211')) });
 */
export function loadLeases<V>(tier: SecondTier, options: LoadLeasesOptions<V> = {}): LoadLeases<string, V> {
  rejectUnknownOptions(options, OPTIONS);
  return {
    attach: ({ load, staleMs, staleOnErrorMs, refreshAheadMs, onError, random, scheduler }) => {
      const cache = new TieredCache<V>({
        ...options,
        tier,
        engine: new CacheEngine({ maxEntries: 1 }),
        ttlMs: load.ttlMs,
        staleMs,
        graceMs: staleOnErrorMs,
        refreshAheadMs,
        random,
        scheduler,
        onError: onError ?? undefined,
      });
      return attached(cache);
    },
  };
}

function attached<V>(cache: TieredCache<V>): AttachedLeases<string, V> {
  const loader = tierLoaderOf(cache);
  /** What is being forgotten: keys, and under null all of them, or tags. */
  const pending = new Map<string | null, Promise<unknown>>();
  const wait = (key: string | null, change: Promise<unknown>): void => {
    const all = Promise.allSettled([pending.get(key), change]).then(() => {
      if (pending.get(key) === all) pending.delete(key);
    });
    pending.set(key, all);
  };
  return {
    over: (source) => {
      const adapter = loader.over(source);
      return async (flights, signal) => {
        if (pending.size > 0)
          await Promise.all([pending.get(null), ...flights.map(({ key }) => pending.get(key))]);
        return adapter(flights, signal);
      };
    },
    forget: (key) => wait(key, cache.delete(key)),
    forgetTags: (tags) => wait(null, cache.invalidateTags(tags)),
    forgetAll: () => wait(null, cache.clear()),
  };
}
