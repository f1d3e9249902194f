/**
 * Runs in a process of its own: one contender, one workload, one kind of key, one size. Prints JSON.
 * Arguments: contender, workload, kind of key, entries, milliseconds to measure, 'samples' to print all of them.
 */

import { MIN_BATCH, sampled } from '../harness/sampled.mjs';
import { pass, prepared } from './prepared.mjs';
import { OPERATIONS } from './steps.mjs';
import { NUMBERS_PER_SAMPLE, Waves } from './ttl-churn.mjs';

/** The first pass brings the cache into the state that it stays in; the slowest contenders get this long. */
const PASS_MS = 3_000;
/** For each entry, where that is more: four million operations take that long in any cache. */
const PASS_MS_EACH = 0.015;

const [name, workloadName, keyKind, entryText, msText, samples] = process.argv.slice(2);
const measureMs = Number(msText);
const keepSamples = samples === 'samples';

const ready = await prepared(name, workloadName, keyKind, Number(entryText));
process.stdout.write(JSON.stringify(ready.tooSlow === undefined ? await measured(ready) : ready));

function measured({ workload, step }) {
  return workload.needs === 'ttl' ? inWaves(workload, step) : inTurns(workload, step);
}

/** Batches that go round and round through the workload's numbers. */
function inTurns(workload, step) {
  const turns = Math.ceil(MIN_BATCH / workload.numbers.length);
  const numbers = new Uint32Array(workload.numbers.length * turns);
  for (let turn = 0; turn < turns; turn++) numbers.set(workload.numbers, turn * workload.numbers.length);
  const first = pass(step, numbers, Math.max(PASS_MS, Number(entryText) * PASS_MS_EACH));
  if (first.done < numbers.length) {
    const ns = (first.ms * 1e6) / (first.done * OPERATIONS[workload.step]);
    return { ns: Number(ns.toPrecision(5)), batches: 1, unfinished: true };
  }
  let length = MIN_BATCH;
  while (numbers.length % length !== 0) length++;
  let at = 0;
  const batch = () => {
    step(numbers, at, at + length);
    at = at + length === numbers.length ? 0 : at + length;
  };
  return sampled(batch, length * OPERATIONS[workload.step], measureMs, keepSamples);
}

async function inWaves(workload, step) {
  const waves = new Waves(step, workload.numbers);
  for (let i = 0; i < waves.windows; i++) await waves.wave();
  return sampled(
    () => waves.sample(),
    NUMBERS_PER_SAMPLE * OPERATIONS[workload.step],
    measureMs,
    keepSamples,
  );
}
