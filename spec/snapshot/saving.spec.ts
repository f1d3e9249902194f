/** A save replaces the old file whole or leaves it alone, and leaves nothing else behind. */

import { chmodSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSnapshot, type SaveSnapshotOptions, saveSnapshot } from '../../lib/snapshot/index.js';
import { entryOf, makeEngine, makePlace, makeShelf, type Place, rejectionOf, sourceOf } from './fixture.js';

/** Values of 100 kB: a block holds two. */
function entries(count: number, fill = 'x'): ReturnType<typeof entryOf<number, string>>[] {
  return Array.from({ length: count }, (_, i) => entryOf(i, fill.repeat(100_000)));
}

async function makeOldFile(): Promise<Place & { old: Buffer }> {
  const place = makePlace();
  await saveSnapshot(sourceOf(entries(3, 'old')), place.path);
  return { ...place, old: place.bytes() };
}

function expectUntouched({ bytes, files, old }: Awaited<ReturnType<typeof makeOldFile>>): void {
  expect(bytes().equals(old)).toBe(true);
  expect(files()).toEqual(['cache.snapshot']);
}

describe('a save that fails', () => {
  it.each([1, 2, 5, 19, 20])('in the codec, at value %i, leaves the old file', async (n) => {
    const place = await makeOldFile();
    let calls = 0;
    const codec = {
      encode: (text: string) => {
        if (++calls === n) throw new Error('no more');
        return Buffer.from(text);
      },
      decode: (bytes: Buffer) => bytes.toString(),
    };
    const error = await rejectionOf(saveSnapshot(sourceOf(entries(20)), place.path, { codec }));
    expect(error).toMatchObject({
      code: 'HOTSET_UNSAVABLE_ENTRY',
      message: `the entry under ${n - 1} cannot be saved: the codec cannot encode its value`,
      cause: new Error('no more'),
    });
    expectUntouched(place);
  });

  it('because the engine throws while it is walked, leaves the old file', async () => {
    const place = await makeOldFile();
    let closed = false;
    function* failing() {
      try {
        yield* entries(20);
        throw new Error('walked into a wall');
      } finally {
        closed = true;
      }
    }
    expect((await rejectionOf(saveSnapshot({ dump: failing }, place.path))).message).toBe(
      'walked into a wall',
    );
    expect(closed).toBe(true);
    expectUntouched(place);
  });

  it.each([0, 1, 10, 19])('because it is aborted at entry %i, leaves the old file', async (n) => {
    const place = await makeOldFile();
    const controller = new AbortController();
    let closed = false;
    function* aborting() {
      try {
        for (const entry of entries(20)) {
          if (entry.key === n) controller.abort(new Error('enough'));
          yield entry;
        }
      } finally {
        closed = true;
      }
    }
    const saving = saveSnapshot({ dump: aborting }, place.path, { signal: controller.signal });
    expect((await rejectionOf(saving)).message).toBe('enough');
    expect(closed).toBe(true);
    expectUntouched(place);
  });

  it('because it is aborted before it begins, makes no file', async () => {
    const { path, files } = makePlace();
    const error = await rejectionOf(saveSnapshot(makeEngine(), path, { signal: AbortSignal.abort() }));
    expect(error.name).toBe('AbortError');
    expect(files()).toEqual([]);
  });

  it('because a directory is in its place, leaves no file', async () => {
    const { path, files } = makePlace();
    mkdirSync(join(path, 'inside'), { recursive: true });
    expect((await rejectionOf(saveSnapshot(makeEngine(), path))).code).toMatch(
      /EISDIR|ENOTEMPTY|EEXIST|EPERM/,
    );
    expect(files()).toEqual(['cache.snapshot']);
  });

  it('because there is no such directory, says so as the file system does', async () => {
    const { path } = makePlace();
    expect((await rejectionOf(saveSnapshot(makeEngine(), join(path, 'absent', 'file')))).code).toBe('ENOENT');
  });

  it.skipIf(process.getuid?.() === 0)('because it may not write there, says so as well', async () => {
    const place = await makeOldFile();
    chmodSync(dirname(place.path), 0o500);
    const error = await rejectionOf(saveSnapshot(makeEngine(), place.path));
    chmodSync(dirname(place.path), 0o700);
    expect(error.code).toBe('EACCES');
    expectUntouched(place);
  });
});

describe('an entry that cannot be saved', () => {
  const unsavable: [string, unknown, unknown, string][] = [
    ['a function', 'f', () => 1, 'the entry under "f" cannot be saved: its value does not serialize'],
    ['a symbol', 's', Symbol('s'), 'the entry under "s" cannot be saved: its value does not serialize'],
    [
      'a function within',
      'o',
      { f: () => 1 },
      'the entry under "o" cannot be saved: its value does not serialize',
    ],
    ['a WeakMap', 'w', new WeakMap(), 'the entry under "w" cannot be saved: its value does not serialize'],
    [
      'a symbol as key',
      Symbol('k'),
      1,
      'the entry under Symbol(k) cannot be saved: its key does not serialize',
    ],
    [
      'too large a value',
      'l',
      Buffer.alloc(1000),
      'the entry under "l" cannot be saved: it takes 1001 bytes, and maxEntryBytes is 1000',
    ],
  ];

  it.each(unsavable)('%s is named, and nothing is saved', async (_, key, value, message) => {
    const place = await makeOldFile();
    const source = sourceOf([entryOf<unknown, unknown>('fine', 1), entryOf(key, value)]);
    const error = await rejectionOf(saveSnapshot(source, place.path, { maxEntryBytes: 1000 }));
    expect(error).toMatchObject({ name: 'HotsetError', code: 'HOTSET_UNSAVABLE_ENTRY', message });
    expectUntouched(place);
  });

  it.each(unsavable)('%s is left out and counted, on request', async (_, key, value) => {
    const { path } = makePlace();
    const source = sourceOf([entryOf<unknown, unknown>('a', 1), entryOf(key, value), entryOf('b', 2)]);
    const saved = await saveSnapshot(source, path, { maxEntryBytes: 1000, unsavable: 'skip' });
    expect(saved).toMatchObject({ entries: 2, skipped: 1 });
    const shelf = makeShelf();
    await loadSnapshot(shelf, path);
    expect(shelf.entries.map(({ key: loaded }) => loaded)).toEqual(['a', 'b']);
  });

  it.each([['text'], [undefined], [[1, 2]], [new ArrayBuffer(2)]])(
    'is one of which the codec makes %s',
    async (encoded) => {
      const { path } = makePlace();
      const codec = { encode: () => encoded as never, decode: () => 1 };
      const error = await rejectionOf(saveSnapshot(sourceOf([entryOf(1, 1)]), path, { codec }));
      expect(error.code).toBe('HOTSET_UNSAVABLE_ENTRY');
    },
  );
});

describe('the file', () => {
  const modeOf = (path: string): number => statSync(path).mode & 0o777;

  it.skipIf(process.platform === 'win32')('is for its owner alone, unless asked otherwise', async () => {
    const { path } = makePlace();
    const umask = process.umask(0o077);
    try {
      await saveSnapshot(makeEngine(), path);
      expect(modeOf(path)).toBe(0o600);
      await saveSnapshot(makeEngine(), path, { mode: 0o644 });
      expect(modeOf(path)).toBe(0o644);
      process.umask(0);
      // What is replaced does not decide.
      await saveSnapshot(makeEngine(), path);
      expect(modeOf(path)).toBe(0o600);
    } finally {
      process.umask(umask);
    }
  });

  it.skipIf(process.platform === 'win32')('replaces a symbolic link, and not what it points to', async () => {
    const place = await makeOldFile();
    const link = join(dirname(place.path), 'link');
    symlinkSync(place.path, link);
    await saveSnapshot(makeEngine(), link);
    expect(statSync(link).size).toBe(60);
    expect(place.bytes().equals(place.old)).toBe(true);
  });

  it('is whole after many saves at the same time', async () => {
    const place = makePlace();
    const sources = Array.from({ length: 8 }, (_, i) => sourceOf(entries(5 + i, String(i))));
    await Promise.all(sources.map((source) => saveSnapshot(source, place.path)));
    const shelf = makeShelf<number, string>();
    await loadSnapshot(shelf, place.path);
    const [first] = shelf.entries[0]!.value;
    expect(shelf.entries.map(({ value }) => value === first!.repeat(100_000))).toEqual(
      Array(5 + Number(first)).fill(true),
    );
    expect(place.files()).toEqual(['cache.snapshot']);
  });

  it('holds the same bytes for the same entries and time', async () => {
    const place = makePlace();
    const options: SaveSnapshotOptions<string> = { clock: { now: () => 1 } };
    await saveSnapshot(sourceOf(entries(9)), place.path, options);
    const first = place.bytes();
    await saveSnapshot(sourceOf(entries(9)), place.path, options);
    expect(place.bytes().equals(first)).toBe(true);
  });
});

describe('an engine in use while it is saved', () => {
  it('is saved in a state that loads, each entry as it was at its turn', async () => {
    const { path } = makePlace();
    const engine = makeEngine<number, string>({ maxEntries: 4000 });
    for (let i = 0; i < 4000; i++) engine.set(i, `0:${i}:${'x'.repeat(1000)}`);
    let isSaving = true;
    let round = 0;
    const using = (async () => {
      for (; isSaving; round++) {
        for (let i = 0; i < 50; i++) {
          const key = (round * 50 + i) * 7;
          engine.set(key % 5000, `${round}:${key % 5000}:${'y'.repeat(1000)}`);
          engine.delete((key * 3) % 5000);
          engine.get((key * 5) % 5000);
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const saved = await saveSnapshot(engine, path);
    isSaving = false;
    await using;
    expect(round).toBeGreaterThan(1);
    expect(engine.verify()).toEqual([]);
    const next = makeEngine<number, string>();
    expect((await loadSnapshot(next, path)).entries).toBe(saved.entries);
    for (const [key, value] of next.entries()) expect(value.split(':')[1]).toBe(String(key));
    expect(next.has(3999) || next.size > 100).toBe(true);
  });
});
