/**
 * What weighing a value takes, beside JSON.stringify(value).length, which is what other caches are given for a
 * size: one process that has weighed all shapes in random order. JSON is shown for values of which it says
 * all that there is.
 */

import { runChild } from '../harness/child.mjs';
import { median } from '../harness/statistics.mjs';
import { table } from '../harness/table.mjs';
import { weighingSaid, weighingTable } from './tables.mjs';

const childUrl = new URL('./time-child.mjs', import.meta.url);
const ROUNDS = 3;
const SAMPLES = 7;
const SMOKE_ONLY = /^(strings|objects|user)/;

/** Returns the raw figures. `options`: smoke, rounds, only (a RegExp on the shape's name). */
export async function benchWeighing(options) {
  const rounds = options.smoke ? 1 : (options.rounds ?? ROUNDS);
  const only = (options.only ?? (options.smoke ? SMOKE_ONLY : /./)).source;
  const readings = [];
  for (let round = 0; round < rounds; round++)
    readings.push(await runChild(childUrl, [options.smoke ? 1 : SAMPLES, only, round + 1]));

  const figures = readings[0].figures.map(({ name }) => {
    const all = readings.map((reading) => reading.figures.find((figure) => figure.name === name));
    return {
      name,
      weighNs: median(all.map(({ weighNs }) => weighNs)),
      stringifyNs: all[0].stringifyNs === null ? null : median(all.map(({ stringifyNs }) => stringifyNs)),
      samples: all,
    };
  });
  console.log('\nWeighing: ns for each value, in a process that has weighed all shapes');
  const { head, rows } = weighingTable({ figures });
  console.log(table(head, rows));
  console.log(`\n${weighingSaid({ figures })}`);
  return { rounds: readings.length, figures };
}
