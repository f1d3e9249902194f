/**
 * How large pages are: a small share of the budget, within bounds, so that a page that is not full does not matter. A 64th
 * of a small budget; a 1024th of a large one, whose segments are packed one at a time.
 *
 * Pages and segments are of one size: malloc keeps what is given back in the middle of its heap, and so each kind must
 * fit where another one has been. With pages of 1 MiB beside segments of 256 KiB, a budget of 256 MiB took 445.
 */

const PAGE_SHARE_SHIFT = 6;
const MIN_PAGE_SHIFT = 12;
const MIN_SEGMENT_SHIFT = 14;
const SMALL_SEGMENT_SHIFT = 20;
const LARGE_SHARE_SHIFT = 10;
const MAX_SEGMENT_SHIFT = 24;
const MIN_UNIT_SHIFT = 3;
/** Units are numbered with 31 bits. */
const MAX_UNITS = 2 ** 31;

export interface PageSizes {
  /** Pages of records, and of the index: as segments, but for the smallest budgets. */
  readonly pageShift: number;
  readonly segmentShift: number;
  /** 8 bytes for budgets up to 15 GiB, then 16, 32 and so on. */
  readonly unitShift: number;
}

export function pageSizes(maxBytes: number): PageSizes {
  const power = Math.floor(Math.log2(maxBytes));
  const share = power - PAGE_SHARE_SHIFT;
  const segmentShare = Math.max(Math.min(share, SMALL_SEGMENT_SHIFT), power - LARGE_SHARE_SHIFT);
  const segmentShift = Math.min(MAX_SEGMENT_SHIFT, Math.max(MIN_SEGMENT_SHIFT, segmentShare));
  let unitShift = MIN_UNIT_SHIFT;
  while (maxBytes > (MAX_UNITS / 16) * 15 * 2 ** unitShift) unitShift++;
  return {
    pageShift: Math.max(MIN_PAGE_SHIFT, Math.min(share, segmentShift)),
    segmentShift,
    unitShift,
  };
}
