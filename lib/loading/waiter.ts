/**
 * One caller who waits, for one key or for many: with one watch on its signal and one timer, both gone when
 * the wait is over. Ends once: with the values, or with the first failure that no old value takes the place of.
 */

import { watchAbort } from '../abort-signals.js';
import { HotsetError, shown } from '../errors.js';
import { type Scheduler, Timer } from '../scheduler.js';
import type { Flight, FlightWaiter } from './flight.js';
import type { Flights } from './flights.js';
import { Failure } from './negatives.js';
import type { ResolvedLoad } from './options.js';
import type { Counters } from './stats.js';

/** The old value that may be the answer when a load fails, if there is one. Throws nothing. */
export type StaleFallback<K, V> = (key: K) => { readonly value: V } | undefined;

export class Waiter<K, V> implements FlightWaiter<K, V> {
  readonly resume: () => void;
  readonly #values: Map<K, V> = new Map();
  readonly #pending: Set<Flight<K, V>> = new Set();
  /** Keys that have no flight yet, and no answer. */
  readonly #queued: Set<K>;
  readonly #flights: Flights<K, V>;
  readonly #staleFallback: StaleFallback<K, V>;
  readonly #counters: Counters;
  #isOver = false;
  readonly #resolve: (values: Map<K, V>) => void;
  readonly #reject: (error: unknown) => void;
  #timer: Timer | undefined;
  #softTimer: Timer | undefined;
  #unwatch: (() => void) | undefined;

  /** `resolve` gets the values that were loaded; misses are not among them. */
  constructor(
    keys: readonly K[],
    flights: Flights<K, V>,
    staleFallback: StaleFallback<K, V>,
    counters: Counters,
    resume: (waiter: Waiter<K, V>) => void,
    resolve: (values: Map<K, V>) => void,
    reject: (error: unknown) => void,
  ) {
    this.resume = () => resume(this);
    this.#queued = new Set(keys);
    this.#flights = flights;
    this.#staleFallback = staleFallback;
    this.#counters = counters;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  isOver(): boolean {
    return this.#isOver;
  }

  /** The next keys that have no flight yet, `maxCount` at most. */
  nextKeys(maxCount: number): K[] {
    const keys: K[] = [];
    for (const key of this.#queued) {
      if (keys.length >= maxCount) break;
      keys.push(key);
    }
    return keys;
  }

  /** Starts the caller's timer, and watches its signal. Throws what the scheduler throws. Before anything is joined. */
  watch({ signal, timeoutMs, softTimeoutMs }: ResolvedLoad<K, V>, scheduler: Scheduler): void {
    this.#timer = new Timer(scheduler, timeoutMs, () => this.#timeOut(timeoutMs));
    this.#timer.hold(true);
    if (softTimeoutMs < timeoutMs) {
      this.#softTimer = new Timer(scheduler, softTimeoutMs, () => this.#answerOld());
      this.#softTimer.hold(true);
    }
    if (this.#isOver || signal === undefined) return;
    if (signal.aborted) this.#giveUp(signal);
    else this.#unwatch = watchAbort(signal, () => this.#giveUp(signal));
  }

  /** The key of this flight waits for it. */
  join(flight: Flight<K, V>): void {
    this.#queued.delete(flight.key);
    this.#pending.add(flight);
    this.#flights.join(flight, this);
  }

  /** The key has its answer without a flight. A failure ends the wait. */
  answer(key: K, answer: V | undefined | Failure): void {
    this.#queued.delete(key);
    if (answer instanceof Failure) this.reject(answer.error);
    else if (answer !== undefined) this.#values.set(key, answer);
  }

  /** There is no flight for the key, and there will be none: an old value is the answer, or else the error. */
  refuse(key: K, error: unknown): void {
    const old = this.#staleFallback(key);
    if (old !== undefined) this.#counters.staleFallbacks++;
    this.answer(key, old === undefined ? new Failure(error) : old.value);
    this.succeedIfComplete();
  }

  settle(flight: Flight<K, V>, value: V | undefined): void {
    if (value !== undefined) this.#values.set(flight.key, value);
    this.#flights.leave(flight, this);
    this.#pending.delete(flight);
    this.succeedIfComplete();
  }

  fail(flight: Flight<K, V>, error: unknown): boolean {
    const old = this.#staleFallback(flight.key);
    if (old === undefined) {
      this.reject(error);
      return true;
    }
    this.#counters.staleFallbacks++;
    this.settle(flight, old.value);
    return false;
  }

  retry(flight: Flight<K, V>): void {
    this.#flights.leave(flight, this);
    this.#pending.delete(flight);
    this.#queued.add(flight.key);
    // It is counted again.
    this.#counters.joins--;
  }

  /** Ends the wait; its flights continue, and are stored. */
  reject(error: unknown): void {
    if (this.#isOver) return;
    this.#end(true);
    this.#reject(error);
  }

  succeedIfComplete(): void {
    if (this.#isOver || this.#pending.size > 0 || this.#queued.size > 0) return;
    this.#end(true);
    this.#resolve(this.#values);
  }

  #giveUp(signal: AbortSignal): void {
    if (this.#isOver) return;
    this.#counters.callerAborts++;
    const left = this.#end(false);
    this.#reject(signal.reason);
    for (const { call } of left) this.#flights.cancelIfUnwanted(call);
  }

  #timeOut(timeoutMs: number): void {
    if (this.#isOver) return;
    this.#counters.callerTimeouts++;
    const missing = this.#answerOld();
    if (missing === undefined) return;
    this.#end(true);
    const message = `${shown(missing.key)} took longer than timeoutMs: ${timeoutMs}`;
    this.#reject(new HotsetError('HOTSET_LOAD_TIMEOUT', message));
  }

  /** Ends the wait with an old value for each key that is not there yet; or returns one that has none. */
  #answerOld(): { readonly key: K } | undefined {
    if (this.#isOver) return undefined;
    const keys = [...Array.from(this.#pending, ({ key }) => key), ...this.#queued];
    const olds = keys.map((key) => ({ key, old: this.#staleFallback(key) }));
    const missing = olds.find(({ old }) => old === undefined);
    if (missing !== undefined) return missing;
    this.#end(true);
    this.#counters.staleFallbacks += olds.length;
    for (const { key, old } of olds) this.#values.set(key, old!.value);
    this.#resolve(this.#values);
    return undefined;
  }

  /** Stops waiting, and returns the flights that it left. `kept` flights continue, and are stored. */
  #end(kept: boolean): Flight<K, V>[] {
    this.#isOver = true;
    this.#counters.skips += this.#queued.size;
    this.#queued.clear();
    this.#flights.dequeue(this);
    this.#timer?.cancel();
    this.#softTimer?.cancel();
    this.#unwatch?.();
    const left = [...this.#pending];
    this.#pending.clear();
    for (const flight of left) {
      this.#flights.leave(flight, this);
      if (kept) flight.call.kept = true;
    }
    return left;
  }
}
