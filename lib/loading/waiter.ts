/**
 * One caller who waits, for one key or for many: with one listener on its signal and one timer, both gone when
 * the wait is over. Ends once: with the values, or with the first failure that no old value stands in for.
 */

import { HotsetError, shown } from '../errors.js';
import type { Flight, FlightWaiter } from './flight.js';
import type { Flights } from './flights.js';
import type { ResolvedLoad } from './options.js';
import type { Scheduler } from './scheduler.js';
import type { Counters } from './stats.js';

/** The old value that stands in for a failed load, if there is one. */
export type StaleFallback<K, V> = (key: K) => { readonly value: V } | undefined;

export class Waiter<K, V> implements FlightWaiter<K, V> {
  /** The values that came; misses are not in it. */
  readonly promise: Promise<Map<K, V>>;
  readonly #values: Map<K, V> = new Map();
  readonly #pending: Set<Flight<K, V>> = new Set();
  readonly #flights: Flights<K, V>;
  readonly #staleFallback: StaleFallback<K, V>;
  readonly #counters: Counters;
  #resolve!: (values: Map<K, V>) => void;
  #reject!: (error: unknown) => void;
  #unwatch: () => void = () => {};

  constructor(flights: Flights<K, V>, staleFallback: StaleFallback<K, V>, counters: Counters) {
    this.#flights = flights;
    this.#staleFallback = staleFallback;
    this.#counters = counters;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  join(flight: Flight<K, V>): void {
    this.#pending.add(flight);
    this.#flights.join(flight, this);
  }

  /** Begins to heed the caller's signal and its timeout. After the last `join`. */
  watch({ signal, timeoutMs }: ResolvedLoad<K, V>, scheduler: Scheduler): void {
    if (signal?.aborted === true) {
      this.#giveUp(signal);
      return;
    }
    const onAbort = (): void => this.#giveUp(signal!);
    signal?.addEventListener('abort', onAbort, { once: true });
    const cancel =
      timeoutMs === Number.POSITIVE_INFINITY
        ? undefined
        : scheduler.schedule(timeoutMs, () => this.#timeOut(timeoutMs));
    this.#unwatch = () => {
      signal?.removeEventListener('abort', onAbort);
      cancel?.();
    };
  }

  settle(flight: Flight<K, V>, value: V | undefined): void {
    if (value !== undefined) this.#values.set(flight.key, value);
    this.#flights.leave(flight, this);
    this.#pending.delete(flight);
    if (this.#pending.size === 0) this.#succeed();
  }

  fail(flight: Flight<K, V>, error: unknown): boolean {
    const old = this.#staleFallback(flight.key);
    if (old === undefined) {
      this.#leaveAll(true);
      this.#unwatch();
      this.#reject(error);
      return true;
    }
    this.#counters.staleFallbacks++;
    this.settle(flight, old.value);
    return false;
  }

  #giveUp(signal: AbortSignal): void {
    this.#counters.callerAborts++;
    const left = this.#leaveAll(false);
    this.#unwatch();
    this.#reject(signal.reason);
    for (const { call } of left) this.#flights.cancelIfUnwanted(call);
  }

  #timeOut(timeoutMs: number): void {
    this.#counters.callerTimeouts++;
    const left = this.#leaveAll(true);
    this.#unwatch();
    const olds = left.map(({ key }) => ({ key, old: this.#staleFallback(key) }));
    const missing = olds.find(({ old }) => old === undefined);
    if (missing !== undefined) {
      const message = `${shown(missing.key)} took longer than timeoutMs: ${timeoutMs}`;
      this.#reject(new HotsetError('HOTSET_LOAD_TIMEOUT', message));
      return;
    }
    this.#counters.staleFallbacks += olds.length;
    for (const { key, old } of olds) this.#values.set(key, old!.value);
    this.#succeed();
  }

  /** Waits for nothing any more. `kept` flights go on all the same, and are stored. */
  #leaveAll(kept: boolean): Flight<K, V>[] {
    const left = [...this.#pending];
    this.#pending.clear();
    for (const flight of left) {
      this.#flights.leave(flight, this);
      if (kept) flight.call.kept = true;
    }
    return left;
  }

  #succeed(): void {
    this.#unwatch();
    this.#resolve(this.#values);
  }
}
