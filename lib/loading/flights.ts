/**
 * The flights in the air, by key: one for each key at most, beside those that an invalidation has detached.
 * They live here and not in the engine, so that no eviction ends one. Everything is O(1) for each flight.
 */

import type { Clock } from '../engine/clock.js';
import type { EntryInfo } from '../engine/entry.js';
import { Flight, type FlightWaiter, LoaderCall } from './flight.js';
import type { ResolvedLoad } from './options.js';
import { type Counters, countEnd, type FlightEnd } from './stats.js';

/** A key that is to be loaded, and what the engine has under it. */
export interface LoadRequest<K, V> {
  readonly key: K;
  readonly entry: EntryInfo<K, V> | undefined;
}

export class Flights<K, V> {
  readonly #byKey: Map<K, Flight<K, V>> = new Map();
  readonly #maxFlights: number;
  readonly #clock: Clock;
  readonly #counters: Counters;
  #inFlight = 0;

  constructor(maxFlights: number, clock: Clock, counters: Counters) {
    this.#maxFlights = maxFlights;
    this.#clock = clock;
    this.#counters = counters;
  }

  /** Flights that have not ended, detached ones included. */
  get inFlight(): number {
    return this.#inFlight;
  }

  get(key: K): Flight<K, V> | undefined {
    return this.#byKey.get(key);
  }

  hasRoomFor(flights: number): boolean {
    return this.#inFlight + flights <= this.#maxFlights;
  }

  /** A call with a flight for each key that has none in the air. */
  open(requests: readonly LoadRequest<K, V>[], load: ResolvedLoad<K, V>, kept: boolean): LoaderCall<K, V> {
    const call = new LoaderCall<K, V>(load, this.#clock.now(), kept);
    for (const { key, entry } of requests) {
      if (this.#byKey.has(key)) continue;
      const flight = new Flight(key, call, entry?.value, entry?.version);
      call.flights.push(flight);
      call.attached++;
      this.#byKey.set(key, flight);
      this.#inFlight++;
    }
    return call;
  }

  join(flight: Flight<K, V>, waiter: FlightWaiter<K, V>): void {
    flight.waiters.add(waiter);
    flight.call.waiting++;
  }

  leave(flight: Flight<K, V>, waiter: FlightWaiter<K, V>): void {
    if (flight.waiters.delete(waiter)) flight.call.waiting--;
  }

  /** Cuts the flight of `key` off from its key: a new one may start, and what it brings is not stored. */
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
    call.cancelTimeout();
    return true;
  }

  /** Takes a flight of an ended call out of the air: from here on its key may be loaded anew. */
  close(flight: Flight<K, V>): void {
    if (this.#byKey.get(flight.key) === flight) this.#byKey.delete(flight.key);
    this.#inFlight--;
  }

  count(flight: Flight<K, V>, end: FlightEnd): void {
    countEnd(this.#counters, end, this.#clock.now() - flight.call.startedAtMs);
  }

  /** Aborts the call when nobody waits for it and nobody would see what it stores. */
  cancelIfUnwanted(call: LoaderCall<K, V>): void {
    if (!call.unwanted || !this.end(call)) return;
    for (const flight of call.flights) {
      this.close(flight);
      this.count(flight, 'aborts');
    }
    // Last, because its listeners are other people's code.
    call.controller.abort();
  }
}
