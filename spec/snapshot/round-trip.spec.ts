/** What is saved comes back the same, whatever its kind and size. */

import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadSnapshot, saveSnapshot } from '../../lib/snapshot/index.js';
import { entryOf, makeEngine, makePlace, makeShelf, sourceOf } from './fixture.js';

/** Through a file. */
async function returned<T>(contents: readonly T[]): Promise<T[]> {
  const { path } = makePlace();
  const shelf = makeShelf<T, T>();
  await saveSnapshot(sourceOf(contents.map((content) => entryOf(content, content))), path);
  await loadSnapshot(shelf, path);
  // The quick one first; to it no two invalid dates in a Set are the same.
  for (const { key, value } of shelf.entries)
    if (!isDeepStrictEqual(key, value)) expect(value).toStrictEqual(key);
  return shelf.entries.map(({ value }) => value);
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ unit: fc.nat(0xff).map((code) => String.fromCharCode(code)), maxLength: 80 }),
  // Lone surrogates.
  fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)), maxLength: 80 }),
);
const anyBytes = fc.uint8Array({ maxLength: 200 });
const anything = fc.oneof(
  anyText,
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  fc.boolean(),
  fc.constantFrom(undefined, null, -0, 2 ** 31, -(2 ** 31), 2 ** 32, 1e21),
  anyBytes,
  anyBytes.map((bytes) => Buffer.from(bytes)),
  fc.date(),
  fc.float64Array({ maxLength: 20 }),
  fc.uint16Array({ maxLength: 20 }),
  fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withSparseArray: true,
  }),
);

describe('any content', () => {
  it('comes back as it was', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anything, { maxLength: 20 }), async (contents) => {
        expect(await returned(contents)).toStrictEqual(contents);
      }),
      { numRuns: 200, examples: [[[new Set([new Date(Number.NaN)])]]] },
    );
  });

  it('comes back by kind', async () => {
    const contents = [
      '',
      'é\xff',
      'Ā',
      '\ud800',
      '😀',
      0,
      -0,
      Number.NaN,
      -1.5,
      true,
      false,
      null,
      undefined,
      10n,
      /a/g,
    ];
    expect(await returned<unknown>(contents)).toStrictEqual(contents);
  });

  it.each([0, 1, 24, 25, 262_094, 262_095, 262_096, 262_097, 262_144, 600_001])(
    'comes back at any length: %i',
    async (length) => {
      const contents: unknown[] = [
        'x'.repeat(length),
        '\xff'.repeat(length),
        'Ā'.repeat(length),
        Buffer.alloc(length, 7),
        new Uint8Array(length).fill(8),
        new Float64Array(length).fill(1.5),
        { text: 'é'.repeat(length) },
      ];
      // Not toStrictEqual: it takes seconds for so many bytes.
      expect(isDeepStrictEqual(await returned(contents), contents)).toBe(true);
    },
  );

  it('comes back when key and value fill several blocks in unlike ways', async () => {
    const sizes = [0, 1, 7, 262_143, 262_144, 300_001, 524_288];
    const entries = sizes.flatMap((keyBytes) =>
      sizes.flatMap((bytes) => [
        entryOf<unknown, unknown>('k'.repeat(keyBytes), Buffer.alloc(bytes, keyBytes)),
        entryOf<unknown, unknown>('Ā'.repeat(keyBytes), 'b'.repeat(bytes)),
        entryOf<unknown, unknown>('k'.repeat(keyBytes), 'Ā'.repeat(bytes)),
        entryOf<unknown, unknown>('k'.repeat(keyBytes + 262_100), 0.5),
        entryOf<unknown, unknown>(3, 'k'.repeat(bytes)),
      ]),
    );
    const { path } = makePlace();
    const shelf = makeShelf();
    await saveSnapshot(sourceOf(entries), path);
    await loadSnapshot(shelf, path);
    expect(shelf.entries.length).toBe(entries.length);
    for (const [i, entry] of entries.entries()) {
      const loaded = shelf.entries[i]!;
      expect(loaded.key === entry.key).toBe(true);
      expect(
        Buffer.isBuffer(entry.value)
          ? entry.value.equals(loaded.value as Buffer)
          : loaded.value === entry.value,
      ).toBe(true);
    }
  });
});

describe('a Buffer', () => {
  it.each([0, 1, 100, 5000, 262_144, 1_000_000])('of %i bytes owns its memory', async (length) => {
    const [buffer, array, nested] = (await returned<unknown>([
      Buffer.alloc(length, 1),
      new Uint8Array(length),
      { pooled: Buffer.from('pooled'), doubles: new Float64Array([1, 2]) },
    ])) as [Buffer, Uint8Array, { pooled: Buffer; doubles: Float64Array }];
    expect(Buffer.isBuffer(buffer)).toBe(true);
    expect(buffer.buffer.byteLength).toBe(length);
    expect(Buffer.isBuffer(array)).toBe(false);
    expect(array.buffer.byteLength).toBe(length);
    expect(nested.pooled.buffer.byteLength).toBe(6);
    expect(nested.doubles.buffer.byteLength).toBe(16);
  });
});

describe('an engine', () => {
  it('comes back with order, times, flags and values', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            key: anyText,
            value: anything,
            flags: fc.nat(0xffffffff),
            ttlMs: fc.oneof(fc.integer({ min: 1, max: 1e12 }), fc.constant(Number.POSITIVE_INFINITY)),
          }),
          { maxLength: 30 },
        ),
        async (writes) => {
          const { path } = makePlace();
          const engine = makeEngine();
          for (const { key, value, flags, ttlMs } of writes) engine.set(key, value, { flags, ttlMs });
          const clock = { now: () => 1_700_000_000_000 };
          const saved = await saveSnapshot(engine, path, { clock });
          const next = makeEngine();
          const loaded = await loadSnapshot(next, path, { clock });
          expect(saved).toMatchObject({ entries: engine.size, skipped: 0 });
          expect(loaded).toEqual({
            entries: engine.size,
            stored: engine.size,
            expired: 0,
            savedAtMs: 1_700_000_000_000,
          });
          expect([...next.dump()]).toStrictEqual([...engine.dump()]);
          expect(next.verify()).toEqual([]);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('comes back when it is empty', async () => {
    const { path, bytes } = makePlace();
    expect(await saveSnapshot(makeEngine(), path)).toEqual({ entries: 0, skipped: 0, bytes: 60 });
    expect(bytes().length).toBe(60);
    expect(await loadSnapshot(makeEngine(), path)).toMatchObject({ entries: 0, stored: 0, expired: 0 });
  });

  it('comes back with many entries, oldest first', async () => {
    const { path, bytes } = makePlace();
    const engine = makeEngine<number, string>();
    for (let i = 0; i < 50_000; i++) engine.set(i, `value ${i}`);
    engine.get(17);
    const saved = await saveSnapshot(engine, path);
    expect(saved.bytes).toBe(bytes().length);
    const next = makeEngine<number, string>();
    next.set(-1, 'was there before');
    next.set(17, 'replaced');
    await loadSnapshot(next, path);
    expect([...next.entries({ order: 'oldest-first' })]).toEqual([
      [-1, 'was there before'],
      ...engine.entries({ order: 'oldest-first' }),
    ]);
  });

  it('keeps the newest of what does not fit', async () => {
    const { path } = makePlace();
    const engine = makeEngine<number, number>();
    for (let i = 0; i < 100; i++) engine.set(i, i);
    await saveSnapshot(engine, path);
    const small = makeEngine<number, number>({ maxEntries: 3 });
    expect(await loadSnapshot(small, path)).toMatchObject({ entries: 100, stored: 100 });
    expect([...small.keys()]).toEqual([99, 98, 97]);
  });
});
