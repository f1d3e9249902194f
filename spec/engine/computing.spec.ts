/** getOrCompute, `set` with a known weight, and an engine that does not weigh. */

import { describe, expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { makeFixture, thrownBy } from './fixture.js';

describe('getOrCompute', () => {
  it('computes once, counts as get does, and makes the entry the newest', () => {
    const { engine, clock } = makeFixture();
    const computed: string[] = [];
    const compute = (key: string): number => computed.push(key);
    expect([engine.getOrCompute('a', compute), engine.getOrCompute('a', compute)]).toEqual([1, 1]);
    engine.getOrCompute('b', compute, { ttlMs: 10 });
    engine.getOrCompute('a', compute);
    expect([...engine.keys()]).toEqual(['a', 'b']);
    clock.advance(10);
    engine.getOrCompute('b', compute);
    expect(computed).toEqual(['a', 'b', 'b']);
    expect(engine.stats()).toMatchObject({ hits: 2, misses: 3, missesExpired: 1, stores: 3 });
  });

  it('keeps undefined, and returns what does not fit', () => {
    const { engine } = makeFixture<string, string | undefined>({ maxBytes: 200 });
    expect(engine.getOrCompute('a', () => undefined)).toBeUndefined();
    expect(engine.getOrCompute('a', () => 'not called')).toBeUndefined();
    expect(engine.getOrCompute('b', () => 'x'.repeat(500))).toHaveLength(500);
    expect([engine.has('b'), engine.stats().refusals]).toEqual([false, 1]);
  });

  it('stores nothing when the function throws, and lets it use the engine', () => {
    const { engine } = makeFixture();
    expect(() =>
      engine.getOrCompute('a', () => {
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(engine.size).toBe(0);
    const fib = (n: number): number =>
      n < 2 ? n : engine.getOrCompute(`${n}`, () => fib(n - 1) + fib(n - 2));
    expect([fib(70), engine.size, engine.verify()]).toEqual([190392490709135, 69, []]);
  });

  it('refuses bad arguments before it reads or computes', () => {
    const { engine } = makeFixture();
    const compute = (): never => {
      throw new Error('called');
    };
    for (const bad of [undefined, null, 7, {}])
      expect(thrownBy(() => engine.getOrCompute('a', bad as never)).code).toBe('HOTSET_INVALID_ARGUMENT');
    expect(thrownBy(() => engine.getOrCompute('a', compute, { ttl: 5 } as object)).code).toBe(
      'HOTSET_INVALID_OPTION',
    );
    expect(engine.stats().misses).toBe(0);
  });

  it('refuses a promise where it cannot be weighed, and says what to use', () => {
    const engine = new CacheEngine<string, Promise<number>>();
    const error = thrownBy(() => engine.getOrCompute('a', async () => 1));
    expect([error.code, error.message.includes('LoadingCache')]).toEqual(['HOTSET_INVALID_ARGUMENT', true]);
  });
});

describe('set with bytes', () => {
  it('counts what the caller says, and does not look at the value', () => {
    const { engine } = makeFixture<string, object>();
    const untouched = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('weighed');
        },
      },
    );
    engine.set('a', untouched, { bytes: 1000 });
    engine.set('b', untouched, { bytes: 0 });
    expect(engine.getEntry('a')!.bytes - engine.getEntry('b')!.bytes).toBe(1000);
    engine.set('a', {}, { bytes: 0.5 });
    expect(engine.getEntry('a')!.bytes - engine.getEntry('b')!.bytes).toBe(1);
    expect(engine.verify()).toEqual([]);
  });

  it('comes before sizeOf, for this write alone', () => {
    const { engine } = makeFixture({ sizeOf: () => 10 });
    engine.set('a', 1, { bytes: 500 });
    engine.set('b', 1);
    expect(engine.getEntry('a')!.bytes - engine.getEntry('b')!.bytes).toBe(490);
    engine.update('a', 2);
    expect(engine.getEntry('a')!.bytes).toBe(engine.getEntry('b')!.bytes);
  });

  it('refuses and evicts by it', () => {
    const { engine, removals } = makeFixture({ maxBytes: 1000, maxEntryBytes: 900 });
    expect(engine.set('a', 1, { bytes: 900 })).toBe('too-large');
    expect(engine.set('a', 1, { bytes: 800 })).toBe('stored');
    expect(engine.set('b', 1, { bytes: 800 })).toBe('stored');
    expect(removals).toEqual([['a', 1, 'evicted']]);
  });

  it('takes a promise, whose weight the caller knows', () => {
    const engine = new CacheEngine<string, Promise<number>>();
    expect(engine.set('a', Promise.resolve(1), { bytes: 100 })).toBe('stored');
  });

  it('means nothing where nothing is weighed', () => {
    const { engine } = makeFixture({ maxEntries: 5 });
    engine.set('a', 1, { bytes: 1e9 });
    expect([engine.bytes, engine.getEntry('a')!.bytes]).toEqual([0, 0]);
  });
});

describe('maxEntries alone', () => {
  it('weighs nothing, and says so', () => {
    const trap = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('weighed');
        },
      },
    );
    const { engine } = makeFixture<string, object>({ maxEntries: 2 });
    engine.set('a', trap);
    expect(engine.stats()).toMatchObject({ bytes: 0, maxBytes: Infinity, maxEntries: 2 });
    for (const key of ['b', 'c']) engine.set(key, trap);
    expect([...engine.keys()]).toEqual(['c', 'b']);
    expect(() => engine.resize({ maxBytes: 1000 })).toThrow('maxBytes');
  });

  it.each([
    ['maxBytes', { maxBytes: 1000 }, 1000],
    ['maxEntryBytes', { maxEntryBytes: 1000 }, 64 * 1024 * 1024],
    ['sizeOf', { sizeOf: () => 1 }, 64 * 1024 * 1024],
  ])('weighs with %s beside it', (_, options, maxBytes) => {
    const { engine } = makeFixture({ maxEntries: 2, ...options });
    engine.set('a', 1);
    expect([engine.maxBytes, engine.bytes > 0]).toEqual([maxBytes, true]);
  });
});
