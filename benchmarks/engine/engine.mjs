/** The engine against other caches in the process: ns for each operation, and ratios. */

import { MARKS } from '../caches/features.mjs';
import { contenders, LRU_CACHE_PLAIN, NO_CACHE } from '../caches/index.mjs';
import { runChild } from '../harness/child.mjs';
import { contenderInfo } from '../harness/contender-info.mjs';
import { inRounds } from '../harness/rounds.mjs';
import { count, counted, table } from '../harness/table.mjs';
import { WORKLOAD_TITLES } from '../workloads/index.mjs';
import { barTables } from './bars.mjs';
import { selectedCases, takesPart } from './cases.mjs';
import { sharedCases } from './figures.mjs';
import { compareHits } from './hits.mjs';
import { NODES_CONTENDERS, nodesTable, nodeVersions } from './nodes.mjs';
import { caseTable, featureTable, overviewTable, summaryTable, worstTable } from './tables.mjs';

const childUrl = new URL('./contender.mjs', import.meta.url);
/** Who takes longer, or does not finish its first pass, is not run again in later rounds. */
const CHILD_MS = 60_000;

/** Returns the raw figures. `options`: smoke, full, rounds, samples, only, contenders (RegExps), node (binaries). */
export async function benchEngine(options) {
  const cases = selectedCases(options);
  const rounds = options.rounds ?? (options.smoke ? 1 : 2);
  const measureMs = options.smoke ? 8 : 100;
  const how = { rounds, measureMs, samples: options.samples };
  const nodes = nodeVersions(options.node);

  console.log(`\nEngine: a fresh process for each figure; medians of ${counted(rounds, 'round')}.`);
  const { info, missing } = await contenderInfo(Object.keys(contenders), options.contenders, [NO_CACHE]);
  for (const [name, { does }] of Object.entries(info)) console.log(`  ${name}: ${does}`);
  print('What each does while it is measured; the letters stand for what one lacks', featureTable(info));
  console.log(`\n  ${MARKS} * one unfinished pass.`);
  const hits = await compareHits(info, options);

  const figures = [];
  const others = nodes.map(({ node, v8 }) => ({ node, v8, cases: /** @type {any[]} */ ([]) }));
  for (const benchCase of cases) {
    const { workload, keyKind, entries } = benchCase;
    const names = Object.keys(info).filter((name) => takesPart(name, info[name], benchCase, options.full));
    const figure = { ...benchCase, readings: await readingsOf(benchCase, names, how) };
    figures.push(figure);
    print(
      `${workload}, ${keyKind} keys, ${count(entries)} entries (less is faster)`,
      caseTable(figure, info),
    );
    const few = names.filter((name) => NODES_CONTENDERS.includes(name));
    for (const [i, { binary }] of nodes.entries())
      others[i].cases.push({ ...benchCase, readings: await readingsOf(benchCase, few, { ...how, binary }) });
  }
  if (!options.smoke) printSummaries(figures, info);
  for (const { title, ...found } of barTables(figures)) print(`The bars: ${title}`, found);
  if (others.length > 0)
    print('Versions of Node, net', nodesTable([{ node: process.version, cases: figures }, ...others]));
  return {
    rounds,
    measureMs,
    contenders: info,
    missing,
    hits,
    cases: figures,
    ...(others.length > 0 ? { nodes: others } : {}),
  };
}

/**
 * One case by contender: the readings of all rounds, in children of this Node or of another binary.
 *
 * @param {any} benchCase
 * @param {string[]} names
 * @param {{ rounds: number, measureMs: number, samples: boolean, binary?: string }} how
 */
async function readingsOf({ workload, keyKind, entries }, names, { rounds, measureMs, samples, binary }) {
  const slow = new Set();
  const results = await inRounds(names, rounds, async (name) => {
    if (slow.has(name)) return null;
    const args = [name, workload, keyKind, entries, measureMs, samples ? 'samples' : ''];
    const reading = await runChild(childUrl, args, { timeoutMs: CHILD_MS, node: binary });
    if (reading.tooSlow !== undefined || reading.unfinished) slow.add(name);
    return reading;
  });
  return Object.fromEntries(
    [...results].map(([name, all]) => [name, all.filter((reading) => reading !== null)]),
  );
}

function printSummaries(cases, info) {
  const shared = sharedCases(cases);
  for (const workload of new Set(shared.map((benchCase) => benchCase.workload))) {
    const own = shared.filter((benchCase) => benchCase.workload === workload);
    print(
      `${workload} (${WORKLOAD_TITLES[workload]}): geometric means over kinds of key and sizes`,
      summaryTable(own, info),
    );
  }
  print(
    'All workloads, net / lru-cache plain, geometric means',
    overviewTable(shared, info, LRU_CACHE_PLAIN),
  );
  print('The worst cell of each', worstTable(cases, info));
}

function print(title, { head, rows }) {
  console.log(`\n${title}`);
  console.log(table(head, rows));
}
