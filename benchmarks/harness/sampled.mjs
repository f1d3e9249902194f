/**
 * tinybench, for batches. It calls the function once for each sample and brackets it with process.hrtime. An
 * operation on a cache takes from 5 to 500 ns, so that function has to be a batch of thousands of them: what
 * tinybench adds to a sample is then nothing to it.
 *
 * Between batches the event loop turns once, as it does in a program: some contenders keep the time in a
 * variable until a timer runs.
 *
 * The figure is the mean: all the time over all the operations, the collector's work with it. The median of
 * short batches would leave out the collector, and so flatter who allocates.
 */

import { setImmediate } from 'node:timers/promises';
import { Bench } from 'tinybench';

export const MIN_BATCH = 20_000;
const MIN_BATCHES = 5;

/**
 * Runs `batch`, a function that does `operations` of them and may return tinybench's `overriddenDuration`.
 * Resolves to ns for each operation: `{ ns, min, p50, p99, sd, batches }`, with `samples` if they are asked for.
 */
export async function sampled(batch, operations, measureMs, keepSamples = false) {
  const bench = new Bench({
    time: measureMs,
    iterations: MIN_BATCHES,
    warmupTime: measureMs / 2,
    warmupIterations: 1,
    timestampProvider: 'hrtimeNow',
    retainSamples: keepSamples,
    throws: true,
  });
  bench.add('batch', batch, { beforeEach: () => setImmediate() });
  const [{ result }] = await bench.run();
  if (!('latency' in result)) throw new Error(`the batch did not complete: ${result.state}`);
  const { mean, min, p50, p99, sd, samples, samplesCount } = result.latency;
  const ns = (ms) => Number(((ms * 1e6) / operations).toPrecision(5));
  return {
    ns: ns(mean),
    min: ns(min),
    p50: ns(p50),
    p99: ns(p99),
    sd: ns(sd),
    batches: samplesCount,
    ...(samples === undefined ? {} : { samples: samples.map(ns) }),
  };
}
