/**
 * The second tier as the cache uses it: each request has a time limit and goes through a circuit breaker, and a failure is an
 * answer and no error. What arrives after the limit is dropped.
 */

import type { Clock } from '../engine/clock.js';
import { HotsetError, shown } from '../errors.js';
import type { CallAbort } from '../loading/call-abort.js';
import type { Scheduler } from '../scheduler.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import { isRefusal } from './refusals.js';
import { type Limited, Round } from './request-limits.js';
import type { SecondTier, TierEntry } from './second-tier.js';
import type { TierCounters } from './stats.js';

/** The tier did not do it: it failed, refused, took too long, or is left alone. */
export const FAILED: unique symbol = Symbol('failed');
/** The tier refused to store it, and has nothing under its key any more. */
export const REMOVED: unique symbol = Symbol('removed');
const REFUSED: unique symbol = Symbol('refused');

export class GuardedTier {
  readonly tier: SecondTier;
  readonly breaker: CircuitBreaker;
  readonly #timeoutMs: number;
  readonly #scheduler: Scheduler;
  readonly #clock: Clock;
  /** For requests with the usual limit. */
  #round = new Round();
  readonly #counters: TierCounters;
  readonly #onError: (error: unknown) => void;

  constructor(
    tier: SecondTier,
    breaker: CircuitBreaker,
    timeoutMs: number,
    scheduler: Scheduler,
    clock: Clock,
    counters: TierCounters,
    onError: (error: unknown) => void,
  ) {
    this.tier = tier;
    this.breaker = breaker;
    this.#timeoutMs = timeoutMs;
    this.#scheduler = scheduler;
    this.#clock = clock;
    this.#counters = counters;
    this.#onError = onError;
  }

  /**
   * What the tier answers, or `FAILED`. `abort`: nobody waits any more, which is no failure. Rejects only with what the
   * scheduler throws.
   */
  run<T>(
    request: (tier: SecondTier, signal: AbortSignal) => Promise<T>,
    abort?: CallAbort,
    timeoutMs: number = this.#timeoutMs,
  ): Promise<T | typeof FAILED> {
    return this.#run<T, typeof FAILED>(request, FAILED, abort, timeoutMs);
  }

  /** Stores entries. A value that the tier refuses, because it is full, takes the old one with it. */
  set(entries: ReadonlyMap<string, TierEntry>): Promise<typeof REMOVED | typeof FAILED | undefined> {
    return this.#store(
      (tier, signal) => tier.set(entries, signal).then(() => undefined),
      [...entries.keys()],
    );
  }

  /** The same under a lease; false where that is void or over. */
  fill(key: string, lease: string, entry: TierEntry): Promise<typeof REMOVED | typeof FAILED | boolean> {
    return this.#store((tier, signal) => tier.leases!.fill(key, lease, entry, signal), [key]);
  }

  /** Whether the tier has acknowledged it. */
  async delete(keys: readonly string[]): Promise<boolean> {
    return (await this.run((tier, signal) => tier.delete(keys, signal))) !== FAILED;
  }

  /** What is under a key cannot be read. */
  damaged(key: string): void {
    this.#counters.damaged++;
    const message = `the second tier ${this.tier.name} has bytes under ${shown(key)} that are no entry of this cache, or damaged`;
    this.#onError(new HotsetError('HOTSET_UNREADABLE_VALUE', message));
  }

  async #store<T>(
    request: (tier: SecondTier, signal: AbortSignal) => Promise<T>,
    keys: readonly string[],
  ): Promise<T | typeof REMOVED | typeof FAILED> {
    const answer = await this.#run<T, typeof REFUSED>(request, REFUSED, undefined, this.#timeoutMs);
    if (answer !== REFUSED) return answer;
    return (await this.delete(keys)) ? REMOVED : FAILED;
  }

  #run<T, R>(
    request: (tier: SecondTier, signal: AbortSignal) => Promise<T>,
    refused: R,
    abort: CallAbort | undefined,
    timeoutMs: number,
  ): Promise<T | R | typeof FAILED> {
    if (abort?.aborted === true) return Promise.resolve(FAILED);
    const admission = this.breaker.admit();
    if (admission === null) {
      this.#counters.skips++;
      return Promise.resolve(FAILED);
    }
    return new Promise((resolve, reject) => {
      const round = this.#roundFor(timeoutMs);
      let isOver = false;
      let unwatch: (() => void) | undefined;
      const end = (succeeded: boolean | undefined, answer: T | R | typeof FAILED): boolean => {
        if (isOver) return false;
        isOver = true;
        unwatch?.();
        if (succeeded === undefined) round.giveUp(limited, abort?.reason);
        else round.leave(limited);
        this.breaker.ended(admission, succeeded);
        resolve(answer);
        return true;
      };
      const fail = (error: unknown): void => {
        const isRefused = isRefusal(error);
        if (!end(isRefused, isRefused ? refused : FAILED)) return;
        this.#counters[isRefused ? 'refusals' : 'failures']++;
        this.#onError(error);
      };
      const limited: Limited = {
        at: 0,
        timedOut: () => {
          const message = `the second tier ${this.tier.name} took longer than ${timeoutMs} ms`;
          const error = new HotsetError('HOTSET_TIMEOUT', message);
          if (!end(false, FAILED)) return error;
          this.#counters.timeouts++;
          this.#onError(error);
          return error;
        },
      };
      try {
        round.join(limited, this.#clock, this.#scheduler, timeoutMs);
      } catch (error) {
        this.breaker.ended(admission, undefined);
        reject(error);
        return;
      }
      unwatch = abort?.watch(() => end(undefined, FAILED));
      this.#counters.requests++;
      try {
        request(this.tier, round.signal).then((answer) => end(true, answer), fail);
      } catch (error) {
        fail(error);
      }
    });
  }

  #roundFor(timeoutMs: number): Round {
    if (timeoutMs !== this.#timeoutMs) return new Round();
    if (!this.#round.isOpen(this.#clock, timeoutMs)) this.#round = new Round();
    return this.#round;
  }
}
