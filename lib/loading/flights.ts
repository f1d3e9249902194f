/**
 * The flights of a cache, by key: at most one for each key, beside those that an invalidation has detached. They
 * are outside the engine, so that no eviction ends one. Everything is O(1) for each flight.
 */

import type { Invalidations } from '../engine/invalidations.js';
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
  /** One of them; the others are in the Map. V8 gives a Map that becomes empty a smaller table, which takes a tenth of a short load. */
  #one: Flight<K, V> | undefined;
  readonly #byKey: Map<K, Flight<K, V>> = new Map();
  readonly #options: ResolvedLoading<K, V>;
  readonly #counters: Counters;
  readonly #invalidations: Invalidations;
  /** Callers who wait for room. */
  readonly #queue: Set<FlightWaiter<K, V>> = new Set();
  #inFlight = 0;

  constructor(options: ResolvedLoading<K, V>, counters: Counters, invalidations: Invalidations) {
    this.#options = options;
    this.#invalidations = invalidations;
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
    if (this.#one !== undefined && isSame(this.#one.key, key)) return this.#one;
    return this.#byKey.size === 0 ? undefined : this.#byKey.get(key);
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
      const since = this.#invalidations.count;
      const flight = new Flight(key, call, entry?.value, entry?.version, since);
      call.flights.push(flight);
      call.attached++;
      if (this.#one === undefined) this.#one = flight;
      else this.#byKey.set(key, flight);
      this.#inFlight++;
    }
  }

  join(flight: Flight<K, V>, waiter: FlightWaiter<K, V>): void {
    flight.waiters.set(waiter, this.#invalidations.count);
    if (flight.call.waiting++ === 0) flight.call.timer?.hold(true);
  }

  leave(flight: Flight<K, V>, waiter: FlightWaiter<K, V>): void {
    if (flight.waiters.delete(waiter) && --flight.call.waiting === 0) flight.call.timer?.hold(false);
  }

  /** Detaches the flight of `key`: a new one may start, and what the old one loads is not stored. */
  detach(key: K): Flight<K, V> | undefined {
    const flight = this.get(key);
    if (flight !== undefined) this.#detach(flight);
    return flight;
  }

  /** The same for all that `concerns` picks. O(n). */
  detachAll(concerns: (flight: Flight<K, V>) => boolean): Flight<K, V>[] {
    const one = this.#one === undefined ? [] : [this.#one];
    const flights = [...one, ...this.#byKey.values()].filter(concerns);
    for (const flight of flights) this.#detach(flight);
    return flights;
  }

  #detach(flight: Flight<K, V>): void {
    this.#remove(flight);
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
    this.#remove(flight);
    this.#inFlight--;
  }

  #remove(flight: Flight<K, V>): void {
    if (this.#one === flight) this.#one = undefined;
    else if (this.#byKey.size > 0 && this.#byKey.get(flight.key) === flight) this.#byKey.delete(flight.key);
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

  /** Resumes the waiter once there is room, the oldest first. */
  enqueue(waiter: FlightWaiter<K, V>): void {
    this.#queue.add(waiter);
  }

  dequeue(waiter: FlightWaiter<K, V>): void {
    this.#queue.delete(waiter);
  }

  /** To be called when calls have ended. One that needs more room than there is goes to the end of the queue. */
  resumeQueued(): void {
    for (const waiter of this.#queue) {
      if (this.room <= 0) return;
      this.#queue.delete(waiter);
      waiter.resume();
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

/** As a Map compares keys. */
function isSame(some: unknown, other: unknown): boolean {
  return some === other || (Number.isNaN(some) && Number.isNaN(other));
}
