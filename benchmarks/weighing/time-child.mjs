/**
 * Runs in a process of its own: weighs values of all shapes and documents in random order, so that the optimizer
 * has seen the mixture that a service has, and then takes the time of each shape beside JSON.stringify.
 * Arguments: samples for each shape, a RegExp on names, a seed. Reports as JSON.
 */

import { valueBytes } from '../../dist/weigh/index.js';
import { mixture, randomOrder } from '../memory/mixture.mjs';

const [samplesText, only, seed = '1'] = process.argv.slice(2);
const samples = Number(samplesText);
const VALUES = 64;
const SAMPLE_NS = 400_000;
const WARM_UP = 30_000;

const rows = mixture();
const wanted = new RegExp(only);
let sink = 0;

function weigh(values) {
  for (let i = 0; i < values.length; i++) sink += valueBytes(values[i]);
}

function stringify(values) {
  for (let i = 0; i < values.length; i++) sink += JSON.stringify(values[i]).length;
}

function nsEach(work, values, repeats) {
  const from = process.hrtime.bigint();
  for (let i = 0; i < repeats; i++) work(values);
  return Number(process.hrtime.bigint() - from) / repeats / values.length;
}

/** Least of several samples, ns for each value: what other work takes only ever adds. */
function measured(work, values) {
  const first = nsEach(work, values, 1);
  const repeats = Math.max(1, Math.ceil(SAMPLE_NS / (first * values.length)));
  let min = Number.POSITIVE_INFINITY;
  for (let i = 0; i < samples; i++) min = Math.min(min, nsEach(work, values, repeats));
  return min;
}

const NOT_IN_JSON = /^(Map|Set|RegExp|Error|Date|ArrayBuffer|SharedArrayBuffer|DataView)$/;

/** Whether its JSON says all that there is to the value, so that the two do the same work. */
function isAllInJson(value) {
  if (typeof value !== 'object' || value === null)
    return ['string', 'number', 'boolean', 'object'].includes(typeof value);
  if (ArrayBuffer.isView(value) || NOT_IN_JSON.test(Object.getPrototypeOf(value)?.constructor.name))
    return false;
  return Object.values(value).every(isAllInJson);
}

const order = randomOrder(Number(seed));
for (let i = 0; i < WARM_UP; i++) {
  const { value, bytes } = rows[order(rows.length)];
  if (bytes < 20_000 || i % 50 === 0) valueBytes(value(i));
}
const figures = rows
  .filter(({ name }) => wanted.test(name))
  .map(({ name, value }) => {
    const values = Array.from({ length: VALUES }, (_, i) => value(1000 + i));
    const weighNs = measured(weigh, values);
    return {
      name,
      weighNs,
      stringifyNs: name === 'cycles' || !isAllInJson(values[0]) ? null : measured(stringify, values),
    };
  });
process.stdout.write(JSON.stringify({ figures, sink: sink > 0 }));
