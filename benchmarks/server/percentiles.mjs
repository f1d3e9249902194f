/** Latencies in a histogram of nanoseconds, given and printed in other units. */

const NS_PER_MS = 1e6;

export function recordMs(histogram, ms) {
  histogram.record(Math.max(1, Math.round(ms * NS_PER_MS)));
}

/** In microseconds. */
export function percentiles(histogram) {
  const us = (ns) => Number((ns / 1000).toPrecision(4));
  return {
    p50: us(histogram.percentile(50)),
    p99: us(histogram.percentile(99)),
    p999: us(histogram.percentile(99.9)),
    max: us(histogram.max),
  };
}
