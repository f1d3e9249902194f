/** Counted bytes over held ones as rows for the docs, from what was kept of the part. */

import { count, fixed } from '../harness/table.mjs';
import { documents, origins } from './documents.mjs';

/** What docs/engine.md shows. */
export const SIZES_LIST = [
  'integer keys, doubles',
  'bigints of 200 bits',
  'strings of 100 B',
  'two-byte strings of 100',
  'objects {id, name, score}',
  'nested objects',
  'arrays of 10 integers',
  'Maps of 10',
  'Sets of 10',
  'dictionaries of 10',
  'Buffers of 100 B, unpooled',
  'Buffers of 1 kB, pooled',
  'Float64Arrays of 4',
];

const NOTHING = '-';

/**
 * One row for each shape: in fresh processes at each size, as filled and with all entries replaced; then in the one
 * process that has weighed all shapes, the values alone and as entries. `names`: which, or undefined for all.
 *
 * @param {any} figures
 * @param {{ names?: string[], limit?: boolean }} [wanted]
 */
export function memoryTable({ fills, oneProcess }, { names, limit } = {}) {
  // The rows about the overhead alone say nothing about a limit.
  const fresh = fills.filter((figure) => figure.limit !== undefined);
  const sizes = [...new Set(fresh.map(sizeOf))];
  const shapes = [...new Set(fresh.map(({ shape }) => shape))].filter(
    (shape) =>
      (names?.includes(shape) ?? true) &&
      (limit === undefined || fresh.some((figure) => figure.shape === shape && figure.limit === limit)),
  );
  const rows = shapes.map((shape) => {
    const inSizes = sizes.flatMap((size) => {
      const figure = fresh.find((candidate) => candidate.shape === shape && sizeOf(candidate) === size);
      return figure === undefined ? [NOTHING, NOTHING] : [figure.filled, figure.turnedOver].map(ratioOf);
    });
    return [shape, ...inSizes, ...inOneProcess(oneProcess, shape)];
  });
  const heads = sizes.flatMap((size) => [`${count(size)}, grew`, 'replaced']);
  const more = oneProcess === undefined ? [] : ['one process: values', 'entries'];
  return { head: ['counted / held', ...heads, ...more], rows };
}

/** The documents, which are in the one process only: entries by how their values came to be. */
export function documentsTable({ oneProcess }) {
  const names = Object.keys(origins);
  const found = (document) =>
    names.map((origin) => inOneProcess(oneProcess, `${document}, ${origin}`)[1] ?? NOTHING);
  const rows = Object.keys(documents)
    .map((document) => [document, ...found(document)])
    .filter(([, ...cells]) => cells.some((cell) => cell !== NOTHING));
  return { head: ['counted / held', ...names], rows };
}

function inOneProcess(oneProcess, name) {
  if (oneProcess === undefined) return [];
  return [oneProcess.values, oneProcess.entries].map((all) => {
    const figure = all.find((candidate) => candidate.name === name);
    return figure === undefined ? NOTHING : ratioOf(figure);
  });
}

function sizeOf({ values }) {
  return values.entries;
}

/** Less than a byte for each is nothing, and its ratio noise. */
function ratioOf({ entries, counted, held }) {
  return Math.max(counted, Math.abs(held)) < entries ? NOTHING : fixed(counted / held, 2);
}
