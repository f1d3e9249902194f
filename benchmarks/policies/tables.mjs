/** One table: a row for each workload and size, a column for each policy. */

import { NO_CACHE, policies } from '../caches/index.mjs';
import { figuresOf } from '../engine/figures.mjs';
import { count, counted, ratio, short } from '../harness/table.mjs';

const [BASE, ...OTHERS] = Object.keys(policies);

/** ns for each operation without the loop and the keys, where that is measured, and what it is of LRU's. */
export function policiesTable({ cases }) {
  const rows = cases.map((benchCase) => {
    const { gross, net } = figuresOf(benchCase);
    const ns = gross[NO_CACHE] === undefined ? gross : net;
    return [
      `${benchCase.workload}, ${benchCase.keyKind} keys`,
      count(benchCase.entries),
      short(ns[BASE]),
      ...OTHERS.map((name) => `${short(ns[name])} (${ratio(ns[name] / ns[BASE])})`),
    ];
  });
  return { head: ['', 'entries', ...Object.keys(policies)], rows };
}

export function policiesSaid({ taken, machine, versions, rounds, measureMs }) {
  return `Taken on ${taken.slice(0, 10)}: Node ${versions.node}, ${machine.cpu}, ${counted(rounds, 'round')}, ${measureMs} ms for each figure; ns for each operation, and what it is of LRU's. Limited by entries, without TTLs but in ttl-churn; hit-random reads entries in random order; [benchmarks.md](benchmarks.md#by-workload) has the others.`;
}
