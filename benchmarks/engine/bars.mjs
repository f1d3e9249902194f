/** The bars that the engine has set itself in time, and how the kept figures stand to them. */

import { HOTSET, HOTSET_PLAIN, LRU_CACHE, LRU_MAP, LRU_MAP_WITH_DELETE } from '../caches/index.mjs';
import { geometricMean } from '../harness/statistics.mjs';
import { count, fixed } from '../harness/table.mjs';
import { figuresOf } from './figures.mjs';

/** `max` holds for each workload, `maxOfAll` for the mean of all; both at each size, and over the sizes. */
export const BARS = [
  {
    title: `${HOTSET} / ${LRU_CACHE}`,
    name: HOTSET,
    rivals: [LRU_CACHE],
    max: 0.9,
    maxOfAll: 0.67,
  },
  {
    title: `${HOTSET_PLAIN} / ${LRU_MAP} (delete: ${LRU_MAP_WITH_DELETE})`,
    name: HOTSET_PLAIN,
    rivals: [LRU_MAP, LRU_MAP_WITH_DELETE],
    max: 1.05,
    maxOfAll: 1,
  },
];

/** The net ratio in one case, to the first of the rivals that took part; NaN where one has no figure. */
function ratioIn(benchCase, { name, rivals }) {
  const rival = rivals.find((candidate) => benchCase.readings[candidate] !== undefined);
  const { net } = figuresOf(benchCase);
  return net[name] / net[rival];
}

/** The geometric mean of the net ratios of two contenders over all cases in which both took part; NaN for none. */
export function meanRatio(cases, pair) {
  return meanOf(withRatios(cases, pair));
}

function withRatios(cases, pair) {
  return cases
    .map((benchCase) => ({ ...benchCase, ratio: ratioIn(benchCase, pair) }))
    .filter(({ ratio }) => Number.isFinite(ratio));
}

/** The table of one bar, from the cases of a run; null where not both took part in anything. */
export function barTable(bar, cases) {
  const all = withRatios(cases, bar);
  if (all.length === 0) return null;
  const sizes = [...new Set(all.map(({ entries }) => entries))];
  const row = (title, own, max) => {
    const bySize = sizes.map((entries) => meanOf(own.filter((found) => found.entries === entries)));
    const over = meanOf(own);
    const missedAt = sizes.filter((_, i) => bySize[i] > max).map(count);
    const figures = [...bySize, ...(sizes.length > 1 ? [over] : [])];
    return [
      title,
      ...figures.map(ratioText),
      `≤ ${ratioText(max)}`,
      verdict(missedAt, over > max, sizes.length),
    ];
  };
  const workloads = [...new Set(all.map(({ workload }) => workload))];
  const rows = workloads.map((workload) =>
    row(
      workload,
      all.filter((found) => found.workload === workload),
      bar.max,
    ),
  );
  rows.push(row('all, geometric mean', all, bar.maxOfAll));
  return {
    head: ['', ...sizes.map(count), ...(sizes.length > 1 ? ['over the sizes'] : []), 'bar', ''],
    rows,
  };
}

function meanOf(found) {
  return geometricMean(found.map(({ ratio }) => ratio));
}

function ratioText(figure) {
  return Number.isFinite(figure) ? `${fixed(figure, 2)}x` : '-';
}

function verdict(missedAt, missedOver, sizes) {
  if (missedAt.length > 0 && missedAt.length < sizes) return `**missed** at ${missedAt.join(' and ')}`;
  return missedOver || missedAt.length > 0 ? '**missed**' : 'held';
}

/** All bars that a run has figures for, as `{ title, head, rows }`. */
export function barTables(cases) {
  return BARS.flatMap((bar) => {
    const found = barTable(bar, cases);
    return found === null ? [] : [{ title: bar.title, ...found }];
  });
}
