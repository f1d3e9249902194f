/** All shapes and documents together, for what is measured in one process that has seen all of them. */

import { valueBytes } from '../../dist/weigh/index.js';
import { documents, origins } from './documents.mjs';
import { key20, shapes } from './shapes.mjs';

/** Copies that hold what the originals share, which nobody can see: short texts, boxed floats. */
const LIMIT_ORIGINS = ['structuredClone'];

/** Rows of `{ name, value(i), limit, bytes }` whose name matches; `bytes`: what one value counts, about. */
export function mixture(only = /./) {
  const rows = Object.entries(shapes)
    .filter(([name]) => !name.includes('keys'))
    .map(([name, { key, value, limit }]) => ({ name, key, value, limit }));
  for (const [document, make] of Object.entries(documents))
    for (const [origin, made] of Object.entries(origins))
      rows.push({
        name: `${document}, ${origin}`,
        key: key20,
        value: made(make),
        limit: LIMIT_ORIGINS.includes(origin),
      });
  const matching = rows.filter(({ name }) => only.test(name));
  // The first of a kind counts its names as well.
  for (const { value } of matching) valueBytes(value(0));
  return matching.map((row) => ({ ...row, bytes: valueBytes(row.value(1)) }));
}

/** Whole numbers below a bound, the same for the same seed. */
export function randomOrder(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state >>> 8) % below;
  };
}
