/**
 * Runs in a process of its own, with --expose-gc: weighs values of all shapes in random order, as a service
 * would that holds all of them, and then fills an array, or an engine, with one shape after the other. Reports
 * as JSON, for each shape, what is counted and what the process holds for it.
 * Arguments: `values` or `engine`, seed, bytes to fill for each shape, a RegExp on names, and `no limits` to leave
 * out what is known not to be seen.
 */

import { CacheEngine } from '../../dist/index.js';
import { bareViewBytes, bufferBytes, isSharedView, valueBytes, weighObject } from '../../dist/weigh/index.js';
import { collectGarbage } from '../harness/garbage.mjs';
import { mixture, randomOrder } from './mixture.mjs';

const [what, seed, targetText, only = '.', limits = 'with limits'] = process.argv.slice(2);
const target = Number(targetText);
const WARM_UP = 30_000;
const WARM_UP_MAX_BYTES = 20_000;
/** Collections until what is held must be steady. */
const HELD_MAX = 10;
/** Values of one reading have numbers of their own. */
const FILL_MAX = 100_000;
/** Figures further off than this are taken again, up to so many times, and the median counts. */
const DOUBTFUL = 0.08;
const READINGS = 3;
/** What V8 keeps for the first objects of a kind of their own goes only as there are more of them. */
const DICTIONARIES = 8000;
/** Several pages of Node's pool: the first and the last are somebody else's, too. */
const POOLED = 20_000;

const below = randomOrder(Number(seed));
const rows = mixture(new RegExp(only));
for (let i = rows.length - 1; i > 0; i--) {
  const other = below(i + 1);
  [rows[i], rows[other]] = [rows[other], rows[i]];
}

/** Collects, young objects first as it happens in life, until what is held stays the same. */
async function held() {
  let last = 0;
  for (let i = 0; i < HELD_MAX; i++) {
    if (i < 2) collectGarbage({ type: 'minor' });
    else collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 2));
    const { heapUsed, external } = process.memoryUsage();
    if (i > 4 && Math.abs(heapUsed + external - last) < 4000) break;
    last = heapUsed + external;
  }
  return last;
}

/** @type {any} */
let keep = null;

function fillArray({ value }, count, from) {
  keep = new Array(count).fill(null);
  /** @type {Set<ArrayBufferLike>} */
  const shared = new Set();
  let counted = 32 + 16 + count * 8;
  for (let i = 0; i < count; i++) {
    const item = value(from + i);
    keep[i] = item;
    if (ArrayBuffer.isView(item) && isSharedView(item)) {
      counted += bareViewBytes(item);
      shared.add(item.buffer);
    } else if (typeof item === 'object' && item !== null && !ArrayBuffer.isView(item)) {
      const weight = weighObject(item);
      counted += weight.bytes;
      for (const buffer of weight.shared ?? []) shared.add(buffer);
    } else counted += valueBytes(item);
  }
  for (const buffer of shared) counted += bufferBytes(buffer);
  return counted;
}

function fillEngine({ key, value }, count, from) {
  keep = new CacheEngine({ maxBytes: 2 ** 40 });
  for (let i = from; i < from + count; i++) keep.set(key(i), value(i));
  return keep.bytes;
}

const fill = what === 'engine' ? fillEngine : fillArray;

async function reading(row, count, from) {
  keep = null;
  const before = await held();
  const counted = fill(row, count, from);
  const after = await held();
  return { counted, held: after - before };
}

function isDoubtful(reading) {
  return Math.abs(reading.counted / reading.held - 1) > DOUBTFUL;
}

for (let i = 0; i < WARM_UP; i++) {
  const { value, bytes } = rows[below(rows.length)];
  if (bytes < WARM_UP_MAX_BYTES || i % 50 === 0) valueBytes(value(i));
}
const figures = [];
for (const row of rows) {
  const { name, limit, bytes } = row;
  if (limit && limits === 'no limits') continue;
  let count = Math.min(FILL_MAX, Math.max(100, Math.floor(target / (60 + bytes))));
  if (name.includes('dictionaries')) count = DICTIONARIES;
  if (name.includes('pooled Buffer') || name.endsWith(', pooled')) count = POOLED;
  fill(row, 300, 1e7);
  const readings = [];
  do readings.push(await reading(row, count, FILL_MAX * (1 + readings.length)));
  while (!limit && readings.length < READINGS && (readings.length > 1 || isDoubtful(readings[0])));
  readings.sort((one, other) => one.counted / one.held - other.counted / other.held);
  const { counted, held } = readings[readings.length >> 1];
  figures.push({ name, limit, entries: count, counted, held });
}
process.stdout.write(JSON.stringify({ node: process.version, figures }));
