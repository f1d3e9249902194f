/** Walks over tables in the order of use: one of them, or many merged into one order. */

import type { EntryTable } from './entry-table.js';
import { LazyQueue } from './lazy-queue.js';
import type { Direction, ListCursor } from './recency-list.js';

/** The numbers of one table's entries. */
export function* walkOne<K, V>(
  table: EntryTable<K, V>,
  cursor: ListCursor,
): Generator<number, void, undefined> {
  for (let slot = table.advance(cursor); slot !== 0; slot = table.advance(cursor)) yield table.base + slot;
}

/** Merges the walks over tables by their stamps. A cursor only moves on, so its next stamp only rises, or falls. */
export function* walkMany<K, V>(
  tables: readonly EntryTable<K, V>[],
  cursors: readonly ListCursor[],
  direction: Direction,
): Generator<number, void, undefined> {
  const sign = direction === 'oldest-first' ? 1 : -1;
  const queue = new LazyQueue(tables.length, (i) => {
    const { next } = cursors[i]!;
    return next === 0 ? Number.POSITIVE_INFINITY : sign * tables[i]!.stamps![next]!;
  });
  for (;;) {
    const first = queue.first();
    const table = tables[first]!;
    const slot = table.advance(cursors[first]!);
    if (slot === 0) return;
    yield table.base + slot;
  }
}
