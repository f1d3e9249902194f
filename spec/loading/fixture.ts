/** A LoadingCache on a manual clock, and a source whose answers a spec gives by hand. */

import { CacheEngine, type CacheEngineOptions, ManualClock } from '../../lib/index.js';
import {
  type BatchAnswer,
  type BatchContext,
  type LoadContext,
  LoadingCache,
  type LoadingOptions,
  type LoadingStats,
  ManualScheduler,
} from '../../lib/loading/index.js';

export interface LoadingFixture<K, V> {
  readonly engine: CacheEngine<K, V>;
  readonly clock: ManualClock;
  readonly scheduler: ManualScheduler;
  readonly cache: LoadingCache<K, V>;
  /** What `onError` was told, oldest first. */
  readonly errors: [unknown, K][];
}

export function makeLoading<K = string, V = number>(
  options: LoadingOptions<K, V> = {},
  engineOptions: CacheEngineOptions<K, V> = {},
): LoadingFixture<K, V> {
  const clock = new ManualClock(1000);
  const scheduler = new ManualScheduler(clock);
  const errors: [unknown, K][] = [];
  const engine = new CacheEngine<K, V>({ clock, ...engineOptions });
  const cache = new LoadingCache<K, V>(engine, {
    scheduler,
    loadClock: clock,
    onError: (error, key) => errors.push([error, key]),
    ...options,
  });
  return { engine, clock, scheduler, cache, errors };
}

/** One call of a loader, to be settled by the spec. */
export interface Call<Q, C, A> {
  readonly asked: Q;
  readonly context: C;
  resolve(answer: A | PromiseLike<A>): void;
  reject(error: unknown): void;
}

class RequestQueue<Q, C, A> {
  readonly calls: Call<Q, C, A>[] = [];

  /** The loader. */
  readonly load = (asked: Q, context: C): Promise<A> =>
    new Promise((resolve, reject) => this.calls.push({ asked, context, resolve, reject }));

  get last(): Call<Q, C, A> {
    return this.calls.at(-1)!;
  }
}

export class Source<K = string, V = number> extends RequestQueue<K, LoadContext<V>, V> {}

/** A source that may have nothing under a key. */
export class SparseSource<K = string, V = number> extends RequestQueue<K, LoadContext<V>, V | undefined> {}

export class BatchSource<K = string, V = number> extends RequestQueue<
  readonly K[],
  BatchContext<K, V>,
  BatchAnswer<K, V>
> {}

/** Lets everything happen that only waits for promises. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

/** What became of a promise: its value, or the error in an array of its own. */
export async function outcome<T>(promise: Promise<T>): Promise<T | [unknown]> {
  return promise.catch((error: unknown) => [error]);
}

/** Keys asked for, as the statistics have them. */
export function counted(stats: LoadingStats): number {
  const { hits, staleHits, negativeHits, joins, loads, refusals, skips } = stats;
  return hits + staleHits + negativeHits + joins + loads + refusals + skips;
}
