/** `--debug-clock`: a clock that clients can move, so that tests need not wait. */

import type { Clock } from '../engine/clock.js';

/** The system's time, moved by what `debugtime` asked for. */
export class ShiftedClock implements Clock {
  #shiftMs = 0;

  now(): number {
    return Date.now() + this.#shiftMs;
  }

  shift(seconds: number): void {
    this.#shiftMs += seconds * 1000;
  }
}
