/** `--debug-clock`: clocks that clients can move, so that tests need not wait. */

import { type Clock, monotonicClock, systemClock } from '../engine/clock.js';

/** The system's two clocks, moved by `debugtime`. */
export class ShiftedClocks {
  readonly monotonic: Clock = { now: () => monotonicClock.now() + this.#shiftMs };
  readonly wall: Clock = { now: () => systemClock.now() + this.#shiftMs };
  #shiftMs = 0;

  shift(seconds: number): void {
    this.#shiftMs += seconds * 1000;
  }
}
