/**
 * The same workloads under other versions of Node: hotset beside lru-cache, both with sizes and TTLs. A ratio is taken
 * within one version; only ratios are compared across them.
 */

import { execFileSync } from 'node:child_process';
import { HOTSET, LRU_CACHE, NO_CACHE } from '../caches/index.mjs';
import { geometricMean } from '../harness/statistics.mjs';
import { count, ratio } from '../harness/table.mjs';
import { figuresOf } from './figures.mjs';

/** Who runs under each other version. */
export const NODES_CONTENDERS = [NO_CACHE, HOTSET, LRU_CACHE];

/** `{ binary, node, v8 }` of each binary; throws where one is not Node. */
export function nodeVersions(binaries = []) {
  return binaries.map((binary) => {
    const said = execFileSync(binary, ['-p', 'JSON.stringify(process.versions)'], { encoding: 'utf8' });
    const { node, v8 } = JSON.parse(said);
    return { binary, node: `v${node}`, v8 };
  });
}

/** `runs`: `{ node, cases }`, that of the whole run first. Rows: workloads and sizes; columns: versions. */
export function nodesTable(runs) {
  const all = runs.map(({ node, cases }) => ({ node, found: cases.flatMap(ratioOf) }));
  const keys = [];
  for (const { workload, entries } of all.flatMap(({ found }) => found))
    if (!keys.some((key) => key.workload === workload && key.entries === entries))
      keys.push({ workload, entries });
  const cell = (found, matches) => ratio(geometricMean(found.filter(matches).map((figure) => figure.ratio)));
  const rows = keys.map(({ workload, entries }) => [
    `${workload}, ${count(entries)} entries`,
    ...all.map(({ found }) => cell(found, (own) => own.workload === workload && own.entries === entries)),
  ]);
  rows.push(['all, geometric mean', ...all.map(({ found }) => cell(found, () => true))]);
  return { head: [`${HOTSET} / ${LRU_CACHE}`, ...all.map(({ node }) => `Node ${node.slice(1)}`)], rows };
}

function ratioOf(benchCase) {
  const { net } = figuresOf(benchCase);
  const figure = net[HOTSET] / net[LRU_CACHE];
  const { workload, entries } = benchCase;
  return Number.isFinite(figure) ? [{ workload, entries, ratio: figure }] : [];
}
