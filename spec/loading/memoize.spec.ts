/** memoize: a function that remembers, and the keys that it makes of arguments. */

import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { CacheEngine, ManualClock } from '../../lib/index.js';
import { argumentKey } from '../../lib/loading/argument-key.js';
import { LoadingCache, memoize } from '../../lib/loading/index.js';

describe('a memoized function', () => {
  it('runs once for the same arguments, asynchronous or not', async () => {
    const calls: number[][] = [];
    const add = memoize((a: number, b: number) => {
      calls.push([a, b]);
      return a + b;
    });
    const addLater = memoize(async (a: number, b: number) => add(a, b));
    expect(await Promise.all([addLater(1, 2), addLater(1, 2), add(1, 2), add(2, 1)])).toEqual([3, 3, 3, 3]);
    expect(calls).toEqual([
      [1, 2],
      [2, 1],
    ]);
    expectTypeOf(addLater(1, 2)).toEqualTypeOf<Promise<number>>();
    expectTypeOf(add.cache).toEqualTypeOf<LoadingCache<unknown, number>>();
  });

  it('does not remember what it throws, or that there was nothing', async () => {
    let calls = 0;
    const failing = memoize((): number => {
      calls++;
      throw new Error('down');
    });
    const nothing = memoize((): number | undefined => void calls++ as undefined);
    for (let n = 0; n < 2; n++) {
      await expect(failing()).rejects.toThrow('down');
      expect(await nothing()).toBeUndefined();
    }
    expect(calls).toBe(4);
    expectTypeOf(nothing()).toEqualTypeOf<Promise<number | undefined>>();
  });

  it('has a cache, statistics, and can be told to forget', async () => {
    let calls = 0;
    const next = memoize((_of: { id: number }) => ++calls);
    await next({ id: 1 });
    expect(await next({ id: 1 })).toBe(1);
    expect(next.invalidate({ id: 1 })).toBe(true);
    expect(next.invalidate({ id: 1 })).toBe(false);
    expect(await next({ id: 1 })).toBe(2);
    expect(next.cache).toBeInstanceOf(LoadingCache);
    expect(next.stats()).toMatchObject({ hits: 1, loads: 2 });
  });

  it('takes an engine, or makes one', async () => {
    const clock = new ManualClock();
    const engine = new CacheEngine<number, string>({ clock });
    const name = memoize(async (id: number) => `user ${id}`, { engine, ttlMs: 50, keyOf: (id) => id * 10 });
    await name(7);
    expect(engine.get(70)).toBe('user 7');
    expect(engine.remainingTtlMs(70)).toBe(50);
    const small = memoize((n: number) => n, { engine: { maxEntries: 2 } });
    for (let n = 0; n < 5; n++) await small(n);
    expect([...small.cache.engine.keys()]).toEqual([4, 3]);
  });

  it.each([
    ['no function', 5, {}, 'HOTSET_INVALID_ARGUMENT', 'fn'],
    ['an unknown option', (): number => 1, { maxAge: 5 }, 'HOTSET_INVALID_OPTION', 'keyOf'],
    ['a bad keyOf', (): number => 1, { keyOf: 'id' }, 'HOTSET_INVALID_OPTION', 'keyOf'],
    [
      'a bad option of the engine',
      (): number => 1,
      { engine: { maxBytes: 0 } },
      'HOTSET_INVALID_OPTION',
      'maxBytes',
    ],
  ])('refuses %s', (_, fn, options, code, named) => {
    expect(() => memoize(fn as never, options as never)).toThrowError(
      expect.objectContaining({ code, message: expect.stringContaining(named) }),
    );
  });
});

describe('the key of arguments', () => {
  it.each([1, '1', true, null, undefined, 5n, Symbol.iterator, Number.NaN])(
    'is the argument itself, for one primitive: %s',
    (only) => {
      expect(argumentKey([only])).toBe(only);
    },
  );

  it('differs for arguments that do', () => {
    const different: unknown[][] = [
      [],
      [1],
      ['1'],
      [1n],
      [true],
      ['true'],
      [null],
      ['null'],
      [undefined],
      ['undefined'],
      [Number.NaN],
      ['NaN'],
      [Number.POSITIVE_INFINITY],
      [[]],
      [{}],
      [[[]]],
      [[1]],
      [['1']],
      [[1n]],
      [[null]],
      [[undefined]],
      [[Number.NaN]],
      [1, 2],
      ['1,2'],
      [[1, 2]],
      ['1', 2],
      [1, undefined],
      [1, null],
      [undefined, undefined],
      [{ a: 1 }],
      [{ a: '1' }],
      [{ a: undefined }],
      [{ a: 1 }, {}],
      [new Date(0)],
      [new Date(0).toISOString()],
      [new Date(Number.NaN)],
      ['Date(0)'],
      [argumentKey([1, 2])],
      [argumentKey([argumentKey([1, 2])])],
    ];
    expect(new Set(different.map(argumentKey)).size).toBe(different.length);
  });

  it('is one for arguments that are the same', () => {
    const shared = { x: [1, 2] };
    for (const [a, b] of [
      [[{ a: 1, b: 2 }], [{ b: 2, a: 1 }]],
      [[new Date(5)], [new Date(5)]],
      [
        [-0, 1],
        [0, 1],
      ],
      [
        [shared, shared],
        [{ x: [1, 2] }, { x: [1, 2] }],
      ],
      [[Object.assign(Object.create(null), { a: 1 })], [{ a: 1 }]],
    ] as const)
      expect(argumentKey(a)).toBe(argumentKey(b));
  });

  it('can be read back for anything that JSON can say, so that no two meet', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue(), { maxLength: 3 }),
        fc.array(fc.jsonValue(), { maxLength: 3 }),
        (a, b) => {
          const same = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
          expect(argumentKey(a) === argumentKey(b)).toBe(same);
          expect(argumentKey(a)).toBe(argumentKey(structuredClone(a)));
        },
      ),
      { examples: [[[{}], [[]]]] },
    );
  });

  const circle: unknown[] = [];
  circle.push(circle);
  it.each([
    ['a function', [(): void => {}]],
    ['a symbol beside others', [Symbol.iterator, 1]],
    ['a Map', [new Map([[1, 2]])]],
    ['a Set', [{ deep: new Set([1]) }]],
    ['bytes', [new Uint8Array(2)]],
    ['an instance of a class', [new (class Point {})()]],
    ['an array of a class', [new (class List extends Array {})()]],
    ['a circle', [circle]],
    ['a property under a symbol', [{ [Symbol.iterator]: 1 }]],
  ])('is refused for %s', (_, args) => {
    expect(() => argumentKey(args)).toThrowError(
      expect.objectContaining({ code: 'HOTSET_INVALID_ARGUMENT', message: expect.stringContaining('keyOf') }),
    );
  });

  it('is no reason to throw from the memoized function: it rejects', async () => {
    const size = memoize((map: Map<string, number>) => map.size);
    await expect(size(new Map())).rejects.toMatchObject({ code: 'HOTSET_INVALID_ARGUMENT' });
  });
});

/** The same value with all properties in order; -0 as 0. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value === 0 ? 0 : value;
  const entries = Object.entries(value).map(([name, item]) => [name, sorted(item)] as const);
  // Not a bare array: {} is not [].
  return { properties: entries.toSorted(([a], [b]) => (a < b ? -1 : 1)) };
}
