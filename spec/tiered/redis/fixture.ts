/** Every client of Redis that a tier takes, for a server on a Unix socket and for a cluster. */

import { createClient, createCluster } from '@redis/client';
import { Redis as Ioredis5, Cluster as Ioredis5Cluster } from 'ioredis';
import { Redis as Ioredis6, Cluster as Ioredis6Cluster } from 'ioredis-6';
import { Redis as Iovalkey, Cluster as IovalkeyCluster } from 'iovalkey';
import type { RedisClient } from '../../../lib/tiered/index.js';

export interface OpenClient {
  readonly client: RedisClient;
  close(): void;
}

const ignore = (): void => {};
const SOON = 5;

export async function nodeRedis(
  path: string,
  options: { RESP?: 2; username?: string; password?: string } = {},
): Promise<OpenClient> {
  const client = createClient({ ...options, socket: { path, reconnectStrategy: SOON } });
  client.on('error', ignore);
  await client.connect();
  return { client, close: () => client.destroy() };
}

async function nodeRedisCluster(ports: readonly number[], options: { RESP?: 2 } = {}): Promise<OpenClient> {
  const client = createCluster({
    ...options,
    rootNodes: ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })),
  });
  client.on('error', ignore);
  await client.connect();
  return { client, close: () => client.destroy() };
}

type IoredisLike = RedisClient & { on(event: 'error', listener: () => void): unknown; disconnect(): void };

export function openIoredis(client: IoredisLike): Promise<OpenClient> {
  client.on('error', ignore);
  return Promise.resolve({ client, close: () => client.disconnect() });
}

const at = (port: number): { host: string; port: number } => ({ host: '127.0.0.1', port });
const retryStrategy = (): number => SOON;

export const CLIENTS: readonly {
  readonly name: string;
  server(path: string): Promise<OpenClient>;
  cluster(ports: readonly number[]): Promise<OpenClient>;
}[] = [
  { name: '@redis/client', server: nodeRedis, cluster: nodeRedisCluster },
  {
    name: 'ioredis 5',
    server: (path) => openIoredis(new Ioredis5({ path, retryStrategy })),
    cluster: (ports) => openIoredis(new Ioredis5Cluster(ports.map(at))),
  },
  {
    name: 'ioredis 6',
    server: (path) => openIoredis(new Ioredis6({ path, retryStrategy })),
    cluster: (ports) => openIoredis(new Ioredis6Cluster(ports.map(at))),
  },
  {
    name: 'iovalkey',
    server: (path) => openIoredis(new Iovalkey({ path, retryStrategy })),
    cluster: (ports) => openIoredis(new IovalkeyCluster(ports.map(at))),
  },
];

/** Clients with options that change what they do with commands. */
export const ODD_CLIENTS: typeof CLIENTS = [
  {
    name: '@redis/client with RESP 2',
    server: (path) => nodeRedis(path, { RESP: 2 }),
    cluster: (ports) => nodeRedisCluster(ports, { RESP: 2 }),
  },
  {
    name: 'ioredis 5 with auto-pipelining',
    server: (path) => openIoredis(new Ioredis5({ path, enableAutoPipelining: true })),
    cluster: (ports) => openIoredis(new Ioredis5Cluster(ports.map(at), { enableAutoPipelining: true })),
  },
  {
    name: 'ioredis 6 with auto-pipelining and replies of RESP 3',
    server: (path) => openIoredis(new Ioredis6({ path, enableAutoPipelining: true, replyMapping: 'resp3' })),
    cluster: (ports) =>
      openIoredis(
        new Ioredis6Cluster(ports.map(at), {
          enableAutoPipelining: true,
          redisOptions: { replyMapping: 'resp3' },
        }),
      ),
  },
  {
    name: 'iovalkey with auto-pipelining and numbers as texts',
    server: (path) => openIoredis(new Iovalkey({ path, enableAutoPipelining: true, stringNumbers: true })),
    cluster: (ports) =>
      openIoredis(
        new IovalkeyCluster(ports.map(at), {
          enableAutoPipelining: true,
          redisOptions: { stringNumbers: true },
        }),
      ),
  },
];
