/**
 * Where the engine gets its time. Time is in milliseconds since any fixed point; 0, fractions and negative times are
 * ordinary, and a clock may jump.
 */

import { invalidOption } from '../errors.js';

/** A source of time. It may start anywhere and may jump. */
export interface Clock {
  /** The time now, in milliseconds. */
  now(): number;
}

/** Wall-clock time: Unix time in whole milliseconds. It jumps when the system's clock is set. */
export const systemClock: Clock = { now: () => Date.now() };

interface Runtime {
  readonly performance?: { readonly now: () => number };
  readonly Performance?: { readonly prototype: { readonly now: () => number } };
}

const runtime = globalThis as Runtime;

/**
 * The engine's default, since TTLs are durations: whole milliseconds since the process began. Setting the wall
 * clock does not change it.
 */
export const monotonicClock: Clock = { now: () => Math.floor(runtime.performance!.now()) };

/** A clock that stands still until it is moved: for tests. */
export class ManualClock implements Clock {
  #now: number;

  /** Starts at `nowMs`. */
  constructor(nowMs = 0) {
    this.#now = nowMs;
  }

  /** The time that the clock was last set or moved to, in milliseconds. */
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
 * A clock that reads its source only in `refresh`. A server refreshes it once for each chunk of input, so that a
 * batch of commands costs one reading (about 40 ns).
 */
export class CoarseClock implements Clock {
  readonly #source: Clock;
  #now: number;

  /** Reads `source` once; `refresh` reads it again. Default source: `systemClock`. */
  constructor(source: Clock = systemClock) {
    this.#source = source;
    this.#now = source.now();
  }

  /** What the last reading returned, in milliseconds. */
  now(): number {
    return this.#now;
  }

  /** Reads the source: `now()` returns that until the next `refresh`. */
  refresh(): void {
    this.#now = this.#source.now();
  }
}

/** More readings than this within one millisecond are a loop that does not wait in between. */
const LOOP_READINGS = 8;
/** Answers that one reading may give in a loop. */
const MAX_ANSWERS = 64;

/**
 * The time as the engine sees it. Reading a clock takes longer than a hit (40 ns), so a synchronous loop gets
 * several answers from one reading of the default clock: at most 64, fewer when time passes quickly. A microtask
 * ends that with the current task. An injected clock is read every time, and so is the default one under fake
 * timers.
 */
export class Timekeeper {
  private readonly clock: Clock;
  private current = Number.NaN;
  /** Answers that the last reading may still give. */
  private answers = 0;
  private readings = 0;
  private readonly mayKeep: boolean;
  private readonly endOfWork = (): void => {
    this.answers = 0;
    this.readings = 0;
  };

  constructor(clock: Clock) {
    this.clock = clock;
    this.mayKeep = clock === monotonicClock;
  }

  /**
   * The time now, or when the current task began. Throws `HOTSET_INVALID_OPTION` when the clock returns no
   * number.
   */
  now(): number {
    if (this.answers === 0 || Date !== NATIVE_DATE) return this.readAnew();
    this.answers--;
    return this.current;
  }

  private readAnew(): number {
    const now = this.read();
    // Fake timers may have come since the last reading; its answers must not come back when they go.
    this.answers = 0;
    if (this.mayKeep && runtime.performance!.now === NATIVE_NOW) this.keep(now);
    this.current = now;
    return now;
  }

  /** The last answer of `now`. */
  get latest(): number {
    return this.current;
  }

  private read(): number {
    const now = this.clock.now();
    if (typeof now !== 'number' || Number.isNaN(now))
      throw invalidOption('clock', 'an object whose now() returns a number of milliseconds', now);
    return now;
  }

  private keep(now: number): void {
    if (now !== this.current) this.readings = 0;
    else if (++this.readings > LOOP_READINGS) {
      if (this.readings === LOOP_READINGS + 1) Promise.resolve().then(this.endOfWork);
      this.answers = Math.min(this.readings, MAX_ANSWERS);
    }
  }
}

/**
 * The runtime's own, to detect fake timers: all kinds replace `Date`, which costs nothing to compare, and most
 * replace `performance`, which is compared at each reading.
 */
const NATIVE_DATE = Date;
const NATIVE_NOW = runtime.Performance?.prototype.now;
