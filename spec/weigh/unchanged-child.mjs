/**
 * Runs with --allow-natives-syntax in a process of its own: weighs values of all shapes in random order, and
 * reports how many arrays of floats, and objects, V8 holds otherwise than before. Argument: a seed.
 */

import { documents } from '../../benchmarks/memory/documents.mjs';
import { mixture, randomOrder } from '../../benchmarks/memory/mixture.mjs';
import { valueBytes } from '../../dist/weigh/index.js';

const hasDoubles = new Function('value', 'return %HasDoubleElements(value)');
const hasFastProperties = new Function('value', 'return %HasFastProperties(value)');
const hasDictionaryElements = new Function('value', 'return %HasDictionaryElements(value)');

const seed = Number(process.argv[2]);
const below = randomOrder(seed);
/** With an odd seed records of lists alone, as in the report of the fault; with an even one all of `few`. */
const SEED_KINDS = seed % 2 === 1 ? [0] : [0, 1, 2, 3];
const ten = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
/** The history that made `array[i]` rewrite arrays of floats: a few kinds of lists, again and again. */
const few = [
  (i) => ({ tags: ['a', 'b', 'c'], pts: [1, 2], mix: [1, 'x', null, 2.5], f: [i + 0.5, 2.5] }),
  (i) => [i, i + 1],
  (i) => [i + 0.5, 2.5],
  (i) => ['a', 'b', `c${i}`],
];
const watched = [
  (i) => [i + 0.5, 2.5],
  (i) => JSON.parse(JSON.stringify(Array.from({ length: 1536 }, (_, n) => n + i / 7 + 0.1))),
  () => JSON.parse('[1.5,2.5,3]'),
  (i) => new Array(20).fill(i + 0.5, 2, 4),
  (i) => ten.map((n) => i + n / 4),
  (i) => documents['GeoJSON feature'](i).geometry.coordinates,
  (i) => ({ 0: i + 0.5, 1: 2.5 }),
  (i) => {
    const array = [];
    array[100_000] = i + 0.5;
    return array;
  },
  (i) => documents['user profile'](i),
  (i) => Object.assign(Object.create(null), { [`a${i}`]: 1 }),
];

function state(value) {
  return [
    hasDoubles(value),
    hasFastProperties(value),
    hasDictionaryElements(value),
    Reflect.ownKeys(value).length < 200 ? Reflect.ownKeys(value).map(String).join() : '',
    Object.isExtensible(value),
  ].join('|');
}

let weighed = 0;
const changed = new Map();

function watch(i) {
  const which = below(watched.length);
  const value = watched[which](i);
  const before = state(value);
  valueBytes(i % 2 === 0 ? value : { id: i, value });
  weighed++;
  const after = state(value);
  if (after !== before) changed.set(which, `${before} -> ${after}`);
}

// Code that has seen a few kinds of lists only is optimized for them. All others come after that.
for (let i = 0; i < 20_000; i++) valueBytes(few[SEED_KINDS[i % SEED_KINDS.length]](i));
for (let i = 0; i < 2000; i++) watch(i);
const all = [
  ...few,
  ...mixture()
    .filter(({ bytes }) => bytes < 20_000)
    .map(({ value }) => value),
  (i) => [i + 0.5, undefined, {}],
  (i) => Object.freeze([i + 0.5, 2]),
  (i) => new Array(10).fill(i + 0.5, 2, 4),
];
for (let i = 0; i < 60_000; i++) {
  valueBytes(all[below(all.length)](i));
  if (i % 3 === 0) watch(i);
}
process.stdout.write(JSON.stringify({ weighed, changed: [...changed] }));
