/** One contender, filled and ready for one workload: what counting and timing have in common. */

import { loadContender } from '../caches/index.mjs';
import { policyWorkloads, workloads } from '../workloads/index.mjs';
import { keyKinds, values } from '../workloads/keys.mjs';
import { makeSteps } from './steps.mjs';
import { TTL_MS } from './ttl-churn.mjs';

/** Some contenders get slower with every entry; nobody waits for them. */
const FILL_MS = 10_000;
/** Short, because an operation has been seen to take 10 ms. */
const CHUNK = 100;

/**
 * Resolves to `{ cache, keyOf, workload, step }`, or to `{ tooSlow }` where filling takes too long.
 *
 * @returns {Promise<any>}
 */
export async function prepared(name, workloadName, keyKind, entries, ttlMs = TTL_MS) {
  const contender = await loadContender(name);
  const workload = { ...workloads, ...policyWorkloads }[workloadName](entries);
  const keyOf = keyKinds[keyKind](workload.keys);
  const sample = { key: keyOf(0), value: values[0] };
  const cache =
    workload.needs === 'ttl'
      ? contender.createWithTtl(entries, sample, ttlMs)
      : contender.create(entries, sample);
  const steps = makeSteps(cache, keyOf);
  const fill = Uint32Array.from({ length: workload.filled }, (_, i) => i);
  const filled = pass(steps.set, fill, FILL_MS);
  if (filled.done < fill.length) return { tooSlow: `not filled within ${FILL_MS / 1000} s` };
  return { cache, keyOf, workload, step: steps[workload.step] };
}

/** One pass through the numbers, or as much of it as can be done in time: `{ done, hits, ms }`. */
export function pass(step, numbers, limitMs) {
  const start = performance.now();
  let hits = 0;
  let done = 0;
  let ms = 0;
  while (done < numbers.length && ms < limitMs) {
    const to = Math.min(done + CHUNK, numbers.length);
    hits += step(numbers, done, to);
    done = to;
    ms = performance.now() - start;
  }
  return { done, hits, ms };
}
