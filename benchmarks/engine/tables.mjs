/** The engine's tables as head and rows, for the terminal and for the docs. */

import { FEATURES, lacks, marked } from '../caches/features.mjs';
import { BARE_MAP, LRU_CACHE_PLAIN, NO_CACHE } from '../caches/index.mjs';
import { percent, ratio, short } from '../harness/table.mjs';
import { caseName } from './cases.mjs';
import { figuresOf, RATIOS, spreadOf, summarized, worstCells } from './figures.mjs';

const RATIO_TITLES = RATIOS.map(({ title }) => title);

/** One cell: every contender that took part. */
export function caseTable(benchCase, info) {
  const { gross, net } = figuresOf(benchCase);
  const rows = Object.entries(benchCase.readings).map(([name, readings]) => {
    const about = info[name];
    if (name === NO_CACHE) return [name, short(gross[name]), '', ...RATIOS.map(() => ''), '', ''];
    if (!Number.isFinite(gross[name]))
      return [marked(name, about), 'too slow', '-', ...RATIOS.map(() => '-'), '', lacks(about)];
    const figures = { gross, net };
    return [
      marked(name, about),
      short(gross[name]) + (readings.some(({ unfinished }) => unfinished) ? '*' : ''),
      short(net[name]),
      ...RATIOS.map(({ base, kind }) => ratio(figures[kind][name] / figures[kind][base])),
      percent(spreadOf(readings)),
      lacks(about),
    ];
  });
  return { head: ['', 'ns/op', 'net', ...RATIO_TITLES, 'spread', 'lacks'], rows };
}

/** One workload: geometric means over its cells. */
export function summaryTable(cases, info) {
  const rows = summarized(cases).map(({ name, cells, net, gross, ratios }) => [
    marked(name, info[name]),
    short(gross),
    short(net),
    ...ratios.map(ratio),
    `${cells}/${cases.length}`,
    lacks(info[name]),
  ]);
  return { head: ['', 'ns/op', 'net', ...RATIO_TITLES, 'cells', 'lacks'], rows };
}

/** One row for each contender, one column for each workload: net beside `base`, geometric means. */
export function overviewTable(cases, info, base) {
  const workloads = [...new Set(cases.map(({ workload }) => workload))];
  const column = RATIOS.findIndex((candidate) => candidate.base === base && candidate.kind === 'net');
  const summaries = workloads.map((workload) =>
    summarized(cases.filter((benchCase) => benchCase.workload === workload)),
  );
  const names = Object.keys(info).filter((name) => name !== NO_CACHE);
  const rows = names.map((name) => [
    marked(name, info[name]),
    ...summaries.map((summary) =>
      ratio(summary.find((candidate) => candidate.name === name)?.ratios[column] ?? Number.NaN),
    ),
    lacks(info[name]),
  ]);
  return { head: ['', ...workloads, 'lacks'], rows };
}

/** The Map does other work than a cache where a cache would evict: it is asked where it does the same. */
const SAME_WORK_AS_MAP = ['hit', 'miss', 'update', 'delete'];

export function worstTable(cases, info) {
  const comparable = cases.filter(({ workload }) => SAME_WORK_AS_MAP.includes(workload));
  const besideMap = worstCells(comparable, BARE_MAP);
  const besideRival = worstCells(cases, LRU_CACHE_PLAIN);
  const names = Object.keys(info).filter((name) => name !== NO_CACHE);
  const cellsOf = (worst, name) => {
    const found = worst.find((candidate) => candidate.name === name);
    return found === undefined ? ['-', '-'] : [ratio(found.ratio), caseName(found.case)];
  };
  const rows = names.map((name) => [
    marked(name, info[name]),
    ...cellsOf(besideMap, name),
    ...cellsOf(besideRival, name),
  ]);
  return { head: ['', 'net / Map', 'where', 'net / lru-cache', 'where'], rows };
}

/** Who does what. `off`: the library can, but it is not switched on in this contender. */
export function featureTable(info) {
  const columns = Object.entries(FEATURES);
  const rows = Object.entries(info)
    .filter(([, { floor }]) => !floor)
    .map(([name, { exactLru, features }]) => [
      name,
      exactLru ? 'on' : 'no',
      ...columns.map(([feature]) => features[feature]),
    ]);
  return {
    head: ['', 'exact LRU (L)', ...columns.map(([, { title, letter }]) => `${title} (${letter})`)],
    rows,
  };
}
