/**
 * Runs in a process of its own: worker threads that share a cache in one way. Prints as JSON the CPU time of the whole process
 * for each get, gets a second, and the share of hits. Argument, as JSON: `{ way, maxBytes, workers, keys, exponent, measureMs }`.
 */

import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { WAYS } from './ways.mjs';

const { way, maxBytes, workers, keys, exponent, measureMs } = JSON.parse(process.argv[2]);
const workerUrl = new URL('./worker.mjs', import.meta.url);

const counters = new BigInt64Array(new SharedArrayBuffer(16));
const given = WAYS[way].inMain(maxBytes, workers);
for (let i = 0; i < workers; i++) {
  const data = { way, given: given[i], counters, keys, exponent, seed: i + 1 };
  const transferList = WAYS[way].isAsync ? [given[i]] : [];
  new Worker(workerUrl, { workerData: data, transferList }).on('error', (error) => {
    throw error;
  });
}

function reading() {
  const { user, system } = process.cpuUsage();
  const [gets, hits] = counters;
  return { cpuUs: user + system, gets: Number(gets), hits: Number(hits), at: performance.now() };
}

while (reading().gets === 0) await setTimeout(5);
await setTimeout(measureMs);
const before = reading();
await setTimeout(measureMs);
const after = reading();
const gets = after.gets - before.gets;
const figures = {
  ns: Number((((after.cpuUs - before.cpuUs) * 1000) / gets).toPrecision(4)),
  perSecond: Math.round((gets * 1000) / (after.at - before.at)),
  hitRatio: Number(((after.hits - before.hits) / gets).toFixed(4)),
};
process.stdout.write(JSON.stringify(figures), () => process.exit());
