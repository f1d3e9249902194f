/**
 * The flights of a cache, by key: at most one for each key, beside those that an invalidation has detached. They
 * are outside the engine, so that no eviction ends one. Everything is O(1) for each flight.
 */

import type { EntryInfo } from '../engine/types.js';
import { Timer } from '../scheduler.js';
import { Flight, type FlightWaiter, LoaderCall } from './flight.js';
import type { ResolvedLoad, ResolvedLoading } from './options.js';
import { type Counters, countEnd, type FlightEnd } from './stats.js';

/** A key that is to be loaded, and what the engine has under it. */
export interface LoadRequest<K, V> {
  readonly key: K;
  readonly entry: EntryInfo<K, V> | undefined;
}

export class Flights<K, V> {
  readonly #byKey: Map<K, Flight<K, V>> = new Map();
  readonly #options: ResolvedLoading<K, V>;
  readonly #counters: Counters;
  /** Batches that wait for room, and how each continues. */
  readonly #queue: Map<FlightWaiter<K, V>, () => void> = new Map();
  #inFlight = 0;

  constructor(options: ResolvedLoading<K, V>, counters: Counters) {
    this.#options = options;
    this.#counters = counters;
  }

  /** Flights that have not ended, detached ones included. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** How many flights may start now. */
  get room(): number {
    return this.#options.maxFlights - this.#inFlight;
  }

  get(key: K): Flight<K, V> | undefined {
    return this.#byKey.get(key);
  }

  /** A call without flights, its timer running: what may throw comes before anything is registered. */
  newCall(
    load: ResolvedLoad<K, V>,
    kept: boolean,
    onTimeout: (call: LoaderCall<K, V>) => void,
  ): LoaderCall<K, V> {
    const call = new LoaderCall<K, V>(load, this.#now(), kept);
    call.timer = new Timer(this.#options.scheduler, load.flightTimeoutMs, () => onTimeout(call));
    return call;
  }

  /** Gives the call a flight for each key, as far as there is room. Throws nothing. */
  open(requests: readonly LoadRequest<K, V>[], call: LoaderCall<K, V>): void {
    for (const { key, entry } of requests) {
      if (this.room <= 0) return;
      const flight = new Flight(key, call, entry?.value, entry?.version);
      call.flights.push(flight);
      call.attached++;
      this.#byKey.set(key, flight);
      this.#inFlight++;
    }
  }

  join(flight: Flight<K, V>, waiter: FlightWaiter<K, V>): void {
    flight.waiters.add(waiter);
    if (flight.call.waiting++ === 0) flight.call.timer?.hold(true);
  }

  leave(flight: Flight<K, V>, waiter: FlightWaiter<K, V>): void {
    if (flight.waiters.delete(waiter) && --flight.call.waiting === 0) flight.call.timer?.hold(false);
  }

  /** Detaches the flight of `key`: a new one may start, and what the old one loads is not stored. */
  detach(key: K): Flight<K, V> | undefined {
    const flight = this.#byKey.get(key);
    if (flight !== undefined) this.#detach(flight);
    return flight;
  }

  detachAll(): Flight<K, V>[] {
    const flights = [...this.#byKey.values()];
    for (const flight of flights) this.#detach(flight);
    return flights;
  }

  #detach(flight: Flight<K, V>): void {
    this.#byKey.delete(flight.key);
    flight.attached = false;
    flight.call.attached--;
  }

  /** Makes the caller the one who ends this call. False when it has ended before. */
  end(call: LoaderCall<K, V>): boolean {
    if (call.ended) return false;
    call.ended = true;
    call.timer?.cancel();
    return true;
  }

  /** Removes a flight of an ended call: its key may be loaded again. */
  close(flight: Flight<K, V>): void {
    if (this.#byKey.get(flight.key) === flight) this.#byKey.delete(flight.key);
    this.#inFlight--;
  }

  count(flight: Flight<K, V>, end: FlightEnd): void {
    countEnd(this.#counters, end, this.#now() - flight.call.startedAtMs);
  }

  /** Aborts the call when it has no waiters and its value would not be stored. */
  cancelIfUnwanted(call: LoaderCall<K, V>): void {
    if (!call.unwanted || !this.end(call)) return;
    for (const flight of call.flights) {
      this.close(flight);
      this.count(flight, 'aborts');
    }
    // After the counting, because its listeners are other people's code.
    call.controller.abort();
    this.resumeQueued();
  }

  /** Calls `resume` once there is room, the oldest first. */
  enqueue(waiter: FlightWaiter<K, V>, resume: () => void): void {
    this.#queue.set(waiter, resume);
  }

  dequeue(waiter: FlightWaiter<K, V>): void {
    this.#queue.delete(waiter);
  }

  /** To be called when calls have ended. One that needs more room than there is goes to the end of the queue. */
  resumeQueued(): void {
    for (const [waiter, resume] of this.#queue) {
      if (this.room <= 0) return;
      this.#queue.delete(waiter);
      resume();
    }
  }

  /** A clock that fails costs a measurement and nothing else. */
  #now(): number {
    try {
      return this.#options.loadClock.now();
    } catch {
      return Number.NaN;
    }
  }
}
