/** npm's `memjs` 1.3, which speaks only the binary protocol; values are Buffers. */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Client } from 'memjs';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { describeOnBoth, itOnHotset } from '../support/both-servers.js';
import { skipTime } from '../support/raw-command.js';

// memjs waits for ever when a server closes without an answer.
vi.setConfig({ testTimeout: 10_000, hookTimeout: 10_000 });

/** The binary protocol's way to say that a counter is not to be made. */
const DO_NOT_MAKE = 0xffffffff;

describeOnBoth('memjs', null, (target) => {
  let client: Client;

  /** A machine may be slow: no second try hides what the first one met. */
  const connect = (): Client =>
    Client.create(target.address, { timeout: 10, retries: 1, logger: { log: () => undefined } });

  beforeAll(async () => {
    client = connect();
    await client.get('key');
  });
  beforeEach(() => client.flush());
  afterAll(() => client?.close());

  const get = async (key: string): Promise<Buffer | null> => (await client.get(key)).value;
  const text = async (key: string): Promise<string | undefined> => (await get(key))?.toString();
  const stats = (kind: string): Promise<Record<string, string>> =>
    new Promise((resolve, reject) => {
      client.statsWithKey(kind, (error, _, found) => (error === null ? resolve(found!) : reject(error)));
    });

  it.each([
    ['text', Buffer.from('grüße, 世界')],
    ['nothing', Buffer.alloc(0)],
    ['bytes', Buffer.from(Array.from({ length: 256 }, (_, index) => index))],
    ['a value of half a million bytes', Buffer.alloc(500_000, 'hotset ')],
  ])('gives back %s as it was set', async (_, value) => {
    expect(await client.set('key', value)).toBe(true);
    const { value: found, flags } = await client.get('key');
    expect(found?.equals(value)).toBe(true);
    expect(flags).toEqual(Buffer.alloc(4));
  });

  it('gives nothing for a key that is not there', async () => {
    expect(await client.get('nobody')).toEqual({ value: null, flags: null });
  });

  it('answers many requests that wait at once', async () => {
    const keys = Array.from({ length: 200 }, (_, number) => `key-${number}`);
    expect(new Set(await Promise.all(keys.map((key) => client.set(key, `value of ${key}`))))).toEqual(
      new Set([true]),
    );
    expect(await Promise.all(keys.map(text))).toEqual(keys.map((key) => `value of ${key}`));
  });

  it('adds only what is not there, and replaces only what is', async () => {
    expect(await client.replace('key', 'a')).toBe(false);
    expect(await client.add('key', 'b')).toBe(true);
    expect(await client.add('key', 'c')).toBe(false);
    expect(await client.replace('key', 'd')).toBe(true);
    expect(await text('key')).toBe('d');
  });

  it('appends', async () => {
    await client.set('key', 'a');
    expect(await client.append('key', 'b')).toBe(true);
    // This client's prepend sends the append of the protocol.
    expect(await client.prepend('key', 'c')).toBe(true);
    expect(await text('key')).toBe('abc');
    await expect(client.append('nobody', 'b')).rejects.toThrow('MemJS APPEND: Item not stored');
  });

  it('makes counters, counts up and down, and not below zero', async () => {
    expect(await client.increment('hits', 5)).toEqual({ success: true, value: 0 });
    expect(await client.increment('hits', 5)).toEqual({ success: true, value: 5 });
    expect(await client.increment('visits', 5, { initial: 10 })).toEqual({ success: true, value: 10 });
    expect(await client.increment('visits', 5, { initial: 10 })).toEqual({ success: true, value: 15 });
    expect(await client.decrement('visits', 1, {})).toEqual({ success: true, value: 14 });
    expect(await text('visits')).toBe('14');
    expect(await client.decrement('visits', 20, {})).toEqual({ success: true, value: 0 });
    expect(await client.decrement('left', 1, { initial: 7 })).toEqual({ success: true, value: 7 });
  });

  it('refuses to count what is no number, and what is not to be made', async () => {
    await client.set('key', 'text');
    await expect(client.increment('key', 1)).rejects.toThrow('Incr/Decr on non-numeric value');
    await expect(client.decrement('key', 1, {})).rejects.toThrow('Incr/Decr on non-numeric value');
    await expect(client.increment('nobody', 1, { expires: DO_NOT_MAKE })).rejects.toThrow('Key not found');
  });

  it('counts by many at once and loses nothing', async () => {
    await client.increment('hits', 1, { initial: 0 });
    await Promise.all(Array.from({ length: 200 }, () => client.increment('hits', 1)));
    expect(await client.increment('hits', 1)).toEqual({ success: true, value: 201 });
  });

  it('deletes, touches and flushes', async () => {
    await client.set('key', 'a', { expires: 100 });
    expect(await client.touch('key', 200)).toBe(true);
    expect(await client.delete('key')).toBe(true);
    expect(await client.delete('key')).toBe(false);
    expect(await client.touch('key', 200)).toBe(false);
    await client.set('key', 'a');
    expect(await client.flush()).toEqual({ [target.address]: true });
    expect(await get('key')).toBeNull();
  });

  itOnHotset(target, 'lets values and counters expire, later if touched', async () => {
    await client.set('short', 'a', { expires: 60 });
    await client.set('long', 'b', { expires: 60 });
    await client.touch('long', 600);
    await client.increment('hits', 1, { initial: 1, expires: 60 });
    await skipTime(target.port, 61);
    expect(await Promise.all(['short', 'long', 'hits'].map(text))).toEqual([undefined, 'b', undefined]);
  });

  it('has statistics, settings, items and slabs, and resets counters', async () => {
    await client.set('key', 'a');
    await client.get('key');
    expect(await stats('')).toMatchObject({
      limit_maxbytes: String(64 * 2 ** 20),
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      get_hits: expect.stringMatching(/^[1-9]\d*$/),
    });
    expect(await stats('settings')).toMatchObject({ maxconns: '1024', evictions: 'on' });
    expect(await stats('items')).toMatchObject({ 'items:1:number': expect.stringMatching(/^[1-9]\d*$/) });
    expect(await stats('slabs')).toMatchObject({ total_malloced: expect.stringMatching(/^\d+$/) });
    expect(await stats('reset')).toEqual({});
    expect(await stats('')).toMatchObject({ get_hits: '0' });
    await expect(stats('nonsense')).rejects.toThrow('MemJS STATS (nonsense): Key not found');
  });

  it('refuses values that are too large, and forgets the old ones', async () => {
    await client.set('key', 'old');
    await expect(client.set('key', 'x'.repeat(2_000_000))).rejects.toThrow('MemJS SET: Value too large');
    expect(await get('key')).toBeNull();
  });

  it('takes keys of 250 bytes; refuses longer ones, and closes', async () => {
    const key = 'k'.repeat(250);
    expect(await client.set(key, 'v')).toBe(true);
    expect(await text(key)).toBe('v');
    const other = connect();
    const closed = once(await socketOf(other), 'close');
    await expect(other.get(`${key}k`)).rejects.toThrow('MemJS GET: Invalid arguments');
    await closed;
  });

  it('takes keys that the text protocol cannot write', async () => {
    const key = 'a key\r\nof two lines';
    expect(await client.set(key, 'v')).toBe(true);
    expect(await text(key)).toBe('v');
  });

  it('closes after quit', async () => {
    const other = connect();
    await other.set('key', 'a');
    const closed = once(await socketOf(other), 'close');
    other.quit();
    await closed;
    expect(await text('key')).toBe('a');
  });
});

function socketOf(client: Client): Promise<Socket> {
  return new Promise((resolve) => client.servers[0]!.sock(false, resolve));
}
