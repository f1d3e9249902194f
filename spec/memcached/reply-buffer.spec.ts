/** The reply buffer against plain lists of bytes: what is taken is right, and what is kept stays right. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReplyBuffer } from '../../lib/memcached/reply-buffer.js';

const BLOCK_BYTES = 64 * 1024;

const latin1 = fc.oneof(
  fc.string({
    maxLength: 60,
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  }),
  fc
    .tuple(
      fc.constantFrom('a', 'z', '\xff', '\0'),
      fc.constantFrom(23, 24, 25, 1000, 4096, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES),
    )
    .map(([character, length]) => character.repeat(length)),
);

const operation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ op: fc.constant('text' as const), text: latin1 }) },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('number' as const),
      number: fc.oneof(fc.integer({ min: 0, max: 12 }), fc.maxSafeNat()),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('reference' as const), bytes: fc.uint8Array({ maxLength: 50 }) }),
  },
  // What a transport does after each turn: the bytes have gone out, or they have not.
  {
    weight: 3,
    arbitrary: fc.record({ op: fc.constantFrom('takeAndRelease' as const, 'takeAndKeep' as const) }),
  },
);

describe('ReplyBuffer', () => {
  it('hands out what was put in, in order, and never touches what is kept', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200, size: 'max' }), (operations) => {
        const out = new ReplyBuffer();
        let waiting: Buffer[] = [];
        const kept: { pieces: Buffer[]; copy: Buffer }[] = [];
        let takes = 0;
        const take = (): Buffer[] => {
          const expected = Buffer.concat(waiting);
          waiting = [];
          expect(out.length).toBe(expected.length);
          const single = takes++ % 2 === 0 ? out.takeSingle() : null;
          const pieces = single === null ? out.take() : [single];
          expect(out.length).toBe(0);
          expect(Buffer.concat(pieces).equals(expected)).toBe(true);
          expect(pieces.every((piece) => piece.length > 0) || expected.length === 0).toBe(true);
          return pieces;
        };
        for (const o of operations) {
          switch (o.op) {
            case 'text':
              out.text(o.text);
              waiting.push(Buffer.from(o.text, 'latin1'));
              break;
            case 'number':
              out.number(o.number);
              waiting.push(Buffer.from(String(o.number)));
              break;
            case 'reference': {
              const bytes = Buffer.from(o.bytes);
              if (bytes.length === 0) break;
              out.reference(bytes);
              waiting.push(bytes);
              break;
            }
            case 'takeAndRelease':
              take();
              out.release();
              break;
            case 'takeAndKeep': {
              const pieces = take();
              out.keep();
              kept.push({ pieces, copy: Buffer.concat(pieces) });
              break;
            }
          }
        }
        take();
        for (const { pieces, copy } of kept) expect(Buffer.concat(pieces).equals(copy)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('uses its block again and again while everything goes out at once', () => {
    const out = new ReplyBuffer();
    const blocks = new Set<ArrayBufferLike>();
    for (let i = 0; i < 10_000; i++) {
      out.text('VALUE k 0 5\r\nhello\r\nEND\r\n');
      for (const piece of out.take()) blocks.add(piece.buffer);
      out.release();
    }
    expect(blocks.size).toBe(1);
  });

  it('hands out a reference as it is, without a copy', () => {
    const out = new ReplyBuffer();
    const bytes = Buffer.from('large');
    out.text('a');
    out.reference(bytes);
    out.text('b');
    const pieces = out.take();
    expect(pieces.map(String)).toEqual(['a', 'large', 'b']);
    expect(pieces[1]).toBe(bytes);
  });

  it('puts the replies of one turn into one chunk', () => {
    const out = new ReplyBuffer();
    for (let i = 0; i < 100; i++) out.text('STORED\r\n');
    expect(out.take()).toHaveLength(1);
  });
});
