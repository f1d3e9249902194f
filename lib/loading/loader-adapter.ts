/** Calls a user's loader for the flights of one call and resolves to an outcome for each. */

import { HotsetError, shown } from '../errors.js';
import type { Flight } from './flight.js';
import type { BatchAnswer, BatchLoader, Loader } from './loader.js';

/** `undefined` as a value is a miss. */
export type Outcome<V> = { readonly value: V | undefined } | { readonly error: unknown };

/** Resolves to an outcome for each flight, in their order; rejects when all of them failed. */
export type LoaderAdapter<K, V> = (
  flights: readonly Flight<K, V>[],
  signal: AbortSignal,
) => Promise<readonly Outcome<V>[]>;

// Being async, both turn what a loader throws into a rejection; and both call it before they first wait.

export function single<K, V>(loader: Loader<K, V>): LoaderAdapter<K, V> {
  return async ([flight], signal) => [{ value: await loader(flight!.key, { signal, stale: flight!.stale }) }];
}

export function batch<K, V>(loader: BatchLoader<K, V>): LoaderAdapter<K, V> {
  return async (flights, signal) => {
    const stale = new Map<K, V>();
    for (const flight of flights) if (flight.version !== undefined) stale.set(flight.key, flight.stale as V);
    const keys = flights.map(({ key }) => key);
    const values = valuesOf(flights, await loader(keys, { signal, stale }));
    return values.map((value) => (isError(value) ? { error: value } : { value }));
  };
}

/** By the keys of the flights: the loader may have done with its own array what it liked. */
function valuesOf<K, V>(
  flights: readonly Flight<K, V>[],
  answer: BatchAnswer<K, V>,
): readonly (V | Error | undefined)[] {
  if (isMap(answer)) return flights.map(({ key }) => answer.get(key));
  if (Array.isArray(answer) && answer.length === flights.length) return Array.from(answer);
  const got = Array.isArray(answer) ? `an array of ${answer.length}` : shown(answer);
  throw new HotsetError(
    'HOTSET_INVALID_BATCH',
    `a batch loader returns a Map, or an array with one element for each of its ${flights.length} keys; got ${got}`,
  );
}

// Those of another realm too (node:vm, jsdom): instanceof knows only this one's.

function isMap<K, V>(answer: BatchAnswer<K, V>): answer is ReadonlyMap<K, V | Error | undefined> {
  return answer instanceof Map || Object.prototype.toString.call(answer) === '[object Map]';
}

function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}
