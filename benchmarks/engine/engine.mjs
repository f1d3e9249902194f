/** The engine against other caches in the process: ns for each operation, and ratios. */

import { contenders, loadContender } from '../caches/index.mjs';
import { runChild } from '../harness/child.mjs';
import { inRounds } from '../harness/rounds.mjs';
import { median } from '../harness/statistics.mjs';
import { fixed, table, times } from '../harness/table.mjs';
import { workloads } from '../workloads/index.mjs';
import { keyKinds } from '../workloads/keys.mjs';

const childUrl = new URL('./contender.mjs', import.meta.url);
const KEYS_AND_LOOP = 'no cache';
const FLOOR = 'bare Map';
const RIVAL = 'lru-cache, size + TTL';
const PLAIN_RIVAL = 'lru-cache, plain';

/** Returns the raw figures. `options`: smoke, full, rounds, only (a RegExp on 'workload kind entries'). */
export async function benchEngine(options) {
  const names = Object.keys(contenders);
  const cases = selectedCases(options);
  const rounds = options.rounds ?? (options.smoke ? 1 : 5);
  const measureMs = options.smoke ? 20 : 200;

  console.log('\nEngine: a fresh process for each figure; medians of', rounds, 'rounds.');
  for (const name of names) console.log(`  ${name}: ${(await loadContender(name)).does}`);
  await compareHits(cases);

  const figures = [];
  for (const { workload, keyKind, entries } of cases) {
    const results = await inRounds(names, rounds, async (name) => {
      const args = ['time', name, workload, keyKind, entries, measureMs];
      return (await runChild(childUrl, args)).ns;
    });
    const nsByRound = Object.fromEntries(results);
    figures.push({ workload, keyKind, entries, nsByRound });
    print({ workload, keyKind, entries, nsByRound });
  }
  return { rounds, measureMs, cases: figures };
}

function selectedCases({ smoke, full, only }) {
  const sizes = smoke ? [1_000] : [1_000, 100_000, ...(full ? [1_000_000] : [])];
  const kinds = smoke ? ['fresh'] : Object.keys(keyKinds);
  const cases = [];
  for (const workload of Object.keys(workloads))
    for (const entries of sizes) for (const keyKind of kinds) cases.push({ workload, keyKind, entries });
  if (only === undefined) return cases;
  return cases.filter(({ workload, keyKind, entries }) => only.test(`${workload} ${keyKind} ${entries}`));
}

/** Exact LRU leaves no room for opinion: contenders that claim it must hit equally often. */
async function compareHits(cases) {
  const exact = [];
  for (const name of Object.keys(contenders)) if ((await loadContender(name)).exactLru) exact.push(name);
  for (const { workload, keyKind, entries } of cases) {
    const counts = [];
    for (const name of exact)
      counts.push((await runChild(childUrl, ['count', name, workload, keyKind, entries, 0])).hits.join(' '));
    if (new Set(counts).size !== 1) {
      const list = exact.map((name, i) => `${name}: ${counts[i]}`).join('; ');
      throw new Error(`hits differ in ${workload}, ${keyKind} keys, ${entries} entries: ${list}`);
    }
  }
  console.log(`  Same hits in all ${cases.length} workloads: ${exact.join('; ')}.`);
}

function print({ workload, keyKind, entries, nsByRound }) {
  const ns = Object.fromEntries(Object.entries(nsByRound).map(([name, all]) => [name, median(all)]));
  const net = (name) => Math.max(0, ns[name] - ns[KEYS_AND_LOOP]);
  const rows = Object.keys(ns).map((name) =>
    name === KEYS_AND_LOOP
      ? [name, fixed(ns[name], 1), '', '', '', '']
      : [
          name,
          fixed(ns[name], 1),
          fixed(net(name), 1),
          times(net(name), net(FLOOR)),
          times(net(name), net(PLAIN_RIVAL)),
          times(net(name), net(RIVAL)),
        ],
  );
  const head = ['', 'ns/op', 'net', 'net / Map', 'net / lru-cache', 'net / lru-cache size+TTL'];
  console.log(`\n${workload}, ${keyKind} keys, ${entries} entries (less is faster)`);
  console.log(table(head, rows));
}
