/** npm's `memcached` 2.2: callbacks, flags 0 for text, 1 for numbers, 2 for JSON, 4 for Buffers. */

import Memcached from 'memcached';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeOnBoth, itOnHotset } from '../support/both-servers.js';
import { skipTime } from '../support/raw-command.js';

type Done<T> = (error: Error | Error[] | undefined, result: T) => void;

/** A promise instead of a callback. */
// biome-ignore lint/suspicious/noExplicitAny: the client's results are checked by the specs
function call<T = any>(act: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    act((error, result) => (error === undefined ? resolve(result) : reject(error)));
  });
}

describeOnBoth('npm memcached', null, (target) => {
  let client: Memcached;

  beforeAll(() => {
    client = new Memcached(target.address);
  });
  beforeEach(() => call((done) => client.flush(done)));
  afterAll(() => client?.end());

  const set = (key: string, value: unknown, lifetime = 0): Promise<boolean> =>
    call((done) => client.set(key, value, lifetime, done));
  const get = (key: string): Promise<unknown> => call((done) => client.get(key, done));

  it.each([
    ['text', 'hello'],
    ['an empty text', ''],
    ['text that is not ASCII', 'grüße, 世界'],
    ['a text of several lines', 'one\r\nEND\r\ntwo'],
    ['a number', 3.25],
    ['an object', { id: 7, tags: ['a', 'b'], nothing: null }],
    ['true', true],
    ['bytes', Buffer.from([0, 1, 13, 10, 128, 255])],
    ['a value of a million bytes', 'x'.repeat(1_000_000)],
  ])('gives back %s as it was set', async (_, value) => {
    expect(await set('key', value)).toBe(true);
    expect(await get('key')).toEqual(value);
  });

  it('gives nothing for a key that is not there', async () => {
    expect(await get('nobody')).toBeUndefined();
  });

  it('gets several keys at once, those that are there', async () => {
    await set('one', 'eins');
    await set('two', { zwei: 2 });
    expect(await call((done) => client.getMulti(['one', 'none', 'two'], done))).toEqual({
      one: 'eins',
      two: { zwei: 2 },
    });
  });

  it('gets a hundred keys of a thousand bytes at once', async () => {
    const keys = Array.from({ length: 100 }, (_, number) => `key-${number}`);
    await Promise.all(keys.map((key) => set(key, key.repeat(100))));
    const found = await call((done) => client.getMulti(keys, done));
    expect(found).toEqual(Object.fromEntries(keys.map((key) => [key, key.repeat(100)])));
  });

  it('swaps a value by cas once, and refuses a second time', async () => {
    await set('key', 'old');
    const { cas, key } = await call((done) => client.gets('key', done));
    expect(key).toBe('old');
    expect(await call((done) => client.cas('key', 'new', cas, 0, done))).toBe(true);
    expect(await call((done) => client.cas('key', 'late', cas, 0, done))).toBe(false);
    expect(await get('key')).toBe('new');
  });

  it('adds only what is not there, and replaces only what is', async () => {
    await expect(call((done) => client.replace('key', 'a', 0, done))).rejects.toMatchObject({
      notStored: true,
    });
    expect(await call((done) => client.add('key', 'b', 0, done))).toBe(true);
    await expect(call((done) => client.add('key', 'c', 0, done))).rejects.toMatchObject({ notStored: true });
    expect(await call((done) => client.replace('key', 'd', 0, done))).toBe(true);
    expect(await get('key')).toBe('d');
  });

  it('appends and prepends', async () => {
    await set('key', 'b');
    expect(await call((done) => client.append('key', 'c', done))).toBe(true);
    expect(await call((done) => client.prepend('key', 'a', done))).toBe(true);
    expect(await get('key')).toBe('abc');
  });

  it('counts up and down, not below zero, and not what is not there', async () => {
    await set('hits', 10);
    expect(await call((done) => client.incr('hits', 5, done))).toBe(15);
    expect(await call((done) => client.decr('hits', 1, done))).toBe(14);
    expect(await get('hits')).toBe(14);
    expect(await call((done) => client.decr('hits', 20, done))).toBe(0);
    expect(await call((done) => client.incr('nobody', 1, done))).toBe(false);
  });

  it('refuses to count what is no number', async () => {
    await set('key', 'text');
    await expect(call((done) => client.incr('key', 1, done))).rejects.toThrow(
      'cannot increment or decrement non-numeric value',
    );
  });

  it('deletes', async () => {
    await set('key', 'a');
    expect(await call((done) => client.del('key', done))).toBe(true);
    expect(await call((done) => client.del('key', done))).toBe(false);
    expect(await get('key')).toBeUndefined();
  });

  it('flushes', async () => {
    await set('key', 'a');
    expect(await call((done) => client.flush(done))).toEqual([true]);
    expect(await get('key')).toBeUndefined();
  });

  it('touches what is there', async () => {
    await set('key', 'a', 100);
    expect(await call((done) => client.touch('key', 200, done))).toBe(true);
    expect(await call((done) => client.touch('nobody', 200, done))).toBe(false);
  });

  itOnHotset(target, 'lets values expire, later if touched', async () => {
    await set('short', 'a', 60);
    await set('long', 'b', 60);
    await set('always', 'c');
    await call((done) => client.touch('long', 600, done));
    await skipTime(target.port, 61);
    expect(await call((done) => client.getMulti(['short', 'long', 'always'], done))).toEqual({
      long: 'b',
      always: 'c',
    });
  });

  it('has version, statistics and settings', async () => {
    const [version] = await call((done) => client.version(done));
    expect(version?.version).toMatch(/^\d+\.\d+\.\d+$/);
    await set('key', 'a');
    const [stats] = await call((done) => client.stats(done));
    expect(stats).toMatchObject({ server: target.address, limit_maxbytes: 64 * 2 ** 20 });
    // Not exactly 1: memcached goes on counting what was flushed for a while.
    expect(stats.curr_items).toBeGreaterThan(0);
    const [settings] = await call((done) => client.settings(done));
    expect(settings).toMatchObject({ maxconns: 1024, evictions: 'on', item_size_max: 2 ** 20 });
  });

  // memcached lists only what its upkeep has moved to its cold items by then.
  itOnHotset(target, 'lists keys: items, slabs, cachedump', async () => {
    await set('key', 'abc');
    const [items] = await call((done) => client.items(done));
    expect(items['1'].number).toBeGreaterThan(0);
    const [slabs] = await call((done) => client.slabs(done));
    expect(slabs['1'].used_chunks).toBeGreaterThan(0);
    const dump = await call((done) => client.cachedump(target.address, 1, 10, done));
    expect([dump].flat()).toContainEqual({ key: 'key', b: 3, s: expect.any(Number) });
  });
});
