/** The figures of the page, as tables: tiles, and charts with their lines. */

import { byteRate, bytes, count, milliseconds, percent, rate, wholeCount } from './format.js';
import type { Reading } from './readings.js';

export interface Tile {
  readonly title: string;
  /** The figure itself. */
  value(reading: Reading): string;
  /** A line below it. */
  detail(reading: Reading): string;
  /** How full it is, 0 to 1, for a bar; null for none. */
  fill?(reading: Reading): number | null;
}

export interface Line {
  readonly label: string;
  /** A limit is a thin dashed line. */
  readonly isLimit?: boolean;
  /** Shades the area below: for amounts, not for rates. */
  readonly isArea?: boolean;
  /** Null where there is nothing to draw. */
  value(reading: Reading): number | null;
}

export interface ChartFigure {
  readonly title: string;
  /** The unit of the value axis. */
  readonly unit: 'ratio' | 'bytes' | 'rate' | 'byteRate' | 'count' | 'ms';
  readonly lines: readonly Line[];
}

const GETS = commandRate('cmd_get');
const SETS = commandRate('cmd_set');
const DELETES = commandRate('delete_hits', 'delete_misses');
const TOUCHES = commandRate('cmd_touch');
const ARITHMETIC = commandRate('incr_hits', 'incr_misses', 'decr_hits', 'decr_misses');
const OPERATIONS = commandRate(
  ...['cmd_get', 'cmd_set', 'cmd_touch', 'delete_hits', 'delete_misses'],
  ...['incr_hits', 'incr_misses', 'decr_hits', 'decr_misses'],
);

export const TILES: readonly Tile[] = [
  {
    title: 'Hit ratio',
    value: ({ stats: { engine } }) => percent(engine.recent.reads === 0 ? null : engine.recent.hitRatio),
    detail: ({ stats: { engine } }) =>
      `${percent(engine.hits + engine.misses === 0 ? null : engine.hitRatio)} since the start`,
  },
  {
    title: 'Operations',
    value: (reading) => rate(OPERATIONS(reading)),
    detail: (reading) => `${rate(GETS(reading))} get, ${rate(SETS(reading))} set`,
  },
  {
    title: 'Memory',
    value: ({ stats: { engine } }) => bytes(engine.bytes),
    detail: ({ stats: { engine } }) =>
      engine.maxBytes === Number.POSITIVE_INFINITY
        ? 'no limit'
        : `${percent(engine.bytes / engine.maxBytes)} of ${bytes(engine.maxBytes)}`,
    fill: ({ stats: { engine } }) =>
      engine.maxBytes === Number.POSITIVE_INFINITY ? null : engine.bytes / engine.maxBytes,
  },
  {
    title: 'Items',
    value: ({ stats: { engine } }) => wholeCount(engine.size),
    detail: ({ stats: { engine } }) =>
      engine.size === 0 ? 'empty' : `${bytes(engine.bytes / engine.size)} on average`,
  },
  {
    title: 'Evictions',
    value: (reading) => rate(reading.perSecond(({ engine }) => engine.evictions)),
    detail: (reading) => `${rate(reading.perSecond(({ engine }) => engine.expirations))} expired`,
  },
  {
    title: 'Connections',
    value: ({ stats: { connections } }) => wholeCount(connections.current),
    detail: ({ stats: { connections } }) =>
      `${wholeCount(connections.total)} so far, ${connections.rejected === 0 ? 'none' : wholeCount(connections.rejected)} refused`,
  },
];

export const CHARTS: readonly ChartFigure[] = [
  {
    title: 'Hit ratio',
    unit: 'ratio',
    lines: [
      { label: 'each second', value: hitRatio },
      {
        label: 'last 50,000 reads',
        value: ({ stats: { engine } }) => (engine.recent.reads === 0 ? null : engine.recent.hitRatio),
      },
    ],
  },
  {
    title: 'Operations',
    unit: 'rate',
    lines: [
      { label: 'get hits', value: commandRate('get_hits') },
      { label: 'get misses', value: commandRate('get_misses') },
      { label: 'set', value: SETS },
      { label: 'delete', value: DELETES },
      { label: 'touch', value: TOUCHES },
      { label: 'incr, decr', value: ARITHMETIC },
    ],
  },
  {
    title: 'Memory',
    unit: 'bytes',
    lines: [
      { label: 'used', isArea: true, value: ({ stats: { engine } }) => engine.bytes },
      {
        label: 'limit',
        isLimit: true,
        value: ({ stats: { engine } }) =>
          engine.maxBytes === Number.POSITIVE_INFINITY ? null : engine.maxBytes,
      },
    ],
  },
  {
    title: 'Evictions and expirations',
    unit: 'rate',
    lines: [
      { label: 'evicted', value: (reading) => reading.perSecond(({ engine }) => engine.evictions) },
      { label: 'expired', value: (reading) => reading.perSecond(({ engine }) => engine.expirations) },
    ],
  },
  {
    title: 'Network',
    unit: 'byteRate',
    lines: [
      { label: 'in', value: (reading) => reading.perSecond(({ network }) => network.bytesRead) },
      { label: 'out', value: (reading) => reading.perSecond(({ network }) => network.bytesWritten) },
    ],
  },
  {
    title: 'Connections',
    unit: 'count',
    lines: [{ label: 'open', isArea: true, value: ({ stats: { connections } }) => connections.current }],
  },
  {
    title: 'Process memory',
    unit: 'bytes',
    lines: [
      { label: 'resident', isArea: true, value: ({ stats }) => stats.process?.residentBytes ?? null },
      { label: 'heap', value: ({ stats }) => stats.process?.heapBytes ?? null },
    ],
  },
  {
    title: 'Longest delays',
    unit: 'ms',
    lines: [
      { label: 'event loop', value: ({ stats }) => stats.process?.loopDelayMs ?? null },
      { label: 'garbage collector', value: ({ stats }) => stats.process?.collectorPauseMs ?? null },
    ],
  },
];

/** How a value of a unit is written. */
export const UNITS: Readonly<Record<ChartFigure['unit'], (value: number | null) => string>> = {
  ratio: percent,
  bytes,
  rate,
  byteRate,
  count,
  ms: milliseconds,
};

/** As on the value axis, whose ticks are whole numbers. */
export const AXIS_UNITS: Readonly<Record<ChartFigure['unit'], (value: number) => string>> = {
  ...UNITS,
  ratio: (value) => `${Math.round(value * 100)}\u00a0%`,
};

function hitRatio(reading: Reading): number | null {
  const hits = reading.gained(({ engine }) => engine.hits);
  const misses = reading.gained(({ engine }) => engine.misses);
  return hits === null || misses === null || hits + misses === 0 ? null : hits / (hits + misses);
}

/** Commands per second: the sum of these counters of memcached's statistics. */
function commandRate(...names: readonly string[]): (reading: Reading) => number | null {
  return (reading) =>
    reading.perSecond(({ commands }) => names.reduce((sum, name) => sum + (commands[name] ?? 0), 0));
}
