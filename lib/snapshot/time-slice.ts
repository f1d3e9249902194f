/**
 * Work in slices, so that saving and loading do not block: after about two milliseconds the event loop gets a turn.
 * The clock is read once for every few KiB of work.
 */

import { setImmediate } from 'node:timers/promises';

const SLICE_MS = 2;
const LOOK_EVERY_BYTES = 4096;
/** What an entry costs beside its bytes, in bytes that cost as much. */
const ENTRY_COST_BYTES = 128;

export class TimeSlice {
  #endsAt = 0;
  #credit = 0;

  constructor() {
    this.restart();
  }

  /** A slice begins: to be called after every `await`. */
  restart(): void {
    this.#credit = LOOK_EVERY_BYTES;
    this.#endsAt = performance.now() + SLICE_MS;
  }

  /** Whether the slice is over, after work on one entry more of so many bytes. */
  isOverAfter(bytes: number): boolean {
    this.#credit -= bytes + ENTRY_COST_BYTES;
    if (this.#credit > 0) return false;
    this.#credit = LOOK_EVERY_BYTES;
    return performance.now() >= this.#endsAt;
  }

  /** Lets the event loop turn, and begins a new slice. */
  async pause(): Promise<void> {
    await setImmediate();
    this.restart();
  }
}
