/** The method `hot`: what it counts, and that it costs nothing while nobody asks. */

import { channel } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it } from 'vitest';
import { COUNTS_KEPT, INTEREST_MS } from '../../../lib/memcached/hot-keys.js';
import type { ItemStoreOptions } from '../../../lib/memcached/item-store.js';
import type { HotKeys } from '../../../lib/rpc-protocol.js';
import { STORE } from '../../support/stores.js';
import { Endpoint, type Peer, turn } from './fixture.js';

const endpoints: Endpoint[] = [];

afterEach(() => {
  for (const { context } of endpoints.splice(0)) context.close();
  expect(isListening()).toBe(false);
});

function opened(options: ItemStoreOptions = {}): Endpoint {
  const endpoint = new Endpoint({}, options);
  endpoints.push(endpoint);
  return endpoint;
}

function isListening(): boolean {
  return channel('hotset:lookup').hasSubscribers;
}

function hot(client: Peer, limit?: number): Promise<HotKeys> {
  return client.ask('hot', limit === undefined ? undefined : { limit }) as Promise<HotKeys>;
}

function read({ engine }: Endpoint, key: string, times: number): void {
  for (let i = 0; i < times; i++) engine.get(key);
}

describe('hot', () => {
  it('counts reads since the first request, in the process and by clients, hits and misses', async () => {
    const endpoint = opened();
    const client = endpoint.connect();
    for (const key of ['user:1', 'user:2', 'page:1', 'plain']) endpoint.engine.set(key, 'v'.repeat(100));
    read(endpoint, 'user:1', 50);
    expect(await hot(client)).toEqual({ sampledMs: 0, reads: 0, keys: [], prefixes: [] });
    read(endpoint, 'user:1', 3);
    read(endpoint, 'user:2', 2);
    read(endpoint, 'page:1', 4);
    read(endpoint, 'plain', 6);
    read(endpoint, 'user:gone', 1);
    client.call('get', { key: 'plain' });
    endpoint.clock.advance(2500);
    const bytes = (key: string): number => endpoint.engine.getEntry(key)!.bytes;
    expect(await hot(client)).toEqual({
      sampledMs: 2500,
      reads: 17,
      keys: [
        { key: 'plain', reads: 7, bytes: bytes('plain') },
        { key: 'page:1', reads: 4, bytes: bytes('page:1') },
        { key: 'user:1', reads: 3, bytes: bytes('user:1') },
        { key: 'user:2', reads: 2, bytes: bytes('user:2') },
        { key: 'user:gone', reads: 1, bytes: 0 },
      ],
      prefixes: [
        { prefix: 'user:', reads: 6, bytes: bytes('user:1') + bytes('user:2'), keys: 2 },
        { prefix: 'page:', reads: 4, bytes: bytes('page:1'), keys: 1 },
      ],
    });
    const few = await hot(client, 1);
    expect([few.keys.length, few.prefixes.length]).toEqual([1, 1]);
  });

  it('takes the server’s delimiter', async () => {
    const endpoint = opened({ prefixDelimiter: '/' });
    const client = endpoint.connect();
    await hot(client);
    read(endpoint, 'é/1:2/3', 1);
    expect(await hot(client)).toMatchObject({ keys: [{ key: 'é/1:2/3' }], prefixes: [{ prefix: 'é/' }] });
  });

  it('counts its own engine only', async () => {
    const endpoint = opened();
    const other = opened();
    const client = endpoint.connect();
    await hot(client);
    read(other, 'k', 5);
    expect(await hot(client)).toMatchObject({ reads: 0 });
  });

  it.runIf(STORE === 'engine')('listens only while clients call it', async () => {
    const endpoint = opened();
    const client = endpoint.connect();
    expect(isListening()).toBe(false);
    await hot(client);
    expect(isListening()).toBe(true);
    endpoint.clock.advance(INTEREST_MS);
    read(endpoint, 'k', 1000);
    await turn();
    expect(isListening()).toBe(true);
    await hot(client);
    endpoint.clock.advance(INTEREST_MS + 1);
    read(endpoint, 'k', 1000);
    await turn();
    expect(isListening()).toBe(false);
    expect(await hot(client)).toMatchObject({ sampledMs: 0, reads: 0 });
  });

  it('begins anew for a question after a long time, when nothing was read either', async () => {
    const endpoint = opened();
    const client = endpoint.connect();
    await hot(client);
    read(endpoint, 'k', 5);
    endpoint.clock.advance(INTEREST_MS + 1);
    expect(await hot(client)).toEqual({ sampledMs: 0, reads: 0, keys: [], prefixes: [] });
  });

  it('finds the hot among many in bounded memory', async () => {
    const endpoint = opened();
    const client = endpoint.connect();
    await hot(client);
    for (let i = 0; i < 50_000; i++) {
      endpoint.engine.get(`cold:${i}`);
      if (i % 20 === 0) endpoint.engine.get('hot:1');
    }
    const { reads, keys, prefixes } = await hot(client);
    expect(reads).toBe(52_500);
    expect(keys[0]!.key).toBe('hot:1');
    expect(2500 - keys[0]!.reads).toBeLessThanOrEqual(reads / COUNTS_KEPT);
    expect(prefixes).toMatchObject([
      { prefix: 'cold:', reads: 50_000 },
      { prefix: 'hot:', reads: 2500 },
    ]);
  });

  it('lets others have their turn', async () => {
    const endpoint = opened({ requestsPerTurn: 50 });
    const client = endpoint.connect();
    await hot(client);
    for (let i = 0; i < COUNTS_KEPT; i++) endpoint.engine.get(`k:${i}`);
    client.send({ jsonrpc: '2.0', id: 1, method: 'hot' });
    expect(client.sink.frames).toEqual([]);
    expect(endpoint.connect().call('ping')).toBe('pong');
    while (client.sink.frames.length === 0) await turn();
    expect(client.frames()).toMatchObject([{ result: { reads: COUNTS_KEPT } }]);
  });
});
