/** Weighing as rows, for the terminal and for the docs. */

import { geometricMean } from '../harness/statistics.mjs';
import { count, fixed, times } from '../harness/table.mjs';

/** What the project allows itself, for every shape. */
const MOST_OF_STRINGIFY = 0.5;

/** What the README shows. */
export const SHORT_LIST = [
  'strings of 100 B',
  'two-byte strings of 100',
  'objects {id, name, score}',
  'nested objects',
  'objects from JSON',
  'arrays of 10 strings',
  'arrays of 10 objects',
  'Maps of 10',
  'Buffers of 1 kB, pooled',
  'user profile, parsed',
];

/** `names`: which shapes, or undefined for all. */
export function weighingTable({ figures }, names) {
  const rows = figures
    .filter(({ name }) => names?.includes(name) ?? true)
    .map(({ name, weighNs, stringifyNs }) => [
      name,
      fixed(weighNs, 0),
      stringifyNs === null ? '-' : fixed(stringifyNs, 0),
      stringifyNs === null ? '-' : times(weighNs, stringifyNs),
    ]);
  return { head: ['ns for each value', 'weighing', 'JSON.stringify', 'ratio'], rows };
}

/** All shapes of which JSON says all that there is, in a sentence. */
export function weighingSaid({ figures }) {
  const ratios = figures
    .filter(({ stringifyNs }) => stringifyNs !== null)
    .map(({ name, weighNs, stringifyNs }) => ({ name, ratio: weighNs / stringifyNs }));
  const held = ratios.filter(({ ratio }) => ratio <= MOST_OF_STRINGIFY).length;
  const highest = ratios.reduce((one, other) => (other.ratio > one.ratio ? other : one));
  const mean = geometricMean(ratios.map(({ ratio }) => ratio));
  return (
    `The geometric mean of all ratios is ${fixed(mean, 2)}x. The highest is ${fixed(highest.ratio, 2)}x, for ${highest.name}. ` +
    `The bar is ${MOST_OF_STRINGIFY}x for each: ${count(held)} of ${count(ratios.length)} hold it.`
  );
}
