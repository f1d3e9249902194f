/** Numbers about things that are numbered from 0: rows of words, in small pages that stay until all are cleared. */

import { HELD, type Header, ROW_PAGES, wordsOf } from './header.js';
import { LARGE_ROWS, type Memory, SEGMENT_ROWS } from './memory.js';

const PAGE_BYTES = 4096;

export class Rows {
  private readonly pages: Int32Array[] = [];
  private readonly ints: Int32Array;
  private readonly nums: Float64Array;
  private readonly memory: Memory;
  private readonly table: 0 | 1;
  private readonly wordsShift: number;
  private readonly rowsShift: number;
  private readonly rowMask: number;

  /** `table`: 0 about segments, 1 about large blocks. `words`, of a row, are a power of two. */
  constructor(header: Header, memory: Memory, table: 0 | 1, words: number) {
    this.ints = header.ints;
    this.nums = header.nums;
    this.memory = memory;
    this.table = table;
    this.wordsShift = 31 - Math.clz32(words);
    this.rowsShift = 31 - Math.clz32(PAGE_BYTES / 4 / words);
    this.rowMask = (1 << this.rowsShift) - 1;
  }

  private get kind(): typeof SEGMENT_ROWS | typeof LARGE_ROWS {
    return this.table === 0 ? SEGMENT_ROWS : LARGE_ROWS;
  }

  get(row: number, word: number): number {
    return this.pages[row >>> this.rowsShift]![((row & this.rowMask) << this.wordsShift) | word]!;
  }

  put(row: number, word: number, value: number): void {
    this.pages[row >>> this.rowsShift]![((row & this.rowMask) << this.wordsShift) | word] = value;
  }

  add(row: number, word: number, value: number): void {
    this.pages[row >>> this.rowsShift]![((row & this.rowMask) << this.wordsShift) | word]! += value;
  }

  /** Bytes that `ensure` adds to what is held. */
  growthBytes(row: number): number {
    return row >>> this.rowsShift < this.ints[ROW_PAGES + this.table]! ? 0 : PAGE_BYTES;
  }

  /** Makes room for a row; rows come in order. False when there is no memory. */
  ensure(row: number): boolean {
    const { ints } = this;
    const pages = ROW_PAGES + this.table;
    while (row >>> this.rowsShift >= ints[pages]!) {
      const memory = this.memory.obtain(this.kind, ints[pages]!, PAGE_BYTES);
      if (memory === null) return false;
      memory.fill(0);
      this.pages[ints[pages]!] = wordsOf(memory);
      ints[pages]!++;
      this.nums[HELD]! += PAGE_BYTES;
    }
    return true;
  }

  refresh(): void {
    this.pages.length = 0;
    for (let page = 0; page < this.ints[ROW_PAGES + this.table]!; page++)
      this.pages[page] = wordsOf(this.memory.at(this.kind, page));
  }

  clear(): void {
    const { ints } = this;
    this.nums[HELD]! -= this.heldBytes;
    for (let page = ints[ROW_PAGES + this.table]! - 1; page >= 0; page--)
      this.memory.release(this.kind, page, false);
    ints[ROW_PAGES + this.table] = 0;
    this.pages.length = 0;
  }

  get heldBytes(): number {
    return this.ints[ROW_PAGES + this.table]! * PAGE_BYTES;
  }
}
