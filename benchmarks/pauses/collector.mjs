/**
 * When the collector stopped the program: Node's 'gc' performance entries, on the clock of performance.now().
 *
 * They cover scavenges, full collections and the starts and ends of incremental marking. Its steps in between, which
 * V8 takes out of allocations, are reported nowhere, and so stay with the call that they interrupted.
 */

import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';

export class CollectorWatch {
  #entries = [];
  #observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries())
      this.#entries.push({ start: startTime, end: startTime + duration });
  });

  constructor() {
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  /** Resolves to all pauses so far, as `{ start, end }` in order: they are delivered between turns. */
  async pauses() {
    await setTimeout(20);
    for (const { startTime, duration } of this.#observer.takeRecords())
      this.#entries.push({ start: startTime, end: startTime + duration });
    return this.#entries.sort((a, b) => a.start - b.start);
  }

  stop() {
    this.#observer.disconnect();
  }
}

/** Milliseconds of [start, end] that overlap with any of the pauses. */
export function overlapMs(pauses, start, end) {
  let sum = 0;
  for (const pause of pauses) {
    if (pause.start >= end) break;
    sum += Math.max(0, Math.min(end, pause.end) - Math.max(start, pause.start));
  }
  return sum;
}
