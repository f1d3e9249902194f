/** Calls a user's loader for the flights of one call and resolves to an outcome for each. */

import { HotsetError, shown } from '../errors.js';
import type { CallAbort } from './call-abort.js';
import { traced } from './diagnostics.js';
import type { Flight } from './flight.js';
import type { BatchAnswer, BatchLoader, Loader, StoreAs } from './loader.js';
import { checkStoreAs } from './options.js';

/** How the outcome of a flight is kept. */
export interface Plan extends StoreAs {
  /** The key is not known any better than before: nothing is stored, removed or remembered. */
  readonly changesNothing?: boolean;
  /** Once it is stored, a refresh begins. */
  readonly refreshes?: boolean;
  /** The load failed, and the value is an old one from elsewhere. */
  readonly failure?: { readonly error: unknown };
}

/** `undefined` as a value is a miss. */
export type Outcome<V> =
  | { readonly value: V | undefined; readonly plan?: Plan | undefined }
  | { readonly error: unknown };

/** Resolves to an outcome for each flight, in their order; rejects when all of them failed. */
export type LoaderAdapter<K, V> = (
  flights: readonly Flight<K, V>[],
  abort: CallAbort,
) => Promise<readonly Outcome<V>[]>;

/** What a loader is called with. */
export type LoadTarget<K, V> = Pick<Flight<K, V>, 'key' | 'stale' | 'version'>;

/** An adapter that needs no more of a flight than that. */
export type SourceAdapter<K, V> = (
  targets: readonly LoadTarget<K, V>[],
  abort: CallAbort,
) => Promise<readonly Outcome<V>[]>;

// Being async, both turn what a loader throws into a rejection; and both call it before they first wait.

export function single<K, V>(loader: Loader<K, V>): SourceAdapter<K, V> {
  return async ([flight], abort) => {
    const { key, stale } = flight!;
    let plan: StoreAs | undefined;
    const storeAs = (options: StoreAs): void => {
      plan = checkStoreAs(options);
    };
    const value = await traced([key], async () => loader(key, new Context(abort, stale, storeAs)));
    return [{ value, plan }];
  };
}

export function batch<K, V>(loader: BatchLoader<K, V>): SourceAdapter<K, V> {
  return async (flights, abort) => {
    const stale = new Map<K, V>();
    for (const flight of flights) if (flight.version !== undefined) stale.set(flight.key, flight.stale as V);
    const keys = flights.map(({ key }) => key);
    const plans = new Map<K, StoreAs>();
    const storeAs = (key: K, options: StoreAs): void => {
      plans.set(key, checkStoreAs(options));
    };
    const values = valuesOf(
      flights,
      await traced(keys, async () => loader(keys, new Context(abort, stale, storeAs))),
    );
    return values.map((value, index) =>
      isError(value) ? { error: value } : { value, plan: plans.get(flights[index]!.key) },
    );
  };
}

/** What a loader gets beside its keys. Its signal is made for one that looks at it: see call-abort.ts. */
class Context<Stale, Keep> {
  readonly stale: Stale;
  readonly storeAs: Keep;
  readonly #abort: CallAbort;

  constructor(abort: CallAbort, stale: Stale, storeAs: Keep) {
    this.#abort = abort;
    this.stale = stale;
    this.storeAs = storeAs;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }
}

/** By the keys of the flights: the loader may have done with its own array what it liked. */
function valuesOf<K, V>(
  flights: readonly LoadTarget<K, V>[],
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
