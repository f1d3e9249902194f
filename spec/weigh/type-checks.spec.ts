/** What objects really are, as Node tells it and as it is found out elsewhere. */

import { describe, expect, it } from 'vitest';
import { portableTypeChecks, typeChecks } from '../../lib/weigh/type-checks.js';

const things: readonly (readonly [string, object, string | null])[] = [
  ['a Map', new Map(), 'isMap'],
  ['a Set', new Set(), 'isSet'],
  ['a Date', new Date(), 'isDate'],
  ['a regular expression', /a/, 'isRegExp'],
  ['an Error', new RangeError('x'), 'isNativeError'],
  ['an ArrayBuffer', new ArrayBuffer(8), 'isAnyArrayBuffer'],
  ['a boxed text', new String('x'), 'isBoxedPrimitive'],
  ['a boxed number', new Number(1), 'isBoxedPrimitive'],
  ['a boxed symbol', Object(Symbol('x')) as object, 'isBoxedPrimitive'],
  ['what looks like a boxed text', Object.create(String.prototype) as object, null],
  ['a SharedArrayBuffer', new SharedArrayBuffer(8), 'isAnyArrayBuffer'],
  ['a Map in disguise', Object.setPrototypeOf(new Map(), Date.prototype) as object, 'isMap'],
  ['what looks like a Map', Object.create(Map.prototype) as object, null],
  ['what looks like a Date', Object.create(Date.prototype) as object, null],
  ["RegExp's prototype", RegExp.prototype, null],
  ['a WeakMap', new WeakMap(), null],
  ['an object', {}, null],
  ['an array', [], null],
];

describe.each([
  ['Node', typeChecks],
  ['any engine', portableTypeChecks()],
])('type checks as %s tells them', (_, found) => {
  it.each(things)('%s', (_, thing, expected) => {
    const yes = (
      [
        'isMap',
        'isSet',
        'isDate',
        'isRegExp',
        'isNativeError',
        'isAnyArrayBuffer',
        'isBoxedPrimitive',
      ] as const
    ).filter((name) => found[name](thing));
    expect(yes).toEqual(expected === null ? [] : [expected]);
    expect(found.isProxy(thing)).toBe(false);
  });
});

it('Node knows a Proxy', () => {
  expect(typeChecks.isProxy(new Proxy({}, {}))).toBe(true);
});
