/** `missRatioCurve`: the option, the answers, and that an engine with it is the same engine. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CacheEngine, ManualClock, type MissRatioCurve } from '../../lib/index.js';
import { thrownBy } from './fixture.js';
import { exactHitRatios, randomNumbers, SEQUENCES } from './miss-ratio/sequences.js';

beforeEach(() => {
  // The seed of the index, and so which keys are sampled.
  vi.spyOn(Math, 'random').mockReturnValue(0.37);
});

afterEach(() => {
  vi.restoreAllMocks();
});

function curveOf(engine: CacheEngine<never, never>): MissRatioCurve {
  return engine.missRatioCurve()!;
}

/** Reads keys, and stores what is not there. */
function readThrough<K>(engine: CacheEngine<K, number>, keys: Iterable<K>, sizeAt: (key: K) => number): void {
  for (const key of keys) if (engine.get(key) === undefined) engine.set(key, sizeAt(key));
}

describe('the option', () => {
  it('is off unless it is set', () => {
    expect(new CacheEngine().missRatioCurve()).toBeUndefined();
    expect(new CacheEngine({ missRatioCurve: false }).missRatioCurve()).toBeUndefined();
    expect(new CacheEngine({ missRatioCurve: true }).missRatioCurve()).toBeDefined();
    expect(new CacheEngine({ missRatioCurve: {} }).missRatioCurve()).toBeDefined();
  });

  it.each([
    [1, 'missRatioCurve'],
    ['yes', 'missRatioCurve'],
    [null, 'missRatioCurve'],
    [{ maxSampledKeys: 10 }, 'maxSampledKeys'],
    [{ maxSampledKeys: 1000.5 }, 'maxSampledKeys'],
    [{ maxSampledKeys: 100_000 }, 'maxSampledKeys'],
    [{ maxReadShare: 0 }, 'maxReadShare'],
    [{ maxReadShare: 2 }, 'maxReadShare'],
    [{ keys: 5 }, 'keys'],
  ])('refuses %j', (value, name) => {
    const error = thrownBy(() => new CacheEngine({ missRatioCurve: value as never }));
    expect(error.code).toBe('HOTSET_INVALID_OPTION');
    expect(error.message).toContain(name);
  });

  it('refuses questions that it does not know', () => {
    const engine = new CacheEngine({ missRatioCurve: true });
    for (const query of [{ sizes: 5 }, { sizes: [0] }, { sizes: ['1'] }, { size: 5 }])
      expect(thrownBy(() => engine.missRatioCurve(query as never)).code).toBe('HOTSET_INVALID_OPTION');
  });
});

describe('the answer', () => {
  it('before the first read', () => {
    const engine = new CacheEngine({ maxEntries: 100, missRatioCurve: true });
    const curve = curveOf(engine as never);
    expect(curve).toMatchObject({ unit: 'entries', size: 100, hitRatio: 0, workingSet: 0, sizeFor99: 0 });
    expect(curve.summary).toBe('Nothing has been read yet.');
  });

  it('of entries: every size is near an exact cache of it', () => {
    for (const { keys, size, name } of SEQUENCES.slice(0, 2)) {
      const engine = new CacheEngine<number, number>({ maxEntries: size, missRatioCurve: true });
      readThrough(engine, keys, () => 0);
      const curve = curveOf(engine as never);
      const sizes = curve.factors.map((point) => point.size);
      for (const [i, exact] of exactHitRatios(keys, sizes).entries())
        expect(Math.abs(curve.factors[i]!.hitRatio - exact), `${name}, ${sizes[i]}`).toBeLessThan(0.02);
      expect(curve.factors.map(({ factor }) => factor)).toEqual([0.25, 0.5, 1, 2, 4]);
      expect(curve.hitRatio).toBe(engine.stats().hitRatio);
      expect(curve.policies.lru).toBe(curve.hitRatio);
      expect(engine.verify()).toEqual([]);
    }
  });

  it('of bytes: every size is near an engine of it', () => {
    const random = randomNumbers(11);
    const keys = Array.from({ length: 100_000 }, () => `item:${Math.floor(random() ** 3 * 20_000)}`);
    const sizeAt = (key: string): number =>
      50 + ((key.length * 7919) % 1000) + (key.charCodeAt(key.length - 1) % 7) * 300;
    const sizeOf = (bytes: number): number => bytes;
    const engine = new CacheEngine<string, number>({ maxBytes: '4MiB', sizeOf, missRatioCurve: true });
    readThrough(engine, keys, sizeAt);
    const curve = curveOf(engine as never);
    expect(curve).toMatchObject({ unit: 'bytes', size: 4 * 1024 * 1024 });
    for (const { size, hitRatio } of curve.factors) {
      const other = new CacheEngine<string, number>({ maxBytes: size, sizeOf });
      readThrough(other, keys, sizeAt);
      expect(Math.abs(hitRatio - other.stats().hitRatio), `${size}`).toBeLessThan(0.02);
    }
  });

  it('tags and shared buffers count', () => {
    const random = randomNumbers(13);
    const reads = Array.from({ length: 15_000 }, () => Math.floor(random() * 1000));
    const run = (maxBytes: number, store: (engine: CacheEngine<number, unknown>, key: number) => void) => {
      const engine = new CacheEngine<number, unknown>({ maxBytes, missRatioCurve: true });
      for (const key of reads) if (engine.get(key) === undefined) store(engine, key);
      return engine;
    };
    const tagged = (engine: CacheEngine<number, unknown>, key: number) =>
      engine.set(key, key, { tags: ['a', 'b', `user:${key}`] });
    /** Slices of Node's pool, eight to a block. */
    const sliced = (engine: CacheEngine<number, unknown>, key: number) =>
      engine.set(key, Buffer.from('x'.repeat(1000)));
    const curve = curveOf(run(150_000, tagged) as never);
    for (const { size, hitRatio } of curve.factors)
      expect(Math.abs(hitRatio - run(size, tagged).stats().hitRatio), `${size}`).toBeLessThan(0.02);
    // What the cache has is measured.
    expect(curve.factors[2]!.hitRatio).toBe(curve.hitRatio);
    // Evicted slices leave their block to others, so that this is no more than the order of magnitude.
    expect(curveOf(run(500_000, sliced) as never).workingSet).toBeGreaterThan(1_000_000);
  });

  it('says in words what doubling would save', () => {
    const engine = new CacheEngine<number, number>({ maxEntries: 500, missRatioCurve: true });
    const random = randomNumbers(12);
    readThrough(
      engine,
      Array.from({ length: 50_000 }, () => Math.floor(random() * 1000)),
      () => 0,
    );
    expect(curveOf(engine as never).summary).toMatch(
      /^Doubling the entries would save 9[5-9] % of the misses\./,
    );
    const roomy = new CacheEngine<number, string>({ maxBytes: '1MiB', missRatioCurve: true });
    for (let round = 0; round < 100; round++)
      for (let key = 0; key < 10; key++) if (roomy.get(key) === undefined) roomy.set(key, 'value');
    const curve = curveOf(roomy as never);
    expect(curve.summary).toBe(
      'Doubling the memory would save next to no misses. Half of the memory would do: it would have as many hits.',
    );
    expect(curve.workingSet).toBe(roomy.bytes);
    expect(curve.sizeFor99).toBeGreaterThanOrEqual(curve.workingSet);
    expect(curve.sizeFor99).toBeLessThan(curve.workingSet * 1.05);
  });

  it('has the points that were asked for', () => {
    const engine = new CacheEngine<number, number>({ maxEntries: 8, missRatioCurve: true });
    for (let read = 0; read < 400; read++) readThrough(engine, [read % 16], () => 0);
    const { points } = engine.missRatioCurve({ sizes: [8, 15, 16, 20] })!;
    expect(points.map(({ size, factor }) => [size, factor])).toEqual([
      [8, 1],
      [15, 15 / 8],
      [16, 2],
      [20, 2.5],
    ]);
    expect(points.map(({ hitRatio }) => hitRatio)).toEqual([0, 0, 384 / 400, 384 / 400]);
    expect(engine.missRatioCurve()!.points).toHaveLength(33);
  });

  it('where entries are what is short, is about the bytes that they take', () => {
    const engine = new CacheEngine<number, string>({
      maxEntries: 100,
      maxBytes: '1MiB',
      missRatioCurve: true,
    });
    for (let read = 0; read < 5000; read++) readThrough(engine as never, [read % 150] as never[], () => 0);
    const curve = curveOf(engine as never);
    expect(curve.size).toBe(engine.bytes);
    expect(curve.hitRatio).toBe(0);
    expect(curve.factors[2]!.hitRatio).toBeLessThan(0.05);
    expect(curve.factors[3]!.hitRatio).toBeGreaterThan(0.95);
  });
});

describe('what the engine does', () => {
  it('deleted, expired and cleared entries are lost by all sizes', () => {
    const clock = new ManualClock(0);
    const engine = new CacheEngine<string, number>({ maxEntries: 10, clock, missRatioCurve: true });
    for (let round = 0; round < 20; round++) {
      for (const key of ['deleted', 'expired', 'swept', 'none']) expect(engine.get(key)).toBeUndefined();
      engine.set('deleted', 1);
      engine.delete('deleted');
      engine.set('expired', 1, { ttlMs: 10 });
      engine.set('swept', 1, { ttlMs: 5 });
      clock.advance(5);
      engine.sweepExpired();
      clock.advance(5);
    }
    expect(engine.missRatioCurve({ sizes: [160] })!.points[0]!.hitRatio).toBe(0);
    engine.set('cleared', 1);
    engine.clear();
    engine.get('cleared');
    expect(engine.missRatioCurve({ sizes: [160] })!.points[0]!.hitRatio).toBe(0);
  });

  it('the same hits as without the option, at any policy of expiry and order', () => {
    const run = (missRatioCurve: boolean): unknown => {
      const clock = new ManualClock(0);
      const engine = new CacheEngine<string, number>({
        maxBytes: 40_000,
        clock,
        ttlFrom: 'read',
        trackAccess: true,
        missRatioCurve,
      });
      const random = randomNumbers(13);
      for (let step = 0; step < 30_000; step++) {
        const key = `key ${Math.floor(random() ** 2 * 2000)}`;
        const choice = random();
        if (choice < 0.7) engine.get(key);
        else if (choice < 0.95) engine.set(key, step, { ttlMs: 1 + Math.floor(random() * 500) });
        else if (choice < 0.99) engine.delete(key);
        else clock.advance(10);
      }
      expect(engine.verify()).toEqual([]);
      return [engine.stats(), [...engine.keys()]];
    };
    expect(run(true)).toEqual(run(false));
  });

  it('takes keys of every kind; objects and symbols are not sampled', () => {
    const engine = new CacheEngine<unknown, number>({ maxEntries: 1000, missRatioCurve: true });
    const keys = [
      '',
      'a',
      'ü'.repeat(100),
      'x'.repeat(10_000),
      0,
      -0,
      1.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      -1,
      2 ** 53,
      10n,
      true,
      false,
      null,
      undefined,
      Symbol('s'),
      {},
      [],
      () => {},
      new Date(Number.NaN),
      Object.create(null),
    ];
    for (let round = 0; round < 3; round++)
      for (const key of keys) if (engine.get(key) === undefined) engine.set(key, 1);
    // -0 is 0.
    expect(engine.size).toBe(keys.length - 1);
    expect(curveOf(engine as never).sampledKeys).toBe(keys.length - 1 - 6);
    expect(engine.verify()).toEqual([]);
    for (const key of keys) engine.delete(key);
    expect(curveOf(engine as never).workingSet).toBe(0);
  });

  it('long texts, whose hash is V8’s, are sampled like others, also after they have moved', () => {
    const engine = new CacheEngine<string, number>({
      maxEntries: 4000,
      missRatioCurve: { maxSampledKeys: 1024 },
    });
    const random = randomNumbers(14);
    const path = 'a/long/path/that/is/the/beginning/of/every/key/in/this/spec/and/goes/on/';
    const keys = Array.from({ length: 60_000 }, () => `${path}${Math.floor(random() * 8000)}`);
    readThrough(engine, keys, () => 0);
    const curve = curveOf(engine as never);
    expect(curve.samplingRate).toBeLessThan(0.2);
    expect(Math.abs(curve.factors[1]!.hitRatio - 0.25)).toBeLessThan(0.03);
    expect(Math.abs(curve.workingSet - 8000)).toBeLessThan(800);
    expect(engine.verify()).toEqual([]);
  });

  it.each(['sieve', 's3-fifo', 'w-tinylfu'] as const)(
    '%s has the same hits, whatever the keys are',
    (policy) => {
      const ratio = (missRatioCurve: boolean): number => {
        const engine = new CacheEngine<unknown, number>({ policy, maxEntries: 500, missRatioCurve });
        const objects = Array.from({ length: 200 }, (_, number) => ({ number }));
        const random = randomNumbers(15);
        const kinds = [
          (number: number) => number,
          (number: number) => `item ${number}`,
          (number: number) => `${'long '.repeat(20)}${number}`,
          (number: number) => BigInt(number),
          (number: number) => objects[number % 200],
        ];
        for (let read = 0; read < 30_000; read++) {
          const key = kinds[read % 5]!(Math.floor(random() ** 2 * 1000));
          if (engine.get(key) === undefined) engine.set(key, 1);
        }
        expect(engine.verify()).toEqual([]);
        return engine.stats().hitRatio;
      };
      // Long texts have another hash with the curve, and so other chances.
      expect(Math.abs(ratio(true) - ratio(false))).toBeLessThan(0.005);
    },
  );

  it('a reset of the statistics begins a new curve', () => {
    const engine = new CacheEngine<number, number>({ maxEntries: 10, missRatioCurve: true });
    readThrough(engine, [1, 2, 3, 1, 2, 3], () => 0);
    engine.resetStats();
    expect(curveOf(engine as never).summary).toBe('Nothing has been read yet.');
    expect(curveOf(engine as never).sampledReads).toBe(0);
    engine.get(1);
    expect(curveOf(engine as never).hitRatio).toBe(1);
  });

  it('follows a resize', () => {
    const engine = new CacheEngine<number, number>({ maxEntries: 10, missRatioCurve: true });
    readThrough(engine, [1, 2, 3, 1], () => 0);
    engine.resize({ maxEntries: 20 });
    expect(curveOf(engine as never).size).toBe(20);
  });
});
