/** `hotset/express-rate-limit`: counts of requests in a cache with a budget in bytes, for one process or for many. */

import type { ClientRateLimitInfo, Options, Store } from 'express-rate-limit';
import type { HotsetClient } from '../../client/index.js';
import { storeOf } from '../../engine/cache-engine.js';
import {
  HotsetError,
  invalidArgument,
  invalidOption,
  rejectUnknownOptions,
  shown,
  throwRefusal,
} from '../../errors.js';
import { CacheEngine } from '../../index.js';
import { textArgument } from '../../options.js';

/** What a `HotsetRateLimitStore` takes. */
export interface RateLimitStoreOptions {
  /** Before each client's key. Limiters that share a cache need different ones. Default: `'rate-limit:'`. */
  prefix?: string | undefined;
}

/** Where counts are: each method is one step that nothing comes between. */
interface Counters {
  /** Adds 1, beginning a window of `windowMs` where there is none. */
  increment(key: string, windowMs: number): Count | Promise<Count>;
  decrement(key: string): unknown;
  get(key: string): Count | undefined | Promise<Count | undefined>;
  delete(key: string): unknown;
  deletePrefix(prefix: string): unknown;
}

/** How many requests in this window, and milliseconds until it ends. */
interface Count {
  readonly hits: number;
  readonly leftMs: number;
}

const OPTIONS: ReadonlySet<string> = new Set<keyof RateLimitStoreOptions>(['prefix']);
const DEFAULT_PREFIX = 'rate-limit:';

/**
 * A store for `express-rate-limit`: `rateLimit({ store: new HotsetRateLimitStore(cache) })`. Over a `CacheEngine` it counts
 * the requests of this process, over a `HotsetClient` those of all processes that share the server. A window begins with
 * a client's first request and lasts `windowMs`. A full cache evicts counts, oldest first: a client whose count is
 * evicted begins anew.
 */
export class HotsetRateLimitStore implements Store {
  /** Before each client's key: as given. */
  readonly prefix: string;
  /** Whether the counts are this process's own. */
  readonly localKeys: boolean;
  readonly #counters: Counters;
  #windowMs = 60_000;

  /** Throws `HOTSET_INVALID_ARGUMENT` for anything but a `CacheEngine` or a `HotsetClient`, and `HOTSET_INVALID_OPTION`. */
  constructor(cache: CacheEngine<string, unknown> | HotsetClient, options: RateLimitStoreOptions = {}) {
    rejectUnknownOptions(options, OPTIONS);
    const { prefix = DEFAULT_PREFIX } = options;
    if (typeof prefix !== 'string') throw invalidOption('prefix', 'a text', prefix);
    this.prefix = prefix;
    this.localKeys = cache instanceof CacheEngine;
    this.#counters = countersOf(cache);
  }

  /** Takes the limiter's `windowMs`. Throws `HOTSET_INVALID_OPTION`, which the limiter logs; the window is then a minute. */
  init(options: Options): void {
    const windowMs = options?.windowMs;
    if (!Number.isFinite(windowMs) || windowMs <= 0)
      throw invalidOption('windowMs', 'milliseconds, more than 0', windowMs);
    this.#windowMs = windowMs;
  }

  /** The client's count and when its window ends; `undefined` where no window has begun. */
  async get(key: string): Promise<ClientRateLimitInfo | undefined> {
    const count = await this.#counters.get(this.#keyOf(key));
    return count === undefined ? undefined : infoOf(count);
  }

  /** Counts a request. Rejects with `HOTSET_NO_ROOM` or `HOTSET_TOO_LARGE` where the cache refuses the count. */
  async increment(key: string): Promise<ClientRateLimitInfo> {
    return infoOf(await this.#counters.increment(this.#keyOf(key), this.#windowMs));
  }

  /** Takes one request back. */
  async decrement(key: string): Promise<void> {
    await this.#counters.decrement(this.#keyOf(key));
  }

  /** Ends the client's window. */
  async resetKey(key: string): Promise<void> {
    await this.#counters.delete(this.#keyOf(key));
  }

  /** Ends all windows. */
  async resetAll(): Promise<void> {
    await this.#counters.deletePrefix(this.prefix);
  }

  #keyOf(key: string): string {
    return this.prefix + textArgument('key', key);
  }
}

function infoOf({ hits, leftMs }: Count): ClientRateLimitInfo {
  return { totalHits: hits, resetTime: new Date(Date.now() + leftMs) };
}

function countersOf(cache: CacheEngine<string, unknown> | HotsetClient): Counters {
  if (cache instanceof CacheEngine) {
    if (storeOf(cache).slides)
      throw invalidArgument('cache', "an engine whose ttlFrom is 'write': else a window never ends", cache);
    return engineCounters(cache as CacheEngine<string, number>);
  }
  if (typeof cache?.increment === 'function') return clientCounters(cache);
  throw invalidArgument('cache', 'a CacheEngine or a HotsetClient', cache);
}

/** A number for each client: `update` keeps the window's end. */
function engineCounters(engine: CacheEngine<string, number>): Counters {
  const counted = (hits: number | undefined) => {
    if (hits === undefined || typeof hits === 'number') return hits;
    throw new HotsetError(
      'HOTSET_NOT_A_NUMBER',
      `a count of requests is a number; the cache holds ${shown(hits)}`,
    );
  };
  const get = (key: string) => {
    const hits = counted(engine.get(key));
    return hits === undefined ? undefined : { hits, leftMs: engine.remainingTtlMs(key)! };
  };
  return {
    get,
    increment: (key, windowMs) => {
      const count = get(key);
      const hits = (count?.hits ?? 0) + 1;
      const result =
        count === undefined ? engine.set(key, hits, { ttlMs: windowMs }) : engine.update(key, hits);
      throwRefusal(result, 'a count of requests');
      return { hits, leftMs: count?.leftMs ?? windowMs };
    },
    decrement: (key) => {
      const hits = counted(engine.peek(key));
      if (hits !== undefined && hits > 0) engine.update(key, hits - 1);
    },
    delete: (key) => engine.delete(key),
    deletePrefix: (prefix) => engine.deletePrefix(prefix),
  };
}

/** The server's own counters: one step there, whoever else counts. */
function clientCounters(client: HotsetClient): Counters {
  const leftMs = async (key: string) => (await client.inspect(key))?.ttlMs;
  return {
    get: async (key) => {
      const entry = await client.getEntry(key);
      return entry === undefined ? undefined : { hits: Number(entry.value), leftMs: entry.ttlMs };
    },
    increment: async (key, windowMs) => {
      // Both in one frame. A window that ends between them has nothing left.
      const [hits, left] = await Promise.all([
        client.increment(key, 1, { initial: 1, ttlMs: windowMs }),
        leftMs(key),
      ]);
      return { hits: Number(hits), leftMs: left ?? 0 };
    },
    decrement: (key) => client.increment(key, -1),
    delete: (key) => client.delete(key),
    deletePrefix: (prefix) => client.deletePrefix(prefix),
  };
}
