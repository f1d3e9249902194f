/** TieredCache: what its options take. */

import { expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { TieredCache } from '../../lib/tiered/index.js';
import { Fleet } from './fixture.js';
import { MemoryTier } from './memory-tier.js';

const { store } = new Fleet();
const tier = new MemoryTier(store);

it.each([
  [{}, 'tier takes a second tier'],
  [{ tier: {} }, 'tier takes a second tier'],
  [{ tier, source: {} }, 'source takes an invalidation source'],
  [{ tier, prefix: '' }, 'prefix takes a text, not empty'],
  [{ tier, engine: {} }, 'engine takes a CacheEngine'],
  [
    { tier, engine: new CacheEngine(), maxBytes: 1e6 },
    'maxBytes is for the engine that is made without engine',
  ],
  [
    { tier, engine: new CacheEngine({ ttlMs: 1, ttlFrom: 'read' }) },
    "engine takes one whose ttlFrom is 'write'",
  ],
  [{ tier, maxBytes: -1 }, 'maxBytes takes'],
  [{ tier, staleOnErrorMs: 1 }, 'there is no option "staleOnErrorMs"'],
  [{ tier, graceMs: 1 }, 'need a ttlMs beside them'],
  [{ tier, ttlMs: 0 }, 'ttlMs takes'],
  [{ tier, tierOneTtlMs: 0 }, 'tierOneTtlMs takes'],
  [
    { tier, ttlMs: 9000, refreshAheadMs: 100, tierOneTtlMs: 100 },
    'tierOneTtlMs takes more than refreshAheadMs',
  ],
  [{ tier, tierTimeoutMs: 0 }, 'tierTimeoutMs takes'],
  [{ tier, leaseMs: Infinity }, 'leaseMs takes'],
  [{ tier, leaseWaitMs: Number.NaN }, 'leaseWaitMs takes'],
  [{ tier, writes: 'back' }, "writes takes 'through' or 'around'"],
  [{ tier, serializer: 'msgpack' }, 'serializer takes'],
  [{ tier, compression: { format: 'zip' } }, 'compression.format takes'],
  [{ tier, compression: { minBytes: -1 } }, 'compression.minBytes takes'],
  [{ tier, compression: true }, 'compression takes'],
  [{ tier, breaker: false }, 'breaker takes'],
  [{ tier, compression: { level: 1 } }, 'there is no option "level"'],
  [{ tier, breaker: { failures: 0 } }, 'breaker.failures takes'],
  [{ tier, breaker: { fraction: 2 } }, 'breaker.fraction takes'],
  [{ tier, breaker: { openMs: 0 } }, 'breaker.openMs takes'],
  [{ tier, maxValueBytes: '3GiB' }, 'maxValueBytes takes less than 2 GiB'],
  [{ tier, onTierError: 1 }, 'onTierError takes a function'],
  [{ tier, maxQueued: 0 }, 'maxQueued takes'],
])('%o: %s', (options, message) => {
  expect(() => new TieredCache(options as never)).toThrow(
    expect.objectContaining({ code: 'HOTSET_INVALID_OPTION', message: expect.stringContaining(message) }),
  );
});

it('needs no more than a tier', async () => {
  const cache = new TieredCache<number>({ tier });
  await cache.set('x', 1);
  expect(cache.getLocal('x')).toBe(1);
  expect(JSON.parse(JSON.stringify(cache))).toMatchObject({ size: 1, tier: 'memory' });
  await cache.close();
});

it('resets its statistics', async () => {
  const cache = new Fleet().process<number>();
  await cache.getOrLoad('x', () => 1);
  cache.getLocal('x');
  cache.resetStats();
  const { tierOne, tierTwo, loading } = cache.stats();
  expect([tierOne.hits, tierOne.misses, tierTwo.requests, tierTwo.fills, loading.loads]).toEqual([
    0, 0, 0, 0, 0,
  ]);
});
