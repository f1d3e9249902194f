/** A page store's file: what comes back, from which files, into which stores; and what is refused. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CacheEngine, ManualClock } from '../../lib/index.js';
import { Key } from '../../lib/items/key.js';
import { loadPages, savePages } from '../../lib/pages/page-file.js';
import { PageStore } from '../../lib/pages/page-store.js';
import {
  BLOCK_HEADER_BYTES,
  BLOCK_MAX_BYTES,
  FOOTER_BYTES,
  HEADER_BYTES,
} from '../../lib/snapshot/format.js';
import { loadSnapshot, saveSnapshot, type ValueCodec } from '../../lib/snapshot/index.js';

const MIB = 1024 * 1024;
const NEVER = Number.POSITIVE_INFINITY;
const REFUSALS = /^HOTSET_(DAMAGED|UNREADABLE)_SNAPSHOT$/;
const CODEC: ValueCodec<Buffer> = { encode: (bytes) => bytes, decode: (bytes) => bytes };

let folder = '';
let path = '';
let clock: ManualClock;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hotset-spec-'));
  path = join(folder, 'items');
  clock = new ManualClock(1_000_000);
});
afterEach(() => rmSync(folder, { recursive: true }));

function makeStore(maxBytes = 64 * MIB): PageStore {
  return new PageStore({ maxBytes, clock });
}

function keyOf(store: PageStore, text: string): Key {
  return new Key(store.hashSeed).setText(text);
}

function put(store: PageStore, text: string, value: Buffer, ttlMs = NEVER, flags = 0): number {
  const data = { bytes: value, start: 0, end: value.length, place: 0, owned: false };
  expect(store.set(keyOf(store, text), data, ttlMs, flags, false)).toBe('stored');
  return store.lastStored;
}

async function save(store: PageStore, endInMs = NEVER): Promise<void> {
  await savePages(store, path, { clock, mode: 0o600, signal: null, endInMs });
}

/** What a store holds, the least recently used first. */
function contents(store: PageStore): unknown[] {
  return Array.from(store.dump(), ({ key, value, flags, remainingTtlMs, idleMs, fetched, adapterBits }) => ({
    key,
    value: `${value.length} ${crc32(value)}`,
    flags: flags ?? 0,
    ttlMs: remainingTtlMs ?? NEVER,
    idleMs,
    fetched,
    adapterBits: adapterBits ?? 0,
  }));
}

function keysOf(store: PageStore): string[] {
  return Array.from(store.dump(), ({ key }) => key);
}

async function loaded(maxBytes?: number): Promise<PageStore> {
  const store = makeStore(maxBytes);
  await loadPages(store, path, clock);
  expect(store.verify()).toEqual([]);
  return store;
}

describe('the index of what is loaded', () => {
  it('is as large as the items need, where most have expired', async () => {
    const store = makeStore(MIB / 4);
    for (let i = 0; i < 2000; i++) put(store, `key ${i}`, Buffer.from('v'), i < 100 ? NEVER : 1000);
    await save(store);
    clock.advance(1000);
    const small = makeStore(MIB / 4);
    for (let i = 0; i < 100; i++) put(small, `key ${i}`, Buffer.from('v'));
    const after = await loaded(MIB / 4);
    expect(after.size).toBe(100);
    // A page of the index has 4 KiB, and stays as long as it has a bucket.
    expect(after.heldBytes).toBeLessThanOrEqual(small.heldBytes + 4096);
  });

  it('finds every item, however many there are', async () => {
    const store = makeStore();
    const data = { bytes: Buffer.from('v'), start: 0, end: 1, place: 0, owned: false };
    for (let i = 0; i < 70_000; i++) store.set(keyOf(store, `key ${i}`), data, NEVER, i & 1, false);
    await save(store);
    const after = await loaded();
    expect(after.size).toBe(70_000);
    for (let i = 0; i < 70_000; i += 999) expect(after.peek(keyOf(after, `key ${i}`))).not.toBe(0);
  });

  it('finds every item of a file that claims fewer, and of one that claims more', async () => {
    const store = makeStore();
    for (let i = 0; i < 3000; i++) put(store, `key ${i}`, Buffer.from('v'));
    for (const claimed of [10, 5000]) {
      const after = makeStore();
      const claiming = Object.create(after, {
        prepare: {
          value: (items: number, isBefore: boolean) => after.prepare(isBefore ? claimed : items, isBefore),
        },
      });
      await save(store);
      await loadPages(claiming, path, clock);
      expect(after.verify()).toEqual([]);
      for (let i = 0; i < 3000; i++) expect(after.peek(keyOf(after, `key ${i}`))).not.toBe(0);
    }
  });

  it('has one item for a key that the file has several times: the last one', async () => {
    const store = makeStore();
    for (let i = 0; i < 300; i++) put(store, `key ${i}`, Buffer.from('old'));
    const twice = Object.create(store, {
      walk: {
        *value(): Generator<number> {
          const slots = [...store.walk('oldest-first')];
          yield* slots;
          for (const slot of slots) {
            const data = { bytes: Buffer.from('new'), start: 0, end: 3, place: 0, owned: false };
            expect(store.update(slot, data, false, false)).toBe('stored');
            yield slot;
          }
          yield slots[7]!;
        },
      },
    });
    await save(twice);
    const after = await loaded();
    expect(after.size).toBe(300);
    expect(new Set(contents(after).map((item) => (item as { value: string }).value))).toEqual(
      new Set([`3 ${crc32('new')}`]),
    );
    expect(keysOf(after).at(-1)).toBe('key 7');
  });
});

describe('what is saved comes back', () => {
  it('with order, flags, times, marks and access', async () => {
    const store = makeStore();
    put(store, 'a', Buffer.from('1'), NEVER, 7);
    clock.advance(1000);
    store.setAdapterBitsAt(put(store, 'b', Buffer.alloc(0), 60_000, 2 ** 32 - 1), 0x55);
    put(store, '\0ÿ \n', Buffer.from('odd'));
    clock.advance(500);
    store.read(keyOf(store, 'a'));
    await save(store);
    const before = contents(store);
    expect(keysOf(await loaded())).toEqual(['b', '\0ÿ \n', 'a']);
    expect(contents(await loaded())).toEqual(before);
  });

  it('with values of every length around the blocks', async () => {
    const store = makeStore();
    const lengths = [-40, -30, -1, 0, 1].flatMap((by) => [BLOCK_MAX_BYTES + by, 2 * BLOCK_MAX_BYTES + by]);
    for (const length of [0, 1, ...lengths, 100_000, 100_000, 100_000, 1_000_000])
      put(store, `${store.size}`, Buffer.alloc(length, store.size + 65));
    await save(store);
    expect(contents(await loaded())).toEqual(contents(store));
  });

  it('with keys and values of every short length', async () => {
    const store = makeStore();
    for (let length = 0; length <= 260; length++)
      for (const key of ['k', 'ke', 'key', 'keys'])
        put(
          store,
          `${key}${length}`,
          Buffer.from(`${key}${'abcdefg'.repeat(40)}`).subarray(0, length),
          NEVER,
          length & 1,
        );
    await save(store);
    expect(contents(await loaded())).toEqual(contents(store));
  });

  it('whatever it is', async () => {
    const item = fc.record({
      key: fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 250 }),
      length: fc.oneof(fc.nat(200), fc.nat(400_000)),
      ttlMs: fc.option(fc.integer({ min: 1, max: 2 ** 40 }), { nil: NEVER }),
      flags: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      bits: fc.nat(127),
      passes: fc.nat(5000),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(item, { maxLength: 40 }), async (items) => {
        const store = makeStore();
        for (const { key, length, ttlMs, flags, bits, passes } of items) {
          const slot = put(store, key, Buffer.alloc(length, key), ttlMs, flags);
          if (slot !== 0) store.setAdapterBitsAt(slot, bits);
          clock.advance(passes);
        }
        await save(store);
        expect(contents(await loaded())).toEqual(contents(store));
      }),
      { numRuns: 30 },
    );
  });

  it('older by the time between, without what has expired', async () => {
    const store = makeStore();
    put(store, 'short', Buffer.from('x'), 5000);
    put(store, 'long', Buffer.from('x'), 60_000);
    put(store, 'ever', Buffer.from('x'));
    await save(store);
    clock.advance(5000);
    const after = await loaded();
    expect(keysOf(after)).toEqual(['long', 'ever']);
    expect(after.remainingTtlMsAt(after.peek(keyOf(after, 'long')))).toBe(55_000);
    expect(after.idleMsAt(after.peek(keyOf(after, 'ever')))).toBe(5000);
  });

  it('and does not outlive a flush that is to come', async () => {
    const store = makeStore();
    put(store, 'ever', Buffer.from('x'));
    put(store, 'soon', Buffer.from('x'), 1000);
    await save(store, 3000);
    const after = await loaded();
    const ttlOf = (key: string): number => after.remainingTtlMsAt(after.peek(keyOf(after, key)));
    expect([ttlOf('ever'), ttlOf('soon')]).toEqual([3000, 1000]);
  });

  it('into a smaller store: the newest', async () => {
    const store = makeStore();
    for (let i = 0; i < 2000; i++) put(store, `${i}`, Buffer.alloc(1000, i));
    await save(store);
    const after = await loaded(MIB);
    const kept = keysOf(after);
    expect(kept.length).toBeGreaterThan(500);
    expect(kept).toEqual(Array.from(kept, (_, i) => String(2000 - kept.length + i)));
    expect(after.bytes).toBeLessThanOrEqual(MIB);
  });
});

it('a save goes on while items change, and each comes back as it was at some time', async () => {
  const store = makeStore(8 * MIB);
  const values = new Map<string, Set<number>>();
  const write = (i: number): void => {
    const key = `${i % 4000}`;
    values.set(key, (values.get(key) ?? new Set()).add(i & 255));
    put(store, key, Buffer.alloc(500 + (i % 900), i & 255));
  };
  for (let i = 0; i < 4000; i++) write(i);
  let isSaved = false;
  let writes = 4000;
  const saving = save(store).then(() => {
    isSaved = true;
  });
  while (!isSaved) {
    for (let i = 0; i < 20; i++) write(writes++);
    store.delete(keyOf(store, `${writes % 4000}`));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await saving;
  const after = await loaded();
  expect(after.size).toBeGreaterThan(1000);
  for (const { key, value } of after.dump()) {
    expect(values.get(key)?.has(value[0]!)).toBe(true);
    expect(value.every((byte) => byte === value[0])).toBe(true);
  }
});

it('a save can be given up, and leaves the old file', async () => {
  const store = makeStore();
  put(store, 'a', Buffer.from('1'));
  await save(store);
  const old = readFileSync(path);
  for (let i = 0; i < 5000; i++) put(store, `${i}`, Buffer.alloc(1000));
  const stopped = new AbortController();
  const saving = savePages(store, path, { clock, mode: 0o600, signal: stopped.signal, endInMs: NEVER });
  stopped.abort(new Error('enough'));
  await expect(saving).rejects.toThrow('enough');
  expect(readFileSync(path)).toEqual(old);
});

describe('snapshots of either kind load into either kind of store', () => {
  it('an engine’s into pages', async () => {
    const engine = new CacheEngine<string, Buffer>({ trackAccess: true, clock });
    engine.set('a', Buffer.from('1'), { flags: 3 });
    engine.set('b', Buffer.alloc(300_000, 'b'), { ttlMs: 5000 });
    await saveSnapshot(engine, path, { codec: CODEC, clock });
    const store = await loaded();
    expect(contents(store)).toMatchObject([
      { key: 'a', value: `1 ${crc32('1')}`, flags: 3, ttlMs: NEVER },
      { key: 'b', value: `300000 ${crc32('b'.repeat(300_000))}`, ttlMs: 5000 },
    ]);
  });

  it('pages into an engine', async () => {
    const store = makeStore();
    put(store, 'a', Buffer.from('1'), 5000, 3);
    put(store, 'b', Buffer.alloc(300_000, 'b'));
    await save(store);
    const engine = new CacheEngine<string, Buffer>({ clock });
    await loadSnapshot(engine, path, { codec: CODEC, clock });
    expect([...engine.keys({ order: 'oldest-first' })]).toEqual(['a', 'b']);
    expect(engine.getEntry('a')).toMatchObject({ value: Buffer.from('1'), flags: 3, remainingTtlMs: 5000 });
  });

  it('but only of bytes', async () => {
    const engine = new CacheEngine<string, object>();
    engine.set('a', { any: 'thing' });
    await saveSnapshot(engine, path);
    await expect(loadPages(makeStore(), path, clock)).rejects.toMatchObject({
      code: 'HOTSET_UNREADABLE_SNAPSHOT',
    });
  });

  it('under texts', async () => {
    const engine = new CacheEngine<number, Buffer>();
    engine.set(1, Buffer.from('x'));
    await saveSnapshot(engine, path, { codec: CODEC });
    await expect(loadPages(makeStore(), path, clock)).rejects.toThrow(/a key is no text/);
  });
});

describe('a file that is not as it was written is refused', () => {
  async function refuse(bytes: Buffer): Promise<void> {
    writeFileSync(path, bytes);
    const store = makeStore();
    await expect(loadPages(store, path, clock)).rejects.toMatchObject({
      code: expect.stringMatching(REFUSALS),
      message: expect.stringMatching(/ byte \d+/),
    });
    expect(store.verify()).toEqual([]);
  }

  async function whole(): Promise<Buffer> {
    const store = makeStore();
    for (let i = 0; i < 6; i++) put(store, `${i}`, Buffer.alloc(100_000, i));
    put(store, 'long', Buffer.alloc(600_000, 1));
    put(store, 'last', Buffer.from('x'));
    await save(store);
    return readFileSync(path);
  }

  it('cut off at and around the beginning of each block, and of the footer', async () => {
    const file = await whole();
    const places = [0, HEADER_BYTES];
    for (let at = HEADER_BYTES; at < file.length - FOOTER_BYTES; places.push(at))
      at += BLOCK_HEADER_BYTES + file.readUInt32LE(at + 4);
    expect(places.length).toBeGreaterThan(6);
    for (const place of places)
      for (const by of [-1, 0, 1, 11]) {
        const end = place + by;
        if (end >= 0 && end < file.length) await refuse(file.subarray(0, end));
      }
    await refuse(file.subarray(0, -1));
  });

  it('with a bit flipped, anywhere', async () => {
    const file = await whole();
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length * 8 - 1), async (bit) => {
        const flipped = Buffer.from(file);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        await refuse(flipped);
      }),
      { numRuns: 60 },
    );
  });

  it('with something behind its end, a block twice, or two in the wrong order', async () => {
    const file = await whole();
    await refuse(Buffer.concat([file, Buffer.from('x')]));
    const firstEnd = HEADER_BYTES + BLOCK_HEADER_BYTES + file.readUInt32LE(HEADER_BYTES + 4);
    const secondEnd = firstEnd + BLOCK_HEADER_BYTES + file.readUInt32LE(firstEnd + 4);
    const [head, first, second, rest] = [
      file.subarray(0, HEADER_BYTES),
      file.subarray(HEADER_BYTES, firstEnd),
      file.subarray(firstEnd, secondEnd),
      file.subarray(secondEnd),
    ];
    await refuse(Buffer.concat([head, first, first, second, rest]));
    await refuse(Buffer.concat([head, second, first, rest]));
    await refuse(Buffer.concat([head, first, rest]));
  });
});
