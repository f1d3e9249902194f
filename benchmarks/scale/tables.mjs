/** Scale as rows: one for each contender, one column for each size. */

import { NO_CACHE } from '../caches/index.mjs';
import { median } from '../harness/statistics.mjs';
import { count, ratio, short } from '../harness/table.mjs';

export const SCALE_OPERATIONS = {
  hit: 'Get a random key that is there',
  insert: 'Set a new key in a full cache',
};

/** Net ns of one operation by contender and size; NaN where there is no figure, a string where it failed. */
export function scaleFigures({ contenders, cases }, operation, keyKind) {
  const own = cases.filter((figure) => figure.keyKind === keyKind);
  const of = (readings) => {
    const all = readings.map((reading) => reading.tooSlow ?? reading[operation] ?? Number.NaN);
    return all.find((figure) => typeof figure === 'string') ?? median(all);
  };
  return Object.keys(contenders)
    .filter((name) => name !== NO_CACHE)
    .map((name) => ({
      name,
      points: own.map(({ entries, readings }) => {
        const ns = of(readings[name] ?? []);
        const loop = of(readings[NO_CACHE] ?? []);
        return { entries, ns: typeof ns === 'string' ? ns : Math.max(0, ns - loop) };
      }),
    }));
}

export function scaleTable(content, operation, keyKind) {
  const lines = scaleFigures(content, operation, keyKind);
  const sizes = lines[0]?.points.map(({ entries }) => count(entries)) ?? [];
  const rows = lines
    .filter(({ points }) => points.some(({ ns }) => typeof ns === 'string' || Number.isFinite(ns)))
    .map(({ name, points }) => {
      const shown = points.map(({ ns }) => (typeof ns === 'string' ? 'failed' : short(ns)));
      const growth = points.at(-1).ns / points[0].ns;
      return [name, ...shown, ratio(growth)];
    });
  return { head: ['', ...sizes, 'last / first'], rows };
}

/** What failed, said once. */
export function scaleFailures({ cases }) {
  const failures = new Set();
  for (const { keyKind, entries, readings } of cases)
    for (const [name, all] of Object.entries(readings))
      for (const reading of all)
        for (const [operation, figure] of Object.entries(reading))
          if (typeof figure === 'string')
            failures.add(`${name}, ${operation}, ${keyKind} keys, ${count(entries)} entries: ${figure}`);
  return [...failures];
}
