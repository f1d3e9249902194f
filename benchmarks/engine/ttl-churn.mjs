/**
 * Waves of entries that live for a short real time. The keys are divided into windows; a wave reads its window
 * (all expired), stores it, and reads it twice. A window is not visited again before its entries have expired,
 * so that every contender does the same work, however fast it is: half of the reads hit.
 *
 * The cost of a wave is the time for which the event loop was active, from performance.eventLoopUtilization():
 * waiting is left out, but the timers with which some contenders remove expired entries are not.
 */

import { setImmediate, setTimeout } from 'node:timers/promises';

const WINDOW = 1_000;
export const TTL_MS = 10;
/** For counting hits, where a busy machine must not make entries expire between two reads. */
export const COUNT_TTL_MS = 200;
/** Past the TTL, so that a timer of a millisecond, and a clock kept that long, have seen it, too. */
const MARGIN_MS = 4;
const WAVES_PER_SAMPLE = 5;
/** A small cache waits most of the time: that much of it counts, so that its samples come to an end. */
const WAITING_COUNTS = 6;
export const NUMBERS_PER_SAMPLE = WINDOW * WAVES_PER_SAMPLE;

export class Waves {
  #step;
  #numbers;
  #windows;
  #ttlMs;
  #next = 0;
  #storedAt;

  constructor(step, numbers, ttlMs = TTL_MS) {
    this.#ttlMs = ttlMs;
    this.#step = step;
    this.#numbers = numbers;
    this.#windows = numbers.length / WINDOW;
    this.#storedAt = new Float64Array(this.#windows).fill(Number.NEGATIVE_INFINITY);
  }

  get windows() {
    return this.#windows;
  }

  /** Runs some waves; resolves to their cost and, in part, to what they took of the time to measure: see tinybench. */
  async sample() {
    const start = performance.now();
    const before = performance.eventLoopUtilization();
    for (let i = 0; i < WAVES_PER_SAMPLE; i++) await this.wave();
    const { active } = performance.eventLoopUtilization(before);
    const waited = (performance.now() - start) / WAITING_COUNTS;
    return { overriddenDuration: active, overriddenIterationCost: Math.max(active, waited) };
  }

  async wave() {
    const window = this.#next;
    this.#next = window + 1 === this.#windows ? 0 : window + 1;
    const waitMs = this.#storedAt[window] + this.#ttlMs + MARGIN_MS - performance.now();
    if (waitMs > 0) await setTimeout(Math.ceil(waitMs));
    else await setImmediate();
    const hits = this.#step(this.#numbers, window * WINDOW, (window + 1) * WINDOW);
    this.#storedAt[window] = performance.now();
    return hits;
  }
}
