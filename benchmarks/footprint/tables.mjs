/** Footprints as rows. */

import { marked } from '../caches/features.mjs';
import { median } from '../harness/statistics.mjs';
import { fixed } from '../harness/table.mjs';
import { TWO_ARRAYS } from './two-arrays.mjs';

/** `{ name, grown, turnedOver, counted }` in bytes for each entry; NaN where it took too long. */
export function footprintFigures({ readings }) {
  return Object.entries(readings).map(([name, all]) => {
    const of = (field) => median(all.map((reading) => reading[field] ?? Number.NaN));
    return { name, grown: of('grown'), turnedOver: of('turnedOver'), counted: of('counted') };
  });
}

export function footprintTable(figure, info) {
  const all = footprintFigures(figure);
  const bare = all.find(({ name }) => name === TWO_ARRAYS) ?? { grown: Number.NaN, turnedOver: Number.NaN };
  const rows = all.map(({ name, grown, turnedOver, counted }) => [
    name === TWO_ARRAYS ? 'keys and values in two arrays' : marked(name, info[name]),
    fixed(grown, 0),
    fixed(turnedOver, 0),
    name === TWO_ARRAYS ? '' : fixed(grown - bare.grown, 0),
    name === TWO_ARRAYS ? '' : fixed(turnedOver - bare.turnedOver, 0),
    Number.isFinite(counted) ? fixed(counted, 0) : '',
  ]);
  return {
    head: ['', 'grown', 'turned over', 'beyond two arrays', 'turned over', 'counted by itself'],
    rows,
  };
}
