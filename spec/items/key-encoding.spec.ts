/** Keys as text and as bytes: every text that a client could send comes back, and no two meet. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeKey, encodeKey } from '../../lib/items/key-encoding.js';

/** Texts without blanks and control characters, which no client could send. */
const text = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 80 })
  .filter((candidate) => !/[\0- \x7f]/.test(candidate))
  .filter((candidate) => Buffer.byteLength(candidate) <= 250);

describe('encodeKey', () => {
  it('is the UTF-8 bytes of the text, one character each, and decodeKey is its reverse', () => {
    fc.assert(
      fc.property(text, (key) => {
        expect(Buffer.from(encodeKey(key), 'latin1').equals(Buffer.from(key, 'utf8'))).toBe(true);
        expect(decodeKey(encodeKey(key))).toBe(key);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps apart what is different', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(encodeKey(one) === encodeKey(other)).toBe(one === other);
      }),
    );
  });

  it('leaves ASCII alone', () => {
    const ascii = Array.from({ length: 0x7e - 0x20 }, (_, i) => String.fromCharCode(0x21 + i)).join('');
    expect(encodeKey(ascii)).toBe(ascii);
    expect(decodeKey(ascii)).toBe(ascii);
  });

  it('takes up to 250 bytes, not characters', () => {
    expect(encodeKey('k'.repeat(250))).toHaveLength(250);
    expect(encodeKey('ü'.repeat(125))).toHaveLength(250);
    for (const long of ['k'.repeat(251), 'ü'.repeat(126), '€'.repeat(84), '😀'.repeat(63)])
      expect(() => encodeKey(long)).toThrow(expect.objectContaining({ code: 'HOTSET_INVALID_KEY' }));
  });

  it.each([
    '',
    ' ',
    'a b',
    'a\r\n',
    'a\n',
    '\ta',
    'a\0',
    '\x7f',
    'ü b',
    'get a\r\nflush_all',
    'a\ud800',
    '\udc00',
  ])('refuses %j', (bad) => {
    expect(() => encodeKey(bad)).toThrow(expect.objectContaining({ code: 'HOTSET_INVALID_KEY' }));
  });
});
