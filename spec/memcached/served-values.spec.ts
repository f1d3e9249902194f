/** A service's values as clients see them, and theirs as the service does. */

import { describe, expect, it, vi } from 'vitest';
import { storeOf } from '../../lib/engine/cache-engine.js';
import { CacheEngine, type CacheEngineOptions } from '../../lib/index.js';
import { EngineItems } from '../../lib/items/engine-items.js';
import { type KindFlags, ValueCodec } from '../../lib/items/value-codec.js';
import { itemStoreOf } from '../../lib/memcached/item-store.js';
import { ReplyBuffer } from '../../lib/memcached/reply-buffer.js';
import { Session } from '../../lib/memcached/session.js';

type Options = CacheEngineOptions<string, unknown>;

function served(options: Options = {}, valueFlags?: KindFlags) {
  const engine = new CacheEngine<string, unknown>(options);
  return { engine, ask: client(engine, valueFlags) };
}

function client(engine: CacheEngine<string, unknown>, valueFlags?: KindFlags): (request: string) => string {
  const out = new ReplyBuffer();
  const session = new Session(itemStoreOf(engine, { valueFlags }), out);
  return (request) => {
    session.feed(Buffer.from(request, 'latin1'));
    return Buffer.concat(out.take()).toString('latin1');
  };
}

const latin1 = (text: string): string => Buffer.from(text).toString('latin1');

describe('what a service stores', () => {
  it.each<[unknown, number, string]>([
    ['text', 0, 'text'],
    ['grüße', 0, latin1('grüße')],
    ['ü'.repeat(3000), 0, latin1('ü'.repeat(3000))],
    ['x'.repeat(5000), 0, 'x'.repeat(5000)],
    [42, 2, '42'],
    [null, 2, 'null'],
    [{ a: [1, 'ü'] }, 2, latin1('{"a":[1,"ü"]}')],
    [new Uint8Array([0, 255]), 4, '\0\xff'],
  ])('%j is read by clients, again and again, and stays what it is', (value, flags, bytes) => {
    const { engine, ask } = served();
    engine.set('k', value);
    for (let i = 0; i < 2; i++) {
      expect(ask('get k\r\n')).toBe(`VALUE k ${flags} ${bytes.length}\r\n${bytes}\r\nEND\r\n`);
      expect(engine.get('k')).toBe(value);
      expect(engine.getEntry('k')?.flags).toBe(flags);
    }
    expect(engine.verify()).toEqual([]);
  });

  it.each([undefined, () => {}, 5n, { n: 5n }, Number.NaN, '\ud800'])('%s is a miss to clients', (value) => {
    const { engine, ask } = served();
    engine.set('k', value);
    expect(ask('get k\r\nmg k v\r\ngat 10 k\r\n')).toBe('END\r\nEN\r\nEND\r\n');
    expect(ask('append k 0 0 1\r\nx\r\nincr k 1\r\n')).toBe('NOT_STORED\r\nNOT_FOUND\r\n');
    expect(ask('lru_crawler metadump all\r\n')).not.toContain('key=k');
    expect(engine.stats()).toMatchObject({ hits: 0, misses: 3 });
    expect(engine.get('k')).toBe(value);
    expect(ask('delete k\r\n')).toBe('DELETED\r\n');
    expect(engine.has('k')).toBe(false);
  });

  it('is encoded once, when a client first reads it', () => {
    const toJSON = vi.fn(() => ({ made: true }));
    const { engine, ask } = served();
    engine.set('k', { toJSON });
    engine.get('k');
    expect(toJSON).not.toHaveBeenCalled();
    const before = engine.bytes;
    for (let i = 0; i < 3; i++) expect(ask('get k\r\n')).toContain('{"made":true}');
    expect(toJSON).toHaveBeenCalledTimes(1);
    expect(engine.bytes).toBeGreaterThan(before);
    engine.set('k', 1);
    expect(ask('get k\r\n')).toContain('\r\n1\r\n');
    expect(engine.verify()).toEqual([]);
  });

  it('may change the engine while it is encoded', () => {
    const { engine, ask } = served();
    engine.set('k', { toJSON: () => engine.delete('k') });
    expect(ask('get k\r\n')).toBe('END\r\n');
    engine.set('k', { toJSON: () => engine.set('k', 'other') });
    expect(ask('get k\r\n')).toBe('END\r\n');
    expect(ask('get k\r\n')).toBe('VALUE k 0 5\r\nother\r\nEND\r\n');
    expect(engine.verify()).toEqual([]);
  });

  it('can be counted with', () => {
    const { engine, ask } = served();
    engine.set('n', 42);
    expect(ask('incr n 1\r\n')).toBe('43\r\n');
    expect(engine.get('n')).toBe(43);
    engine.set('t', '7');
    expect(ask('decr t 2\r\n')).toBe('5\r\n');
    expect(engine.get('t')).toBe('5');
  });

  it('has the flags of `set`, or those of its kind', () => {
    const { engine, ask } = served({}, { json: 6, bytes: 0 });
    engine.set('json', { a: 1 });
    engine.set('bytes', Buffer.from('b'));
    engine.set('own', { a: 1 }, { flags: 9 });
    expect(ask('get json bytes own\r\n')).toBe(
      'VALUE json 6 7\r\n{"a":1}\r\nVALUE bytes 0 1\r\nb\r\nVALUE own 9 7\r\n{"a":1}\r\nEND\r\n',
    );
    ask('set theirs 6 0 2\r\n[]\r\n');
    expect(engine.get('theirs')).toEqual([]);
    engine.update('json', 'a text now');
    expect(ask('get json\r\n')).toBe('VALUE json 0 10\r\na text now\r\nEND\r\n');
    engine.update('own', 'a text now');
    expect(ask('get own\r\n')).toBe('VALUE own 9 10\r\na text now\r\nEND\r\n');
  });
});

describe('what a client stores', () => {
  it.each<[string, number, unknown]>([
    ['text', 0, 'text'],
    [latin1('grüße'), 1, 'grüße'],
    [latin1('ü'.repeat(3000)), 16, 'ü'.repeat(3000)],
    ['{"a":1}', 2, { a: 1 }],
    ['a\xff', 4, Buffer.from([0x61, 0xff])],
    ['\xff'.repeat(5000), 0xffffffff, Buffer.alloc(5000, 0xff)],
  ])('%j with the flags %i is decoded once', (bytes, flags, value) => {
    const { engine, ask } = served();
    ask(`set k ${flags} 0 ${bytes.length}\r\n${bytes}\r\n`);
    expect(engine.peek('k')).toEqual(value);
    const first = engine.get('k');
    expect(first).toEqual(value);
    expect(engine.get('k')).toBe(first);
    expect(ask('get k\r\n')).toBe(`VALUE k ${flags} ${bytes.length}\r\n${bytes}\r\nEND\r\n`);
    expect(engine.verify()).toEqual([]);
  });

  it('stays where it is not what its flags say: `get` says so, others show bytes', () => {
    const removed: unknown[] = [];
    const { engine, ask } = served({ onRemoval: (_key, value) => removed.push(value) });
    ask('set k 2 0 5\r\n{"a":\r\n');
    for (const read of [() => engine.get('k'), () => engine.peek('k'), () => engine.getEntry('k')])
      expect(read).toThrow(
        expect.objectContaining({
          code: 'HOTSET_UNREADABLE_VALUE',
          message: 'the value under "k" has the flags of JSON (2) and is not JSON: "{\\"a\\":"',
          cause: expect.any(SyntaxError),
        }),
      );
    expect([...engine]).toEqual([['k', Buffer.from('{"a":')]]);
    expect(ask('get k\r\n')).toContain('{"a":');
    engine.delete('k');
    expect(removed).toEqual([Buffer.from('{"a":')]);
  });

  it('is decoded for nobody who does not look', () => {
    const decode = vi.spyOn(ValueCodec.prototype, 'decode');
    const { engine, ask } = served();
    engine.subscribe('', () => {});
    ask('set k 2 0 1\r\n1\r\nset k 2 0 1\r\n2\r\n');
    engine.delete('k');
    ask('set k 2 0 1\r\n1\r\nflush_all\r\n');
    expect(decode).not.toHaveBeenCalled();
    decode.mockRestore();
  });

  it('cannot be changed by what the service does with bytes that it was given, once a reply has them', () => {
    const { engine, ask } = served();
    ask(`set k 4 0 5000\r\n${'a'.repeat(5000)}\r\n`);
    const items = itemStoreOf(engine).entries;
    (engine.get('k') as Buffer).fill('b');
    const reply = items.valueAt(itemStoreOf(engine).peekText('k'));
    (engine.get('k') as Buffer).fill('c');
    expect(String(reply)).toBe('b'.repeat(5000));
  });
});

describe('room', () => {
  const json = { list: 'y'.repeat(1000) };

  it('is made by others for a second form, and never by its own entry', () => {
    const { engine, ask } = served({ maxBytes: 20_000 });
    for (let i = 0; i < 100; i++) engine.set(`k${i}`, json);
    const keys = [...engine.keys()];
    expect(ask(`get ${keys.at(-1)}\r\n`)).toContain('"list"');
    expect(engine.has(keys.at(-1)!)).toBe(true);
    expect(engine.bytes).toBeLessThanOrEqual(20_000);
    expect(engine.verify()).toEqual([]);
  });

  it('is not made where both forms can never fit, or nothing is evicted', () => {
    for (const options of [
      { maxBytes: 2600 },
      { maxBytes: 2600, evict: false },
      { maxBytes: 20_000, maxEntryBytes: 1800 },
    ]) {
      const { engine, ask } = served(options);
      expect(engine.set('k', json)).toBe('stored');
      const before = engine.bytes;
      for (let i = 0; i < 2; i++) expect(ask('get k\r\n')).toContain('"list"');
      expect(engine.get('k')).toBe(json);
      expect(engine.bytes - before).toBeLessThan(100);
      expect(engine.verify()).toEqual([]);
    }
  });

  it('stays as it is when the service peeks or walks', () => {
    const { engine, ask } = served();
    ask('set k 2 0 7\r\n{"a":1}\r\n');
    const before = engine.bytes;
    engine.peek('k');
    expect([...engine.values()]).toEqual([{ a: 1 }]);
    expect([...engine.dump()]).toMatchObject([{ value: { a: 1 } }]);
    expect(engine.bytes).toBe(before);
    engine.get('k');
    expect(engine.bytes).toBeGreaterThan(before);
    engine.delete('k');
    expect(engine.verify()).toEqual([]);
  });
});

describe('an engine that a server comes to later', () => {
  it('shows what it held, with times that began then', () => {
    const engine = new CacheEngine<string, unknown>({ maxBytes: '1MiB' });
    for (let i = 0; i < 1000; i++) engine.set(`k${i}`, i);
    engine.get('k0');
    const ask = client(engine);
    expect(ask('mg k5 v h l t\r\n')).toBe('VA 1 h0 l0 t-1\r\n5\r\n');
    expect(ask('get k0 k999\r\n')).toBe('VALUE k0 2 1\r\n0\r\nVALUE k999 2 3\r\n999\r\nEND\r\n');
    expect(storeOf(engine).tracksAccess).toBe(true);
    expect(engine.verify()).toEqual([]);
  });

  it('shows no keys but texts', () => {
    const engine = new CacheEngine<unknown, unknown>();
    for (const key of [1, null, {}, '', 'x'.repeat(251), '\ud800', '\udcc3\udcbc']) engine.set(key, 'v');
    engine.set('ü', 'v');
    engine.set('\udcff', 'v');
    const items = new EngineItems(engine as CacheEngine<string, unknown>);
    expect(Array.from(items.dump(), ({ key }) => key)).toEqual([latin1('ü'), '\xff']);
  });
});
