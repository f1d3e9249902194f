/** Keys of any text on the wire: one to one, reversible where they are short, and with their prefix. */

import { describe, expect, it } from 'vitest';
import { encodeKey } from '../../lib/items/key-encoding.js';
import { keyOfWireKey, wireKeyOf, wirePrefixOf } from '../../lib/tiered/wire-key.js';

const SHORT = [
  'plain',
  '',
  ' ',
  'a b',
  'a%20b',
  '%',
  '%-',
  '%~',
  'line\r\nend',
  '\0\x7f',
  'ünïcödé – 日本語 🙂',
  'half \ud83d',
  '\ude42 half',
  '\ude42\ud83d',
  '\u00a0\u2028',
  'k'.repeat(250),
];
const LONG = ['k'.repeat(251), ' '.repeat(84), 'ü'.repeat(126), `${'🙂'.repeat(100)}x`, '%'.repeat(5000)];

describe('wireKeyOf', () => {
  it.each(SHORT)('makes a key of %j that names it', (key) => {
    const wire = wireKeyOf(key);
    expect(encodeKey(wire).length).toBeLessThanOrEqual(250);
    expect(keyOfWireKey(wire)).toBe(key);
  });

  it.each(LONG)('hashes %j, and keeps its beginning', (key) => {
    const wire = wireKeyOf(key);
    expect(encodeKey(wire).length).toBeLessThanOrEqual(250);
    expect(keyOfWireKey(wire)).toBeUndefined();
    expect(wire.startsWith(wirePrefixOf(key.slice(0, 20)))).toBe(true);
  });

  it('makes no two keys the same', () => {
    const keys = [
      ...SHORT,
      ...LONG,
      ...LONG.map((key) => `${key}.`),
      ...SHORT.map(wireKeyOf),
      ...LONG.map(wireKeyOf),
    ];
    const distinct = new Set(keys);
    expect(new Set(Array.from(distinct, wireKeyOf)).size).toBe(distinct.size);
  });

  it('refuses a prefix that a hashed key does not keep', () => {
    expect(wirePrefixOf('p'.repeat(128))).toBe('p'.repeat(128));
    expect(() => wirePrefixOf('p'.repeat(129))).toThrow(
      expect.objectContaining({ code: 'HOTSET_INVALID_ARGUMENT' }),
    );
    expect(() => wirePrefixOf(' '.repeat(43))).toThrow();
  });
});
