/** The engine against other caches in the process: ns for each operation, and ratios. */

import { MARKS } from '../caches/features.mjs';
import { contenders, LRU_CACHE_PLAIN, NO_CACHE } from '../caches/index.mjs';
import { runChild } from '../harness/child.mjs';
import { contenderInfo } from '../harness/contender-info.mjs';
import { inRounds } from '../harness/rounds.mjs';
import { count, counted, table } from '../harness/table.mjs';
import { WORKLOAD_TITLES } from '../workloads/index.mjs';
import { selectedCases, takesPart } from './cases.mjs';
import { compareHits } from './hits.mjs';
import { caseTable, featureTable, overviewTable, summaryTable, worstTable } from './tables.mjs';

const childUrl = new URL('./contender.mjs', import.meta.url);
/** Who takes longer, or does not finish its first pass, is not run again in later rounds. */
const CHILD_MS = 60_000;

/** Returns the raw figures. `options`: smoke, full, rounds, samples, only, contenders (RegExps). */
export async function benchEngine(options) {
  const cases = selectedCases(options);
  const rounds = options.rounds ?? (options.smoke ? 1 : 3);
  const measureMs = options.smoke ? 8 : 100;

  console.log(`\nEngine: a fresh process for each figure; medians of ${counted(rounds, 'round')}.`);
  const { info, missing } = await contenderInfo(Object.keys(contenders), options.contenders, [NO_CACHE]);
  for (const [name, { does }] of Object.entries(info)) console.log(`  ${name}: ${does}`);
  print('What each does while it is measured; the letters stand for what one lacks', featureTable(info));
  console.log(`\n  ${MARKS} * one unfinished pass.`);
  const hits = await compareHits(info, options);

  const figures = [];
  for (const benchCase of cases) {
    const { workload, keyKind, entries } = benchCase;
    const names = Object.keys(info).filter((name) => takesPart(info[name], benchCase));
    const slow = new Set();
    const results = await inRounds(names, rounds, async (name) => {
      if (slow.has(name)) return null;
      const args = [name, workload, keyKind, entries, measureMs, options.samples ? 'samples' : ''];
      const reading = await runChild(childUrl, args, { timeoutMs: CHILD_MS });
      if (reading.tooSlow !== undefined || reading.unfinished) slow.add(name);
      return reading;
    });
    const readings = [...results].map(([name, all]) => [name, all.filter((reading) => reading !== null)]);
    const figure = { ...benchCase, readings: Object.fromEntries(readings) };
    figures.push(figure);
    print(
      `${workload}, ${keyKind} keys, ${count(entries)} entries (less is faster)`,
      caseTable(figure, info),
    );
  }
  if (!options.smoke) printSummaries(figures, info);
  return { rounds, measureMs, contenders: info, missing, hits, cases: figures };
}

function printSummaries(cases, info) {
  for (const workload of new Set(cases.map((benchCase) => benchCase.workload))) {
    const own = cases.filter((benchCase) => benchCase.workload === workload);
    print(
      `${workload} (${WORKLOAD_TITLES[workload]}): geometric means over kinds of key and sizes`,
      summaryTable(own, info),
    );
  }
  print('All workloads, net / lru-cache plain, geometric means', overviewTable(cases, info, LRU_CACHE_PLAIN));
  print('The worst cell of each', worstTable(cases, info));
}

function print(title, { head, rows }) {
  console.log(`\n${title}`);
  console.log(table(head, rows));
}
