/**
 * A cache for the worker threads of one service, in the same memory in all: `SharedStore`, a cache in each thread, and
 * messages to the thread that has the cache. Keys are built for each get; misses are set. A fresh process for each reading.
 */

import { runChild } from '../harness/child.mjs';
import { announce, rotated } from '../harness/rounds.mjs';
import { median } from '../harness/statistics.mjs';
import { count, counted, fixed, table } from '../harness/table.mjs';
import { WAYS } from './ways.mjs';

const childUrl = new URL('./threads-child.mjs', import.meta.url);

const ROUNDS = 5;
const MEASURE_MS = 1_500;
const MIB = 2 ** 20;

/**
 * Texts of 100 B; keys are drawn with a Zipf distribution of this exponent, 0 for all alike. `workers`: threads at work, two of
 * which take each other's cache lines with every hit.
 */
export const CASES = {
  'one thread, all held': { workers: 1, keys: 10_000, exponent: 0, maxBytes: 16 * MIB },
  'all held': { workers: 2, keys: 10_000, exponent: 0, maxBytes: 16 * MIB },
  'a quarter held': { workers: 2, keys: 200_000, exponent: 0.9, maxBytes: 10 * MIB },
};

/** Returns the raw figures. `options`: smoke, rounds, only (a RegExp on a way's name). */
export async function benchThreads(options) {
  const { smoke, only } = options;
  const rounds = options.rounds ?? (smoke ? 1 : ROUNDS);
  console.log(`\nThreads of one service: medians of ${counted(rounds, 'round')}.`);
  const names = Object.keys(WAYS).filter((name) => only?.test(name) ?? true);
  const missing = names
    .filter((name) => WAYS[name].missing)
    .map((name) => `${name} is left out: ${WAYS[name].missing}`);
  for (const line of missing) console.log(`  ${line}`);
  const ways = names.filter((name) => !WAYS[name].missing);
  const cases = Object.entries(CASES).map(([title, own]) => ({ title, ...own, readings: {} }));
  for (let round = 0; round < rounds; round++) {
    announce(round, rounds);
    for (const { workers, keys, exponent, maxBytes, readings } of cases)
      for (const way of rotated(ways, round)) {
        const job = { way, maxBytes, workers, keys, exponent, measureMs: smoke ? 50 : MEASURE_MS };
        readings[way] ??= [];
        readings[way].push(await runChild(childUrl, [JSON.stringify(job)]));
      }
  }
  const figures = { rounds, missing, ways, cases };
  console.log(`\n${threadsTable(figures, table)}`);
  return figures;
}

/** One row for each way. `make(head, rows)`: how a table is written. */
export function threadsTable({ ways, cases }, make) {
  const rows = ways.map((way) => [
    way,
    ...cases.flatMap(({ readings }) => {
      const of = (field) => median(readings[way].map((reading) => reading[field]));
      return [fixed(of('ns'), 0), count(Math.round(of('perSecond') / 1000)), fixed(of('hitRatio'), 3)];
    }),
  ]);
  const head = [
    '',
    ...cases.flatMap(({ title }) => [`${title}: CPU ns a get`, 'thousands a second', 'hits']),
  ];
  return make(head, rows);
}
