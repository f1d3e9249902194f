/** A file that is not exactly what was written is refused, and the engine does not notice. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK_HEADER_BYTES, FOOTER_BYTES, HEADER_BYTES } from '../../lib/snapshot/format.js';
import { loadSnapshot, saveSnapshot } from '../../lib/snapshot/index.js';
import { entryOf, makeEngine, makePlace, type Place, rejectionOf, sourceOf, stateOf } from './fixture.js';
import { forged } from './forgery.js';

const REFUSALS = /^HOTSET_(DAMAGED|UNREADABLE)_SNAPSHOT$/;

interface Scene {
  readonly place: Place;
  readonly whole: Buffer;
  /** Loads these bytes, which must be refused without a trace. */
  refused(bytes: Buffer): Promise<Error & { code?: string }>;
}

async function makeScene(entries: Iterable<ReturnType<typeof entryOf>>): Promise<Scene> {
  const place = makePlace();
  await saveSnapshot(sourceOf(entries), place.path);
  const engine = makeEngine();
  for (let i = 0; i < 5; i++) engine.set(i, `mine ${i}`, { ttlMs: 1000 + i, flags: i });
  engine.get(2);
  engine.get('absent');
  const before = stateOf(engine);
  const refused = async (bytes: Buffer): Promise<Error & { code?: string }> => {
    place.write(bytes);
    const error = await rejectionOf(loadSnapshot(engine, place.path));
    expect(error.code).toMatch(REFUSALS);
    expect(error.message).toMatch(/ byte \d+/);
    expect(stateOf(engine)).toEqual(before);
    return error;
  };
  return { place, whole: place.bytes(), refused };
}

const small = () =>
  makeScene([entryOf('ann', { age: 1 }), entryOf('bob', 'text'), entryOf(3, Buffer.from('bytes'))]);
/** Three blocks of two entries each, and a record of two blocks. */
const large = () =>
  makeScene([
    ...Array.from({ length: 6 }, (_, i) => entryOf(i, String(i).repeat(100_000))),
    entryOf('long', Buffer.alloc(300_000, 1)),
  ]);

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}

/** Header, blocks and footer. */
function cut(file: Buffer): { header: Buffer; blocks: Buffer[]; footer: Buffer } {
  const blocks: Buffer[] = [];
  let at = HEADER_BYTES;
  while (at < file.length - FOOTER_BYTES) {
    const end = at + BLOCK_HEADER_BYTES + file.readUInt32LE(at + 4);
    blocks.push(file.subarray(at, end));
    at = end;
  }
  return { header: file.subarray(0, HEADER_BYTES), blocks, footer: file.subarray(at) };
}

describe('refused is', () => {
  it('a flipped bit, each one of a small file', async () => {
    const { whole, refused } = await small();
    for (let bit = 0; bit < whole.length * 8; bit++) await refused(flipped(whole, bit));
  });

  it('a flipped bit, and several, anywhere in a large file', async () => {
    const { whole, refused } = await large();
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat(whole.length * 8 - 1), { minLength: 1, maxLength: 4 }),
        async (bits) => {
          await refused(bits.reduce(flipped, whole));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('a file cut short, at every length', async () => {
    const { whole, refused } = await small();
    for (let length = 0; length < whole.length; length++) {
      const error = await refused(whole.subarray(0, length));
      expect(error.code).toBe('HOTSET_DAMAGED_SNAPSHOT');
      expect(error.message).toContain(
        `is damaged at byte ${length}: the file ends here, and something is missing`,
      );
    }
  });

  it('a large file cut short, anywhere and at its seams', async () => {
    const { whole, refused } = await large();
    const { header, blocks } = cut(whole);
    let seam = header.length;
    for (const block of blocks) {
      seam += block.length;
      for (const length of [seam - 1, seam, seam + 1, seam + BLOCK_HEADER_BYTES])
        await refused(whole.subarray(0, Math.min(length, whole.length - 1)));
    }
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), async (length) => {
        await refused(whole.subarray(0, length));
      }),
      { numRuns: 50 },
    );
  });

  it('a file with something behind its end', async () => {
    const { whole, refused } = await small();
    for (const more of [Buffer.alloc(1), Buffer.from('\n'), Buffer.alloc(300_000), whole]) {
      const error = await refused(Buffer.concat([whole, more]));
      expect(error.message).toContain(`is damaged at byte ${whole.length}: something is behind its end`);
    }
  });

  it('a file whose blocks have changed places, are missing, or are there twice', async () => {
    const { whole, refused } = await large();
    const { header, blocks, footer } = cut(whole);
    expect(blocks.length).toBe(5);
    const orders = [
      [1, 0, 2, 3, 4],
      [0, 2, 1, 3, 4],
      [0, 1, 2, 4, 3],
      [0, 1, 2, 3],
      [1, 2, 3, 4],
      [0, 0, 1, 2, 3, 4],
      [0, 1, 2, 3, 4, 4],
      [],
    ];
    for (const order of orders)
      expect((await refused(Buffer.concat([header, ...order.map((i) => blocks[i]!), footer]))).code).toBe(
        'HOTSET_DAMAGED_SNAPSHOT',
      );
  });

  it('a file with a block, a header or a footer of another snapshot', async () => {
    const { whole, refused, place } = await large();
    await saveSnapshot(
      sourceOf(Array.from({ length: 10 }, (_, i) => entryOf(i, 'other'.repeat(20_000)))),
      place.path,
      { clock: { now: () => 5 } },
    );
    const ours = cut(whole);
    const other = cut(place.bytes());
    expect(other.blocks.length).toBe(ours.blocks.length);
    for (const [i, block] of other.blocks.entries())
      await refused(Buffer.concat([ours.header, ...ours.blocks.with(i, block), ours.footer]));
    await refused(Buffer.concat([other.header, ...ours.blocks, ours.footer]));
    await refused(Buffer.concat([ours.header, ...ours.blocks, other.footer]));
    await refused(Buffer.concat([other.header, ...ours.blocks, other.footer]));
  });

  it('a file with a stretch of zeros', async () => {
    const { whole, refused } = await large();
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 16, max: 5000 }), async (at, length) => {
        const copy = Buffer.from(whole);
        copy.fill(0, at, Math.min(copy.length, at + length));
        fc.pre(!copy.equals(whole));
        await refused(copy);
      }),
      { numRuns: 50 },
    );
  });
});

describe('refused although every checksum is right, is a file', () => {
  // One record: head, 'abc', 'def'. What it becomes: the payloads of the file's blocks.
  const cases: [string, RegExp, (record: Buffer) => Buffer[]][] = [
    ['with a tag that does not exist', /makes no sense/, (record) => [set(record, 0, 0xff)]],
    ['with a key by codec', /makes no sense/, (record) => [set(record, 0, 0x6c)]],
    ['with a value by codec', /makes no sense/, (record) => [set(record, 0, 0xc6)]],
    ['with fields that do not exist', /makes no sense/, (record) => [set(record, 1, 0x80)]],
    ['with a true of one byte', /makes no sense/, (record) => [set(record, 0, 0x36)]],
    ['with half a UTF-16 unit', /makes no sense/, (record) => [set(record, 0, 0x67)]],
    ['with a head cut off', /too close/, (record) => [Buffer.concat([record, record.subarray(0, 9)])]],
    ['with fields cut off', /too close/, (record) => [set(record, 1, 7).subarray(0, 16)]],
    ['with a record cut off', /beyond the end/, (record) => [Buffer.concat([record, set(record, 6, 4)])]],
    ['with a last record without end', /no end/, (record) => [set(record, 6, 200)]],
    ['with more behind a long record', /before its last block/, (record) => [set(record, 6, 4), record]],
    ['with more entries than told', /it has 2 entries, and its footer says 1$/, (record) => [record, record]],
  ];

  it.each(cases)('%s', async (_, message, edit) => {
    const { whole, refused } = await makeScene([entryOf('abc', 'def')]);
    const bytes = forged(whole, (parts) => {
      parts.payloads = edit(parts.payloads[0]!);
    });
    const error = await refused(bytes);
    expect(error.message).toMatch(message);
    expect(error.code).toBe('HOTSET_DAMAGED_SNAPSHOT');
  });

  it('with a time that is no number', async () => {
    const { whole, refused } = await makeScene([{ ...entryOf('abc', 'def'), remainingTtlMs: 5 }]);
    const bytes = forged(whole, ({ payloads }) => void payloads[0]!.writeDoubleLE(Number.NaN, 10));
    expect((await refused(bytes)).message).toMatch(/a time that is no number/);
  });

  it('of a newer version', async () => {
    const { whole, refused } = await small();
    const error = await refused(forged(whole, ({ header }) => void header.writeUInt32LE(2, 8)));
    expect(error.code).toBe('HOTSET_UNREADABLE_SNAPSHOT');
    expect(error.message).toMatch(/it has format version 2, and this hotset reads 1$/);
  });

  it('with bits in its header that mean nothing', async () => {
    const { whole, refused } = await small();
    await refused(forged(whole, ({ header }) => void header.writeUInt32LE(4, 12)));
    await refused(forged(whole, ({ header }) => void header.writeDoubleLE(Number.NaN, 16)));
  });

  it('with a serialized value that does not deserialize', async () => {
    const { whole, refused } = await small();
    const error = await refused(forged(whole, ({ payloads }) => void payloads[0]!.fill(0xee, 13, 16)));
    expect(error.code).toBe('HOTSET_UNREADABLE_SNAPSHOT');
    expect(error.message).toMatch(/byte 40 on: a value does not deserialize$/);
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('with a value serialized on a machine with the other order of bytes', async () => {
    const { whole, refused } = await small();
    const error = await refused(forged(whole, ({ payloads }) => void payloads[0]!.fill(0xb6, 0, 1)));
    expect(error.code).toBe('HOTSET_UNREADABLE_SNAPSHOT');
    expect(error.message).toMatch(/other order of bytes/);
  });
});

function set(payload: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(payload);
  copy[at] = byte;
  return copy;
}

describe('refused as no snapshot is', () => {
  it.each([
    ['text', Buffer.from('hello\n'.repeat(50))],
    ['zeros', Buffer.alloc(500)],
    ['a picture', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')],
    ['random bytes', Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) & 255))],
  ])('%s', async (_, bytes) => {
    const { refused } = await small();
    const error = await refused(bytes);
    expect(error.code).toBe('HOTSET_UNREADABLE_SNAPSHOT');
    expect(error.message).toMatch(/cannot be read from byte 0 on: it is no snapshot of hotset$/);
  });
});
