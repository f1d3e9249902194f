/**
 * What is counted against what the process holds, a fresh process for each shape of entry: the values alone in
 * an array, then in an engine, filled once and with all entries replaced twice. And the same in one process, where
 * each shape comes after all shapes were weighed in random order, as in a service that holds all of them.
 */

import { valueBytes } from '../../dist/weigh/index.js';
import { runChild } from '../harness/child.mjs';
import { fixed, table } from '../harness/table.mjs';
import { shapes } from './shapes.mjs';

const engineUrl = new URL('./fill.mjs', import.meta.url);
const arrayUrl = new URL('./fill-array.mjs', import.meta.url);
const oneProcessUrl = new URL('./one-process.mjs', import.meta.url);
const SMOKE_SHAPES = 4;
/** For each shape in the process that holds all. */
const ONE_PROCESS_BYTES = 8_000_000;
const SMOKE_ONLY = '^(strings of|objects \\{)';
/** More than that in one process is left out. */
const FILL_MAX_BYTES = 2 ** 31;
/** Keys and values that live in the reference itself: what is left is the engine's own. */
const OVERHEAD_SHAPE = 'integer keys, integers';
/** Between two powers of two, where the tables double. */
const FILLS = [66_000, 75_000, 88_000, 100_000, 115_000, 130_000];

/** Returns the raw figures. `options`: smoke, full (1 M entries too), only (a RegExp on the shape's name). */
export async function benchMemory(options) {
  const sizes = options.smoke ? [10_000] : [10_000, 100_000, ...(options.full ? [1_000_000] : [])];
  const names = Object.keys(shapes).filter((name) => options.only?.test(name) ?? true);
  const figures = [];

  console.log('\nMemory: bytes for each entry. Held: heap and external memory, after collection.');
  for (const entries of sizes) {
    const rows = { false: [], true: [] };
    for (const name of options.smoke ? names.slice(0, SMOKE_SHAPES) : names) {
      if (entries > maxEntries(name)) continue;
      const figure = { shape: name, limit: shapes[name].limit, ...(await measure(name, entries)) };
      figures.push(figure);
      rows[figure.limit].push(row(name, figure));
    }
    console.log(`\n${entries} entries`);
    if (rows.false.length > 0) console.log(table(HEAD, rows.false));
    if (rows.true.length > 0) console.log(`\nNot visible to the estimate\n${table(HEAD, rows.true)}`);
  }

  if (!options.smoke && options.only === undefined) {
    const rows = [];
    for (const entries of FILLS) {
      const figure = { shape: OVERHEAD_SHAPE, ...(await measure(OVERHEAD_SHAPE, entries)) };
      figures.push(figure);
      rows.push(row(`${entries} entries`, figure));
    }
    console.log('\nThe overhead of an entry alone, from one doubling of the tables to the next');
    console.log(table(HEAD, rows));
  }
  return { fills: figures, oneProcess: await measureOneProcess(options) };
}

/** The second table. Without the engine, and in it: there, key and overhead are in the figures. */
async function measureOneProcess(options) {
  const target = options.smoke ? ONE_PROCESS_BYTES / 8 : ONE_PROCESS_BYTES;
  const only = options.only?.source ?? (options.smoke ? SMOKE_ONLY : '.');
  const how = { nodeOptions: ['--expose-gc'] };
  const measured = async (what) => (await runChild(oneProcessUrl, [what, 1, target, only], how)).figures;
  const values = (await measured('values')).sort((one, other) => (one.name < other.name ? -1 : 1));
  const entries = new Map((await measured('engine')).map((figure) => [figure.name, figure]));
  const cells = ({ counted, held, entries: count }) => [
    fixed(counted / count, 0),
    fixed(held / count, 0),
    fixed(counted / held, 2),
  ];
  for (const limit of [false, true]) {
    const rows = values
      .filter((figure) => figure.limit === limit)
      .map((figure) => [figure.name, ...cells(figure), ...cells(entries.get(figure.name))]);
    if (rows.length === 0) continue;
    console.log(
      limit ? '\nNot visible to the estimate' : '\nIn one process, after all shapes in random order',
    );
    console.log(table(['', 'value', 'held', 'ratio', 'entry', 'held', 'ratio'], rows));
  }
  return { values, entries: Array.from(entries.values()) };
}

const HEAD = [
  '',
  'value',
  'held',
  'ratio',
  'entry',
  'held',
  'ratio',
  'replaced',
  'held',
  'ratio',
  'RSS of value',
  'RSS of entry',
];

function row(name, { values, filled, turnedOver }) {
  const each = (reading, field) => fixed(reading[field] / reading.entries, 0);
  // Less than a byte for each is nothing, and its ratio noise.
  const ratio = ({ entries, counted, held }) =>
    Math.max(counted, Math.abs(held)) < entries ? '' : fixed(counted / held, 2);
  return [
    name,
    ...[values, filled, turnedOver].flatMap((reading) => [
      each(reading, 'counted'),
      each(reading, 'held'),
      ratio(reading),
    ]),
    each(values, 'rss'),
    each(filled, 'rss'),
  ];
}

function maxEntries(name) {
  const { max, key, value } = shapes[name];
  const own = valueBytes(key(0)) + valueBytes(value(0));
  return Math.min(max, FILL_MAX_BYTES / (own + 100));
}

async function measure(name, entries) {
  const how = {
    nodeOptions: ['--expose-gc'],
    // Fixed, so that malloc's heap holds the same kind of block throughout.
    env: { MALLOC_MMAP_THRESHOLD_: '131072' },
  };
  const values = await runChild(arrayUrl, [name, entries], how);
  return { values, ...(await runChild(engineUrl, [name, entries, '{}'], how)) };
}
