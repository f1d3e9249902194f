/**
 * Clients that are taken as they are, without a cast: the type checker holds this file. What is no such client is refused, and one
 * that is not connected refuses at once.
 */

import { createClient, createCluster, RESP_TYPES } from '@redis/client';
import { Redis as Ioredis5, Cluster as Ioredis5Cluster } from 'ioredis';
import { Redis as Ioredis6, Cluster as Ioredis6Cluster } from 'ioredis-6';
import { Redis as Iovalkey, Cluster as IovalkeyCluster } from 'iovalkey';
import { describe, expect, it } from 'vitest';
import { type RedisClient, redisPubSub, redisTier, redisTracking } from '../../../lib/tiered/index.js';

const LAZY = { lazyConnect: true };
const NODES = [{ host: '127.0.0.1', port: 1 }];
const { signal } = new AbortController();

const CLIENTS: Readonly<Record<string, RedisClient>> = {
  createClient: createClient(),
  'createClient with RESP 2': createClient({ RESP: 2 }),
  'createClient with a type mapping': createClient().withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }),
  createCluster: createCluster({ rootNodes: [{ url: 'redis://127.0.0.1:1' }] }),
  'createCluster with RESP 2': createCluster({ RESP: 2, rootNodes: [] }),
  'Redis of ioredis 5': new Ioredis5(LAZY),
  'Cluster of ioredis 5': new Ioredis5Cluster(NODES, LAZY),
  'Redis of ioredis 6': new Ioredis6(LAZY),
  'Redis of ioredis 6 with RESP 2': new Ioredis6({ ...LAZY, protocol: 2 }),
  'Cluster of ioredis 6': new Ioredis6Cluster(NODES, LAZY),
  'Redis of iovalkey': new Iovalkey(LAZY),
  'Cluster of iovalkey': new IovalkeyCluster(NODES, LAZY),
};

describe('a client of Redis', () => {
  it.each(Object.entries(CLIENTS))('is taken from %s', (_name, client) => {
    expect(redisTier(client).name).toBe('redis');
    expect(redisTracking(client).name).toBe('redis');
    expect(redisPubSub(client).name).toBe('redis');
  });

  it.each([null, undefined, 'redis://localhost', {}])('is not %j', (client) => {
    expect(() => redisTier(client as never)).toThrow(
      expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' }),
    );
  });

  it.each([
    new Ioredis5({ ...LAZY, keyPrefix: 'app:' }),
    new Ioredis6({ ...LAZY, keyPrefix: 'app:' }),
    createClient({ keyPrefix: 'app:' }),
  ])('has no prefix of its own', (client) => {
    expect(() => redisTier(client)).toThrow(/keyPrefix/);
  });

  it('refuses at once before it is connected, or once it is closed', async () => {
    const closed = new Iovalkey(LAZY);
    closed.disconnect();
    for (const client of [CLIENTS.createClient!, CLIENTS.createCluster!, closed])
      for (const call of [
        redisTier(client).get(['key'], signal),
        redisTier(client).deletePrefix!('app:', signal),
        redisPubSub(client).publish('channel', 'text'),
      ])
        await expect(call).rejects.toMatchObject({ code: 'HOTSET_DISCONNECTED' });
  });

  it('takes options by their names', () => {
    const client = CLIENTS.createClient!;
    expect(() => redisTracking(client, { pingInterval: 1 } as never)).toThrow(/no option "pingInterval"/);
    for (const pingIntervalMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => redisTracking(client, { pingIntervalMs })).toThrow(/pingIntervalMs takes/);
    expect(() => redisPubSub(client, { scheduler: {} as never })).toThrow(/scheduler takes/);
  });
});
