/**
 * npm run bench -- [parts] [options]
 *
 *   engine      the engine against other caches: ns for each operation      scale       from 1 k to 10 M entries
 *   pauses      the longest single calls; mass expiry                       footprint   bytes for each entry
 *   import      what importing the core costs                               memory      counted bytes against held ones
 *   policies    the engine by eviction policy: ns for each operation
 *   weighing    ns to weigh a value, beside JSON.stringify(value).length    churn       what the process takes while a budget turns over
 *
 *   server      servers at saturation: CPU time for each operation          latency     at a fixed rate; pauses at 10 M items
 *   resident    servers' memory for each item                               sizes       what -m holds and takes, by size of value
 *   lognormal   values of many sizes that come and go                       snapshots   warm restarts with 10 M items
 *   cores       threads and processes on all cores                          threads     a cache for the threads of one service
 *   ways        the memcached port, memcached in frames, hotset.v1          subscribers  what a write costs with them
 *   tiered      two tiers: hits of each, one load in a fleet, and beside bentocache and cacheable over one Redis
 *   workers     processes of one service on a machine: alone, with hotset, with redis
 *   http-cache  hotset/undici beside undici's own store                     redis-cache  hotset/redis beside @redis/client's cache
 *
 *   Without a part: engine, scale, pauses, footprint and import, in about 30 minutes; with --smoke all of them.
 *   memory, weighing and churn take about 10 minutes together, policies 5.
 *   npm run bench:server measures the servers, and writes docs/performance.md anew.
 *
 *   --smoke                a few seconds for each part: shows that it works, its figures mean nothing
 *   --full                 engine: 1 M entries for all contenders, not only for some; memory: also 1 M; scale and
 *                          pauses: also 10 M: hours
 *   --rounds=N             rounds; each part has its own default
 *   --only=REGEXP          engine, policies: 'hit fresh 100000'; scale: 'insert integer 1000'; pauses: 'growth 100000';
 *                          memory, weighing: 'Buffers of 100 B'; server: '^get 16 100 B 50 tcp'; latency: 'mix';
 *                          tiered: 'tier-one', 'tier-two', 'fleet', 'beside', 'stopped' (--keep leaves the others);
 *                          resident: '1000000 x 100'; cores: '-t 2'; threads: 'SharedStore'
 *   --contenders=REGEXP    all but import, memory, cores and threads: those whose name matches
 *   --node=BINARY          engine: hotset and lru-cache, with sizes and TTLs, also under another version of Node; may be
 *                          given again; cores: hotset under the first of them (threads share a port from 22.12 on)
 *   HOTSET_MEMCACHED=BINARY (environment)  the memcached to compare with, instead of the one on the path
 *   --samples              engine: keep every sample, not only what sums them up
 *   --keep                 write results/<part>.json, to be committed, and not <part>.local.json
 *   --report               --keep, and then npm run bench:report: charts and tables of docs/ from what was kept;
 *                          nothing of it with --smoke
 */

import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { benchHttpCache } from './adapters/http-cache.mjs';
import { benchRedisCache } from './adapters/redis-cache.mjs';
import { benchChurn } from './churn/churn.mjs';
import { benchEngine } from './engine/engine.mjs';
import { benchFootprint } from './footprint/footprint.mjs';
import { machine, versions } from './harness/machine.mjs';
import { writeResults } from './harness/results.mjs';
import { benchImport } from './import/import.mjs';
import { benchMemory } from './memory/memory.mjs';
import { benchPauses } from './pauses/pauses.mjs';
import { benchPolicies } from './policies/policies.mjs';
import { benchScale } from './scale/scale.mjs';
import { benchCores } from './server/cores.mjs';
import { benchLatency } from './server/latency.mjs';
import { benchLognormal } from './server/lognormal.mjs';
import { benchResident } from './server/resident.mjs';
import { benchServer } from './server/server.mjs';
import { benchSizes } from './server/sizes.mjs';
import { benchSnapshots } from './server/snapshots.mjs';
import { benchThreads } from './threads/threads.mjs';
import { benchTiered } from './tiered/tiered.mjs';
import { benchSubscribers } from './websocket/subscribers.mjs';
import { benchWays } from './websocket/ways.mjs';
import { benchWeighing } from './weighing/weighing.mjs';
import { benchWorkers } from './workers/workers.mjs';

const parts = {
  engine: benchEngine,
  scale: benchScale,
  pauses: benchPauses,
  footprint: benchFootprint,
  import: benchImport,
  memory: benchMemory,
  weighing: benchWeighing,
  churn: benchChurn,
  policies: benchPolicies,
  server: benchServer,
  latency: benchLatency,
  resident: benchResident,
  sizes: benchSizes,
  lognormal: benchLognormal,
  snapshots: benchSnapshots,
  cores: benchCores,
  threads: benchThreads,
  ways: benchWays,
  subscribers: benchSubscribers,
  tiered: benchTiered,
  workers: benchWorkers,
  'http-cache': benchHttpCache,
  'redis-cache': benchRedisCache,
};

/** Take part when they are named, and in the smoke: they ask for more than a machine with Node, or interest few. */
const ONLY_WHEN_NAMED = [
  'memory',
  'weighing',
  'churn',
  'policies',
  'server',
  'latency',
  'resident',
  'sizes',
  'lognormal',
  'snapshots',
  'cores',
  'threads',
  'ways',
  'subscribers',
  'tiered',
  'workers',
  'http-cache',
  'redis-cache',
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    smoke: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
    node: { type: 'string', multiple: true },
    samples: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string' },
    contenders: { type: 'string' },
  },
});
const unknown = positionals.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0)
  throw new Error(`there is no part ${unknown.join(', ')}: ${Object.keys(parts).join(', ')}`);
if (values.smoke && values.keep) throw new Error('--smoke measures nothing that is worth to --keep');
const options = {
  smoke: values.smoke,
  full: values.full,
  samples: values.samples,
  rounds: wholeNumber('rounds', values.rounds),
  only: pattern(values.only),
  contenders: pattern(values.contenders),
  node: values.node,
};
const reports = values.report && !values.smoke;
const keeps = values.keep || reports;
options.keep = keeps;

const { cpu, cores, memoryGiB, system, loadAverage } = machine();
console.log(`${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}; load ${loadAverage.join(' ')}`);
console.log(
  Object.entries(versions())
    .map(([name, version]) => `${name} ${version}`)
    .join(', '),
);
const usual = Object.keys(parts).filter((name) => values.smoke || !ONLY_WHEN_NAMED.includes(name));
for (const name of positionals.length > 0 ? positionals : usual) {
  const started = performance.now();
  const figures = await parts[name](options);
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(
    `\nRaw figures: benchmarks/${writeResults(name, keeps, { seconds, ...figures })} (${seconds} s)`,
  );
}
if (reports) execFileSync('npm', ['run', 'bench:report', '--silent'], { stdio: 'inherit' });

function pattern(text) {
  return text === undefined ? undefined : new RegExp(text);
}

function wholeNumber(name, text) {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${name} takes a whole number from 1`);
  return number;
}
