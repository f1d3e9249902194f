/** `ReplyCache` as @redis/client wants it: for one connection, and for the many of a pool, a cluster or a sentinel. */

import {
  BasicClientSideCache,
  BasicPooledClientSideCache,
  type RedisArgument,
  type RedisClientOptions,
} from '@redis/client';
import type { CacheEngine } from '../../index.js';
import { argumentText, commandText } from './argument-text.js';
import { type ClientSideCacheOptions, ReplyCache } from './reply-cache.js';

/** The abstract class of a client's cache, which the package of the client does not export by name. */
export type ClientSideCacheProvider = Extract<
  NonNullable<RedisClientOptions['clientSideCache']>,
  { handleCache: unknown }
>;
/** Statistics as the client has them: hits, misses, loads and evictions. */
export type CacheStats = ReturnType<BasicClientSideCache['stats']>;

/** It is a client's own only if it is of this class: what a client does not know it takes for options. */
const Provider: abstract new () => ClientSideCacheProvider = Object.getPrototypeOf(BasicClientSideCache);
const { of: cacheStats }: { of(...counts: number[]): CacheStats } = new BasicClientSideCache().stats()
  .constructor as never;

/** Replies of a Redis server in an engine, for `createClient({ RESP: 3, clientSideCache })`. One for each client. */
export class HotsetClientSideCache extends Provider {
  readonly #replies: ReplyCache;

  /** Throws `HOTSET_INVALID_OPTION`. */
  constructor(options: ClientSideCacheOptions = {}) {
    super();
    this.#replies = new ReplyCache(options);
  }

  /** The engine that holds the replies: for statistics and `resize`. */
  get engine(): CacheEngine<string, unknown> {
    return this.#replies.engine;
  }

  /** Called by the client with each command that reads. */
  override handleCache(...call: Parameters<ClientSideCacheProvider['handleCache']>): Promise<unknown> {
    return read(this.#replies, call);
  }

  /** The command that switches tracking on, for each connection. */
  override trackingOn(): RedisArgument[] {
    return ['CLIENT', 'TRACKING', 'ON'];
  }

  /** Called by the client when the server says that a key has changed; null for all. Emits `invalidate`. */
  override invalidate(key: RedisArgument | null): void {
    this.#replies.invalidate(key === null ? null : argumentText(key));
    this.emit('invalidate', key);
  }

  /** Forgets all replies. Statistics stay. */
  override clear(): void {
    this.#replies.clear();
  }

  /** Counters since the cache was made. */
  override stats(): CacheStats {
    return statsOf(this.#replies);
  }

  /** Replies that are held. */
  override size(): number {
    return this.#replies.engine.size;
  }

  /** The link is lost: nothing is cached until the server tracks keys again. */
  override onError(): void {
    this.#replies.clear();
  }

  /** The client is closed. */
  override onClose(): void {
    this.#replies.clear();
  }
}

/**
 * The same for `createClientPool`, `createCluster` and `createSentinel`, whose connections share it. A connection that is
 * lost empties it. Members that `BasicClientSideCache` has for its own entries find none here.
 */
export class HotsetPooledClientSideCache extends BasicPooledClientSideCache {
  readonly #replies: ReplyCache;
  #isDisabled = false;

  /** Throws `HOTSET_INVALID_OPTION`. */
  constructor(options: ClientSideCacheOptions = {}) {
    super({ recordStats: false });
    this.#replies = new ReplyCache(options);
  }

  /** The engine that holds the replies: for statistics and `resize`. */
  get engine(): CacheEngine<string, unknown> {
    return this.#replies.engine;
  }

  /** Called by a client with each command that reads. */
  override handleCache(...call: Parameters<ClientSideCacheProvider['handleCache']>): Promise<unknown> {
    return this.#isDisabled ? load(call) : read(this.#replies, call);
  }

  /** Called by a client when the server says that a key has changed; null for all. Emits `invalidate`. */
  override invalidate(key: RedisArgument | null): void {
    this.#replies.invalidate(key === null ? null : argumentText(key));
    this.emit('invalidate', key);
  }

  /** Forgets all replies. Statistics stay. */
  override clear(): void {
    this.#replies.clear();
  }

  /** Counters since the cache was made. */
  override stats(): CacheStats {
    return statsOf(this.#replies);
  }

  /** Replies that are held. */
  override size(): number {
    return this.#replies.engine.size;
  }

  /** While a cluster looks for its nodes, nothing is read from the cache and nothing is stored. */
  override disable(): void {
    this.#isDisabled = true;
    this.#replies.clear();
  }

  /** The cluster has found its nodes. */
  override enable(): void {
    this.#isDisabled = false;
  }

  /** A connection is lost, and with it what the server knows of its keys. */
  override onError(): void {
    this.#replies.clear();
  }

  /** A connection is closed. */
  override onClose(): void {
    this.#replies.clear();
  }
}

async function load([, parser, send, transform, typeMapping]: Parameters<
  ClientSideCacheProvider['handleCache']
>): Promise<unknown> {
  const reply = await send();
  return transform === undefined ? reply : transform(reply, parser.preserve, typeMapping);
}

function read(
  replies: ReplyCache,
  call: Parameters<ClientSideCacheProvider['handleCache']>,
): Promise<unknown> {
  const [, parser, , transform] = call;
  // The server would not report a change of what has no key.
  if (parser.keys.length === 0) return load(call);
  return replies.read({
    text: commandText(parser.redisArgs),
    keys: parser.keys.map(argumentText),
    transform,
    load: () => load(call),
  });
}

function statsOf({ counters, engine }: ReplyCache): CacheStats {
  const { evictions, expirations } = engine.stats();
  const { hits, misses, loads, failures, loadMs } = counters;
  return cacheStats(hits, misses, loads, failures, loadMs, evictions + expirations);
}
