/** Churn as rows: one for each contender and flag. */

import { median } from '../harness/statistics.mjs';
import { fixed, times } from '../harness/table.mjs';
import { NOTHING } from './contenders.mjs';

const MIB = 2 ** 20;

/** One shape. `budget`: in bytes, as kept. */
export function churnTable({ budget }, { runs }) {
  const rows = runs.map(({ name, flag, readings }) => {
    const of = (field) => median(readings.map((reading) => reading[field]));
    const mib = (bytes) => fixed(bytes / MIB, 0);
    const keeps = name !== NOTHING;
    return [
      flag === '' ? name : `${name}, ${flag}`,
      keeps ? mib(of('counted')) : '-',
      mib(of('peak')),
      times(of('peak'), budget),
      keeps ? mib(of('held')) : '-',
      keeps ? times(of('held'), budget) : '-',
      mib(of('residentAfter')),
    ];
  });
  return {
    head: [
      '',
      'counted by itself, MiB',
      'resident peak, MiB',
      'peak / budget',
      'held after collection, MiB',
      'held / budget',
      'resident then, MiB',
    ],
    rows,
  };
}
