/** Weighing as rows, for the terminal and for the docs. */

import { geometricMean } from '../harness/statistics.mjs';
import { count, fixed, times } from '../harness/table.mjs';

/** What the project allows itself, for every shape. */
const MOST_OF_STRINGIFY = 0.5;

export function weighingTable({ figures }) {
  const rows = figures.map(({ name, weighNs, stringifyNs }) => [
    name,
    fixed(weighNs, 0),
    stringifyNs === null ? '-' : fixed(stringifyNs, 0),
    stringifyNs === null ? '-' : times(weighNs, stringifyNs),
  ]);
  return { head: ['ns for each value', 'weighing', 'JSON.stringify', 'ratio'], rows };
}

/** The shapes of which JSON says all that there is. */
function ratiosOf({ figures }) {
  return figures
    .filter(({ stringifyNs }) => stringifyNs !== null)
    .map(({ name, weighNs, stringifyNs }) => ({ name, ratio: weighNs / stringifyNs }));
}

/** The geometric mean over those shapes. */
export function weighingRatio(content) {
  return geometricMean(ratiosOf(content).map(({ ratio }) => ratio));
}

/** The same in a sentence. */
export function weighingSaid(content) {
  const ratios = ratiosOf(content);
  const held = ratios.filter(({ ratio }) => ratio <= MOST_OF_STRINGIFY).length;
  const highest = ratios.reduce((one, other) => (other.ratio > one.ratio ? other : one));
  return (
    `The geometric mean of all ratios is ${fixed(weighingRatio(content), 2)}x. The highest is ${fixed(highest.ratio, 2)}x, for ${highest.name}. ` +
    `The bar is ${MOST_OF_STRINGIFY}x for each: ${count(held)} of ${count(ratios.length)} hold it.`
  );
}
