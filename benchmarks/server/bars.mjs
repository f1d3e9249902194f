/** The bars that hotset has set itself, and how the kept figures stand to them. */

import { median } from '../harness/statistics.mjs';
import { fixed } from '../harness/table.mjs';
import { sameCell, USUAL } from './cells.mjs';
import { FLOOR, HOTSET, MEMCACHED } from './contenders.mjs';
import { shownNames } from './labels.mjs';
import { residentFigures } from './resident.mjs';
import { cellFigures } from './tables.mjs';

const cell = (command, pipeline, more = {}) => ({ ...USUAL, command, pipeline, ...more });
const MEGABYTE = 1_000_000;

/** CPU time of hotset over another's, at most so much. */
const CPU_BARS = [
  { title: 'get, pipeline 1', cell: cell('get', 1), against: MEMCACHED, max: 1.2 },
  { title: 'get, pipeline 16', cell: cell('get', 16), against: MEMCACHED, max: 0.15 },
  { title: 'set, pipeline 1', cell: cell('set', 1), against: MEMCACHED, max: 1.25 },
  { title: 'set, pipeline 16', cell: cell('set', 16), against: MEMCACHED, max: 1.6 },
  { title: '10-key multi-get, for each key', cell: cell('multi-get', 1), against: MEMCACHED, max: 1.5 },
  { title: 'get of 1 MB', cell: cell('get', 1, { valueBytes: MEGABYTE }), against: MEMCACHED, max: 1.5 },
  { title: 'get, pipeline 1', cell: cell('get', 1), against: FLOOR, max: 1.15 },
  { title: 'get, pipeline 16', cell: cell('get', 16), against: FLOOR, max: 1.6 },
  { title: 'set, pipeline 1', cell: cell('set', 1), against: FLOOR, max: 1.15 },
  { title: 'set, pipeline 16', cell: cell('set', 16), against: FLOOR, max: 1.6 },
];
const LATENCY_MOST = 3;
const RESIDENT_MOST_BYTES = 250;
const RESIDENT_CASE = { keys: 1_000_000, valueBytes: 100 };

/** Whether a bar is stated for the cell. */
export function hasBar(wanted) {
  return CPU_BARS.some((bar) => sameCell(bar.cell, wanted));
}

/** Rows of `what, measured, bar, whether it is held`, from what was kept of each part (null for nothing). */
export function barsTable({ server, latency, resident }) {
  const rows = [];
  const add = (title, figure, max, unit) => {
    if (!Number.isFinite(figure)) return;
    const text = (value) => (unit === 'x' ? `${fixed(value, 2)}x` : `${fixed(value, 0)} ${unit}`);
    rows.push([title, text(figure), `≤ ${text(max)}`, figure <= max ? 'held' : '**missed**']);
  };
  const names = shownNames([server, latency, resident].flatMap((part) => part?.contenders ?? []));
  const cells = server === null ? [] : server.cells.map(cellFigures);
  for (const { title, cell: wanted, against, max } of CPU_BARS) {
    const figures = cells.find((found) => sameCell(found.cell, wanted))?.figures;
    add(`CPU of ${title}, to ${names[against]}`, figures?.[HOTSET]?.us / figures?.[against]?.us, max, 'x');
  }
  for (const { title, readings } of latency?.cases ?? []) {
    const p999 = (name) => median((readings[name] ?? []).map((reading) => reading.p999));
    add(`p99.9 of ${title}, to ${names[MEMCACHED]}`, p999(HOTSET) / p999(MEMCACHED), LATENCY_MOST, 'x');
  }
  const residentCase = resident?.cases.find(
    ({ keys, valueBytes }) => keys === RESIDENT_CASE.keys && valueBytes === RESIDENT_CASE.valueBytes,
  );
  if (residentCase !== undefined) {
    const figures = residentFigures(residentCase, residentCase.readings)[HOTSET];
    add('resident for each of 1 M items of 100 B', figures?.filled, RESIDENT_MOST_BYTES, 'B');
  }
  return { head: ['', 'measured', 'bar', ''], rows };
}
