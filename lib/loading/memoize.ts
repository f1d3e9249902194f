/** A function that remembers its results, in a LoadingCache. */

import { CacheEngine } from '../engine/cache-engine.js';
import type { CacheEngineOptions } from '../engine/options.js';
import { invalidArgument, invalidOption, rejectUnknownOptions } from '../errors.js';
import { functionOption } from '../options.js';
import { argumentKey } from './argument-key.js';
import { LoadingCache } from './loading-cache.js';
import { LOADING_OPTIONS, type LoadingOptions } from './options.js';
import type { LoadingStats } from './stats.js';

/** What `memoize` takes: the options of a `LoadingCache`, but for `load`, and two of its own. */
export interface MemoizeOptions<A extends readonly unknown[], K, V>
  extends Omit<LoadingOptions<K, V>, 'load'> {
  /** The key of a call. Default: one primitive argument itself; else a text made of all arguments. */
  keyOf?: ((...args: A) => K) | undefined;
  /** An engine, or the options of one to make. Default: a `CacheEngine` without options, of 64 MiB. */
  engine?: CacheEngine<K, V> | CacheEngineOptions<K, V> | undefined;
}

/** The results of a function that are stored: `undefined` is a miss. */
export type Memoizable<R> = Exclude<Awaited<R>, undefined>;

/** A function that remembers its results. */
export interface Memoized<A extends readonly unknown[], R, K = unknown> {
  (...args: A): Promise<Awaited<R>>;
  /** The cache that it uses; `cache.engine` has the values. */
  readonly cache: LoadingCache<K, Memoizable<R>>;
  /** `cache.invalidate` for the key of these arguments. */
  invalidate(...args: A): boolean;
  /** `cache.stats()`. */
  stats(): LoadingStats;
}

const MEMOIZE_OPTIONS: ReadonlySet<string> = new Set(
  [...LOADING_OPTIONS, 'keyOf', 'engine'].filter((name) => name !== 'load'),
);

/**
 * Wraps `fn`, asynchronous or not: calls with one key share one run of it and its result. `fn` is called without a
 * `this`. Rejects with what `fn` throws, and as `LoadingCache.getOrLoad`.
 *
 * Throws `HOTSET_INVALID_OPTION`, `HOTSET_INVALID_ARGUMENT`.
 *
 * @example
 * const userOf = memoize(async (id: number) => db.user(id), { ttlMs: 60_000, staleMs: 10_000 });
 * await userOf(7);
 * userOf.invalidate(7);
 */
export function memoize<A extends readonly unknown[], R, K = unknown>(
  fn: (...args: A) => R,
  options: MemoizeOptions<A, K, NoInfer<Memoizable<R>>> = {},
): Memoized<A, R, K> {
  if (typeof fn !== 'function') throw invalidArgument('fn', 'a function', fn);
  rejectUnknownOptions(options, MEMOIZE_OPTIONS);
  const { keyOf, engine, ...loading } = options;
  if (engine !== undefined && (typeof engine !== 'object' || engine === null || Array.isArray(engine)))
    throw invalidOption('engine', 'a CacheEngine, or the options of one', engine);
  const keyFor = functionOption('keyOf', keyOf, null) ?? ((...args: A): K => argumentKey(args) as K);
  const cache = new LoadingCache<K, Memoizable<R>>(
    engine instanceof CacheEngine ? engine : new CacheEngine(engine ?? {}),
    loading,
  );
  const memoized = async (...args: A): Promise<Awaited<R>> =>
    (await cache.getOrLoad(keyFor(...args), () => fn(...args) as Memoizable<R>)) as Awaited<R>;
  return Object.assign(memoized, {
    cache,
    invalidate: (...args: A): boolean => cache.invalidate(keyFor(...args)),
    stats: (): LoadingStats => cache.stats(),
  });
}
