/**
 * Runs in a process of its own: one contender, one workload, one kind of key, one size. Prints JSON.
 * Arguments: 'time' or 'count', contender, workload, kind of key, entries, milliseconds to measure.
 *
 * The clock is read by hand around batches of thousands of operations. A benchmark library that calls a
 * function for each operation would measure that call: here an operation takes from 5 to 500 ns.
 */

import { loadContender } from '../caches/index.mjs';
import { median } from '../harness/statistics.mjs';
import { workloads } from '../workloads/index.mjs';
import { keyKinds } from '../workloads/keys.mjs';

const MIN_BATCH_OPERATIONS = 20_000;
const MIN_BATCHES = 5;

const [mode, contenderName, workloadName, keyKind, entryText, msText] = process.argv.slice(2);
const entries = Number(entryText);
const measureMs = Number(msText);

const workload = workloads[workloadName](entries);
const keyOf = keyKinds[keyKind](workload.keys);
const values = Array.from({ length: 64 }, (_, i) => Buffer.alloc(100, 65 + (i % 26)).toString('latin1'));
const contender = await loadContender(contenderName);
const cache = contender.create(entries, { key: keyOf(0), value: values[0] });

const steps = {
  get(numbers) {
    let hits = 0;
    for (let i = 0; i < numbers.length; i++) if (cache.get(keyOf(numbers[i])) !== undefined) hits++;
    return hits;
  },
  set(numbers) {
    for (let i = 0; i < numbers.length; i++) cache.set(keyOf(numbers[i]), values[i & 63]);
    return 0;
  },
  'read-through'(numbers) {
    let hits = 0;
    for (let i = 0; i < numbers.length; i++) {
      const key = keyOf(numbers[i]);
      if (cache.get(key) !== undefined) hits++;
      else cache.set(key, values[i & 63]);
    }
    return hits;
  },
};
const step = steps[workload.step];

for (let i = 0; i < workload.filled; i++) cache.set(keyOf(i), values[i & 63]);

if (mode === 'count') {
  // All of them, step by step, so that a difference in order shows itself as a difference in hits.
  const hits = [step(workload.numbers), step(workload.numbers), step(workload.numbers)];
  process.stdout.write(JSON.stringify({ hits }));
} else {
  const turns = Math.ceil(MIN_BATCH_OPERATIONS / workload.numbers.length);
  const batch = () => {
    const start = process.hrtime.bigint();
    for (let turn = 0; turn < turns; turn++) step(workload.numbers);
    return Number(process.hrtime.bigint() - start) / (turns * workload.numbers.length);
  };
  forMs(measureMs / 2, batch);
  const nsPerOperation = forMs(measureMs, batch);
  process.stdout.write(JSON.stringify({ ns: median(nsPerOperation), batches: nsPerOperation.length }));
}

function forMs(ms, batch) {
  const end = performance.now() + ms;
  const figures = [];
  while (performance.now() < end || figures.length < MIN_BATCHES) figures.push(batch());
  return figures;
}
