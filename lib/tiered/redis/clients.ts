/** The user's own client, whichever it is: commands to the server that has a key, and to each master. */

import { setMaxListeners } from 'node:events';
import { HotsetError, invalidOption } from '../../errors.js';
import type {
  IoredisClient,
  IoredisCluster,
  IoredisCommands,
  NodeRedisClient,
  NodeRedisCluster,
  RedisClient,
} from './client-types.js';
import { IoredisPushes, NodeRedisPushes, type PushConnection } from './push-connection.js';
import type { Argument } from './scripts.js';

/** One server. */
export interface RedisServer {
  /** `host:port`, or nothing where there is one server alone. */
  readonly address: string;
  /** Texts of the reply come as Buffers. */
  send(command: Argument[], signal?: AbortSignal): Promise<unknown>;
  /** A connection beside the user's own, made with the same options. Not open yet. */
  pushes(): PushConnection;
}

/** The servers behind a client. */
export interface RedisServers {
  readonly isCluster: boolean;
  /** Sends to the server that has `key`. Texts of the reply come as Buffers. Rejects at once where the link is known to be down. */
  sendTo(key: string, command: Argument[], signal: AbortSignal): Promise<unknown>;
  /** Those that have slots, as far as the client knows; at least one. */
  masters(): Promise<readonly RedisServer[]>;
}

/** Throws `HOTSET_INVALID_OPTION` for what is no such client, and for one that changes keys. */
export function serversOf(client: RedisClient): RedisServers {
  if (typeof client !== 'object' || client === null)
    throw invalidOption('client', 'a client of @redis/client, ioredis or iovalkey', client);
  // A server reports changes of keys as it knows them.
  if (hasKeyPrefix(client))
    throw invalidOption('client', 'a client without keyPrefix (the tiered cache has a prefix)', client);
  if ('callBuffer' in client)
    return 'nodes' in client ? new IoredisClusterServers(client) : new IoredisServer(client);
  if ('nodeClient' in client) return new NodeRedisClusterServers(client);
  if ('sendCommand' in client) return new NodeRedisServer(client);
  throw invalidOption('client', 'a client of @redis/client, ioredis or iovalkey', client);
}

function hasKeyPrefix(client: RedisClient): boolean {
  if (!('options' in client)) return false;
  const prefix = client.options?.keyPrefix;
  return prefix !== undefined && prefix.length > 0;
}

/** `$`, the type of a bulk text in RESP: as Buffers, not as texts. */
const BUFFERS = { 36: Buffer };

/**
 * A client listens to the signal until the command is written, and Node warns of a leak at the eleventh of many commands. The
 * client's own time limit is a second signal for each command, which takes up to half of a read; the caller has one.
 */
function optionsWith(signal: AbortSignal): object {
  setMaxListeners(0, signal);
  return { typeMapping: BUFFERS, abortSignal: signal, timeout: undefined };
}

/** A client puts commands into a queue of its own while its link is down: they would be sent long after nobody waits for them. */
function disconnected(): Promise<never> {
  return Promise.reject(new HotsetError('HOTSET_DISCONNECTED', 'the Redis client is not connected'));
}

class NodeRedisServer implements RedisServers, RedisServer {
  readonly isCluster = false;
  readonly address: string;
  readonly #client: NodeRedisClient;

  constructor(client: NodeRedisClient, address = '') {
    this.#client = client;
    this.address = address;
  }

  sendTo(_key: string, command: Argument[], signal: AbortSignal): Promise<unknown> {
    return this.send(command, signal);
  }

  /** A command whose signal aborts before it is written is not written. */
  send(command: Argument[], signal?: AbortSignal): Promise<unknown> {
    if (!this.#client.isReady) return disconnected();
    return this.#client.sendCommand(
      command,
      signal === undefined ? { typeMapping: BUFFERS } : optionsWith(signal),
    );
  }

  masters(): Promise<readonly RedisServer[]> {
    return Promise.resolve([this]);
  }

  pushes(): PushConnection {
    return new NodeRedisPushes(this.#client);
  }
}

class NodeRedisClusterServers implements RedisServers {
  readonly isCluster = true;
  readonly #cluster: NodeRedisCluster;

  constructor(cluster: NodeRedisCluster) {
    this.#cluster = cluster;
  }

  sendTo(key: string, command: Argument[], signal: AbortSignal): Promise<unknown> {
    if (!this.#cluster.isReady) return disconnected();
    return this.#cluster.sendCommand(key, false, command, optionsWith(signal));
  }

  masters(): Promise<readonly RedisServer[]> {
    const { masters } = this.#cluster;
    if (masters.length === 0) return disconnected();
    return Promise.all(
      masters.map(async (node) => new NodeRedisServer(await this.#cluster.nodeClient(node), node.address)),
    );
  }
}

/**
 * Whether a command may be sent. Before a client is ready for the first time, it may only just have been made: then its queue
 * is what the user expects.
 */
class IoredisState {
  #wasReady = false;

  allows(status: string): boolean {
    if (status === 'ready') {
      this.#wasReady = true;
      return true;
    }
    return !this.#wasReady && status !== 'end';
  }
}

class IoredisServer implements RedisServers, RedisServer {
  readonly isCluster = false;
  readonly address: string;
  readonly #client: IoredisClient;
  readonly #state = new IoredisState();

  constructor(client: IoredisClient, address = '') {
    this.#client = client;
    this.address = address;
  }

  sendTo(_key: string, command: Argument[], signal: AbortSignal): Promise<unknown> {
    return this.send(command, signal);
  }

  send(command: Argument[], signal?: AbortSignal): Promise<unknown> {
    if (!this.#state.allows(this.#client.status)) return disconnected();
    return callBuffer(this.#client, command, signal);
  }

  masters(): Promise<readonly RedisServer[]> {
    return Promise.resolve([this]);
  }

  pushes(): PushConnection {
    return new IoredisPushes(this.#client);
  }
}

class IoredisClusterServers implements RedisServers {
  readonly isCluster = true;
  readonly #cluster: IoredisCluster;
  readonly #state = new IoredisState();

  constructor(cluster: IoredisCluster) {
    this.#cluster = cluster;
  }

  sendTo(_key: string, command: Argument[], signal: AbortSignal): Promise<unknown> {
    if (!this.#state.allows(this.#cluster.status)) return disconnected();
    return callBuffer(this.#cluster, command, signal);
  }

  masters(): Promise<readonly RedisServer[]> {
    const nodes = this.#cluster.nodes('master');
    if (nodes.length === 0) return disconnected();
    return Promise.resolve(
      nodes.map((node) => new IoredisServer(node, `${node.options.host}:${node.options.port}`)),
    );
  }
}

/** These clients cannot take a command back. */
async function callBuffer(
  client: IoredisCommands,
  [name, ...args]: Argument[],
  signal: AbortSignal | undefined,
): Promise<unknown> {
  signal?.throwIfAborted();
  if (client.options.enableAutoPipelining !== true) return client.callBuffer(name as string, args);
  // There it forgets the name of the command.
  const replies = await client
    .pipeline()
    .callBuffer(name as string, args)
    .exec();
  const [error, reply] = replies![0]!;
  if (error !== null) throw error;
  return reply;
}
