/** Keys as text and as bytes: every text that a client could send comes back, and no two meet. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyText, wireKey } from '../../lib/memcached/wire-key.js';

/** Texts without blanks and control characters, which no client could send. */
const text = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 80 })
  .filter((candidate) => !/[\0- \x7f]/.test(candidate))
  .filter((candidate) => Buffer.byteLength(candidate) <= 250);

describe('wireKey', () => {
  it('is the UTF-8 bytes of the text, one character each, and keyText is its reverse', () => {
    fc.assert(
      fc.property(text, (key) => {
        expect(Buffer.from(wireKey(key), 'latin1').equals(Buffer.from(key, 'utf8'))).toBe(true);
        expect(keyText(wireKey(key))).toBe(key);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps apart what is different', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(wireKey(one) === wireKey(other)).toBe(one === other);
      }),
    );
  });

  it('leaves ASCII alone', () => {
    const ascii = Array.from({ length: 0x7e - 0x20 }, (_, i) => String.fromCharCode(0x21 + i)).join('');
    expect(wireKey(ascii)).toBe(ascii);
    expect(keyText(ascii)).toBe(ascii);
  });

  it('takes up to 250 bytes, not characters', () => {
    expect(wireKey('k'.repeat(250))).toHaveLength(250);
    expect(wireKey('ü'.repeat(125))).toHaveLength(250);
    for (const long of ['k'.repeat(251), 'ü'.repeat(126), '€'.repeat(84), '😀'.repeat(63)])
      expect(() => wireKey(long)).toThrow(expect.objectContaining({ code: 'HOTSET_INVALID_KEY' }));
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
    expect(() => wireKey(bad)).toThrow(expect.objectContaining({ code: 'HOTSET_INVALID_KEY' }));
  });
});
