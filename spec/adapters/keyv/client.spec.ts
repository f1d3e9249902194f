/** KeyvHotset over a client of a real server, under both versions of Keyv. */

import { describe, expect, it } from 'vitest';
import { KeyvHotset } from '../../../lib/adapters/keyv/index.js';
import { liveServer } from '../../client/live-fixture.js';
import { type AnyKeyv, KEYVS } from './keyvs.js';

function errorsOf(keyv: AnyKeyv): unknown[] {
  const codes: unknown[] = [];
  keyv.on('error', (error: { code?: unknown }) => codes.push(error.code));
  return codes;
}

describe.each(KEYVS)('$name', ({ make, own }) => {
  it('shares entries between clients', async () => {
    const server = await liveServer();
    const [first, second] = [1, 2].map(() =>
      make({ store: new KeyvHotset(server.connect({ nearCache: {} }).client) }),
    ) as [AnyKeyv, AnyKeyv];
    const value = { text: 'ü "\n', list: [1, null], bytes: Buffer.from([0, 255]) };
    expect(await first.set('a', value, 60_000)).toBe(true);
    expect(await second.get('a')).toEqual(value);
    expect(server.engine.remainingTtlMs(`${own}a`)).toBeGreaterThan(59_000);
    expect(server.engine.remainingTtlMs(`${own}a`)).toBeLessThanOrEqual(60_000);
    expect(await second.delete('a')).toBe(true);
    expect(await second.delete('a')).toBe(false);
    expect(await second.get('a')).toBeUndefined();
  });

  it('keeps what JSON can represent when Keyv does not serialize', async () => {
    const server = await liveServer();
    const keyv = make({ store: new KeyvHotset(server.connect().client), plain: true });
    await keyv.set('a', { list: [1, 'b', null] });
    expect(await keyv.get('a')).toEqual({ list: [1, 'b', null] });
  });

  it('reads, counts and removes many, and walks over more than a page', async () => {
    const server = await liveServer();
    server.engine.set('other', 1);
    const { client } = server.connect();
    const keyv = make({ store: new KeyvHotset(client), namespace: 'n' });
    const others = make({ store: new KeyvHotset(client), namespace: 'm' });
    await others.set('key', 1);
    const entries = Array.from({ length: 250 }, (_, i) => ({ key: `key-${i}`, value: i }));
    expect(await keyv.setMany(entries)).toEqual(entries.map(() => true));
    expect(await keyv.get(['key-1', 'none', 'key-249'])).toEqual([1, undefined, 249]);
    expect(await keyv.hasMany(['key-1', 'none'])).toEqual([true, false]);
    const seen = new Map<string, unknown>();
    for await (const [key, value] of keyv.iterator!({})) seen.set(key, value);
    expect(seen).toEqual(new Map(entries.map(({ key, value }) => [key, value])));
    await keyv.clear();
    expect(server.engine.size).toBe(2);
    expect(await keyv.get('key-1')).toBeUndefined();
    expect(await others.get('key')).toBe(1);
  });

  it('says what the server refuses', async () => {
    const server = await liveServer({}, { maxBytes: 50_000 });
    const keyv = make({ store: new KeyvHotset(server.connect().client) });
    const errors = errorsOf(keyv);
    expect(await keyv.set('a', 'x'.repeat(60_000))).toBe(false);
    expect(errors).toEqual([]);
    expect(await keyv.set('with blank', 1)).toBe(false);
    expect(errors).toEqual(['HOTSET_INVALID_KEY']);
    expect(server.engine.size).toBe(0);
  });

  it('reports a lost link, and misses', async () => {
    const server = await liveServer();
    const { client } = server.connect();
    const keyv = make({ store: new KeyvHotset(client), namespace: 'n' });
    const errors = errorsOf(keyv);
    await keyv.set('a', 1);
    client.close();
    expect(await keyv.get('a')).toBeUndefined();
    expect(await keyv.get(['a', 'b'])).toEqual([undefined, undefined]);
    expect(await keyv.has('a')).toBe(false);
    expect(await keyv.hasMany(['a', 'b'])).toEqual([false, false]);
    expect(await keyv.set('a', 1)).toBe(false);
    expect(await keyv.delete('a')).toBe(false);
    await keyv.clear();
    expect(errors).toEqual(Array.from({ length: 7 }, () => 'HOTSET_CLOSED'));
  });

  it('closes the client when Keyv disconnects', async () => {
    const { client } = (await liveServer()).connect();
    const keyv = make({ store: new KeyvHotset(client) });
    await keyv.set('a', 1);
    await keyv.disconnect();
    expect(client.state).toBe('closed');
  });
});
