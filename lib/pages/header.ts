/**
 * What a page store knows about itself, in one page: whole numbers, other numbers, counters, and the free lists'
 * heads. Nothing else of a store may differ between threads, but views of memory.
 */

import { HEADER, type Memory } from './memory.js';

// Whole numbers below 2^31: indices of `ints`.
export const SIZE = 0;
export const LAST_STORED = 1;
/** The first slot that has never been used, or was given up. */
export const RECORDS_END = 2;
/** Slots whose memory has been used, since their page was obtained. */
export const RECORDS_TOUCHED = 3;
export const FREE_RECORD = 4;
export const FREE_RECORDS = 5;
export const RECORD_PAGES = 6;
export const BUCKETS = 7;
export const HEADS_TOUCHED = 8;
export const HEAD_PAGES = 9;
/** Slot at which the search for expired items continues. */
export const HAND = 10;
/** Rows of segments in use are below. */
export const SEGMENTS_END = 11;
/** The segment whose end has room; 0 for none. */
export const CURRENT = 12;
/** The segment that is being packed; 0 for none. */
export const PACKED = 13;
/** How it is packed: see packer.ts. */
export const MODE = 14;
/** The unit in it at which packing continues. */
export const CURSOR = 15;
export const LARGE_END = 16;
export const FREE_LARGE = 17;
export const HASH_SEED = 18;
export const MIX_SEED = 19;
export const WALKS = 20;
export const GIVES_VERSIONS = 21;
export const PINNED_SEGMENTS = 22;
export const SEGMENTS = 23;
/** Pages of rows: about segments, and about large blocks. */
export const ROW_PAGES = 24;
/** Units of the free block that ends where packing continues: the hole that it has made so far. */
export const GAP = 29;
/** The segment that was packed last and is still there: it has one hole, so another one comes next. */
export const LAST_PACKED = 30;
/** Sizes that stay as the store began: see page-sizes.ts. */
export const PAGE_SHIFT = 26;
export const SEGMENT_BYTES_SHIFT = 27;
export const UNIT_SHIFT = 28;
const INTS = 32;

// Other numbers: indices of `nums`.
export const ITEM_BYTES = 0;
export const MAX_BYTES = 1;
/** Bytes of all pages that have been touched. */
export const HELD = 2;
export const HITS = 3;
export const STORES = 4;
export const LAST_VERSION = 5;
/** Times are counted from here. */
export const EPOCH_MS = 6;
/** No item is due before. */
export const NEXT_DUE = 7;
/** The earliest due time that this round of the search has seen, or that was set in the meantime. */
export const SEEN_DUE = 8;
/** Bytes that have been reserved and not been stored yet, with their overhead. */
export const RESERVED = 9;
/** Bytes that packing may still move: see packer.ts. */
export const CREDIT = 10;
export const LAST_EVICTION_IDLE = 11;
export const EVICTION_IDLE_TOTAL = 12;
const NUMS = 16;

const COUNTERS = 12;
const IDLE_BARS = 12;
const WINDOW = 16;
const BITMAP = 8;
export const BINS = 248;

export class Header {
  readonly ints: Int32Array;
  readonly nums: Float64Array;
  readonly counters: Float64Array;
  readonly idles: Float64Array;
  /** For the hit ratio's window. */
  readonly window: Float64Array;
  /** First blocks of the free lists, and a bit for each list that has one. */
  readonly bins: Int32Array;
  readonly bitmap: Int32Array;

  static readonly bytes: number = (NUMS + COUNTERS + IDLE_BARS + WINDOW) * 8 + (INTS + BITMAP + BINS) * 4;

  /** Takes the store that the memory holds, or begins one. */
  constructor(memory: Memory, isNew: boolean) {
    const page = isNew ? memory.obtain(HEADER, 0, Header.bytes)! : memory.at(HEADER, 0);
    if (isNew) page.fill(0);
    let at = page.byteOffset;
    const doubles = (length: number): Float64Array => {
      const view = new Float64Array(page.buffer, at, length);
      at += view.byteLength;
      return view;
    };
    const words = (length: number): Int32Array => {
      const view = new Int32Array(page.buffer, at, length);
      at += view.byteLength;
      return view;
    };
    this.nums = doubles(NUMS);
    this.counters = doubles(COUNTERS);
    this.idles = doubles(IDLE_BARS);
    this.window = doubles(WINDOW);
    this.ints = words(INTS);
    this.bitmap = words(BITMAP);
    this.bins = words(BINS);
  }
}

/** A page as 32-bit words. */
export function wordsOf(page: Buffer): Int32Array {
  return new Int32Array(page.buffer, page.byteOffset, page.length >>> 2);
}
