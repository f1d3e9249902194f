/**
 * npm run bench -- [engine] [server] [memory] [options]
 *
 *   engine, server, memory   the parts to run; engine and server when none is named
 *   --smoke                  a few seconds for each part: shows that it works, its figures mean nothing
 *   --full                   also with 1 M entries
 *   --rounds=N               rounds, 5 unless told
 *   --only=REGEXP            engine: 'hit fresh 100000'; server: 'get 16'; memory: 'Buffers of 100 B'
 *   --keep                   write results/<part>.json, to be committed, and not <part>.local.json
 */

import { parseArgs } from 'node:util';
import { benchEngine } from './engine/engine.mjs';
import { machine, versions } from './harness/machine.mjs';
import { writeResults } from './harness/results.mjs';
import { benchMemory } from './memory/memory.mjs';
import { benchServer } from './server/server.mjs';

const parts = { engine: benchEngine, server: benchServer, memory: benchMemory };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    smoke: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string' },
  },
});
const unknown = positionals.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0)
  throw new Error(`there is no part ${unknown.join(', ')}: ${Object.keys(parts).join(', ')}`);
const options = {
  smoke: values.smoke,
  full: values.full,
  rounds: values.rounds === undefined ? undefined : Number(values.rounds),
  only: values.only === undefined ? undefined : new RegExp(values.only),
};

const { cpu, cores, memoryGiB, system, loadAverage } = machine();
console.log(`${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}; load ${loadAverage.join(' ')}`);
console.log(
  Object.entries(versions())
    .map(([name, version]) => `${name} ${version}`)
    .join(', '),
);
for (const name of positionals.length > 0 ? positionals : ['engine', 'server']) {
  const figures = await parts[name](options);
  console.log(`\nRaw figures: benchmarks/${writeResults(name, values.keep, figures)}`);
}
