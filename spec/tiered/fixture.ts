/** Processes that share a second tier: each a TieredCache on one manual clock. */

import { ManualClock } from '../../lib/index.js';
import { ManualScheduler } from '../../lib/loading/index.js';
import { TieredCache, type TieredOptions } from '../../lib/tiered/index.js';
import type { InvalidationListener, InvalidationSource } from '../../lib/tiered/second-tier.js';
import { MemoryStore, MemoryTier, type MemoryTierOptions } from './memory-tier.js';

/** Reports the store's changes as they happen, while it is not cut. */
export class StoreSource implements InvalidationSource {
  readonly name = 'store';
  readonly #store: MemoryStore;
  #listener: InvalidationListener | undefined;
  #stop = (): void => {};

  constructor(store: MemoryStore) {
    this.#store = store;
  }

  start(prefix: string, listener: InvalidationListener): void {
    this.#listener = listener;
    const watcher = ({ keys }: { readonly keys: readonly string[] | null }): void => {
      if (keys === null) listener.allChanged();
      else listener.keysChanged(keys.filter((key) => key.startsWith(prefix)));
    };
    this.#store.watchers.add(watcher);
    this.#stop = () => this.#store.watchers.delete(watcher);
    listener.connected();
  }

  /** What changes from now on is not reported. */
  cut(): void {
    this.#stop();
    this.#listener!.disconnected(new Error('cut'));
  }

  async stop(): Promise<void> {
    this.#stop();
  }
}

export class Fleet {
  readonly clock: ManualClock = new ManualClock(1_000_000);
  readonly scheduler: ManualScheduler = new ManualScheduler(this.clock);
  readonly store: MemoryStore = new MemoryStore(this.clock);
  /** What `onError` and `onTierError` got, oldest first. */
  readonly errors: unknown[] = [];
  readonly tierErrors: unknown[] = [];

  /** A process. Without `source: true` nobody tells it what others change. */
  process<V = unknown>(
    options: Partial<Omit<TieredOptions<V>, 'source'>> & { source?: boolean | InvalidationSource } = {},
    tier: MemoryTierOptions = {},
  ): TieredCache<V> {
    const { source = false, ...others } = options;
    return new TieredCache<V>({
      tier: new MemoryTier(this.store, tier),
      source: source === true ? new StoreSource(this.store) : source === false ? undefined : source,
      clock: this.clock,
      loadClock: this.clock,
      scheduler: this.scheduler,
      random: () => 0.5,
      ttlMs: 60_000,
      onError: (error) => this.errors.push(error),
      onTierError: (error) => this.tierErrors.push(error),
      ...others,
    });
  }

  /** Moves the clock in steps of `stepMs`, and lets everything happen in between. */
  async pass(ms: number, stepMs = 10): Promise<void> {
    for (let leftMs = ms; leftMs > 0; leftMs -= stepMs) {
      await settled();
      this.scheduler.advance(Math.min(stepMs, leftMs));
    }
    await settled();
  }
}

/** Lets everything happen that only waits for promises. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 60; turn++) await Promise.resolve();
}

/** A loader that counts, and returns what `value` returns. */
export function counting<V>(value: (key: string) => V | Promise<V>): {
  readonly load: (key: string) => Promise<V>;
  readonly keys: string[];
} {
  const keys: string[] = [];
  return {
    keys,
    load: async (key) => {
      keys.push(key);
      return value(key);
    },
  };
}

/** A promise that a spec settles. */
export interface Gate<V> {
  readonly promise: Promise<V>;
  open(value: V): void;
  fail(error: unknown): void;
}

export function gate<V>(): Gate<V> {
  let open!: (value: V) => void;
  let fail!: (error: unknown) => void;
  const promise = new Promise<V>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}
