/** The real thing, for the simulator. */

import { CacheEngine } from '../../../lib/index.js';
import { TieredCache } from '../../../lib/tiered/tiered-cache.js';
import { type CacheParts, type CacheUnderTest, PREFIX, SEND_TIMEOUT_MS } from './world.js';

export function createTieredCache(parts: CacheParts): CacheUnderTest {
  const { settings, tier, source, clock, scheduler, random, load, tagsOf } = parts;
  const { ttlMs, staleMs, graceMs, missTtlMs, refreshAheadMs, softTimeoutMs, flightTimeoutMs } = settings;
  const { tierTimeoutMs, leaseMs, leaseWaitMs, writes, maxEntries, maxStaleMs, maxSilentMs, maxQueued } =
    settings;
  const cache = new TieredCache<string>({
    engine: new CacheEngine({ maxEntries, clock }),
    tier,
    source,
    prefix: PREFIX,
    load: (key) => load(key),
    tags: (_, key) => tagsOf(key),
    ttlMs,
    staleMs,
    graceMs,
    missTtlMs,
    refreshAheadMs,
    softTimeoutMs,
    flightTimeoutMs,
    tierTimeoutMs,
    breaker: { failures: 3, openMs: 50 },
    leaseMs,
    leaseWaitMs,
    writes,
    maxStaleMs,
    maxSilentMs,
    maxQueued,
    sendTimeoutMs: SEND_TIMEOUT_MS,
    retryBaseMs: 10,
    maxRetryMs: 50,
    clock,
    loadClock: clock,
    scheduler,
    random,
  });
  return {
    get: (key) =>
      settings.namesTagsLate ? cache.get(key) : cache.getOrLoad(key, load, { tags: tagsOf(key) }),
    getForced: (key) => cache.get(key, { forceRefresh: true }),
    getMany: (keys) => cache.getMany(keys),
    getLocal: (key) => cache.getLocal(key),
    set: (key, value) => cache.set(key, value, settings.namesTagsLate ? undefined : { tags: tagsOf(key) }),
    delete: (key) => cache.delete(key),
    invalidateTags: (tags) => cache.invalidateTags(tags),
    deletePrefix: (prefix) => cache.deletePrefix(prefix),
    clear: () => cache.clear(),
    isLoading: () => cache.stats().loading.inFlight > 0,
  };
}
