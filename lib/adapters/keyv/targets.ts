/**
 * What the adapter needs of what is beneath it, for each kind that it takes. Keys are whole: with their namespaces.
 * A value is what Keyv hands over, and is held as it is.
 */

import type { HotsetClient } from '../../client/index.js';
import { HotsetError, invalidArgument, invalidOption } from '../../errors.js';
import { CacheEngine } from '../../index.js';
import type { LoadContext, LoadingCache } from '../../loading/index.js';

/** What a `KeyvHotset` is over. Its keys there are texts, and its values what Keyv hands over. */
// biome-ignore lint/suspicious/noExplicitAny: caches of any keys and values are taken
export type KeyvTarget = CacheEngine<any, any> | LoadingCache<any, any> | HotsetClient;

/**
 * Loads the value under a key that Keyv misses, or a promise of it; `undefined` says that there is none. The key is the
 * one that Keyv's user gave, without namespaces. The signal aborts when nobody wants the value any more.
 */
export type KeyvLoader = (key: string, context: Pick<LoadContext<unknown>, 'signal'>) => unknown;

type Awaitable<T> = T | Promise<T>;

export interface Target {
  /** `userKey` is what a loader gets. */
  get(key: string, userKey: string): unknown;
  getMany(keys: readonly string[], userKeys: readonly string[]): Awaitable<unknown[]>;
  has(key: string): Awaitable<boolean>;
  /** Whether it was stored. `ttlMs` is more than 0; undefined for the target's own. */
  set(key: string, value: unknown, ttlMs: number | undefined): Awaitable<boolean>;
  delete(key: string): Awaitable<boolean>;
  /** Removes what is under keys that begin with `prefix`. */
  clear(prefix: string): Awaitable<void>;
  /** What is under keys that begin with `prefix`; what comes or goes on the way may be missing. */
  entries(prefix: string): Iterable<readonly [string, unknown]> | AsyncIterable<readonly [string, unknown]>;
  disconnect(): void;
}

/** Throws `HOTSET_INVALID_ARGUMENT` and, for a `load` that cannot be used, `HOTSET_INVALID_OPTION`. */
export function targetOf(target: KeyvTarget, load: KeyvLoader | undefined): Target {
  if (load !== undefined && typeof load !== 'function') throw invalidOption('load', 'a function', load);
  if (isLoadingCache(target)) return load === undefined ? kept(target) : loaded(target, load);
  if (load !== undefined)
    throw new HotsetError('HOTSET_INVALID_OPTION', 'load needs a LoadingCache; got another kind of cache');
  if (target instanceof CacheEngine) return inProcess(target);
  if (isClient(target)) return remote(target);
  throw invalidArgument('cache', 'a CacheEngine, a LoadingCache or a HotsetClient', target);
}

// biome-ignore lint/suspicious/noExplicitAny: as above
type AnyEngine = CacheEngine<any, any>;
// biome-ignore lint/suspicious/noExplicitAny: as above
type AnyLoadingCache = LoadingCache<any, any>;

// By what they have: importing the classes would load their code for users who have neither.

function isLoadingCache(target: KeyvTarget): target is AnyLoadingCache {
  return (target as AnyLoadingCache | null)?.engine instanceof CacheEngine;
}

const CLIENT_METHODS = [
  'get',
  'getMany',
  'inspect',
  'set',
  'delete',
  'deletePrefix',
  'flush',
  'close',
] as const;

function isClient(target: KeyvTarget): target is HotsetClient {
  return CLIENT_METHODS.every((name) => typeof (target as HotsetClient | null)?.[name] === 'function');
}

function inProcess(engine: AnyEngine): Target {
  return {
    get: (key) => engine.get(key),
    getMany: (keys) => keys.map((key) => engine.get(key)),
    has: (key) => engine.has(key),
    set: (key, value, ttlMs) => engine.set(key, value, { ttlMs }) === 'stored',
    delete: (key) => engine.delete(key),
    clear: (prefix) => {
      if (prefix === '') engine.clear();
      else engine.deletePrefix(prefix);
    },
    *entries(prefix) {
      // Not a walk: what Keyv's user reads on the way would leave its place, and be missed.
      for (const key of [...engine.keys({ prefix })]) {
        const value = engine.peek(key);
        if (value !== undefined) yield [key, value];
      }
    },
    disconnect: () => {},
  };
}

/** Writes and removals also reach the flights of their keys, and misses that are remembered. */
function kept(cache: AnyLoadingCache): Target {
  return {
    ...inProcess(cache.engine),
    set: (key, value, ttlMs) => cache.set(key, value, { ttlMs }) === 'stored',
    delete: (key) => cache.invalidate(key),
    clear: (prefix) => {
      if (prefix === '') cache.clear();
      else cache.deletePrefix(prefix);
    },
  };
}

/** What Keyv misses is loaded, into the form in which Keyv takes values that are not serialized. */
function loaded(cache: AnyLoadingCache, load: KeyvLoader): Target {
  const get = (key: string, userKey: string): Promise<unknown> =>
    cache.getOrLoad(key, async (_, { signal }: LoadContext<unknown>) => {
      const value = await load(userKey, { signal });
      return value === undefined ? undefined : { value };
    });
  return {
    ...kept(cache),
    get,
    getMany: (keys, userKeys) => Promise.all(keys.map((key, i) => get(key, userKeys[i]!))),
  };
}

/** The server's refusals of a value, which an engine returns and a client throws. */
const REFUSALS: ReadonlySet<unknown> = new Set(['HOTSET_TOO_LARGE', 'HOTSET_NO_ROOM']);

/** As many as a client asks for in one `getMany`, by default. */
const PAGE_KEYS = 100;

function remote(client: HotsetClient): Target {
  return {
    get: (key) => client.get(key),
    getMany: async (keys) => {
      const values = await client.getMany(keys);
      return keys.map((key) => values.get(key));
    },
    has: async (key) => (await client.inspect(key)) !== undefined,
    set: async (key, value, ttlMs) => {
      try {
        return (await client.set(key, value as object, { ttlMs })).result === 'stored';
      } catch (error) {
        if (REFUSALS.has((error as Partial<HotsetError>).code)) return false;
        throw error;
      }
    },
    delete: (key) => client.delete(key),
    clear: async (prefix) => {
      if (prefix === '') await client.flush();
      else await client.deletePrefix(prefix);
    },
    async *entries(prefix) {
      const seen = new Set<string>();
      let cursor: string | undefined;
      do {
        const page = await client.keys({ prefix, cursor, limit: PAGE_KEYS });
        const keys = page.keys.filter((key) => !seen.has(key));
        for (const entry of await client.getMany(keys)) {
          seen.add(entry[0]);
          yield entry;
        }
        cursor = page.cursor;
      } while (cursor !== undefined);
    },
    disconnect: () => client.close(),
  };
}
