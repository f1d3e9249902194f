/**
 * A worker thread of a service: gets keys, builds each for the call as a request would, and sets what it has missed, until it is
 * ended. `workerData`: `{ way, given, counters, keys, exponent, seed }`; gets and hits are counted in `counters`.
 */

import { setImmediate } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import { keyOf, valueText } from '../server/traffic.mjs';
import { seededRandom, zipf } from '../workloads/random.mjs';
import { NO_CACHE, WAYS } from './ways.mjs';

const VALUE_BYTES = 100;
const BATCH = 1_000;
/** Of the asynchronous way, for each thread. */
const IN_FLIGHT = 16;
const DRAWS = 2 ** 18;

const { way, given, counters, keys, exponent, seed } = workerData;
const { get, set } = WAYS[way].inWorker(given);
const draw = zipf(keys, exponent, seededRandom(seed));
const draws = Uint32Array.from({ length: DRAWS }, draw);
const values = Array.from({ length: keys }, (_, i) => valueText(i, VALUE_BYTES));
const checks = way !== NO_CACHE;
let at = 0;

/** Counts a get. Which values there are is known: a wrong one ends the benchmark. */
function take(i, value) {
  if (value === undefined) {
    set(keyOf(i), values[i]);
    return 0;
  }
  if (checks && value !== values[i]) throw new Error(`${way}: a wrong value for ${keyOf(i)}: ${value}`);
  return 1;
}

function count(gets, hits) {
  Atomics.add(counters, 0, BigInt(gets));
  Atomics.add(counters, 1, BigInt(hits));
}

async function inTurns() {
  for (;;) {
    let hits = 0;
    for (let n = 0; n < BATCH; n++) {
      const i = draws[at++ & (DRAWS - 1)];
      hits += take(i, get(keyOf(i)));
    }
    count(BATCH, hits);
    await setImmediate();
  }
}

async function oneAfterTheOther() {
  for (;;) {
    const i = draws[at++ & (DRAWS - 1)];
    count(1, take(i, await get(keyOf(i))));
  }
}

for (let i = 0; i < keys; i++) set(keyOf(i), values[i]);
if (WAYS[way].isAsync) for (let n = 0; n < IN_FLIGHT; n++) oneAfterTheOther();
else await inTurns();
