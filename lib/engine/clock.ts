/**
 * Where the engine gets its time. Time is in milliseconds since any fixed point;
 * 0, fractions and negative times are ordinary, and a clock may jump.
 */

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
