/** What things weigh: finite, linear, each object once. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkedSize, latin1Bytes, textBytes, valueBytes, viewBytes } from '../../lib/weigh/index.js';
import { thrownBy } from '../engine/fixture.js';
import { anything, familiarBytes } from './values.js';

describe('valueBytes', () => {
  it('is a whole number of bytes, 0 or more, for anything', () => {
    fc.assert(
      fc.property(anything, (value) => {
        const bytes = valueBytes(value);
        expect(Number.isSafeInteger(bytes) && bytes >= 0).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['true', true],
    ['0', 0],
    ['a small integer', -5],
    ['the greatest small integer', 2 ** 31 - 1],
    ['the least small integer', -(2 ** 31)],
  ])('is 0 for %s, which lives in the reference', (_, value) => {
    expect(valueBytes(value)).toBe(0);
  });

  it.each([
    ['a fraction', 0.5],
    ['-0', -0],
    ['NaN', Number.NaN],
    ['Infinity', Infinity],
    ['2^31', 2 ** 31],
    ['-2^31 - 1', -(2 ** 31) - 1],
    ['a single wide character', '€'],
    ['a symbol', Symbol('a')],
    ['a function', () => 1],
    ['a bigint', 0n],
    ['a negative bigint', -(2n ** 70n)],
    ['an empty object', {}],
    ['an empty array', []],
    ['a date', new Date()],
    ['a regular expression', /a/],
    ['a Proxy', new Proxy({}, {})],
    ['a promise', Promise.resolve()],
  ])('is more than 0 for %s', (_, value) => {
    expect(valueBytes(value)).toBeGreaterThan(0);
    expect(valueBytes(value)).toBeLessThan(250);
  });

  it('counts what an Error and a symbol say', () => {
    const text = 'x'.repeat(1000);
    expect(valueBytes(new Error(text)) - valueBytes(new Error('x'))).toBe(1016);
    expect(valueBytes(new Error('x', { cause: text })) - valueBytes(new Error('x'))).toBe(1016);
    expect(valueBytes(new AggregateError([text], 'x'))).toBeGreaterThan(1000);
    expect(valueBytes(Symbol(text)) - valueBytes(Symbol())).toBe(1016);
  });

  it('grows with the digits of a bigint', () => {
    expect([0n, 1n, 2n ** 64n - 1n, 1n - 2n ** 64n, 2n ** 64n, -(2n ** 64n)].map(valueBytes)).toEqual([
      16, 24, 24, 24, 32, 32,
    ]);
    expect(valueBytes(2n ** 8000n) - valueBytes(1n)).toBe(1000);
  });
});

describe('a string', () => {
  it('has one byte for each character up to U+00FF, and two when one is beyond', () => {
    for (const length of [10, 64, 65, 1000]) {
      const narrow = valueBytes('ÿ'.repeat(length));
      expect(narrow).toBe(valueBytes('a'.repeat(length)));
      expect(narrow - textBytes('')).toBe(Math.ceil(length / 8) * 8);
      for (const wide of ['Ā', '\uD800', '€'])
        expect(valueBytes('a'.repeat(length - 1) + wide) - textBytes('')).toBe(
          Math.ceil((2 * length) / 8) * 8,
        );
    }
  });

  it('known to be latin1 weighs the same without being looked at', () => {
    for (const text of ['', 'a', 'ÿ'.repeat(100)]) expect(latin1Bytes(text)).toBe(textBytes(text));
  });

  it('with a wide character beside line breaks is found wide', () => {
    const lines = 'a\n'.repeat(50);
    expect(textBytes(`${lines}€${lines}`)).toBeGreaterThan(400);
  });
});

describe('an object graph', () => {
  it('with cycles comes to an end, counting each object once', () => {
    const self: { self?: unknown } = {};
    self.self = self;
    expect(familiarBytes(self)).toBe(valueBytes({ self: null }));
    const list: unknown[] = [];
    list.push(list, list);
    expect(valueBytes(list)).toBe(valueBytes([null, null]));
    const map = new Map<unknown, unknown>();
    map.set(map, new Set([map]));
    expect(valueBytes(map)).toBe(valueBytes(new Map([[null, new Set([null])]])));
  });

  it('counts a shared object once', () => {
    const shared = { text: 'x'.repeat(1000) };
    const twice = familiarBytes([shared, shared]);
    expect(twice).toBe(valueBytes([shared, null]));
    expect(twice).toBeLessThan(valueBytes([shared, { text: 'x'.repeat(1000) }]) - 1000);
  });

  it('100,000 levels deep does not overflow the stack', () => {
    let list: { next: unknown } = { next: null };
    const level = familiarBytes(list);
    for (let i = 1; i < 100_000; i++) list = { next: list };
    expect(valueBytes(list)).toBe(100_000 * level);
    let nested: unknown[] = [];
    for (let i = 0; i < 100_000; i++) nested = [nested];
    expect(valueBytes(nested)).toBeGreaterThan(100_000 * 8);
  });

  it('weighs in proportion to its size', () => {
    const rows = (count: number): unknown =>
      Array.from({ length: count }, (_, i) => ({ id: i, name: `row ${i % 10}`, tags: ['a', 'b'] }));
    const makers = [
      rows,
      (n: number) => new Map(Array.from({ length: n }, (_, i) => [i, 0.5])),
      (n: number) => new Set(Array.from({ length: n }, (_, i) => i)),
      (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`key${i}`, i])),
    ];
    for (const make of makers) {
      // Powers of two: tables of Maps and Sets double.
      const ratio = valueBytes(make(16_384)) / valueBytes(make(1024));
      expect(ratio).toBeGreaterThan(15);
      expect(ratio).toBeLessThan(16.1);
    }
  });

  it('counts what is in Maps, Sets, arrays and fields', () => {
    const text = 'x'.repeat(1000);
    for (const value of [[text], { text }, new Map([[text, 1]]), new Map([[1, text]]), new Set([text])])
      expect(valueBytes(value)).toBeGreaterThan(1000);
  });
});

describe('binary data', () => {
  it('counts the whole pool block that a slice of a pooled Buffer keeps alive', () => {
    const pooled = Buffer.from('abc');
    expect(pooled.buffer.byteLength).toBeGreaterThan(1000);
    expect(valueBytes(pooled)).toBe(viewBytes(pooled));
    expect(valueBytes(pooled)).toBeGreaterThanOrEqual(Buffer.poolSize);
  });

  it('counts an unpooled Buffer by its own length', () => {
    const small = valueBytes(Buffer.alloc(0));
    expect(valueBytes(Buffer.alloc(10_000)) - small).toBe(10_000);
    expect(valueBytes(Buffer.alloc(10_000).subarray(0, 1)) - small).toBe(10_000);
  });

  it.each([
    ['a typed array', () => new Float64Array(1250)],
    ['a DataView', () => new DataView(new ArrayBuffer(10_000))],
    ['an ArrayBuffer', () => new ArrayBuffer(10_000)],
    ['a SharedArrayBuffer', () => new SharedArrayBuffer(10_000)],
  ])('counts the bytes of %s', (_, make) => {
    expect(valueBytes(make())).toBeGreaterThanOrEqual(10_000);
    expect(valueBytes(make())).toBeLessThan(10_500);
  });

  it('counts a buffer under several views once, in any order', () => {
    const buffer = new ArrayBuffer(10_000);
    const views = [new Uint8Array(buffer), new DataView(buffer, 5), buffer];
    const orders = [views, views.toReversed(), [views[1], views[2], views[0]]];
    for (const order of orders) {
      expect(valueBytes(order)).toBeGreaterThan(10_000);
      expect(valueBytes(order)).toBeLessThan(11_000);
    }
  });
});

describe('checkedSize', () => {
  it('rounds up and passes whole numbers', () => {
    expect([0, -0, 1, 1.5, 0.001, 1e15].map(checkedSize)).toEqual([0, -0, 1, 2, 1, 1e15]);
  });

  it.each([Number.NaN, -1, Infinity, '5', undefined, null])('refuses %s', (bytes) => {
    expect(thrownBy(() => checkedSize(bytes)).code).toBe('HOTSET_INVALID_SIZE');
  });
});
