/** Envelopes: any value round-trips, and bytes that are damaged are no value, no error, and no large allocation. */

import { Buffer } from 'node:buffer';
import { brotliCompressSync, crc32, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type CompressionFormat, Envelopes } from '../../lib/tiered/envelope.js';
import { codecOf, type SerializerChoice } from '../../lib/tiered/serializers.js';

const FACTS = {
  freshMs: 1000,
  keptMs: 50,
  versions: new Map([
    ['', 'g'],
    ['täg', 'v1'],
  ]),
};

function envelopes<V = unknown>(
  serializer: SerializerChoice<V> = 'json',
  format?: CompressionFormat,
  maxValueBytes = 1_000_000,
): Envelopes<V> {
  return new Envelopes(
    codecOf(serializer),
    format === undefined ? null : { format, minBytes: 0 },
    maxValueBytes,
  );
}

async function sealed<V>(of: Envelopes<V>, value: V | undefined): Promise<Uint8Array> {
  return of.seal(await of.contentOf(value), FACTS);
}

/** Bytes whose checksum is right: what a hostile writer would send. */
function signed(bytes: Uint8Array): Buffer {
  const buffer = Buffer.from(bytes);
  buffer.writeUInt32LE(crc32(buffer.subarray(8), crc32(buffer.subarray(0, 4))), 4);
  return buffer;
}

/** What is read of it. */
function made(
  flags: number,
  content: Buffer,
  promised: number,
  maxValueBytes: number,
  serializer: 'json' | 'v8' = 'json',
): unknown {
  return envelopes(serializer, undefined, maxValueBytes).open(madeUp(flags, content, promised));
}

/** An envelope that promises a value of so many bytes. */
function madeUp(flags: number, content: Buffer, promised: number): Buffer {
  const header = Buffer.alloc(28);
  header[0] = 0x68;
  header[1] = 1;
  header[2] = flags;
  header.writeDoubleLE(1000, 8);
  header.writeUInt32LE(promised, 24);
  return signed(Buffer.concat([header, content]));
}

const leaf = fc.oneof(
  fc.string(),
  fc.double(),
  fc.boolean(),
  fc.bigInt(),
  fc.constant(null),
  fc.constant(undefined),
  fc.date({ noInvalidDate: false }),
  fc.uint8Array(),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fc.uint8Array().map((bytes) => new Uint8Array(bytes).buffer),
);
const anyValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('value')),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('$', '__proto__', 'v', 'toJSON')), tie('value'), {
      noNullPrototype: true,
    }),
    fc.array(fc.tuple(tie('value'), tie('value'))).map((pairs) => new Map(pairs)),
    fc.array(tie('value')).map((items) => new Set(items)),
  ),
})).value;

describe.each(['json', 'v8'] as const)('%s', (serializer) => {
  it.each([undefined, 'deflate', 'brotli'] as const)(
    'round-trips any value (compression: %s)',
    async (format) => {
      const of = envelopes(serializer, format);
      await fc.assert(
        fc.asyncProperty(anyValue, async (value) => {
          fc.pre(value !== undefined);
          const opened = await of.open(await sealed(of, value));
          expect(opened).toEqual({ ...FACTS, value });
          // toEqual takes -0 for 0 only here and there, and a Buffer for bytes.
          if (typeof value === 'number') expect(opened!.value).toBe(value);
          expect(Buffer.isBuffer(opened!.value)).toBe(Buffer.isBuffer(value));
        }),
        { numRuns: 100 },
      );
    },
  );

  it('is a miss for damaged bytes', async () => {
    const of = envelopes(serializer, 'deflate');
    await fc.assert(
      fc.asyncProperty(
        fc.jsonValue(),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.nat(),
        async (value, at, flip, cut) => {
          const bytes = Buffer.from(await sealed(of, value));
          expect(await of.open(bytes.subarray(0, cut % bytes.length))).toBeUndefined();
          bytes[at % bytes.length]! ^= flip;
          expect(await of.open(bytes)).toBeUndefined();
        },
      ),
      { numRuns: 200 },
    );
  });

  it('never throws for bytes that somebody made up', async () => {
    const of = envelopes(serializer);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 4, maxLength: 100 }), async (tail) => {
        const header = Buffer.alloc(28);
        header[0] = 0x68;
        header[1] = 1;
        header.set(tail.subarray(0, 2), 2);
        header.writeDoubleLE(1000, 8);
        header.writeUInt32LE(tail.length - 2, 24);
        const opened = await of.open(signed(Buffer.concat([header, tail.subarray(2)])));
        expect(opened === undefined || 'value' in opened).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a miss', () => {
  it('round-trips with its tags, for any serializer', async () => {
    const miss = await sealed(envelopes('v8'), undefined);
    expect(miss.length).toBeGreaterThan(0);
    expect(await envelopes().open(miss)).toEqual({ ...FACTS, value: undefined });
  });
});

describe('json', () => {
  it('writes plain data as JSON, without marks', async () => {
    const of = envelopes();
    const { bytes } = await of.contentOf({ a: [1, 'b', null, true] });
    expect(Buffer.from(bytes).toString()).toBe('{"a":[1,"b",null,true]}');
  });

  it.each([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['an instance of Point', new (class Point {})()],
    ['an instance of RegExp', /x/],
    ['an instance of Promise', Promise.resolve()],
  ])('refuses %s, also within', async (what, value) => {
    const of = envelopes();
    for (const given of [value, { a: [value] }, new Map([[1, value]])])
      await expect(of.contentOf(given)).rejects.toMatchObject({
        code: 'HOTSET_UNSERIALIZABLE_VALUE',
        message: expect.stringContaining(what),
      });
  });

  it('refuses cycles', async () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    await expect(envelopes().contentOf(cycle)).rejects.toMatchObject({ code: 'HOTSET_UNSERIALIZABLE_VALUE' });
  });
});

describe('what is deeper than anything that is written', () => {
  const nested = (depth: number, inside: (inner: unknown) => unknown): unknown => {
    let value: unknown = 0;
    for (let at = 0; at < depth; at++) value = inside(value);
    return value;
  };

  it.each<[string, (inner: unknown) => unknown]>([
    ['arrays', (inner) => [inner]],
    ['objects', (inner) => ({ inner })],
    ['Maps', (inner) => new Map([[inner, 1]])],
    ['Sets', (inner) => new Set([inner])],
    ['objects with a mark', (inner) => ({ $: inner })],
  ])('is refused by who writes it, and read up to there: %s', async (_, inside) => {
    const of = envelopes();
    const value = nested(1000, inside);
    expect(await of.open(await sealed(of, value))).toHaveProperty('value');
    await expect(of.contentOf(inside(value))).rejects.toMatchObject({ code: 'HOTSET_UNSERIALIZABLE_VALUE' });
  });

  it.each<[string, number, string, string]>([
    ['arrays', 0, '[', ']'],
    ['objects', 0, '{"a":', '}'],
    ['arrays in a text with marks', 32, '[', ']'],
    ['Sets', 32, '{"$":"s","v":[', ']}'],
    ['Maps', 32, '{"$":"m","v":[[0,', ']]}'],
  ])('is no value: %s', (_, mark, open, close) => {
    for (const depth of [1001, 5000, 1_000_000]) {
      const text = Buffer.from(`${open.repeat(depth)}1${close.repeat(depth)}`);
      expect(made(mark, text, text.length, 16_000_000)).toBeUndefined();
    }
  });

  it('is no value for v8 either', () => {
    for (const depth of [100_000, 1_000_000]) {
      const bytes = Buffer.concat([
        Buffer.from([0xff, 15]),
        Buffer.alloc(2 * depth, Buffer.from([0x41, 1])),
        Buffer.from([0x30]),
        Buffer.alloc(3 * depth, Buffer.from([0x24, 0, 1])),
      ]);
      expect(made(8, bytes, bytes.length, 16_000_000, 'v8')).toBeUndefined();
    }
  });
});

it('bytes above what they may be are not looked at', () => {
  for (const promised of [100, 10_000, 2 ** 32 - 1]) {
    const bytes = madeUp(0, Buffer.alloc(10_000, '1'), promised);
    const looked = vi.spyOn(bytes, 'subarray');
    expect(envelopes('json', undefined, 1000).open(bytes)).toBeUndefined();
    expect(looked).not.toHaveBeenCalled();
  }
});

describe('a serializer of the user', () => {
  const upper = {
    serialize: (value: string) => Buffer.from(value.toUpperCase()),
    deserialize: (bytes: Uint8Array) => Buffer.from(bytes).toString(),
  };

  it('is used, and its bytes are not for others', async () => {
    const bytes = await sealed(envelopes(upper), 'abc');
    expect(await envelopes(upper).open(bytes)).toMatchObject({ value: 'ABC' });
    expect(await envelopes('json').open(bytes)).toBeUndefined();
  });

  it('may fail', async () => {
    const failing = {
      serialize: (value: unknown) => {
        if (value === 'bad') throw new Error('no');
        return 'text' as never;
      },
      deserialize: () => {
        throw new Error('no');
      },
    };
    for (const value of ['bad', 'good'])
      await expect(envelopes(failing).contentOf(value)).rejects.toMatchObject({
        code: 'HOTSET_UNSERIALIZABLE_VALUE',
      });
    expect(await envelopes(failing).open(await sealed(envelopes(upper), 'abc'))).toBeUndefined();
  });
});

describe('sizes', () => {
  it('above maxValueBytes are refused, in both directions', async () => {
    const of = envelopes('json', undefined, 10);
    await expect(of.contentOf('12345678')).resolves.toBeDefined();
    await expect(of.contentOf('123456789')).rejects.toMatchObject({ code: 'HOTSET_TOO_LARGE' });
    expect(await of.open(await sealed(envelopes(), '123456789'))).toBeUndefined();
  });

  it.each([
    ['deflate', 1, deflateRawSync],
    ['brotli', 2, brotliCompressSync],
  ] as const)('a %s bomb ends at the length that it promised', async (_format, number, compress) => {
    const bomb = compress(Buffer.alloc(5_000_000, 0x20));
    for (const promised of [10, 1000, 1001, 5_000_000])
      expect(await made(number << 1, bomb, promised, 1000)).toBeUndefined();
  });

  it('a value that compression would enlarge is stored as it is', async () => {
    const of = envelopes('json', 'deflate');
    const { flags, bytes, valueBytes } = await of.contentOf(1);
    expect([flags, bytes.length, valueBytes]).toEqual([0, 1, 1]);
    expect((await of.contentOf('x'.repeat(1000))).bytes.length).toBeLessThan(100);
  });
});
