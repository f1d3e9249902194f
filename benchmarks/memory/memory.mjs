/** What the engine counts against what the process holds, a fresh process for each shape of entry. */

import { runChild } from '../harness/child.mjs';
import { fixed, table } from '../harness/table.mjs';
import { shapes } from './shapes.mjs';

const childUrl = new URL('./fill.mjs', import.meta.url);
/** Keys and values that live in the reference itself: what is left is the engine's own. */
const OVERHEAD_SHAPE = 'integer keys, integers';
/** Between two powers of two, where the tables double. */
const FILLS = [66_000, 75_000, 88_000, 100_000, 115_000, 130_000];

/** Returns the raw figures. `options`: smoke, full, only (a RegExp on the shape's name). */
export async function benchMemory(options) {
  const sizes = options.smoke ? [10_000] : [10_000, 100_000, ...(options.full ? [1_000_000] : [])];
  const names = Object.keys(shapes).filter((name) => options.only?.test(name) ?? true);
  const figures = [];

  console.log('\nMemory: bytes for each entry; filled once, and with all entries replaced twice.');
  for (const entries of sizes) {
    const rows = [];
    for (const name of options.smoke ? names.slice(0, 4) : names) {
      if (entries > (shapes[name].most ?? Number.POSITIVE_INFINITY)) continue;
      const figure = { shape: name, ...(await measure(name, entries)) };
      figures.push(figure);
      rows.push(row(name, figure));
    }
    console.log(`\n${entries} entries`);
    console.log(table(HEAD, rows));
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
  return { fills: figures };
}

const HEAD = ['', 'counted', 'held', 'ratio', 'held, replaced', 'ratio', 'RSS', 'RSS, replaced'];

function row(name, { filled, turnedOver }) {
  const each = (reading, field) => fixed(reading[field] / reading.entries, 0);
  return [
    name,
    each(filled, 'counted'),
    each(filled, 'held'),
    fixed(filled.counted / filled.held, 2),
    each(turnedOver, 'held'),
    fixed(turnedOver.counted / turnedOver.held, 2),
    each(filled, 'rss'),
    each(turnedOver, 'rss'),
  ];
}

function measure(name, entries) {
  return runChild(childUrl, [name, entries, '{}'], {
    nodeOptions: ['--expose-gc'],
    // Fixed, so that malloc's heap holds the same kind of block throughout.
    env: { MALLOC_MMAP_THRESHOLD_: '131072' },
  });
}
