/**
 * Runs in a process of its own: sets new keys from empty until the cache is full, then as many again, and times
 * every single call. Prints JSON. Arguments: contender, entries.
 */

import { loadContender } from '../caches/index.mjs';
import { keyKinds, values } from '../workloads/keys.mjs';
import { CallTimes } from './call-times.mjs';
import { CollectorWatch } from './collector.mjs';

/** Code is compiled on another cache before: what is looked for are the cache's pauses, not the compiler's. */
const WARMUP_ENTRIES = 20_000;

const [name, entryText] = process.argv.slice(2);
const entries = Number(entryText);
const contender = await loadContender(name);
const keyOf = keyKinds.short(entries);

function sets(cache, from, to, times) {
  for (let i = from; i < to; i++) {
    const key = keyOf(i);
    const start = performance.now();
    cache.set(key, values[i & 63]);
    times.add(start, performance.now());
  }
}

function created(count) {
  return contender.create(count, { key: keyOf(0), value: values[0] });
}

const warm = created(WARMUP_ENTRIES);
sets(warm, 0, WARMUP_ENTRIES * 3, new CallTimes(WARMUP_ENTRIES * 3));

const growth = new CallTimes(entries);
const churn = new CallTimes(entries);
const watch = new CollectorWatch();
const started = performance.now();
const cache = created(entries);
const createMs = performance.now() - started;
/** @type {Record<string, [number, number, CallTimes]>} */
const phases = { growth: [0, entries, growth], churn: [entries, entries * 2, churn] };
/** @type {Record<string, unknown>} */
const figures = { createMs: Number(createMs.toPrecision(4)) };
for (const [phase, [from, to, times]] of Object.entries(phases)) {
  // A Map without a bound would only go on growing.
  if (phase === 'churn' && contender.unbounded && name !== 'no cache') break;
  try {
    sets(cache, from, to, times);
  } catch (error) {
    figures[phase] = { failed: `${error.name}: ${error.message} after ${times.count} calls` };
    break;
  }
  const pauses = await watch.pauses();
  figures[phase] = times.summary(pauses);
}
watch.stop();
process.stdout.write(JSON.stringify(figures));
