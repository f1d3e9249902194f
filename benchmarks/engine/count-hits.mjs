/**
 * Runs in a process of its own: one contender goes through all cases and counts its hits. Prints JSON.
 * Arguments: contender, cases as JSON: [{ workload, keyKind, entries }].
 *
 * For each case: the hits of two passes, step by step, then how many keys are found afterwards and the sum of
 * their numbers, so that a difference in order shows itself as a difference in what is there.
 */

import { pass, prepared } from './prepared.mjs';
import { COUNT_TTL_MS, Waves } from './ttl-churn.mjs';

const PASSES = 2;
const CASE_MS = 5_000;

const [name, casesText] = process.argv.slice(2);
const counts = [];
for (const { workload, keyKind, entries } of JSON.parse(casesText))
  counts.push(await counted(await prepared(name, workload, keyKind, entries, COUNT_TTL_MS)));
process.stdout.write(JSON.stringify(counts));

/** `[hits, hits, found, sum]`, or for waves `[hits]`; null for a contender that takes too long. */
async function counted({ cache, keyOf, workload, step, tooSlow }) {
  if (tooSlow !== undefined) return null;
  if (workload.needs === 'ttl') return wavesCounted(new Waves(step, workload.numbers, COUNT_TTL_MS));
  const { numbers } = workload;
  const counts = [];
  for (let turn = 0; turn < PASSES; turn++) {
    const { done, hits } = pass(step, numbers, CASE_MS);
    if (done < numbers.length) return null;
    counts.push(hits);
  }
  let found = 0;
  let sum = 0;
  for (let i = 0; i < workload.keys; i++) {
    if (cache.get(keyOf(i)) === undefined) continue;
    found++;
    sum += i;
  }
  return [...counts, found, sum];
}

/** Three waves in one window, or one in each: time is real here, so this is kept short. */
async function wavesCounted(waves) {
  let hits = 0;
  const rounds = waves.windows === 1 ? 3 : waves.windows;
  for (let i = 0; i < rounds; i++) hits += await waves.wave();
  return [hits];
}
