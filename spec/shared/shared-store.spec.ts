import { inspect } from 'node:util';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { SharedStore, type SharedStoreHandle } from '../../lib/shared/index.js';
import { createTcpServer } from '../../lib/tcp/index.js';
import { talk } from '../cli/command.js';

const MEBIBYTE = 2 ** 20;

/** The store as another thread gets it. */
function opened(store: SharedStore): SharedStore {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(store.handle);
  const { message } = receiveMessageOnPort(port2) as { message: SharedStoreHandle };
  port1.close();
  return SharedStore.open(message);
}

describe('values', () => {
  it.each([
    ['text', 'hello'],
    ['no text', ''],
    ['text of other scripts', 'Grüße 世界 🦊'],
    ['long text', 'ä'.repeat(100_000)],
    ['a number', 42],
    ['null', null],
    ['false', false],
    ['an array', [1, 'two', null]],
    ['an object', { a: { b: ['c'] } }],
    ['a large object', { list: Array.from({ length: 20_000 }, (_, i) => i) }],
  ])('gives %s back, to every thread', (_name, value) => {
    const store = new SharedStore({ shards: 1 });
    expect(store.set('key', value)).toBe('stored');
    expect(store.get('key')).toEqual(value);
    expect(opened(store).get('key')).toEqual(value);
  });

  it.each([0, 1, 100, 100_000])('gives %d bytes back as a copy', (length) => {
    const store = new SharedStore({ shards: 1 });
    const bytes = Uint8Array.from({ length }, (_, i) => i);
    store.set('key', bytes);
    const found = store.get('key') as Buffer;
    expect(Buffer.isBuffer(found)).toBe(true);
    expect(new Uint8Array(found)).toEqual(bytes);
    found.fill(0);
    expect(new Uint8Array(store.get('key') as Buffer)).toEqual(bytes);
  });

  it('refuses what JSON cannot say, and keys that the wire does not take', () => {
    const store = new SharedStore();
    const invalidArgument = expect.objectContaining({ code: 'HOTSET_INVALID_ARGUMENT' });
    const invalidKey = expect.objectContaining({ code: 'HOTSET_INVALID_KEY' });
    expect(() => store.set('key', Number.NaN)).toThrow(invalidArgument);
    expect(() => store.set('key', undefined as never)).toThrow(invalidArgument);
    expect(() => store.set('key', '\ud800')).toThrow(invalidArgument);
    expect(() => store.set('key', 'x', { ttlMs: '5' as never })).toThrow(invalidArgument);
    expect(() => store.get(5 as never)).toThrow(invalidArgument);
    for (const key of ['', 'a b', 'a\n', '\x7f', 'x'.repeat(251), '\ud800']) {
      expect(() => store.get(key)).toThrow(invalidKey);
      expect(() => store.set(key, 'x')).toThrow(invalidKey);
      expect(() => store.has(key)).toThrow(invalidKey);
      expect(() => store.delete(key)).toThrow(invalidKey);
    }
    expect(store.size).toBe(0);
  });

  it('takes keys in any script, up to 250 bytes', () => {
    const store = new SharedStore();
    for (const key of ['x'.repeat(250), 'ключ', '鍵', '🔑', 'naïve']) {
      store.set(key, key);
      expect(store.get(key)).toBe(key);
      expect(store.has(key)).toBe(true);
      expect(store.delete(key)).toBe(true);
      expect(store.delete(key)).toBe(false);
    }
  });

  it('refuses a value that is larger than a shard, and takes the old one away', () => {
    const store = new SharedStore({ maxBytes: MEBIBYTE, shards: 1 });
    store.set('key', 'old');
    expect(store.set('key', 'x'.repeat(2 * MEBIBYTE))).toBe('too-large');
    expect(store.get('key')).toBeUndefined();
    expect(store.verify()).toEqual([]);
  });

  it('can be stored with flags of other clients', () => {
    const store = new SharedStore({ flags: { text: 16, json: 32, bytes: 0 } });
    store.set('text', 'a');
    store.set('json', [1]);
    store.set('bytes', Buffer.of(7));
    const other = opened(store);
    expect(other.get('text')).toBe('a');
    expect(other.get('json')).toEqual([1]);
    expect(other.get('bytes')).toEqual(Buffer.of(7));
  });
});

describe('entries', () => {
  it('are the same in every thread', () => {
    const store = new SharedStore();
    const other = opened(store);
    for (let i = 0; i < 1000; i++) (i % 2 === 0 ? store : other).set(`key-${i}`, `value ${i}`);
    expect(store.size).toBe(1000);
    expect(other.size).toBe(1000);
    for (let i = 0; i < 1000; i++) expect((i % 3 === 0 ? store : other).get(`key-${i}`)).toBe(`value ${i}`);
    expect(other.delete('key-1')).toBe(true);
    expect(store.has('key-1')).toBe(false);
    expect(store.stats()).toMatchObject({ hits: 1000, misses: 0, stores: 1000, deletions: 1, size: 999 });
    store.clear();
    expect(other.size).toBe(0);
    expect(other.get('key-2')).toBeUndefined();
    expect(other.verify()).toEqual([]);
  });

  it('expire', () => {
    const store = new SharedStore({ ttlMs: 60_000 });
    store.set('gone', 'x', { ttlMs: 0 });
    expect(store.get('gone')).toBeUndefined();
    store.set('kept', 'x');
    expect(store.get('kept')).toBe('x');
  });

  it('make room for new ones within the budget, whoever stores them', () => {
    const store = new SharedStore({ maxBytes: 2 * MEBIBYTE, shards: 2 });
    const other = opened(store);
    for (let i = 0; i < 5000; i++) (i % 2 === 0 ? store : other).set(`key-${i}`, 'x'.repeat(1000));
    expect(store.bytes).toBeLessThanOrEqual(store.maxBytes);
    expect(store.size).toBeGreaterThan(1000);
    expect(store.get('key-4999')).toHaveLength(1000);
    expect(store.get('key-0')).toBeUndefined();
    expect(store.verify()).toEqual([]);
    expect(other.verify()).toEqual([]);
  });

  it('are refused when the store is full and does not evict', () => {
    const store = new SharedStore({ maxBytes: MEBIBYTE, shards: 1, evict: false });
    let stored = 0;
    while (store.set(`key-${stored}`, 'x'.repeat(10_000)) === 'stored') stored++;
    expect(stored).toBeGreaterThan(50);
    expect(store.get('key-0')).toHaveLength(10_000);
  });

  it('of changing sizes stay within what was reserved', () => {
    const store = new SharedStore({ maxBytes: 4 * MEBIBYTE, shards: 1 });
    const other = opened(store);
    for (const bytes of [10, 100_000, 1000, 300_000, 50, 20_000, 100_000, 10])
      for (let i = 0; i < 2000 && i * bytes < 20 * MEBIBYTE; i++) {
        expect((i % 2 === 0 ? store : other).set(`key-${i}`, Buffer.alloc(bytes, i))).toBe('stored');
        if (i % 50 === 0) {
          expect(store.verify()).toEqual([]);
          expect((other.get(`key-${i}`) as Buffer).equals(Buffer.alloc(bytes, i))).toBe(true);
        }
      }
  });
});

describe('subscribers', () => {
  it('hear of all threads', async () => {
    const store = new SharedStore({ shards: 4 });
    const other = opened(store);
    const heard: string[] = [];
    const end = store.subscribe('a', ({ cause, key }) => heard.push(`${cause} ${key ?? ''}`.trim()));
    store.set('ä', 1);
    store.set('a', 1);
    expect(heard).toEqual(['stored a']);
    other.set('aß', 1);
    other.set('b', 1);
    other.delete('aß');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(heard.slice(1)).toEqual(['stored aß', 'deleted aß']);
    other.clear();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(heard.slice(3)).toEqual(['cleared']);
    end();
    other.set('a', 2);
    store.set('a', 3);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(heard).toHaveLength(4);
  });

  it('hear `cleared` where they lag', () => {
    const store = new SharedStore({ shards: 1 });
    const other = opened(store);
    const heard: string[] = [];
    const end = store.subscribe('', ({ cause }) => heard.push(cause));
    for (let i = 0; i < 10_000; i++) other.set(`key-${i}`, 'x');
    store.set('key', 'x');
    expect(heard).toEqual(['cleared']);
    end();
  });
});

it('refuses options that do not exist, or do not fit together', () => {
  const invalid = expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' });
  for (const options of [
    { maxBytes: 0 },
    { maxBytes: 1000 },
    { maxBytes: '5000 GB' },
    { shards: 3 },
    { shards: 0 },
    { shards: 512 },
    { shards: 16, maxBytes: 8 * MEBIBYTE },
    { ttlMs: 0 },
    { ttlMs: Number.NaN },
    { evict: 'yes' },
    { maxSize: 5 },
    null,
  ])
    expect(() => new SharedStore(options as never)).toThrow(invalid);
});

it('opens handles of this version only', () => {
  const invalid = expect.objectContaining({ code: 'HOTSET_INVALID_ARGUMENT' });
  const store = new SharedStore();
  expect(new SharedStore(store.handle).size).toBe(0);
  for (const handle of [undefined, null, {}, 'x', { ...store.handle, kind: 'another' }])
    expect(() => SharedStore.open(handle as never)).toThrow(invalid);
});

it('is served by a server, which sees the same entries', async () => {
  const store = new SharedStore();
  const server = createTcpServer(opened(store), { port: 0 });
  const address = (await server.listen()) as { port: number };
  // One of them is in the shard that the server has looked at last.
  for (let i = 0; i < 100; i++) store.set(`key${i}`, i);
  const keys = Array.from({ length: 100 }, (_, i) => `key${i}`);
  const replies = await talk(address.port, `get ${keys.join(' ')}\r\nquit\r\n`);
  expect(replies.match(/VALUE key/g)).toHaveLength(100);
  store.set('key', { a: 1 });
  expect(await talk(address.port, 'get key\r\nset other 0 0 2\r\nhi\r\nquit\r\n')).toBe(
    'VALUE key 2 7\r\n{"a":1}\r\nEND\r\nSTORED\r\n',
  );
  expect(store.get('other')).toBe('hi');
  await server.close();
});

it('shows its budget and counts, and neither keys nor values nor memory', () => {
  const store = new SharedStore({ maxBytes: '4MiB', shards: 1 });
  store.set('secret-key', 'secret value');
  const { bytes, maxBytes } = store;
  expect(JSON.parse(JSON.stringify({ store }))).toEqual({ store: { size: 1, bytes, maxBytes } });
  expect(inspect(store)).toBe(`SharedStore { size: 1, bytes: ${bytes}, maxBytes: ${maxBytes} }`);
});
