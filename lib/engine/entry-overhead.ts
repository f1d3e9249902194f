/**
 * What an entry takes beside its key and its value: its share of the columns, and its place in the index.
 * What the index has allocated beyond that is followed exactly: see index-slack.ts.
 */

import { INDEX_PLACE_BYTES } from './index-slack.js';

/** Columns that grow by a quarter at a time have an eighth of slack on average. */
const COLUMN_SLACK = 1.12;

/** Key, value, size, two links, and the place in the index. */
export const ENTRY_OVERHEAD_BYTES: number = columnBytes(8 + 8 + 4 + 4 + 4) + INDEX_PLACE_BYTES;

/** What further columns add for each entry once they are in use. */
export const FLAGS_BYTES: number = columnBytes(4);
export const VERSION_BYTES: number = columnBytes(4);
/** The other half of versions, once one has more than 32 bits. */
export const WIDE_VERSION_BYTES: number = columnBytes(4);
/** The time, and two links of the wheel. */
export const EXPIRY_BYTES: number = columnBytes(8 + 4 + 4);
/** Two times and a mark. */
export const ACCESS_BYTES: number = columnBytes(4 + 4 + 1);
/** What times of 64 bits add. */
export const WIDE_ACCESS_BYTES: number = columnBytes(4 + 4);
/** What the slabs of many tables leave between columns, as a share of each entry's (column-pool.ts). */
const SLAB_GAP_BYTES = 6;
/** In engines of many tables. */
export const STAMP_BYTES: number = columnBytes(8) + SLAB_GAP_BYTES;

/** Whole bytes, so that sums are exact. */
function columnBytes(width: number): number {
  return Math.round(width * COLUMN_SLACK);
}
