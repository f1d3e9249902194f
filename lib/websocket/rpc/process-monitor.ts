/**
 * What the process takes: memory, how late the event loop is, and how long the collector stops it. Observed between `begin` and
 * `end`: a timer of libuv's every 20 ms, and an entry for each collection. Neither keeps the process open.
 */

import { type IntervalHistogram, monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import type { ProcessFigures } from '../../rpc-protocol.js';

const RESOLUTION_MS = 20;
const NS_PER_MS = 1e6;

export class ProcessMonitor {
  readonly #delays: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #collections: PerformanceObserver = new PerformanceObserver((list) =>
    this.#take(list.getEntries()),
  );
  #pauseMs = 0;
  #collectorMs = 0;

  begin(): void {
    this.#delays.enable();
    this.#collections.observe({ entryTypes: ['gc'] });
  }

  end(): void {
    this.#delays.disable();
    this.#collections.disconnect();
  }

  /** The figures now; peaks are those since the last call. */
  read(): ProcessFigures {
    this.#take(this.#collections.takeRecords());
    const { rss, heapUsed } = process.memoryUsage();
    const figures = {
      residentBytes: rss,
      heapBytes: heapUsed,
      // The histogram's times are from one tick of its timer to the next.
      loopDelayMs: Math.max(0, rounded(this.#delays.max / NS_PER_MS - RESOLUTION_MS)),
      collectorPauseMs: rounded(this.#pauseMs),
      collectorMs: rounded(this.#collectorMs),
    };
    this.#delays.reset();
    this.#pauseMs = 0;
    return figures;
  }

  #take(collections: readonly { readonly duration: number }[]): void {
    for (const { duration } of collections) {
      this.#collectorMs += duration;
      this.#pauseMs = Math.max(this.#pauseMs, duration);
    }
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
