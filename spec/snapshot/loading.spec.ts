/** Loading: what it asks for, what it refuses, and that it is all or nothing. */

import { renameSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadSnapshot, saveSnapshot, type ValueCodec } from '../../lib/snapshot/index.js';
import { entryOf, makeEngine, makePlace, makeShelf, rejectionOf, sourceOf, stateOf } from './fixture.js';

const JSON_CODEC: ValueCodec<unknown> = {
  encode: (value) => Buffer.from(JSON.stringify(value)),
  decode: (bytes) => JSON.parse(bytes.toString()),
};

function engineOf(count: number) {
  const engine = makeEngine<number, unknown>();
  for (let i = 0; i < count; i++) engine.set(i, { id: i, text: 'x'.repeat(1000) });
  return engine;
}

describe('a codec', () => {
  it('writes and reads the values', async () => {
    const { path, bytes } = makePlace();
    const engine = engineOf(1000);
    await saveSnapshot(engine, path, { codec: JSON_CODEC });
    expect(bytes().includes('{"id":999,')).toBe(true);
    const next = makeEngine<number, unknown>();
    await loadSnapshot(next, path, { codec: JSON_CODEC });
    expect([...next.entries()]).toEqual([...engine.entries()]);
  });

  it('gets bytes that it may keep', async () => {
    const { path } = makePlace();
    const values = [Buffer.alloc(0), Buffer.alloc(10, 1), Buffer.alloc(500_000, 2), Buffer.alloc(10, 3)];
    const codec: ValueCodec<Buffer> = { encode: (value) => value, decode: (bytes) => bytes };
    await saveSnapshot(sourceOf(values.map((value, i) => entryOf(i, value))), path, { codec });
    const shelf = makeShelf<number, Buffer>();
    await loadSnapshot(shelf, path, { codec });
    expect(shelf.entries.map(({ value }) => value.length)).toEqual([0, 10, 500_000, 10]);
    for (const [i, { value }] of shelf.entries.entries()) {
      expect(value.equals(values[i]!)).toBe(true);
      expect(value.buffer.byteLength).toBe(value.length);
    }
  });

  it('must be given for a file that was saved with one, and only for such a file', async () => {
    const { path } = makePlace();
    const engine = engineOf(3);
    await saveSnapshot(engine, path, { codec: JSON_CODEC });
    expect(await rejectionOf(loadSnapshot(engine, path))).toMatchObject({
      code: 'HOTSET_UNREADABLE_SNAPSHOT',
      message: `${path} cannot be read from byte 12 on: a codec has written its values, and no codec is given`,
    });
    await saveSnapshot(engine, path);
    expect(await rejectionOf(loadSnapshot(engine, path, { codec: JSON_CODEC }))).toMatchObject({
      code: 'HOTSET_UNREADABLE_SNAPSHOT',
      message: `${path} cannot be read from byte 12 on: a codec is given, and no codec has written its values`,
    });
  });

  it.each([1, 2, 500, 1000])('that cannot decode value %i leaves the engine as it was', async (n) => {
    const { path } = makePlace();
    await saveSnapshot(engineOf(1000), path, { codec: JSON_CODEC });
    const engine = engineOf(5);
    const before = stateOf(engine);
    const codec: ValueCodec<unknown> = {
      ...JSON_CODEC,
      decode: (bytes) => {
        const value = JSON.parse(bytes.toString());
        if (value.id === n - 1) throw new Error('of another time');
        return value;
      },
    };
    expect(await rejectionOf(loadSnapshot(engine, path, { codec }))).toMatchObject({
      code: 'HOTSET_UNREADABLE_SNAPSHOT',
      message: expect.stringMatching(/the codec cannot decode a value$/),
      cause: new Error('of another time'),
    });
    expect(stateOf(engine)).toEqual(before);
  });

  it('that cannot decode twice what it can once ends the load, and the error says so', async () => {
    const { path } = makePlace();
    await saveSnapshot(engineOf(10), path, { codec: JSON_CODEC });
    let calls = 0;
    const codec: ValueCodec<unknown> = {
      ...JSON_CODEC,
      decode: (bytes) => {
        if (++calls === 15) throw new Error('moody');
        return JSON_CODEC.decode(bytes);
      },
    };
    const error = await rejectionOf(loadSnapshot(makeEngine(), path, { codec }));
    expect(error.message).toMatch(
      /it changed while it was loaded, and \d+ entries or more are in the engine$/,
    );
  });
});

describe('maxEntryBytes', () => {
  it('refuses a file with a larger entry, wherever it is', async () => {
    const { path } = makePlace();
    const source = sourceOf([
      entryOf<unknown, unknown>('a', 'small'),
      entryOf('b', Buffer.alloc(1000)),
      entryOf('c', 'small'),
    ]);
    await saveSnapshot(source, path);
    const engine = engineOf(2);
    const before = stateOf(engine);
    const error = await rejectionOf(loadSnapshot(engine as never, path, { maxEntryBytes: 1000 }));
    expect(error).toMatchObject({
      code: 'HOTSET_UNREADABLE_SNAPSHOT',
      message: `${path} cannot be read from byte 56 on: an entry takes 1001 bytes, and maxEntryBytes is 1000`,
    });
    expect(stateOf(engine)).toEqual(before);
    await loadSnapshot(engine as never, path, { maxEntryBytes: 1001 });
  });

  it('is 64 MiB by default, for both', async () => {
    const { path } = makePlace();
    const huge = sourceOf([entryOf('', Buffer.alloc(64 * 1024 * 1024 + 1))]);
    expect((await rejectionOf(saveSnapshot(huge, path))).code).toBe('HOTSET_UNSAVABLE_ENTRY');
    await saveSnapshot(huge, path, { maxEntryBytes: 2 ** 31 });
    expect((await rejectionOf(loadSnapshot(makeShelf(), path))).code).toBe('HOTSET_UNREADABLE_SNAPSHOT');
  });
});

describe('a signal', () => {
  it('ends a load before its first entry, and not later', async () => {
    const { path } = makePlace();
    await saveSnapshot(engineOf(3000), path);
    for (const n of [0, 1, 2, 3, 4, 6, 10, 20]) {
      const controller = new AbortController();
      const engine = makeEngine<number, unknown>();
      const loading = loadSnapshot(engine, path, { signal: controller.signal });
      for (let i = 0; i < n; i++) await new Promise((resolve) => setImmediate(resolve));
      controller.abort(new Error('enough'));
      const outcome = await loading.catch((error: Error) => error.message);
      expect([0, 3000]).toContain(engine.size);
      if (engine.size === 0) expect(outcome).toBe('enough');
    }
  });

  it('that is aborted already opens no file', async () => {
    const error = await rejectionOf(loadSnapshot(makeEngine(), '/absent', { signal: AbortSignal.abort() }));
    expect(error.name).toBe('AbortError');
  });
});

describe('the file', () => {
  it('that is missing gives the file system’s error', async () => {
    const { path } = makePlace();
    expect(await rejectionOf(loadSnapshot(makeEngine(), path))).toMatchObject({ code: 'ENOENT', path });
  });

  it('that is replaced during a load is read as it was', async () => {
    const { path } = makePlace();
    const other = `${path}.other`;
    await saveSnapshot(engineOf(2), other);
    await saveSnapshot(engineOf(5000), path);
    // The clock is read first when the second pass has come to the first of many blocks.
    let isReplaced = false;
    const clock = {
      now: () => {
        if (!isReplaced) renameSync(other, path);
        isReplaced = true;
        return Date.now();
      },
    };
    const next = makeEngine<number, unknown>();
    expect((await loadSnapshot(next, path, { clock })).entries).toBe(5000);
    expect(next.size).toBe(5000);
    expect((await loadSnapshot(next, path)).entries).toBe(2);
  });

  it('that somebody overwrites between the passes is refused, and the error says that it is late', async () => {
    const { path, bytes } = makePlace();
    // The clock is read when the second pass has read its first block; the footer is read with it.
    await saveSnapshot(sourceOf(Array.from({ length: 20 }, (_, i) => entryOf(i, 'x'.repeat(100_000)))), path);
    const damaged = bytes();
    damaged[damaged.length - 1000]! ^= 1;
    const clock = {
      now: () => {
        writeFileSync(path, damaged);
        return Date.now();
      },
    };
    const error = await rejectionOf(loadSnapshot(makeShelf(), path, { clock }));
    expect(error).toMatchObject({ code: 'HOTSET_DAMAGED_SNAPSHOT' });
    expect(error.message).toMatch(
      /it changed while it was loaded, and 18 entries or more are in the engine$/,
    );
  });
});

it('what the engine throws comes through', async () => {
  const { path } = makePlace();
  await saveSnapshot(engineOf(3), path);
  const engine = makeEngine<number, unknown>({
    sizeOf: () => {
      throw new Error('cannot weigh');
    },
  });
  expect((await rejectionOf(loadSnapshot(engine, path))).message).toBe('cannot weigh');
});

it('gives the event loop its turns', async () => {
  const { path } = makePlace();
  const engine = makeEngine<number, number>();
  for (let i = 0; i < 100_000; i++) engine.set(i, i);
  let turns = 0;
  let isBusy = true;
  const count = (): void => {
    turns++;
    if (isBusy) setImmediate(count);
  };
  setImmediate(count);
  await saveSnapshot(engine, path);
  const whileSaving = turns;
  await loadSnapshot(makeEngine<number, number>(), path);
  isBusy = false;
  // Far fewer than there are: no assertion on time.
  expect(whileSaving).toBeGreaterThan(5);
  expect(turns - whileSaving).toBeGreaterThan(5);
});
