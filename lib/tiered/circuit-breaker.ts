/**
 * A circuit breaker: after too many failures it lets nothing through for a while, and then one request at a time, until one
 * succeeds. All operations are O(1).
 */

import type { Clock } from '../engine/clock.js';

/** When the second tier is left alone. */
export interface BreakerOptions {
  /** So many failures in a row. Default: 5. */
  readonly failures?: number | undefined;
  /** This fraction of the last 32 requests, once there were so many. Default: 0.5. */
  readonly fraction?: number | undefined;
  /** For how long, in milliseconds. Then one request tries. Default: 5,000. */
  readonly openMs?: number | undefined;
}

export type ResolvedBreaker = { readonly [name in keyof BreakerOptions]-?: number };

/** - `closed`: requests go through. - `open`: none does. - `half-open`: one at a time does. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** A request that may go through; to be given back with its end. */
export type Admission = 'usual' | 'probe';

const REMEMBERED = 32;

export class CircuitBreaker {
  readonly #options: ResolvedBreaker;
  readonly #clock: Clock;
  /** NaN while it is closed. */
  #openUntilMs = Number.NaN;
  #isProbing = false;
  #inARow = 0;
  /** The last 32 ends, a bit each: 1 for a failure. */
  #ends = 0;
  #ended = 0;
  /** How often it has opened. */
  opens = 0;

  constructor(options: ResolvedBreaker, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  get state(): BreakerState {
    if (Number.isNaN(this.#openUntilMs)) return 'closed';
    return this.#clock.now() < this.#openUntilMs ? 'open' : 'half-open';
  }

  /** Null: the request is not to be made. */
  admit(): Admission | null {
    if (Number.isNaN(this.#openUntilMs)) return 'usual';
    if (this.#isProbing || this.#clock.now() < this.#openUntilMs) return null;
    this.#isProbing = true;
    return 'probe';
  }

  /** `undefined`: the request was given up, which says nothing. */
  ended(admission: Admission, succeeded: boolean | undefined): void {
    if (admission === 'probe') {
      this.#isProbing = false;
      if (succeeded === true) this.#close();
      else if (succeeded === false) this.#open();
      return;
    }
    // A late end of a request from before it opened.
    if (succeeded === undefined || !Number.isNaN(this.#openUntilMs)) return;
    this.#inARow = succeeded ? 0 : this.#inARow + 1;
    this.#ends = (this.#ends << 1) | (succeeded ? 0 : 1);
    this.#ended = Math.min(this.#ended + 1, REMEMBERED);
    const isFraction =
      this.#ended === REMEMBERED && bitsOf(this.#ends) >= this.#options.fraction * REMEMBERED;
    if (!succeeded && (this.#inARow >= this.#options.failures || isFraction)) this.#open();
  }

  #open(): void {
    this.opens++;
    this.#openUntilMs = this.#clock.now() + this.#options.openMs;
  }

  #close(): void {
    this.#openUntilMs = Number.NaN;
    this.#inARow = 0;
    this.#ends = 0;
    this.#ended = 0;
  }
}

function bitsOf(number: number): number {
  let count = 0;
  for (let left = number; left !== 0; left &= left - 1) count++;
  return count;
}
