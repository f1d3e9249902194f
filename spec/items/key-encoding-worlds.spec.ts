/** Keys between a service and the wire: no two meet, and each comes back as it went. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyOfWire, wireOfKey } from '../../lib/items/key-encoding.js';

const bytes = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 40 }),
  fc.array(fc.constantFrom(0x61, 0xc3, 0xbc, 0xe2, 0x98, 0x83, 0xed, 0xb3, 0xbf, 0xf0, 0x9f, 0xff), {
    minLength: 1,
  }),
);

describe('a key', () => {
  it('of any bytes comes back from the service as it went', () => {
    fc.assert(
      fc.property(bytes, (some) => {
        const wire = Buffer.from(some as Uint8Array).toString('latin1');
        expect(wireOfKey(keyOfWire(wire))).toBe(wire);
      }),
      { numRuns: 2000 },
    );
  });

  it('of a service comes back from the wire, or cannot be named there', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }), (key) => {
        expect(keyOfWire(wireOfKey(key)!)).toBe(key);
      }),
    );
    const unit = fc.constantFrom('a', 'ü', '\ud83d', '\ude00', '\udcc3', '\udcbc', '\udcff', '\udc7f');
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 6 }), (units) => {
        const key = units.join('');
        const wire = wireOfKey(key);
        if (wire !== null) expect(keyOfWire(wire)).toBe(key);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['a', 'a'],
    ['ü', '\xc3\xbc'],
    ['\udcfc', '\xfc'],
    ['a\udcc3b', 'a\xc3b'],
    ['\ufeffa', '\xef\xbb\xbfa'],
  ])('%j is %j on the wire', (key, wire) => {
    expect(wireOfKey(key)).toBe(wire);
    expect(keyOfWire(wire)).toBe(key);
  });

  it.each(['', 'x'.repeat(251), 'ü'.repeat(126), '\ud800', '\udc7f', '\udcc3\udcbc', 5, null, {}])(
    '%j cannot be named',
    (key) => expect(wireOfKey(key)).toBeNull(),
  );
});
