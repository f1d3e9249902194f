/**
 * How large pages are: a small share of the budget, within bounds, so that a page that is not full does not matter. A 64th
 * of a small budget; a 1024th of a large one, whose segments are packed one at a time.
 */

const PAGE_SHARE_SHIFT = 6;
const MIN_PAGE_SHIFT = 12;
const MAX_PAGE_SHIFT = 20;
const MIN_SEGMENT_SHIFT = 14;
const SMALL_SEGMENT_SHIFT = 18;
const LARGE_SHARE_SHIFT = 10;
const MAX_SEGMENT_SHIFT = 24;
const MIN_UNIT_SHIFT = 3;
/** Units are numbered with 31 bits. */
const MAX_UNITS = 2 ** 31;

export interface PageSizes {
  /** Pages of records, and of the index. */
  readonly pageShift: number;
  readonly segmentShift: number;
  /** 8 bytes for budgets up to 15 GiB, then 16, 32 and so on. */
  readonly unitShift: number;
}

export function pageSizes(maxBytes: number): PageSizes {
  const power = Math.floor(Math.log2(maxBytes));
  const share = power - PAGE_SHARE_SHIFT;
  const segmentShare = Math.max(Math.min(share, SMALL_SEGMENT_SHIFT), power - LARGE_SHARE_SHIFT);
  let unitShift = MIN_UNIT_SHIFT;
  while (maxBytes > (MAX_UNITS / 16) * 15 * 2 ** unitShift) unitShift++;
  return {
    pageShift: Math.min(MAX_PAGE_SHIFT, Math.max(MIN_PAGE_SHIFT, share)),
    segmentShift: Math.min(MAX_SEGMENT_SHIFT, Math.max(MIN_SEGMENT_SHIFT, segmentShare)),
    unitShift,
  };
}
