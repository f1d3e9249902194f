/** Figures of the servers as rows, for the terminal and for the docs. */

import { median } from '../harness/statistics.mjs';
import { count, fixed, table, times } from '../harness/table.mjs';
import { cellName } from './cells.mjs';
import { MEMCACHED } from './contenders.mjs';

/** From here on, and with a server that has time left, it is the load that sets the pace. */
const SATURATED = 0.93;

/** A cell with medians for each contender: `{ cell, figures: name -> { us, user, system, perSecond, … } }`. */
export function cellFigures({ readings, ...cell }) {
  const figures = Object.fromEntries(
    Object.entries(readings).map(([name, all]) => {
      const of = (field) => median(all.map((reading) => reading[field]));
      return [
        name,
        {
          us: median(all.map(({ userUs, systemUs }) => userUs + systemUs)),
          user: of('userUs'),
          system: of('systemUs'),
          perSecond: median(all.map(({ operations, ms }) => (operations * 1000) / ms)),
          serverBusy: of('serverBusy'),
          loadBusy: of('loadBusy'),
          residentBytes: of('residentBytes'),
        },
      ];
    }),
  );
  return { cell, figures };
}

export function loadWasTheLimit({ serverBusy, loadBusy }) {
  return loadBusy >= SATURATED && serverBusy < SATURATED;
}

/** One row for each cell, microseconds and the ratio to memcached. */
export function terminalTable(contenders, cells) {
  const head = ['', ...contenders.flatMap(({ name }) => [name, '/ mc', 'op/s'])];
  const rows = cells.map(({ cell, figures }) => [
    cellName(cell),
    ...contenders.flatMap(({ name }) => {
      const own = figures[name];
      if (own === undefined) return ['', '', ''];
      return [
        `${fixed(own.us, 2)}${loadWasTheLimit(own) ? '†' : ''}`,
        times(own.us, figures[MEMCACHED]?.us),
        count(Math.round(own.perSecond / 1000) * 1000),
      ];
    }),
  ]);
  return `${table(head, rows)}\n  CPU us for each operation, or key of a multi-get. † the load was the limit, not the server`;
}
