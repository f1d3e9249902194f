/** memoize: a function that remembers, and the keys that it makes of arguments. */

import { isDeepStrictEqual } from 'node:util';
import { runInNewContext, runInThisContext } from 'node:vm';
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

  it('has a cache and statistics, and can invalidate', async () => {
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
    ['options that are none', (): number => 1, 5, 'HOTSET_INVALID_OPTION', 'options'],
    ['a bad ttl', (): number => 1, { ttlMs: '5' }, 'HOTSET_INVALID_OPTION', 'ttlMs'],
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

it.each([null, 5, [], 'engine', (): number => 1])('memoize refuses %o as an engine', (engine) => {
  expect(() => memoize(() => 1, { engine: engine as never })).toThrowError(
    expect.objectContaining({ code: 'HOTSET_INVALID_OPTION', message: expect.stringContaining('engine') }),
  );
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
      [0],
      [-0],
      [[0]],
      [[-0]],
      // What an array may have beside its elements, or lack.
      [sparse(2, { 1: 1 })],
      [[undefined, 1]],
      [sparse(2, { 0: 1 })],
      [new Array(1)],
      [Object.assign([1], { x: 1 })],
      [Object.assign([1], { x: 2 })],
      [sparse(2, { 1: 1, x: 1 })],
      ['ab'.match(/(a)/)],
      ['xa'.match(/(a)/)],
      [['a', 'a']],
      [textsOf`a`],
      [textsOf`\x61`],
      [['a']],
      [Object.create(null)],
      [Object.assign(Object.create(null), { a: 1 })],
      [Object.defineProperty({}, 'a', { value: 1 })],
      [{ a: 1, [argumentKey([1, 2]) as string]: 1 }],
    ];
    expect(new Set(different.map(argumentKey)).size).toBe(different.length);
  });

  it('is one for arguments that are the same', () => {
    const shared = { x: [1, 2] };
    for (const [a, b] of [
      [[{ a: 1, b: 2 }], [{ b: 2, a: 1 }]],
      [[new Date(5)], [new Date(5)]],
      [
        [shared, shared],
        [{ x: [1, 2] }, { x: [1, 2] }],
      ],
      [['ab'.match(/(a)/)], ['ab'.match(/(a)/)]],
      [[textsOf`a`], [textsOf`a`]],
      [[new Array(2 ** 32 - 1)], [new Array(2 ** 32 - 1)]],
    ] as const)
      expect(argumentKey(a)).toBe(argumentKey(b));
  });

  it('is one exactly for arguments that are structurally equal', () => {
    const value = fc.anything({
      withBigInt: true,
      withSparseArray: true,
      withNullPrototype: true,
      withMap: true,
      withSet: true,
      withBoxedValues: true,
      withTypedArray: true,
      maxDepth: 3,
    });
    const text = fc.constantFrom('ab', 'xa', 'xab', 'a');
    const special = fc.oneof(
      { weight: 5, arbitrary: value },
      fc.date({ noInvalidDate: true }),
      fc.array(fc.date({ noInvalidDate: true }), { maxLength: 2 }),
      text.map((of) => of.match(/(?<first>a)(b)?/)),
      fc.constantFrom(-0, 0, [-0], [0], sparse(2, { 1: 1 }), [undefined, 1], sparse(2), [[]], {}, '\u0000[]'),
      fc
        .tuple(
          fc.array(fc.nat(1), { maxLength: 2 }),
          fc.object({ key: fc.constantFrom('0', 'x'), maxDepth: 0 }),
        )
        .map(([items, more]) => Object.assign(items, more)),
    );
    const args = fc.array(special, { maxLength: 3 });
    // A pair of the same shape is seldom equal by chance: a clone is, and one that differs in one place nearly.
    const pair = fc.oneof(
      fc.tuple(args, args),
      fc
        .tuple(fc.array(fc.constantFrom(0, -0, '', [], sparse(1), {}, [{}], null), { maxLength: 2 }))
        .chain(([a]) => fc.tuple(fc.constant(a), fc.shuffledSubarray(a))),
      fc.clone(args, 2),
    );
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const keys = [keyOrRefusal(a), keyOrRefusal(b)];
        if (keys.includes(REFUSED)) return;
        expect(keys[0] === keys[1], keys.map(String).join(' and ')).toBe(isDeepStrictEqual(a, b));
      }),
      { numRuns: 2000 },
    );
  });

  it('is the same for what another realm has made', () => {
    for (const code of [
      '[1, [2], { a: { b: 3 } }]',
      '({ a: [, 1], b: null })',
      'new Date(5)',
      "'ab'.match(/(a)/)",
    ])
      expect(argumentKey([runInNewContext(code)]), code).toBe(argumentKey([runInThisContext(code)]));
  });

  const circle: unknown[] = [];
  let deep: unknown = 1;
  for (let n = 0; n < 100_000; n++) deep = [deep];
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
    ['an object that is too deep', [deep]],
    ['a boxed number', [new Number(5)]],
    ['a boxed text', [new String('5')]],
    ['a regular expression', [/a/]],
    ['an error', [new Error('a')]],
    ['an error that hides it', [Object.setPrototypeOf(new Error('a'), Object.prototype)]],
    ['a promise', [Promise.resolve(1)]],
    ['a Date with more to it', [Object.assign(new Date(0), { zone: 'CET' })]],
    ['a Date of a class', [new (class Day extends Date {})(0)]],
    ['an object that inherits', [Object.create({ a: 1 })]],
    ['an object that inherits from a bare one', [Object.create(Object.create(null))]],
    ['a class called Object', [new { Object: class {} }.Object()]],
    ['arguments', [argumentsOf(1)]],
    ['an array with a property under a symbol', [Object.assign([1], { [Symbol.iterator]: 1 })]],
    ['an instance of another realm', [runInNewContext('new (class Point {})()')]],
    ['a Map of another realm', [runInNewContext('new Map([[1, 2]])')]],
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

const REFUSED = Symbol('refused');

/** What it refuses must be said with a code. */
function keyOrRefusal(args: readonly unknown[]): unknown {
  try {
    const key = argumentKey(args);
    // A primitive is its own key, as a Map compares it.
    return typeof key === 'number' && Number.isNaN(key) ? 'NaN itself' : key;
  } catch (error) {
    expect(error).toMatchObject({ code: 'HOTSET_INVALID_ARGUMENT' });
    return REFUSED;
  }
}

function sparse(length: number, elements: object = {}): unknown[] {
  return Object.assign(new Array(length), elements);
}

function textsOf(texts: TemplateStringsArray): TemplateStringsArray {
  return texts;
}

function argumentsOf(..._args: unknown[]): unknown {
  return (function () {
    // biome-ignore lint/complexity/noArguments: this is what it is about
    return arguments;
  })();
}
