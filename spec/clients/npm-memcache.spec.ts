/** npm's `memcache` 1.7: promises, values are texts. */

import { Memcache } from 'memcache';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeOnBoth, itOnHotset } from '../support/both-servers.js';
import { skipTime } from '../support/raw-command.js';

describeOnBoth('npm memcache', null, (target) => {
  let client: Memcache;

  beforeAll(async () => {
    client = new Memcache({ nodes: [target.address] });
    await client.connect();
  });
  beforeEach(() => client.flush());
  afterAll(() => client?.disconnect());

  it.each([
    ['text', 'hello'],
    ['an empty text', ''],
    ['text that is not ASCII', 'grüße, 世界'],
    ['a text of several lines', 'one\r\nEND\r\ntwo'],
    ['a value of a million bytes', 'x'.repeat(1_000_000)],
  ])('gives back %s as it was set', async (_, value) => {
    expect(await client.set('key', value)).toBe(true);
    expect(await client.get('key')).toBe(value);
  });

  it('gets several keys at once, those that are there', async () => {
    await client.set('one', 'eins');
    await client.set('two', 'zwei');
    expect(await client.gets(['one', 'none', 'two'])).toEqual(
      new Map([
        ['one', 'eins'],
        ['two', 'zwei'],
      ]),
    );
    expect(await client.get('none')).toBeUndefined();
  });

  it('answers many requests that wait at once, in their order', async () => {
    const keys = Array.from({ length: 500 }, (_, number) => `key-${number}`);
    await Promise.all(keys.map((key) => client.set(key, `value of ${key}`)));
    const values = await Promise.all(keys.map((key) => client.get(key)));
    expect(values).toEqual(keys.map((key) => `value of ${key}`));
  });

  it('refuses a cas with an id of another time', async () => {
    await client.set('key', 'old');
    // This client has no way to learn an id: its gets drops them.
    expect(await client.cas('key', 'new', '18446744073709551615')).toBe(false);
    expect(await client.get('key')).toBe('old');
  });

  it('adds only what is not there, and replaces only what is', async () => {
    expect(await client.replace('key', 'a')).toBe(false);
    expect(await client.add('key', 'b')).toBe(true);
    expect(await client.add('key', 'c')).toBe(false);
    expect(await client.replace('key', 'd')).toBe(true);
    expect(await client.get('key')).toBe('d');
  });

  it('appends and prepends', async () => {
    await client.set('key', 'b');
    expect(await client.append('key', 'c')).toBe(true);
    expect(await client.prepend('key', 'a')).toBe(true);
    expect(await client.get('key')).toBe('abc');
  });

  it('counts up and down, not below zero, and not what is not there', async () => {
    await client.set('hits', '10');
    expect(await client.incr('hits', 5)).toBe(15);
    expect(await client.decr('hits')).toBe(14);
    expect(await client.decr('hits', 20)).toBe(0);
    expect(await client.incr('nobody')).toBeUndefined();
  });

  it('deletes, touches and flushes', async () => {
    await client.set('key', 'a', 100);
    expect(await client.touch('key', 200)).toBe(true);
    expect(await client.delete('key')).toBe(true);
    expect(await client.delete('key')).toBe(false);
    expect(await client.touch('key', 200)).toBe(false);
    await client.set('key', 'a');
    expect(await client.flush()).toBe(true);
    expect(await client.get('key')).toBeUndefined();
  });

  itOnHotset(target, 'lets values expire', async () => {
    await client.set('short', 'a', 60);
    await client.set('long', 'b', 600);
    await skipTime(target.port, 61);
    expect(await client.gets(['short', 'long'])).toEqual(new Map([['long', 'b']]));
  });

  it('has version and statistics', async () => {
    const [version] = (await client.version()).values();
    expect(version).toMatch(/^VERSION \d+\.\d+\.\d+$/);
    await client.set('key', 'a');
    const [stats] = (await client.stats()).values();
    // Not exactly 1: memcached goes on counting what was flushed for a while.
    expect(Number(stats?.curr_items)).toBeGreaterThan(0);
    expect(stats).toMatchObject({ limit_maxbytes: String(64 * 2 ** 20) });
    const [items] = (await client.stats('items')).values();
    expect(Number(items?.['items:1:number'])).toBeGreaterThan(0);
  });
});
