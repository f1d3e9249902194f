/** The bars that hotset has set itself, and how the kept figures stand to them. */

import { median } from '../harness/statistics.mjs';
import { counted, fixed } from '../harness/table.mjs';
import { SHARED } from '../threads/ways.mjs';
import { sameCell, USUAL } from './cells.mjs';
import { HOTSET, MEMCACHED } from './contenders.mjs';
import { throughputRatio } from './cores.mjs';
import { bytesText, shownNames } from './labels.mjs';
import { LARGE_CASE, longestStops } from './latency.mjs';
import { residentFigures, residentTitle } from './resident.mjs';
import { heldRatio, limitBytes } from './sizes.mjs';
import { pairedRatio } from './tables.mjs';

const MIB = 2 ** 20;
const cell = (command, pipeline, more = {}) => ({ ...USUAL, command, pipeline, ...more });

/** CPU time of hotset over memcached's, at most so much. */
const CPU_BARS = [
  { title: 'get, pipeline 1', cell: cell('get', 1), max: 1.12 },
  { title: 'set, pipeline 1', cell: cell('set', 1), max: 1.15 },
  { title: 'get, pipeline 16', cell: cell('get', 16), max: 0.7 },
  { title: 'set, pipeline 16', cell: cell('set', 16), max: 0.7 },
  { title: 'get, pipeline 64', cell: cell('get', 64), max: 0.4 },
  { title: 'set, pipeline 64', cell: cell('set', 64), max: 0.55 },
  { title: '10-key multi-get, for each key', cell: cell('multi-get', 1), max: 0.7 },
  { title: 'set of 64 kB', cell: cell('set', 1, { valueBytes: 64_000 }), max: 1.4 },
  { title: 'set of 1 MB', cell: cell('set', 1, { valueBytes: 1_000_000 }), max: 1.2 },
];
const RESIDENT_MAX_BYTES = 175;
const RESIDENT_VALUE_BYTES = 100;
/** What a process takes in all, at any time. */
const peakMaxMebibytes = (memoryMebibytes) => 1.05 * memoryMebibytes + 70e6 / MIB;
const LOGNORMAL_CPU_MAX = 1.2;
const P999_MAX = 2;
const PAUSE_MAX_MS = 10;
const HELD_MIN = 1;
const THREADS_MIN = 1;
const RESTART_MAX_SECONDS = 5;
const SHARED_GET_MAX_NS = 500;

/** Whether a bar is stated for the cell. */
export function hasBar(wanted) {
  return CPU_BARS.some((bar) => sameCell(bar.cell, wanted));
}

/** part -> its bars, from what was kept of it: `{ title, figure, unit, max }`, or `min` in place of `max`. */
const BARS = {
  server: ({ cells }, memcached) =>
    CPU_BARS.map(({ title, cell: wanted, max }) => ({
      title: `CPU of ${title}, to ${memcached}`,
      figure: pairedRatio(cells.find((found) => sameCell(found, wanted))?.readings ?? {}, HOTSET, MEMCACHED),
      max,
    })),
  resident: ({ cases }) =>
    cases
      .filter(({ valueBytes }) => valueBytes === RESIDENT_VALUE_BYTES)
      .flatMap((found) =>
        ['filled', 'replaced'].map((field) => ({
          title: `resident for each of ${residentTitle(found)}, ${field}`,
          figure: residentFigures(found, found.readings)[HOTSET]?.[field],
          max: RESIDENT_MAX_BYTES,
          unit: ' B',
        })),
      ),
  sizes: ({ held, histories, memoryMebibytes }, memcached) => [
    ...held.map((size) => ({
      title: `items of ${bytesText(size.valueBytes)} held, to ${memcached}`,
      figure: heldRatio(size, HOTSET),
      min: HELD_MIN,
    })),
    {
      title: `eight changes of size and unfinished sets, -m ${memoryMebibytes}, under ${limitBytes(memoryMebibytes) / MIB} MiB: peak, resident`,
      // Who was ended took more than there was.
      figure: Math.max(
        ...(histories[HOTSET] ?? []).map(({ peakBytes, ended }) =>
          ended === null ? peakBytes / MIB : Infinity,
        ),
      ),
      max: peakMaxMebibytes(memoryMebibytes),
      unit: ' MiB',
    },
  ],
  lognormal: ({ readings, memoryMebibytes }, memcached) => [
    {
      title: `lognormal sizes, -m ${memoryMebibytes}: peak, resident`,
      figure: median((readings[HOTSET] ?? []).map(({ peakBytes }) => peakBytes / MIB)),
      max: peakMaxMebibytes(memoryMebibytes),
      unit: ' MiB',
    },
    {
      title: `CPU with lognormal sizes, to ${memcached}`,
      figure: pairedRatio(readings, HOTSET, MEMCACHED, ({ us }) => us),
      max: LOGNORMAL_CPU_MAX,
    },
    {
      title: `p99.9 with lognormal sizes, to ${memcached}`,
      figure: pairedRatio(readings, HOTSET, MEMCACHED, ({ p999 }) => p999),
      max: P999_MAX,
    },
    {
      title: `items held of lognormal sizes, to ${memcached}`,
      figure: pairedRatio(readings, HOTSET, MEMCACHED, ({ items }) => items),
      min: HELD_MIN,
    },
  ],
  latency: ({ cases }, memcached) =>
    cases
      .filter(({ title }) => title === LARGE_CASE)
      .flatMap(({ title, readings }) => [
        {
          title: `p99.9 of ${title}, to ${memcached}`,
          figure: pairedRatio(readings, HOTSET, MEMCACHED, ({ p999 }) => p999),
          max: P999_MAX,
        },
        {
          title: `the collector's longest stop, ${title}`,
          figure: Math.max(0, ...Object.values(longestStops(readings[HOTSET] ?? []))),
          max: PAUSE_MAX_MS,
          unit: ' ms',
        },
      ]),
  snapshots: ({ readings, keys }) =>
    ['saveMs', 'loadMs'].map((field) => ({
      title: `${keys / 1e6} M items ${field === 'saveMs' ? 'saved at the end' : 'loaded at the start'}`,
      figure: median((readings[HOTSET] ?? []).map((reading) => reading[field])) / 1000,
      max: RESTART_MAX_SECONDS,
      unit: ' s',
    })),
  cores: (content) =>
    ['get', 'set'].map((command) => ({
      title: `throughput of ${command}, pipeline 16, hotset -t 2 to memcached -t 2`,
      figure: throughputRatio(content, 'hotset -t 2', 'memcached -t 2', (own) =>
        sameCell(own, cell(command, 16)),
      ),
      min: THREADS_MIN,
    })),
  threads: ({ cases }) =>
    cases
      .filter(({ readings, title }) => SHARED in readings && title.endsWith('all held'))
      .map(({ workers, readings }) => ({
        title: `${SHARED}.get of 100 B, ${counted(workers, 'thread')} at work`,
        figure: median(readings[SHARED].map(({ ns }) => ns)),
        max: SHARED_GET_MAX_NS,
        unit: ' ns',
      })),
};

/** Rows of `what, measured, bar, whether it is held`. `results(part)`: what was kept of it, or null. */
export function barsTable(results) {
  const rows = [];
  for (const [part, barsOf] of Object.entries(BARS)) {
    const content = results(part);
    if (content === null) continue;
    const memcached = shownNames(content.contenders ?? [])[MEMCACHED] ?? MEMCACHED;
    for (const { title, figure, unit = 'x', max, min } of barsOf(content, memcached)) {
      // Nothing was kept of it.
      if (!(figure >= 0)) continue;
      const text = (value) => `${fixed(value, unit === 'x' ? 2 : unit === ' s' ? 1 : 0)}${unit}`;
      const isHeld = max === undefined ? figure >= min : figure <= max;
      rows.push([
        title,
        figure === Infinity ? 'ended' : text(figure),
        max === undefined ? `≥ ${text(min)}` : `≤ ${text(max)}`,
        isHeld ? 'held' : '**missed**',
      ]);
    }
  }
  return { head: ['', 'measured', 'bar', ''], rows };
}
