/** The view of its own process on an engine whose values are bytes with flags. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../lib/index.js';
import {
  BYTES_FLAGS,
  createMemcachedEngine,
  JSON_FLAGS,
  SharedCache,
  TEXT_FLAGS,
} from '../../lib/memcached/index.js';
import { itemStoreOf } from '../../lib/memcached/item-store.js';
import { wireValueOfText } from '../../lib/memcached/wire-value.js';

function withWireItem(flags: number, latin1: string): SharedCache {
  const cache = new SharedCache(createMemcachedEngine());
  cache.engine.set('k', wireValueOfText(latin1), { flags });
  return cache;
}

describe('SharedCache', () => {
  it('gives back the text, bytes or JSON that it took', () => {
    const value = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 200 }),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.jsonValue().filter((json) => typeof json !== 'string'),
    );
    fc.assert(
      fc.property(value, (given) => {
        const cache = new SharedCache(createMemcachedEngine());
        expect(cache.set('k', given as string)).toBe('stored');
        // What JSON does to a value, such as -0, is part of the bargain.
        const expected =
          typeof given === 'string' || Buffer.isBuffer(given) ? given : JSON.parse(JSON.stringify(given));
        expect(cache.get('k')).toEqual(expected);
        expect(cache.engine.verify()).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['text', 'grüße', TEXT_FLAGS],
    ['', '', TEXT_FLAGS],
    ['a number', 5, JSON_FLAGS],
    ['null', null, JSON_FLAGS],
    ['false', false, JSON_FLAGS],
    ['an object', { a: 1 }, JSON_FLAGS],
    ['an array', [1], JSON_FLAGS],
    ['a Buffer', Buffer.from('x'), BYTES_FLAGS],
    ['a Uint8Array', new Uint8Array(5000).subarray(10, 20), BYTES_FLAGS],
  ])('marks %s with its flags', (_what, value, flags) => {
    const cache = new SharedCache(createMemcachedEngine());
    cache.set('k', value);
    expect(cache.engine.getEntry('k')?.flags).toBe(flags);
  });

  it('copies bytes on their way in and out', () => {
    for (const length of [10, 10_000]) {
      const cache = new SharedCache(createMemcachedEngine());
      const mine = Buffer.alloc(length, 'a');
      cache.set('k', mine);
      mine.fill('b');
      for (const read of [(): Buffer => cache.get('k') as Buffer, () => cache.getBytes('k')!]) {
        expect(read().equals(Buffer.alloc(length, 'a'))).toBe(true);
        read().fill('c');
        expect(read().equals(Buffer.alloc(length, 'a'))).toBe(true);
      }
    }
  });

  it('reads what common clients write', () => {
    for (const flags of [0, 1, 16]) expect(withWireItem(flags, 'gr\xc3\xbc\xc3\x9fe').get('k')).toBe('grüße');
    expect(withWireItem(2, '{"a":1}').get('k')).toEqual({ a: 1 });
    for (const flags of [3, 4, 5, 0xffffffff])
      expect(withWireItem(flags, 'a\xff').get('k')).toEqual(Buffer.from([0x61, 0xff]));
  });

  it('says which value is not the JSON that its flags promise; its bytes can still be read', () => {
    const cache = withWireItem(JSON_FLAGS, '{"a":');
    expect(() => cache.get('k')).toThrow(
      expect.objectContaining({
        code: 'HOTSET_UNREADABLE_VALUE',
        message: 'the value under "k" has the flags of JSON (2) and is not JSON: "{\\"a\\":"',
        cause: expect.any(SyntaxError),
      }),
    );
    expect(String(cache.getBytes('k'))).toBe('{"a":');
  });

  it('refuses what neither is bytes nor can be JSON, and keeps the old value', () => {
    const cache = new SharedCache(createMemcachedEngine());
    cache.set('k', 'old');
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    for (const bad of [undefined, () => {}, Symbol('s'), 5n, { n: 5n }, circle])
      expect(() => cache.set('k', bad as unknown as object)).toThrow(
        expect.objectContaining({
          code: 'HOTSET_INVALID_ARGUMENT',
          message: expect.stringMatching(/^value takes text, bytes or what JSON can say; got .*$/),
        }),
      );
    expect(cache.get('k')).toBe('old');
  });

  it('refuses keys that no client could send, in every method', () => {
    const cache = new SharedCache(createMemcachedEngine());
    for (const call of [
      () => cache.get('a b'),
      () => cache.getBytes('a b'),
      () => cache.set('a b', ''),
      () => cache.has('a b'),
      () => cache.delete('a b'),
    ])
      expect(call).toThrow(expect.objectContaining({ code: 'HOTSET_INVALID_KEY' }));
  });

  it('has, deletes and expires', () => {
    const clock = new ManualClock();
    const cache = new SharedCache(createMemcachedEngine({ clock }));
    cache.set('k', 'v', { ttlMs: 10 });
    expect(cache.has('k')).toBe(true);
    clock.advance(10);
    expect(cache.has('k')).toBe(false);
    expect(cache.get('k')).toBeUndefined();
    expect(cache.getBytes('k')).toBeUndefined();
    cache.set('k', 'v');
    expect(cache.delete('k')).toBe(true);
    expect(cache.delete('k')).toBe(false);
  });

  it('keeps the flags its own, whatever else a caller without types gives', () => {
    const cache = new SharedCache(createMemcachedEngine());
    cache.set('k', { a: 1 }, { flags: undefined } as object);
    expect(cache.get('k')).toEqual({ a: 1 });
    cache.set('k', { a: 1 }, { flags: 0 } as object);
    expect(cache.get('k')).toEqual({ a: 1 });
  });

  it('is struck by a client’s delayed flush_all, once and at its time', () => {
    const clock = new ManualClock(Date.UTC(2026, 0, 1));
    const engine = createMemcachedEngine({ clock });
    const cache = new SharedCache(engine);
    const items = itemStoreOf(engine);
    cache.set('old', 'v');
    items.flush(10);
    clock.advance(3600_000);
    expect(cache.get('old')).toBeUndefined();
    cache.set('new', 'v');
    items.applyDueFlush();
    expect(cache.get('new')).toBe('v');
  });

  it('writes and reads the flags of the clients that share it', () => {
    const cache = new SharedCache(createMemcachedEngine(), { textFlags: 16, jsonFlags: 6, bytesFlags: 0 });
    cache.set('text', 'ü');
    cache.set('json', { a: 1 });
    cache.set('bytes', Buffer.from([0, 255]));
    expect(['text', 'json', 'bytes'].map((key) => cache.engine.getEntry(key)?.flags)).toEqual([16, 6, 0]);
    expect(cache.get('text')).toBe('ü');
    expect(cache.get('json')).toEqual({ a: 1 });
    expect(cache.get('bytes')).toEqual(Buffer.from([0, 255]));
    expect(() => new SharedCache(createMemcachedEngine(), { flags: 1 } as object)).toThrow(
      /no option "flags"/,
    );
  });
});
