/** From raw readings to figures and ratios: medians over rounds, net of keys and loop, and geometric means. */

import { BARE_MAP, LRU_CACHE, LRU_CACHE_PLAIN, NO_CACHE } from '../caches/index.mjs';
import { geometricMean, median } from '../harness/statistics.mjs';

/** Less than this cannot be told from the loop around it: net figures end here, so that ratios mean something. */
const LEAST_NET_NS = 0.5;

/** One case's figures by name: `{ gross, net }` in ns for each operation; NaN where there is none. */
export function figuresOf({ readings }) {
  const gross = Object.fromEntries(Object.entries(readings).map(([name, all]) => [name, medianNs(all)]));
  const loop = gross[NO_CACHE];
  const net = Object.fromEntries(
    Object.entries(gross).map(([name, ns]) => [name, Math.max(LEAST_NET_NS, ns - loop)]),
  );
  return { gross: { ...gross }, net };
}

function medianNs(readings) {
  const figures = readings.map(({ ns }) => ns).filter((ns) => ns !== undefined);
  return figures.length === 0 ? Number.NaN : median(figures);
}

/** How far the rounds were apart, as a part of their median. */
export function spreadOf(readings) {
  const figures = readings.map(({ ns }) => ns).filter((ns) => ns !== undefined);
  return figures.length < 2 ? Number.NaN : (Math.max(...figures) - Math.min(...figures)) / median(figures);
}

/** The columns of ratios in every table. */
export const RATIOS = [
  { title: 'net / Map', base: BARE_MAP, kind: 'net' },
  { title: 'gross / Map', base: BARE_MAP, kind: 'gross' },
  { title: 'net / lru-cache', base: LRU_CACHE_PLAIN, kind: 'net' },
  { title: 'net / lru-cache size+TTL', base: LRU_CACHE, kind: 'net' },
];

/**
 * Geometric means over the cases given (one workload's): for each contender `{ net, gross, ratios, cells }`,
 * over the cases that it has a figure in; a ratio over those in which its base has one, too.
 */
export function summarized(cases) {
  const all = cases.map(figuresOf);
  const names = [...new Set(all.flatMap(({ net }) => Object.keys(net)))].filter((name) => name !== NO_CACHE);
  return names.map((name) => {
    const own = all.filter(({ net }) => Number.isFinite(net[name]));
    const mean = (kind) => geometricMean(own.map((figures) => figures[kind][name]));
    return {
      name,
      cells: own.length,
      net: mean('net'),
      gross: mean('gross'),
      ratios: RATIOS.map(({ base, kind }) =>
        geometricMean(
          own
            .filter((figures) => Number.isFinite(figures[kind][base]))
            .map((figures) => figures[kind][name] / figures[kind][base]),
        ),
      ),
    };
  });
}

/** The cell in which each contender is slowest beside `base`: `{ name, case, ratio }`. */
export function worstCells(cases, base) {
  const worst = new Map();
  for (const benchCase of cases) {
    const { net } = figuresOf(benchCase);
    for (const [name, ns] of Object.entries(net)) {
      const ratio = ns / net[base];
      if (name === NO_CACHE || name === base || !Number.isFinite(ratio)) continue;
      if (!worst.has(name) || worst.get(name).ratio < ratio)
        worst.set(name, { name, case: benchCase, ratio });
    }
  }
  return [...worst.values()];
}

/**
 * The cases of the sizes in which everybody takes part: with a million entries only some do, and a mean over more sizes
 * is not to be held against one over fewer.
 */
export function sharedCases(cases) {
  const bySize = new Map();
  for (const { entries, readings } of cases) {
    const names = bySize.get(entries) ?? new Set();
    for (const name of Object.keys(readings)) names.add(name);
    bySize.set(entries, names);
  }
  const most = Math.max(...[...bySize.values()].map(({ size }) => size));
  return cases.filter(({ entries }) => bySize.get(entries).size === most);
}

/** Those of the other sizes. */
export function shortListCases(cases) {
  const shared = sharedCases(cases);
  return cases.filter((benchCase) => !shared.includes(benchCase));
}
