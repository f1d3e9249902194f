/**
 * Where the engine gets its time. Time is in milliseconds since any fixed point;
 * 0, fractions and negative times are ordinary, and a clock may jump.
 */

import { invalidOption } from '../errors.js';

export interface Clock {
  /** The time now, in milliseconds. */
  now(): number;
}

/** Wall-clock time. */
export const systemClock: Clock = { now: () => Date.now() };

/** A clock that stands still until told otherwise: for tests. */
export class ManualClock implements Clock {
  #now: number;

  constructor(nowMs = 0) {
    this.#now = nowMs;
  }

  now(): number {
    return this.#now;
  }

  /** Moves the clock by `ms`, backwards when negative. */
  advance(ms: number): void {
    this.#now += ms;
  }

  /** Puts the clock at `ms`. */
  set(ms: number): void {
    this.#now = ms;
  }
}

/**
 * Reads its source only when told to. A server refreshes it once for each chunk that it reads, so that a
 * batch of commands costs one reading (about 40 ns) and not one for each command.
 */
export class CoarseClock implements Clock {
  readonly #source: Clock;
  #now: number;

  constructor(source: Clock = systemClock) {
    this.#source = source;
    this.#now = source.now();
  }

  now(): number {
    return this.#now;
  }

  /** Reads the source: `now()` returns that until the next time. */
  refresh(): void {
    this.#now = this.#source.now();
  }
}

/**
 * Reads its source at most once in `resolutionMs`: for hot loops over entries with a time to live, where reading
 * the system's clock (40 ns) costs more than the cache. Between readings time stands still, and longer while
 * the event loop is blocked: an entry may be read for so long after its time. The only timer is unref'd, and
 * runs only while the clock is in use.
 */
export class TickingClock implements Clock {
  readonly #source: Clock;
  readonly #resolutionMs: number;
  #now = 0;
  #isFresh = false;

  constructor(resolutionMs = 1, source: Clock = systemClock) {
    if (typeof resolutionMs !== 'number' || !(resolutionMs >= 1))
      throw invalidOption('resolutionMs', 'milliseconds, 1 or more', resolutionMs);
    this.#resolutionMs = resolutionMs;
    this.#source = source;
  }

  now(): number {
    if (!this.#isFresh) this.#read();
    return this.#now;
  }

  #read(): void {
    this.#now = this.#source.now();
    this.#isFresh = true;
    const timer: unknown = setTimeout(this.#makeStale, this.#resolutionMs);
    // A browser's timer is a number, and holds nothing open.
    (timer as { unref?(): void }).unref?.();
  }

  readonly #makeStale = (): void => {
    this.#isFresh = false;
  };
}
