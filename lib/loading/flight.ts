/**
 * A flight is one load of one key. A call is one run of a loader, for one flight or for those of a batch. Signal,
 * timeout and the number of waiters belong to the call.
 */

import type { Timer } from '../scheduler.js';
import { CallAbort } from './call-abort.js';
import type { ResolvedLoad } from './options.js';

/** A caller that waits for flights. */
export interface FlightWaiter<K, V> {
  /** The flight has loaded a value, or a miss. */
  settle(flight: Flight<K, V>, value: V | undefined): void;
  /** The flight failed. True when the caller has got this error. */
  fail(flight: Flight<K, V>, error: unknown): boolean;
  /** What the flight loaded is too old for this caller, who joined after an invalidation. To be resumed. */
  retry(flight: Flight<K, V>): void;
  /** Goes on with the keys that have no flight. */
  resume(): void;
}

export class LoaderCall<K, V> {
  readonly controller: CallAbort = new CallAbort();
  readonly flights: Flight<K, V>[] = [];
  /** The options of the caller that started it. */
  readonly load: ResolvedLoad<K, V>;
  readonly startedAtMs: number;
  /** It continues without waiters: it is a refresh, or a caller's `timeoutMs` has passed. */
  kept: boolean;
  /** Waiters, over all its flights. */
  waiting = 0;
  /** Flights whose value is to be stored. */
  attached = 0;
  ended = false;
  /** Ends it after `flightTimeoutMs`. */
  timer: Timer | undefined;

  constructor(load: ResolvedLoad<K, V>, startedAtMs: number, kept: boolean) {
    this.load = load;
    this.startedAtMs = startedAtMs;
    this.kept = kept;
  }

  get unwanted(): boolean {
    return this.waiting === 0 && (!this.kept || this.attached === 0);
  }
}

export class Flight<K, V> {
  readonly key: K;
  readonly call: LoaderCall<K, V>;
  /** What was in the engine at the start. */
  readonly stale: V | undefined;
  /** The version of that; `undefined` when there was nothing. */
  readonly version: number | bigint | undefined;
  /** Invalidations of tags before the flight. */
  readonly since: number;
  /** Those who wait for it, with the invalidations before they joined. */
  readonly waiters: Map<FlightWaiter<K, V>, number> = new Map();
  /** False once the key was invalidated or set: the value goes to the waiters only. */
  attached = true;

  constructor(
    key: K,
    call: LoaderCall<K, V>,
    stale: V | undefined,
    version: number | bigint | undefined,
    since: number,
  ) {
    this.key = key;
    this.call = call;
    this.stale = stale;
    this.version = version;
    this.since = since;
  }
}
