/** Values as JSON: every number is what it was, or there is an error. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonOf } from '../lib/value-text.js';

describe('jsonOf', () => {
  it.each<[unknown, string]>([
    [-0, '-0'],
    [0, '0'],
    [[-0, 0, -0], '[-0,0,-0]'],
    [{ a: -0, b: '-0', '-0': ['"-0"', '--0'] }, '{"a":-0,"b":"-0","-0":["\\"-0\\"","--0"]}'],
    [new Number(-0), '-0'],
    [{ a: undefined, b: null, c: [null] }, '{"b":null,"c":[null]}'],
    [0.1 + 0.2, '0.30000000000000004'],
    [2 ** 53 + 2, '9007199254740994'],
    [1e308, '1e+308'],
    [5e-324, '5e-324'],
    [{ toJSON: () => [-0] }, '[-0]'],
    [null, 'null'],
    ['null', '"null"'],
  ])('of %o', (value, json) => expect(jsonOf(value)).toBe(json));

  it.each([
    ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, undefined, () => 1, Symbol('s'), 1n],
    ...[[Number.NaN], [[1, { a: -Infinity }]], { a: { b: Number.NaN } }, new Number(Number.NaN), { a: 1n }],
    ...[[undefined], [() => 1], [Symbol('s')], new Array(2), new Float64Array([Number.NaN])],
    { toJSON: () => Number.NaN },
  ])('refuses %o', (value) =>
    expect(() => jsonOf(value)).toThrow(expect.objectContaining({ code: 'HOTSET_INVALID_ARGUMENT' })),
  );

  it('says every number so that it is read back as it was', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true });
    const tree = fc.letrec<{ any: unknown }>((tie) => ({
      any: fc.oneof(
        { maxDepth: 3 },
        fc.oneof(number, fc.constant(-0), fc.constant(null), fc.constantFrom('-0', '"-0"', '--0', 'null')),
        fc.array(tie('any')),
        fc.dictionary(fc.constantFrom('a', '-0', 'b'), tie('any')),
      ),
    })).any;
    fc.assert(
      // toEqual tells -0 from 0.
      fc.property(tree, (value) => {
        expect(JSON.parse(jsonOf(value))).toEqual(normal(value));
      }),
      { numRuns: 2000 },
    );
  });
});

/** Without prototypes that differ. */
function normal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, normal(member)]));
}
