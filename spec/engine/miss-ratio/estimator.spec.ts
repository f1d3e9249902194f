/** The estimator against exact caches: how near it comes, what it holds, and how much it looks at. */

import { describe, expect, it } from 'vitest';
import { ratioAt } from '../../../lib/engine/miss-ratio/distances.js';
import {
  ALL_HASHES,
  type Estimate,
  type EstimatorOptions,
  MissRatioEstimator,
  type Variant,
} from '../../../lib/engine/miss-ratio/estimator.js';
import { CacheEngine } from '../../../lib/index.js';
import { exactHitRatios, hashOf, randomNumbers, SEQUENCES, sizesAround } from './sequences.js';

const NEVER = Number.POSITIVE_INFINITY;
const OPTIONS: EstimatorOptions = { maxSampledKeys: 8192, maxReadShare: 1 / 512, variants: [] };

/** An exact LRU cache of entries that tells an estimator what happens, as the engine does. */
class Cache {
  hits = 0;
  misses = 0;
  size: number;
  /** The calls of the estimator that something was sampled in. */
  sampled = 0;
  readonly estimator: MissRatioEstimator;
  private readonly held: CacheEngine<number, true>;
  private readonly seed: number;

  constructor(size: number, options: Partial<EstimatorOptions> = {}, seed = 1) {
    this.size = size;
    this.held = new CacheEngine({ maxEntries: size });
    this.seed = seed;
    this.estimator = new MissRatioEstimator({ ...OPTIONS, ...options });
    this.estimator.observe(this);
  }

  read(key: number): void {
    const { held, estimator } = this;
    const hash = hashOf(key, this.seed * 7919);
    if (held.get(key) === true) {
      this.hits++;
      if (hash < estimator.threshold) this.count(() => estimator.hit(hash, 1, NEVER));
      return;
    }
    this.misses++;
    if (estimator.wake() && hash < estimator.threshold) this.count(() => estimator.miss(hash, 0));
    held.set(key, true);
    if (hash < estimator.threshold) this.count(() => estimator.store(hash, 1, NEVER));
    else estimator.store(hash, 1, NEVER);
  }

  private count(act: () => void): void {
    this.sampled++;
    act();
  }

  estimate(): Estimate {
    return this.estimator.estimate()!;
  }
}

function worstError(cache: Cache, keys: Uint32Array): number {
  const { lru } = cache.estimate();
  const sizes = sizesAround(cache.size);
  return Math.max(
    ...exactHitRatios(keys, sizes).map((exact, i) => Math.abs(ratioAt(lru, sizes[i]!) - exact)),
  );
}

describe('the estimate', () => {
  for (const { name, keys, size } of SEQUENCES)
    it(`${name}: within 0.02 of exact caches of ten sizes`, () => {
      const cache = new Cache(size);
      for (const key of keys) cache.read(key);
      const estimate = cache.estimate();
      expect(worstError(cache, keys)).toBeLessThan(0.02);
      expect(estimate.measured).toBe(cache.hits / keys.length);
      expect(Math.abs(ratioAt(estimate.lru, size) - estimate.measured)).toBeLessThan(0.01);
      expect(estimate.sampledKeys).toBeLessThanOrEqual(8192);
    });

  it('is exact while all keys are sampled', () => {
    const cache = new Cache(16, { maxReadShare: 1 });
    const random = randomNumbers(5);
    const keys = Uint32Array.from({ length: 20_000 }, () => Math.floor(random() ** 2 * 64));
    for (const key of keys) cache.read(key);
    const { lru, samplingRate, workingSet } = cache.estimate();
    const sizes = [1, 2, 5, 16, 31, 32, 63];
    for (const [i, exact] of exactHitRatios(keys, sizes).entries())
      expect(ratioAt(lru, sizes[i]!), `size ${sizes[i]}`).toBeCloseTo(exact, 10);
    expect([samplingRate, workingSet]).toEqual([1, 64]);
  });

  it('with fewer keys, is less exact by no more than sampling makes it', () => {
    const { keys, size } = SEQUENCES[0]!;
    const cache = new Cache(size, { maxSampledKeys: 1024 });
    for (const key of keys) cache.read(key);
    expect(worstError(cache, keys)).toBeLessThan(0.04);
    expect(cache.estimate().sampledKeys).toBeLessThanOrEqual(1024);
  });

  it('follows what is read now: the last chapters count most', () => {
    const cache = new Cache(1000, { maxReadShare: 1 });
    const random = randomNumbers(6);
    // All keys fit at first, and then a tenth of them.
    for (let read = 0; read < 1_200_000; read++) cache.read(Math.floor(random() * 900));
    expect(cache.estimate().measured).toBeGreaterThan(0.99);
    for (let read = 0; read < 1_500_000; read++) cache.read(Math.floor(random() * 10_000));
    expect(cache.estimate().measured).toBeLessThan(0.15);
    expect(ratioAt(cache.estimate().lru, 2000)).toBeCloseTo(0.2, 1);
  });
});

describe('what no size would change', () => {
  it('misses of keys that are never stored count for every size', () => {
    const cache = new Cache(10);
    const { estimator } = cache;
    for (let round = 0; round < 10; round++)
      for (let key = 0; key < 100; key++) {
        cache.misses++;
        estimator.miss(hashOf(key), 0);
      }
    expect(ratioAt(cache.estimate().lru, 160)).toBe(0);
    expect(cache.estimate().workingSet).toBe(0);
  });

  it('so do misses of keys that were deleted', () => {
    const cache = new Cache(10);
    const { estimator } = cache;
    for (let round = 0; round < 10; round++) {
      cache.misses++;
      estimator.miss(5, 0);
      estimator.store(5, 1, NEVER);
      estimator.forget(5);
    }
    expect(ratioAt(cache.estimate().lru, 160)).toBe(0);
  });

  it('and of keys whose TTL had passed, though the cache had evicted them before', () => {
    const cache = new Cache(10);
    const { estimator } = cache;
    for (let round = 0; round < 10; round++) {
      cache.misses++;
      estimator.miss(5, round * 100);
      estimator.store(5, 1, round * 100 + 50);
    }
    expect(ratioAt(cache.estimate().lru, 160)).toBe(0);
    cache.misses++;
    estimator.miss(5, 920);
    expect(ratioAt(cache.estimate().lru, 160)).toBeGreaterThan(0);
  });
});

describe('bounds', () => {
  it('never knows more keys than it may, whatever comes', () => {
    const cache = new Cache(100_000, { maxSampledKeys: 256, maxReadShare: 1 });
    let most = 0;
    for (let key = 0; key < 200_000; key++) {
      cache.read(key);
      if (key % 1000 === 0) most = Math.max(most, cache.estimate().sampledKeys);
    }
    expect(most).toBeLessThanOrEqual(256);
    expect(cache.estimator.bytes).toBeLessThan(64 * 1024);
  });

  it('forgets what a cache of 16 times the size would have lost', () => {
    const cache = new Cache(50);
    for (let key = 0; key < 5000; key++) cache.read(key);
    expect(cache.estimate().sampledKeys).toBe(16 * 50);
  });

  it('looks at a million reads and writes at first, and then at the share that it may', () => {
    const cache = new Cache(1000, { maxReadShare: 1 / 64 });
    const random = randomNumbers(7);
    const read = (times: number): void => {
      for (let i = 0; i < times; i++) cache.read(Math.floor(random() * 1500));
    };
    read(1_000_000);
    expect(cache.estimator.threshold).toBe(0);
    expect(cache.sampled).toBe(2 ** 20);
    // What it has found stays, also at rest.
    expect(ratioAt(cache.estimate().lru, 750)).toBeCloseTo(0.5, 1);
    read(3_000_000);
    const share = (cache.sampled - 2 ** 20) / (cache.hits + cache.misses);
    expect(share).toBeGreaterThan(1 / 128);
    expect(share).toBeLessThanOrEqual(1 / 64);
    expect(ratioAt(cache.estimate().lru, 750)).toBeCloseTo(0.5, 1);
    expect(ratioAt(cache.estimate().lru, 1500)).toBeGreaterThan(0.99);
  });

  it('takes every hash but the one that is never sampled', () => {
    const cache = new Cache(10);
    expect(cache.estimator.threshold).toBe(ALL_HASHES);
    for (const hash of [0, 1, ALL_HASHES - 1]) {
      cache.misses++;
      cache.estimator.miss(hash, 0);
      cache.estimator.store(hash, 1, NEVER);
    }
    expect(cache.estimate().sampledKeys).toBe(3);
  });

  it('says nothing before the first read, and after a reset', () => {
    const cache = new Cache(10);
    expect(cache.estimator.estimate()).toBeNull();
    cache.read(1);
    cache.read(1);
    expect(cache.estimate().measured).toBe(0.5);
    cache.estimator.reset();
    cache.hits = 0;
    cache.misses = 0;
    expect(cache.estimator.estimate()).toBeNull();
    cache.read(1);
    expect(cache.estimate().measured).toBe(1);
  });
});

describe('miniature caches', () => {
  /** LRU again, so that what it should find is known. */
  function lruVariant(factor: number): Variant & { size: number } {
    const held = new Map<number, true>();
    const variant = {
      policy: 'other',
      factor,
      size: 0,
      miniature: {
        read(hash: number): boolean {
          if (!held.delete(hash)) return false;
          held.set(hash, true);
          return true;
        },
        has: (hash: number) => held.has(hash),
        write(hash: number): void {
          held.delete(hash);
          held.set(hash, true);
          if (held.size > variant.size) held.delete(held.keys().next().value!);
        },
        delete: (hash: number) => void held.delete(hash),
        clear: () => held.clear(),
        resize(size: number): void {
          variant.size = size;
          while (held.size > size) held.delete(held.keys().next().value!);
        },
      },
    };
    return variant;
  }

  it.each([0.5, 1, 2])('a miniature of %f times the size has the hit ratio of a whole cache', (factor) => {
    const { keys, size } = SEQUENCES[0]!;
    const variant = lruVariant(factor);
    const cache = new Cache(size, { variants: [variant] });
    for (const key of keys) cache.read(key);
    const { simulated, samplingRate } = cache.estimate();
    expect(Math.abs(simulated[0]! - exactHitRatios(keys, [size * factor])[0]!)).toBeLessThan(0.01);
    expect(variant.size).toBeCloseTo(size * factor * samplingRate, -1);
  });

  it('are resized with the cache', () => {
    const variant = lruVariant(1);
    const cache = new Cache(100, { variants: [variant] });
    expect(variant.size).toBe(100);
    cache.size = 200;
    for (let key = 0; key < 1024; key++) cache.read(key % 50);
    expect(variant.size).toBe(200);
  });
});
