/** What undici's own test/cache-interceptor/cache-store-test-utils.js demands of a store, and what a byte budget adds. */

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { cacheStores } from 'undici';
import type { cacheStores as cacheStores8 } from 'undici-8';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { BodyBuffer } from '../../lib/adapters/undici/body-buffer.js';
import {
  type CachedResponse,
  type CacheKey,
  type CacheValue,
  HotsetCacheStore,
} from '../../lib/adapters/undici/index.js';
import { CacheEngine, type CacheEngineOptions, ManualClock } from '../../lib/index.js';
import { loadSnapshot, saveSnapshot } from '../../lib/snapshot/index.js';

const NOW = 1_800_000_000_000;

function key(path: string, headers: Record<string, string | string[]> = {}, method = 'GET'): CacheKey {
  return { origin: 'https://example.org', method, path, headers };
}

function value(more: Partial<CacheValue> = {}): CacheValue {
  const now = Date.now();
  return {
    statusCode: 200,
    statusMessage: 'OK',
    headers: { 'content-type': 'text/plain' },
    cacheControlDirectives: { 'max-age': 10 },
    cachedAt: now,
    staleAt: now + 10_000,
    deleteAt: now + 20_000,
    ...more,
  };
}

function opened(options: CacheEngineOptions<string, unknown> = {}): {
  engine: CacheEngine<string, unknown>;
  store: HotsetCacheStore;
} {
  const engine = new CacheEngine<string, unknown>(options);
  return { engine, store: new HotsetCacheStore(engine) };
}

/** Stores a response, at once. */
function put(
  store: HotsetCacheStore,
  at: CacheKey,
  what: CacheValue,
  ...chunks: (string | Uint8Array)[]
): void {
  const stream = store.createWriteStream(at, what);
  for (const chunk of chunks) stream!.write(chunk);
  stream?.end();
}

function bodyOf(response: CachedResponse | undefined): string | undefined {
  return response === undefined ? undefined : Buffer.concat(response.body).toString('latin1');
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

it('is a CacheStore for undici 7 and 8', () => {
  // MemoryCacheStore is declared as `implements CacheStore`.
  type Store7 = Pick<
    InstanceType<typeof cacheStores.MemoryCacheStore>,
    'get' | 'createWriteStream' | 'delete'
  >;
  type Store8 = Pick<
    InstanceType<typeof cacheStores8.MemoryCacheStore>,
    'get' | 'createWriteStream' | 'delete'
  >;
  expectTypeOf<HotsetCacheStore>().toExtend<Store7>();
  expectTypeOf<HotsetCacheStore>().toExtend<Store8>();
});

describe('the contract', () => {
  it('returns what was stored, for its URL only', () => {
    const { store } = opened();
    expect(store.get(key('/'))).toBeUndefined();
    const stored = value({ etag: '"1"', headers: { 'x-many': ['a', 'b'] } });
    put(store, key('/'), stored, 'asd', Buffer.from('123'));
    expect(store.get(structuredClone(key('/')))).toMatchObject(stored);
    expect(bodyOf(store.get(key('/')))).toBe('asd123');
    expect(store.get(key('/asd'))).toBeUndefined();
    expect(store.get({ ...key('/'), origin: 'https://example.com' })).toBeUndefined();
    expect(store.get(key('/', {}, 'HEAD'))).toBeUndefined();
  });

  it('has a body that undici can replay: `values()` are chunks', () => {
    const { store } = opened();
    put(store, key('/empty'), value());
    put(store, key('/full'), value(), 'abc');
    expect([...store.get(key('/empty'))!.body.values()]).toEqual([]);
    expect([...store.get(key('/full'))!.body.values()]).toEqual([Buffer.from('abc')]);
  });

  it('returns a stale response until deleteAt, and not then', () => {
    const { store, engine } = opened();
    put(store, key('/'), value({ staleAt: NOW + 1000, deleteAt: NOW + 5000 }), 'x');
    vi.advanceTimersByTime(4999);
    expect(bodyOf(store.get(key('/')))).toBe('x');
    vi.advanceTimersByTime(1);
    expect(store.get(key('/'))).toBeUndefined();
    expect(engine.size).toBe(0);
  });

  it('goes by the wall clock too: an engine with a clock of its own returns nothing past deleteAt', () => {
    const { store, engine } = opened({ clock: new ManualClock() });
    put(store, key('/'), value({ deleteAt: NOW + 5000 }), 'x');
    vi.setSystemTime(NOW + 5000);
    expect(store.get(key('/'))).toBeUndefined();
    expect(engine.size).toBe(0);
  });

  it('overwrites a stale response', () => {
    const { store } = opened();
    put(store, key('/'), value({ staleAt: NOW + 1000 }), 'old');
    vi.advanceTimersByTime(1500);
    put(store, key('/'), value({ headers: { foo: 'baz' } }), 'new');
    expect(bodyOf(store.get(key('/')))).toBe('new');
    expect(store.get(key('/'))!.headers).toEqual({ foo: 'baz' });
  });

  it('stores nothing that must no longer be returned, and forgets what was there', () => {
    const { store, engine } = opened();
    put(store, key('/'), value(), 'old');
    put(store, key('/'), value({ deleteAt: NOW }), 'new');
    expect([store.get(key('/')), engine.size, store.stats().refused]).toEqual([undefined, 0, 1]);
  });

  it('deletes all methods and variants of a URL, and no other URL', () => {
    const { store, engine } = opened();
    put(store, key('/'), value({ vary: { a: '1' } }), 'one');
    put(store, key('/'), value({ vary: { a: '2' } }), 'two');
    put(store, key('/'), value({ vary: { b: null } }), 'three');
    put(store, key('/', {}, 'HEAD'), value());
    put(store, key('/other'), value(), 'other');
    store.delete(key('/', {}, 'POST'));
    expect(store.get(key('/', { a: '1' }))).toBeUndefined();
    expect(store.get(key('/', {}, 'HEAD'))).toBeUndefined();
    expect([bodyOf(store.get(key('/other'))), engine.size]).toEqual(['other', 1]);
  });
});

describe('Vary', () => {
  it('decides which of several responses is the answer', () => {
    const { store } = opened();
    put(store, key('/'), value({ vary: { 'accept-language': 'de' } }), 'Hallo');
    put(store, key('/'), value({ vary: { 'accept-language': 'en' } }), 'Hello');
    put(store, key('/'), value({ vary: { 'accept-language': null } }), '?');
    const answers = [
      { 'accept-language': 'en' },
      { 'accept-language': 'de' },
      {},
      { 'accept-language': 'fr' },
    ];
    expect(answers.map((headers) => bodyOf(store.get(key('/', headers))))).toEqual([
      'Hello',
      'Hallo',
      '?',
      undefined,
    ]);
  });

  it('compares lists by item, and takes an inherited name for an absent header', () => {
    const { store } = opened();
    put(store, key('/'), value({ vary: { a: ['1', '2'], constructor: null } }), 'list');
    expect(bodyOf(store.get(key('/', { a: ['1', '2'] })))).toBe('list');
    expect(store.get(key('/', { a: ['1', '3'] }))).toBeUndefined();
    expect(store.get(key('/', { a: '1,2' }))).toBeUndefined();
    expect(store.get({ origin: 'https://example.org', method: 'GET', path: '/' })).toBeUndefined();
  });

  it('takes the newest of several that match', () => {
    const { store } = opened();
    put(store, key('/'), value({ vary: { a: '1' } }), 'a');
    put(store, key('/'), value({ vary: { b: '1' }, cachedAt: NOW + 1 }), 'b');
    put(store, key('/'), value({ cachedAt: NOW - 1 }), 'plain');
    expect(bodyOf(store.get(key('/', { a: '1', b: '1' })))).toBe('b');
    expect(bodyOf(store.get(key('/', { a: '1' })))).toBe('a');
    expect(bodyOf(store.get(key('/')))).toBe('plain');
  });

  it('replaces a response without Vary by one with it', () => {
    const { store, engine } = opened();
    put(store, key('/'), value(), 'plain');
    put(store, key('/'), value({ vary: { a: '1' } }), 'a');
    expect([bodyOf(store.get(key('/', { a: '1' }))), store.get(key('/')), engine.size]).toEqual([
      'a',
      undefined,
      2,
    ]);
  });

  it('keeps variants as long as the last of them lives', () => {
    const { store, engine } = opened();
    put(store, key('/'), value({ vary: { a: '1' }, deleteAt: NOW + 9000 }), 'long');
    put(store, key('/'), value({ vary: { a: '2' }, deleteAt: NOW + 1000 }), 'short');
    vi.advanceTimersByTime(5000);
    expect(['1', '2'].map((a) => bodyOf(store.get(key('/', { a }))))).toEqual(['long', undefined]);
    vi.advanceTimersByTime(4000);
    engine.sweepExpired();
    expect(engine.size).toBe(0);
  });

  it('never returns a variant whose list was lost before its URL was invalidated', () => {
    const { store, engine } = opened();
    put(store, key('/'), value({ vary: { a: '1' } }), 'old');
    const [list] = [...engine.keys()].filter((each) => each.endsWith('"GET"]'));
    engine.delete(list!);
    store.delete(key('/'));
    put(store, key('/'), value({ vary: { a: '2' } }), 'new');
    expect(store.get(key('/', { a: '1' }))).toBeUndefined();
  });

  it('stays within the budget, and forgets keys of evicted variants, with a variant for each of 20,000 users', () => {
    const { store, engine } = opened({ maxBytes: 300_000 });
    for (let user = 0; user < 20_000; user++) {
      put(store, key('/me'), value({ vary: { cookie: `id=${user}` } }), `user ${user}`);
      expect(engine.bytes).toBeLessThanOrEqual(300_000);
    }
    expect(bodyOf(store.get(key('/me', { cookie: 'id=19999' })))).toBe('user 19999');
    expect(store.get(key('/me', { cookie: 'id=0' }))).toBeUndefined();
    const lists = [...engine.values()].find((each) => !Object.hasOwn(each as object, 'body')) as {
      keys(): Iterable<string>;
    };
    expect([...lists.keys()].length).toBeLessThan(2 * engine.size + 16);
    store.delete(key('/me'));
    expect([engine.size, engine.verify()]).toEqual([0, []]);
  });

  it('bounds how many lists of headers one URL has', () => {
    const { store, engine } = opened();
    for (let i = 0; i < 100; i++) put(store, key('/'), value({ vary: { [`x-${i}`]: '1' } }), `${i}`);
    expect(engine.size).toBe(9);
    expect(bodyOf(store.get(key('/', { 'x-99': '1' })))).toBe('99');
    expect(store.get(key('/', { 'x-0': '1' }))).toBeUndefined();
  });
});

describe('the budget', () => {
  it('evicts exactly the response that was used least recently', () => {
    const { store, engine } = opened({ maxBytes: 120_000 });
    for (const path of ['/a', '/b', '/c', '/d']) put(store, key(path), value(), Buffer.alloc(25_000, path));
    expect(engine.size).toBe(4);
    store.get(key('/a'));
    put(store, key('/e'), value(), Buffer.alloc(25_000, 'e'));
    expect(['/a', '/b', '/c', '/d', '/e'].map((path) => store.get(key(path)) !== undefined)).toEqual([
      true,
      false,
      true,
      true,
      true,
    ]);
  });

  it('counts bodies and headers', () => {
    const { store, engine } = opened();
    put(store, key('/'), value());
    const empty = engine.bytes;
    put(store, key('/'), value(), Buffer.alloc(10_000));
    expect(engine.bytes - empty).toBeGreaterThan(10_000);
    expect(engine.bytes - empty).toBeLessThan(10_500);
    put(store, key('/'), value({ headers: { 'x-long': 'x'.repeat(20_000) } }));
    expect(engine.bytes - empty).toBeGreaterThan(19_500);
  });

  it('does not keep the buffers that chunks are slices of', () => {
    const { store, engine } = opened();
    const read = Buffer.alloc(64 * 1024);
    put(store, key('/'), value(), read.subarray(0, 5), read.subarray(9, 10));
    expect(store.get(key('/'))!.body[0]!.buffer.byteLength).toBe(6);
    expect(engine.bytes).toBeLessThan(4096);
  });

  it('does not change when the caller changes headers or chunks', () => {
    const { store } = opened();
    const headers = { 'x-many': ['a'] };
    const chunk = Buffer.from('abc');
    put(store, key('/'), value({ headers }), chunk);
    headers['x-many'].push('b');
    chunk.fill(0);
    expect([store.get(key('/'))!.headers, bodyOf(store.get(key('/')))]).toEqual([{ 'x-many': ['a'] }, 'abc']);
  });

  it('stores nothing of a body that is too large, and forgets what it was to replace', async () => {
    const engine = new CacheEngine<string, unknown>();
    const store = new HotsetCacheStore(engine, { maxBodyBytes: 1000 });
    put(store, key('/'), value(), 'x'.repeat(1000));
    expect(engine.size).toBe(1);
    const stream = store.createWriteStream(key('/'), value())!;
    stream.write(Buffer.alloc(999));
    expect(store.stats().unfinishedBytes).toBe(999);
    stream.write(Buffer.alloc(2));
    await once(stream, 'close');
    expect([engine.size, store.get(key('/'))]).toEqual([0, undefined]);
    expect(store.stats()).toMatchObject({ stored: 1, refused: 1, unfinished: 0, unfinishedBytes: 0 });
  });

  it('refuses a body that says that it is too large before it arrives, but not the answer to HEAD', () => {
    const { store } = opened();
    const large = value({ headers: { 'content-length': '99999999' } });
    expect(store.createWriteStream(key('/'), large)).toBeUndefined();
    put(store, key('/', {}, 'HEAD'), large);
    expect(store.get(key('/', {}, 'HEAD'))).toBeDefined();
  });

  it.each([{ maxBytes: 9000 }, { maxEntryBytes: 9000 }])(
    'stores nothing that can never fit: %o',
    (limits) => {
      const { store, engine } = opened(limits);
      put(store, key('/'), value(), 'small');
      put(store, key('/v'), value({ vary: { a: '1' } }), 'small');
      put(store, key('/'), value(), Buffer.alloc(8999));
      put(store, key('/v'), value({ vary: { a: '1' } }), Buffer.alloc(8999));
      expect([store.get(key('/')), store.get(key('/v', { a: '1' }))]).toEqual([undefined, undefined]);
      expect(engine.verify()).toEqual([]);
    },
  );

  it('stores nothing of a body that is given up midway, and keeps what was there', async () => {
    const { store } = opened();
    put(store, key('/'), value(), 'old');
    const stream = store.createWriteStream(key('/'), value())!;
    stream.write('half');
    stream.destroy();
    await once(stream, 'close');
    expect(bodyOf(store.get(key('/')))).toBe('old');
    expect(store.stats()).toMatchObject({ unfinished: 0, unfinishedBytes: 0 });
  });

  it('bounds what is on its way: the one that has been silent longest is given up', () => {
    const engine = new CacheEngine<string, unknown>();
    const store = new HotsetCacheStore(engine, { maxBodyBytes: 5000, maxUnfinishedBytes: 10_000 });
    const streams = Array.from({ length: 5 }, (_, i) => store.createWriteStream(key(`/${i}`), value())!);
    for (let turn = 0; turn < 4; turn++)
      for (const stream of streams.slice(0, turn === 0 ? 5 : 4)) {
        if (!stream.destroyed) stream.write(Buffer.alloc(1000));
        expect(store.stats().unfinishedBytes).toBeLessThanOrEqual(10_000);
      }
    expect(streams.map((stream) => stream.destroyed)).toContain(false);
    expect(streams[4]!.destroyed).toBe(true);
    for (const stream of streams) stream.end();
    expect(store.stats()).toMatchObject({ unfinished: 0, unfinishedBytes: 0 });
    expect(store.stats().stored + store.stats().refused).toBe(5);
  });

  it('does not reserve what a header announces', () => {
    const { store } = opened();
    const stream = store.createWriteStream(key('/'), value({ headers: { 'content-length': '5000000' } }))!;
    stream.write('x');
    expect(store.stats().unfinishedBytes).toBeLessThanOrEqual(64 * 1024);
    stream.destroy();
  });

  it('takes a body in pieces of any size, whatever was declared', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), fc.nat(2000), (chunks, declared) => {
        const body = new BodyBuffer(declared);
        for (const chunk of chunks) {
          body.append(chunk);
          expect(body.capacity).toBeLessThanOrEqual(Math.max(2 * body.length, declared));
        }
        const whole = body.finish();
        expect(whole.equals(Buffer.concat(chunks))).toBe(true);
        expect(whole.buffer.byteLength).toBe(whole.length);
      }),
    );
  });
});

describe('invalidation while a response arrives', () => {
  it('does not store what was on its way, for any variant or method of the URL', async () => {
    const { store, engine } = opened();
    const streams = [
      store.createWriteStream(key('/'), value())!,
      store.createWriteStream(key('/'), value({ vary: { a: '1' } }))!,
      store.createWriteStream(key('/', {}, 'HEAD'), value())!,
    ];
    const other = store.createWriteStream(key('/other'), value())!;
    store.delete(key('/'));
    await Promise.all(streams.map((stream) => once(stream, 'close')));
    other.end('x');
    expect([store.stats().cancelled, bodyOf(store.get(key('/other'))), engine.size]).toEqual([3, 'x', 1]);
  });
});

describe('tags', () => {
  const tagged = () => {
    const engine = new CacheEngine<string, unknown>();
    const tags = ({ path }: CacheKey, { headers }: CacheValue) =>
      [`path:${path}`, headers['cache-tag'] ?? []].flat();
    return { engine, store: new HotsetCacheStore(engine, { tags }) };
  };
  const news = (more: Partial<CacheValue> = {}) => value({ headers: { 'cache-tag': 'news' }, ...more });

  it('forget the responses that have one, of every URL and variant, and no others', () => {
    const { engine, store } = tagged();
    put(store, key('/a'), news(), 'a');
    put(store, key('/b', { lang: 'de' }), news({ vary: { lang: 'de' } }), 'b, de');
    put(store, key('/b', { lang: 'en' }), value({ vary: { lang: 'en' } }), 'b, en');
    expect(engine.invalidateTags(['news'])).toBe(2);
    expect(store.get(key('/a'))).toBeUndefined();
    expect(store.get(key('/b', { lang: 'de' }))).toBeUndefined();
    expect(bodyOf(store.get(key('/b', { lang: 'en' })))).toBe('b, en');
    expect(engine.invalidateTags(['path:/b'])).toBe(1);
    put(store, key('/a'), news(), 'a again');
    expect(bodyOf(store.get(key('/a')))).toBe('a again');
    expect(engine.verify()).toEqual([]);
  });

  it('reach a response that is arriving: neither it nor the one that it was to replace is found', () => {
    const { engine, store } = tagged();
    put(store, key('/a'), value(), 'older, without the tag');
    const stream = store.createWriteStream(key('/a'), news())!;
    const other = store.createWriteStream(key('/b'), value())!;
    stream.write('too ');
    engine.invalidateTags(['news']);
    stream.end('old');
    other.end('b');
    expect(store.get(key('/a'))).toBeUndefined();
    expect(bodyOf(store.get(key('/b')))).toBe('b');
    expect(store.stats()).toMatchObject({ stored: 2, cancelled: 1, refused: 0, unfinished: 0 });
  });

  it('that are none are refused, and change nothing', () => {
    for (const tags of [() => 'news', () => [7], () => [''], () => ['x'.repeat(257)], () => null]) {
      const engine = new CacheEngine<string, unknown>();
      const store = new HotsetCacheStore(engine, { tags: tags as never });
      expect(() => store.createWriteStream(key('/'), value())).toThrow(
        expect.objectContaining({ code: 'HOTSET_INVALID_ARGUMENT' }),
      );
      expect([engine.size, store.stats().unfinished]).toEqual([0, 0]);
    }
  });
});

describe('a snapshot', () => {
  it('brings responses back, and none that vary', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hotset-spec-'));
    const file = join(folder, 'responses.snapshot');
    const { store, engine } = opened();
    put(store, key('/'), value({ etag: '"1"' }), 'body');
    put(store, key('/v'), value({ vary: { a: '1' } }), 'variant');
    await saveSnapshot(engine, file);
    const again = opened();
    await loadSnapshot(again.engine, file);
    rmSync(folder, { recursive: true, force: true });
    expect(again.store.get(key('/'))).toEqual(store.get(key('/')));
    expect(again.store.get(key('/v', { a: '1' }))).toBeUndefined();
    put(again.store, key('/v'), value({ vary: { a: '1' } }), 'new');
    expect(bodyOf(again.store.get(key('/v', { a: '1' })))).toBe('new');
  });
});

describe('several stores over one engine', () => {
  it('are apart by namespace, and share the budget', () => {
    const engine = new CacheEngine<string, unknown>({ maxBytes: 100_000 });
    const [one, two] = ['one', 'two'].map((namespace) => new HotsetCacheStore(engine, { namespace }));
    engine.set('of the service', 1);
    put(one!, key('/'), value(), 'one');
    put(two!, key('/'), value(), 'two');
    expect([bodyOf(one!.get(key('/'))), bodyOf(two!.get(key('/')))]).toEqual(['one', 'two']);
    one!.delete(key('/'));
    expect([one!.get(key('/')), bodyOf(two!.get(key('/')))]).toEqual([undefined, 'two']);
    for (const path of ['/large', '/larger']) put(two!, key(path), value(), Buffer.alloc(60_000));
    expect(engine.has('of the service')).toBe(false);
  });

  it('take what is not theirs for a miss', () => {
    const { store, engine } = opened();
    put(store, key('/'), value(), 'x');
    const [ours] = engine.keys();
    for (const foreign of [undefined, null, 1, 'text', [], {}]) {
      engine.set(ours!, foreign);
      expect(store.get(key('/'))).toBeUndefined();
    }
  });
});

describe('bad input', () => {
  const BAD_KEYS = [
    undefined,
    null,
    'key',
    {},
    { ...key('/'), origin: 1 },
    { ...key('/'), method: undefined },
    { ...key('/'), path: null },
    { ...key('/'), headers: 'a: b' },
  ];
  const BAD_VALUES: unknown[] = [
    undefined,
    null,
    'value',
    { ...value(), statusCode: '200' },
    { ...value(), deleteAt: Number.NaN },
    { ...value(), cachedAt: undefined },
    { ...value(), statusMessage: undefined },
    { ...value(), headers: undefined },
    { ...value(), vary: 'a' },
    { ...value(), etag: 1 },
    { ...value(), cacheControlDirectives: 'max-age=1' },
  ];
  const INVALID = expect.objectContaining({ code: 'HOTSET_INVALID_ARGUMENT' });

  it.each(BAD_KEYS)('a key: %o', (bad) => {
    const { store, engine } = opened();
    put(store, key('/'), value(), 'x');
    expect(() => store.get(bad as CacheKey)).toThrow(INVALID);
    expect(() => store.delete(bad as CacheKey)).toThrow(INVALID);
    expect(() => store.createWriteStream(bad as CacheKey, value())).toThrow(INVALID);
    expect([engine.size, store.stats().unfinished]).toEqual([1, 0]);
  });

  it.each(BAD_VALUES)('a value: %o', (bad) => {
    const { store, engine } = opened();
    expect(() => store.createWriteStream(key('/'), bad as CacheValue)).toThrow(INVALID);
    expect([engine.size, store.stats().unfinished]).toEqual([0, 0]);
  });

  it('an engine, and options', () => {
    const engine = new CacheEngine<string, unknown>();
    expect(() => new HotsetCacheStore({} as never)).toThrow(INVALID);
    for (const options of [
      null,
      { maxSize: 1 },
      { namespace: 1 },
      { maxBodyBytes: 0 },
      { maxBodyBytes: '5MiB' },
      { maxUnfinishedBytes: 0 },
      { maxBodyBytes: 100, maxUnfinishedBytes: 99 },
      { tags: ['news'] },
    ])
      expect(() => new HotsetCacheStore(engine, options as never)).toThrow(
        expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' }),
      );
  });

  it("a listener's error reaches the stream, and the cache stays intact", async () => {
    const engine = new CacheEngine<string, unknown>({
      onRemoval: () => {
        throw new Error('listener');
      },
    });
    const store = new HotsetCacheStore(engine);
    put(store, key('/'), value(), 'x');
    const stream = store.createWriteStream(key('/'), value())!;
    stream.end('y');
    await expect(once(stream, 'close')).rejects.toThrow('listener');
    expect([engine.verify(), store.stats().unfinished]).toEqual([[], 0]);
  });
});

describe('against a naive model', () => {
  const text = fc.constantFrom('', '/', '"', '","', '[', ']', 'a', 'b', '\n', '\\');
  const at = fc.record({ origin: text, path: text, method: fc.constantFrom('GET', 'HEAD') });
  const headers = fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), fc.constantFrom('1', '2'));
  const operation = fc.oneof(
    fc.record({
      kind: fc.constant('put' as const),
      at,
      headers,
      names: fc.subarray(['a', 'b', '__proto__']),
    }),
    fc.record({ kind: fc.constant('get' as const), at, headers }),
    fc.record({ kind: fc.constant('delete' as const), at, headers }),
  );

  interface State {
    isVaried: boolean;
    responses: { vary: [string, string | null][]; body: string }[];
  }

  it('finds the newest response that matches, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const { store, engine } = opened();
        const model = new Map<string, State>();
        operations.forEach((each, i) => {
          const request = { ...each.at, headers: each.headers };
          const id = JSON.stringify([each.at.origin, each.at.path, each.at.method]);
          const state = model.get(id) ?? { isVaried: false, responses: [] };
          if (each.kind === 'put') {
            const vary = each.names.map((name): [string, string | null] => [name, own(each.headers, name)]);
            put(store, request, value({ vary: Object.fromEntries(vary), cachedAt: NOW + i }), `${i}`);
            // What does not vary stands alone: the next response takes its place.
            const others = state.isVaried
              ? state.responses.filter((one) => JSON.stringify(one.vary) !== JSON.stringify(vary))
              : [];
            model.set(id, {
              isVaried: state.isVaried || vary.length > 0,
              responses: [...others, { vary, body: `${i}` }],
            });
          } else if (each.kind === 'delete') {
            store.delete(request);
            for (const method of ['GET', 'HEAD'])
              model.delete(JSON.stringify([each.at.origin, each.at.path, method]));
          } else {
            const expected = state.responses.findLast(({ vary }) =>
              vary.every(([name, text]) => own(each.headers, name) === text),
            );
            expect(bodyOf(store.get(request))).toBe(expected?.body);
          }
        });
        expect(engine.verify()).toEqual([]);
      }),
    );
  });
});

function own(headers: Record<string, string>, name: string): string | null {
  return Object.hasOwn(headers, name) ? headers[name]! : null;
}
