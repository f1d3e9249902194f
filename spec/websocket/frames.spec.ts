/** Frames that the server writes: one for each message, whatever its length and however many pieces it is of. */

import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BINARY_FRAME, TEXT_FRAME, writeFrame } from '../../lib/websocket/frames.js';
import { everyByte } from '../tcp/fixture.js';

/** What the server writes, with `unsent` bytes before it that wait. */
function written(
  firstByte: number,
  pieces: readonly Buffer[],
  unsent = 0,
): { bytes: Buffer; payload: number } {
  const stream = new PassThrough({ highWaterMark: 2 ** 24 });
  stream.cork();
  if (unsent > 0) stream.write(Buffer.alloc(unsent));
  const payload = writeFrame(stream, firstByte, pieces, () => {});
  stream.uncork();
  stream.uncork();
  return { bytes: (stream.read() as Buffer).subarray(unsent), payload };
}

describe('the head', () => {
  it.each([
    [0, '8200'],
    [1, '8201'],
    [125, '827d'],
    [126, '827e007e'],
    [2048, '827e0800'],
    [2049, '827e0801'],
    [65_535, '827effff'],
    [65_536, '827f0000000000010000'],
    [5_000_000, '827f00000000004c4b40'],
  ])('of %i bytes', (length, head) => {
    const payload = everyByte(length);
    const { bytes, payload: counted } = written(BINARY_FRAME, [payload]);
    expect(bytes.toString('hex', 0, head.length / 2)).toBe(head);
    expect(bytes.subarray(head.length / 2).equals(payload)).toBe(true);
    expect(counted).toBe(length);
  });

  it('says what is text', () => {
    expect(written(TEXT_FRAME, [Buffer.from('hi')]).bytes.toString('latin1')).toBe('\x81\x02hi');
  });
});

it('chunks are joined in their order, waiting or not, and stay as they are', () => {
  const piece = fc.uint8Array({ maxLength: 1500 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 5 }), fc.constantFrom(0, 1), (pieces, unsent) => {
      const before = Buffer.concat(pieces);
      const { bytes } = written(BINARY_FRAME, pieces, unsent);
      const head = before.length < 126 ? 2 : 4;
      expect(bytes.subarray(head).equals(before)).toBe(true);
      expect(Buffer.concat(pieces).equals(before)).toBe(true);
    }),
  );
});

it('the operating system is said to have taken it once', async () => {
  for (const length of [10, 10_000]) {
    const stream = new PassThrough({ highWaterMark: 2 ** 20 });
    let taken = 0;
    writeFrame(stream, BINARY_FRAME, [Buffer.alloc(length), Buffer.alloc(length)], () => taken++);
    await new Promise((resolve) => stream.end(resolve));
    expect(taken).toBe(1);
  }
});
