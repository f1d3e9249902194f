/** Figures of servers at saturation as rows, for the terminal and for the docs. */

import { median } from '../harness/statistics.mjs';
import { count, fixed, ratio, table } from '../harness/table.mjs';
import { cellName } from './cells.mjs';
import { ENGINE, FLOOR, HOTSET, MEMCACHED } from './contenders.mjs';
import { shownNames } from './labels.mjs';

/** From here on, and with a server that has time left, it is the load that sets the pace. */
const SATURATED = 0.93;

/** What the tables of the docs divide by what. */
const RATIOS = [
  [HOTSET, MEMCACHED],
  [ENGINE, MEMCACHED],
  [HOTSET, FLOOR],
];

export const LIMIT_MARK = '†';

/** CPU time of the server for an operation. */
export const cpuUs = ({ userUs, systemUs }) => userUs + systemUs;

/** A cell with medians for each contender: `{ cell, readings, figures: name -> { us, user, system, perSecond, … } }`. */
export function cellFigures({ readings, ...cell }) {
  const figures = Object.fromEntries(
    Object.entries(readings).map(([name, all]) => {
      const of = (field) => median(all.map((reading) => reading[field]));
      return [
        name,
        {
          us: median(all.map(cpuUs)),
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
  return { cell, readings, figures };
}

/**
 * One contender's CPU time, or other figure, over another's: the median of the rounds' own ratios, since those of one round were taken within
 * seconds of each other. NaN where one of them did not take part.
 *
 * @param {Record<string, any[]>} readings
 * @param {(reading: any) => number} [figure]
 */
export function pairedRatio(readings, name, base, figure = cpuUs) {
  const rounds = Math.min(readings[name]?.length ?? 0, readings[base]?.length ?? 0);
  return median(
    Array.from({ length: rounds }, (_, i) => figure(readings[name][i]) / figure(readings[base][i])),
  );
}

/** `†` where the load, and not the server, was the limit. */
function markOf({ serverBusy, loadBusy }) {
  return loadBusy >= SATURATED && serverBusy < SATURATED ? LIMIT_MARK : '';
}

/** One row for each cell: microseconds, the ratio to memcached, operations a second. */
export function terminalTable(contenders, cells) {
  const head = ['', ...contenders.flatMap(({ name }) => [name, '/ mc', 'op/s'])];
  const rows = cells.map(({ cell, readings, figures }) => [
    cellName(cell),
    ...contenders.flatMap(({ name }) => {
      const own = figures[name];
      if (own === undefined) return ['', '', ''];
      return [
        `${fixed(own.us, 2)}${markOf(own)}`,
        ratio(pairedRatio(readings, name, MEMCACHED)),
        count(Math.round(own.perSecond / 1000) * 1000),
      ];
    }),
  ]);
  return `${table(head, rows)}\n  CPU us for each operation, or key of a multi-get. ${LIMIT_MARK} the load was the limit, not the server`;
}

/** The contenders, hotset first. */
function ordered(contenders) {
  return [...contenders].sort((a, b) => Number(b.name === HOTSET) - Number(a.name === HOTSET));
}

/** Microseconds of CPU: `title(cell)` names a row. */
export function cpuTable({ contenders, cells }, title) {
  const shown = ordered(contenders);
  const names = shownNames(shown);
  const compared = RATIOS.filter((pair) => pair.every((name) => name in names));
  const head = [
    'CPU µs',
    ...shown.map(({ name }) => names[name]),
    ...compared.map(([name, base]) => `${name} / ${base}`),
  ];
  const rows = cells.map(({ cell, readings, figures }) => [
    title(cell),
    ...shown.map(({ name }) =>
      figures[name] === undefined ? '' : `${fixed(figures[name].us, 2)}${markOf(figures[name])}`,
    ),
    ...compared.map(([name, base]) => ratio(pairedRatio(readings, name, base))),
  ]);
  return { head, rows };
}

/** Operations a second. */
export function throughputTable({ contenders, cells }, title) {
  const shown = ordered(contenders);
  const names = shownNames(shown);
  const head = ['operations a second', ...shown.map(({ name }) => names[name])];
  const thousands = (figure) =>
    figure === undefined ? '' : `${count(Math.round(figure.perSecond / 1000))} k${markOf(figure)}`;
  const rows = cells.map(({ cell, figures }) => [
    title(cell),
    ...shown.map(({ name }) => thousands(figures[name])),
  ]);
  return { head, rows };
}

/** How the CPU time divides between the program and the kernel. */
export function splitTable({ contenders, cells }, title) {
  const shown = ordered(contenders);
  const names = shownNames(shown);
  const head = ['µs in the program + in the kernel', ...shown.map(({ name }) => names[name])];
  const rows = cells.map(({ cell, figures }) => [
    title(cell),
    ...shown.map(({ name }) => {
      const own = figures[name];
      return own === undefined ? '' : `${fixed(own.user, 2)} + ${fixed(own.system, 2)}`;
    }),
  ]);
  return { head, rows };
}
