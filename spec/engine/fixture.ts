/** An engine on a manual clock that records its removals. */

import { CacheEngine, type CacheEngineOptions, ManualClock, type RemovalCause } from '../../lib/index.js';

export interface Fixture<K, V> {
  readonly engine: CacheEngine<K, V>;
  readonly clock: ManualClock;
  /** What the listener was told, oldest first. */
  readonly removals: [K, V, RemovalCause][];
}

export function makeFixture<K = string, V = number>(options: CacheEngineOptions<K, V> = {}): Fixture<K, V> {
  const clock = new ManualClock(1000);
  const removals: [K, V, RemovalCause][] = [];
  const engine = new CacheEngine<K, V>({
    clock,
    onRemoval: (key, value, cause) => removals.push([key, value, cause]),
    ...options,
  });
  return { engine, clock, removals };
}

/** Keys from the oldest to the newest. */
export function order<K, V>(engine: CacheEngine<K, V>): K[] {
  return [...engine.keys({ order: 'oldest-first' })];
}

/** The error that `act` throws; fails when it throws none. */
export function thrownBy(act: () => unknown): Error & { code?: string } {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
