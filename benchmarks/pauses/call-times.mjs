/**
 * The time of every single call, kept without allocating: `performance.now()` in compiled code returns a plain
 * number (measured: no byte for each reading; process.hrtime.bigint() takes 20), and lengths go into a typed
 * array made before. When long calls began is kept as well, so that the collector's share is known.
 */

import { overlapMs } from './collector.mjs';

/** From here on a call is long enough for a pause to be in it. */
const LONG_MS = 0.05;
const MAX_LONG = 1 << 18;

export class CallTimes {
  #ms;
  #longAt = new Uint32Array(MAX_LONG);
  #longStart = new Float64Array(MAX_LONG);
  #count = 0;
  #longCount = 0;

  constructor(calls) {
    // Filled, so that the pages are there before the first call.
    this.#ms = new Float32Array(calls).fill(1);
  }

  get count() {
    return this.#count;
  }

  add(start, end) {
    const ms = end - start;
    if (ms >= LONG_MS && this.#longCount < MAX_LONG) {
      this.#longAt[this.#longCount] = this.#count;
      this.#longStart[this.#longCount++] = start;
    }
    this.#ms[this.#count++] = ms;
  }

  /** In ms: `{ gross, net, calls }`; net of the collector's pauses. */
  summary(pauses) {
    const gross = this.#ms.slice(0, this.#count);
    const net = gross.slice();
    for (let i = 0; i < this.#longCount; i++) {
      const at = this.#longAt[i];
      const start = this.#longStart[i];
      net[at] = Math.max(0, net[at] - overlapMs(pauses, start, start + net[at]));
    }
    return { calls: this.#count, gross: distribution(gross), net: distribution(net) };
  }
}

function distribution(ms) {
  ms.sort();
  const at = (part) => rounded(ms[Math.min(ms.length - 1, Math.floor(part * ms.length))]);
  const over = (limit) => {
    let calls = 0;
    for (let i = ms.length - 1; i >= 0 && ms[i] > limit; i--) calls++;
    return calls;
  };
  return {
    p50: at(0.5),
    p99: at(0.99),
    p9999: at(0.9999),
    max: rounded(ms[ms.length - 1]),
    over1ms: over(1),
    over10ms: over(10),
  };
}

function rounded(ms) {
  return Number(ms.toPrecision(4));
}
