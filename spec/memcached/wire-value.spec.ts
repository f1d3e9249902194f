/** Values keep their bytes on both sides of the threshold between strings and Buffers. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  concatenated,
  latin1Of,
  ownedWireValue,
  STRING_MAX_BYTES,
  type WireValue,
  wireValue,
  wireValueBytes,
  wireValueOfText,
} from '../../lib/memcached/wire-value.js';

const length = fc.oneof(
  fc.constantFrom(0, 1, STRING_MAX_BYTES - 1, STRING_MAX_BYTES, STRING_MAX_BYTES + 1),
  fc.nat({ max: 3 * STRING_MAX_BYTES }),
);
const bytes = fc.tuple(length, fc.nat({ max: 255 })).map(([size, seed]) => {
  const buffer = Buffer.alloc(size);
  for (let i = 0; i < size; i++) buffer[i] = (i * 7 + seed + (i >> 8)) & 0xff;
  return buffer;
});

function check(value: WireValue, expected: Buffer): void {
  expect(typeof value === 'string').toBe(expected.length <= STRING_MAX_BYTES);
  expect(value.length).toBe(expected.length);
  expect(bytesOf(value).equals(expected)).toBe(true);
  expect(Buffer.from(latin1Of(value), 'latin1').equals(expected)).toBe(true);
  expect(wireValueBytes(value)).toBeGreaterThanOrEqual(expected.length);
}

describe('a wire value', () => {
  it('holds the bytes it was made of, and no memory of the chunk they came in', () => {
    fc.assert(
      fc.property(bytes, fc.nat({ max: 50 }), (content, offset) => {
        const chunk = Buffer.concat([Buffer.alloc(offset, 'x'), content, Buffer.from('\r\n')]);
        const value = wireValue(chunk, offset, offset + content.length);
        chunk.fill('?');
        check(value, content);
        if (typeof value !== 'string') expect(value.buffer.byteLength).toBe(content.length);
      }),
    );
  });

  it('may be the very bytes of a buffer of its own, without what follows them', () => {
    fc.assert(
      fc.property(bytes, (content) => {
        check(ownedWireValue(Buffer.concat([content, Buffer.from('\r\n')]), content.length), content);
      }),
    );
  });

  it('may be made of text', () => {
    fc.assert(fc.property(bytes, (content) => check(wireValueOfText(content.toString('latin1')), content)));
  });

  it('joins with another, whatever both are', () => {
    fc.assert(
      fc.property(bytes, bytes, (first, second) => {
        const joined = concatenated(wireValue(first, 0, first.length), wireValue(second, 0, second.length));
        check(joined, Buffer.concat([first, second]));
      }),
    );
  });
});
