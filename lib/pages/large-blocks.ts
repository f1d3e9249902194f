/**
 * Blocks that are pages of their own: nothing has to be moved to make room for one, and its memory comes back as soon as it is
 * free. A reader may be lent the page: it then stays as it is after the item has gone.
 */

import { FREE_LARGE, HELD, type Header, LARGE_END, wordsOf } from './header.js';
import { LARGE, type Memory } from './memory.js';
import { SLOT_MASK } from './records.js';
import { Rows } from './rows.js';

/** What a page of its own takes beside its bytes, on V8's heap and outside. */
export const LARGE_OVERHEAD_BYTES = 512;
const GRAIN_BYTES = 256;
const PAGE_GRAIN_BYTES = 4096;
const PAGE_GRAIN_FROM_BYTES = 65536;
const MAX_LARGE = 2 ** 24;

// Rows.
const BYTES = 0;
const IS_LENT = 1;
const NEXT_FREE = 2;
const ROW_WORDS = 4;

export class LargeBlocks {
  readonly words: Int32Array[] = [];
  readonly buffers: Buffer[] = [];
  private readonly ints: Int32Array;
  private readonly nums: Float64Array;
  private readonly memory: Memory;
  private readonly rows: Rows;

  constructor(header: Header, memory: Memory) {
    this.ints = header.ints;
    this.nums = header.nums;
    this.memory = memory;
    this.rows = new Rows(header, memory, 1, ROW_WORDS);
  }

  begin(): void {
    this.ints[LARGE_END] = 0;
    this.ints[FREE_LARGE] = -1;
    this.words.length = 0;
    this.buffers.length = 0;
  }

  refresh(): void {
    this.rows.refresh();
    this.words.length = 0;
    this.buffers.length = 0;
    for (let id = 0; id < this.ints[LARGE_END]!; id++) {
      const buffer = this.rows.get(id, BYTES) === 0 ? NO_BYTES : this.memory.at(LARGE, id);
      this.buffers[id] = buffer;
      this.words[id] = wordsOf(buffer);
    }
  }

  /** What a block of so many bytes counts, where its page is new. */
  countedBytes(bytes: number): number {
    return this.pageBytes(bytes) + LARGE_OVERHEAD_BYTES;
  }

  private pageBytes(bytes: number): number {
    const grain = bytes < PAGE_GRAIN_FROM_BYTES ? GRAIN_BYTES : PAGE_GRAIN_BYTES;
    return Math.ceil(bytes / grain) * grain;
  }

  /** Bytes that the next `take` of so many adds to what is held, at most: a page that serves again may be longer. */
  growthBytes(bytes: number): number {
    const { ints } = this;
    const rows = ints[FREE_LARGE] === -1 ? this.rows.growthBytes(ints[LARGE_END]!) : 0;
    const page = this.pageBytes(bytes);
    return page + (page >>> 4) + LARGE_OVERHEAD_BYTES + rows;
  }

  /** The number of a new block; -1 when there is no memory. */
  take(bytes: number): number {
    const { ints, rows } = this;
    const id = ints[FREE_LARGE] === -1 ? ints[LARGE_END]! : ints[FREE_LARGE]!;
    if (id >= MAX_LARGE || !rows.ensure(id)) return -1;
    const page = this.memory.obtain(LARGE, id, this.pageBytes(bytes));
    if (page === null) return -1;
    if (id === ints[LARGE_END]) ints[LARGE_END] = id + 1;
    else ints[FREE_LARGE] = rows.get(id, NEXT_FREE);
    rows.put(id, BYTES, page.length);
    rows.put(id, IS_LENT, 0);
    this.buffers[id] = page;
    this.words[id] = wordsOf(page);
    this.words[id]![0] = 0;
    this.nums[HELD]! += page.length + LARGE_OVERHEAD_BYTES;
    return id;
  }

  free(id: number): void {
    const { ints, rows } = this;
    this.nums[HELD]! -= this.sizeOf(id);
    this.memory.release(LARGE, id, rows.get(id, IS_LENT) !== 0);
    rows.put(id, BYTES, 0);
    rows.put(id, NEXT_FREE, ints[FREE_LARGE]!);
    ints[FREE_LARGE] = id;
    this.buffers[id] = NO_BYTES;
    this.words[id] = NO_WORDS;
  }

  /** Bytes that it takes from the budget. */
  sizeOf(id: number): number {
    return this.rows.get(id, BYTES) + LARGE_OVERHEAD_BYTES;
  }

  /** Whether a block of so many bytes may take its place: it fills the page, and nobody reads that. */
  mayHold(id: number, bytes: number): boolean {
    const left = this.rows.get(id, BYTES) - bytes;
    return left >= 0 && left <= bytes >>> 4 && this.rows.get(id, IS_LENT) === 0;
  }

  /** From now on its page never changes. */
  lend(id: number): void {
    this.rows.put(id, IS_LENT, 1);
  }

  /** Frees all that are not reserved. O(blocks). */
  clear(): void {
    let reserved = 0;
    for (let id = this.ints[LARGE_END]! - 1; id >= 0; id--) {
      if (this.rows.get(id, BYTES) === 0) continue;
      if (this.words[id]![0] === SLOT_MASK) reserved++;
      else this.free(id);
    }
    if (reserved > 0) return;
    this.rows.clear();
    this.begin();
  }

  get heldBytes(): number {
    let bytes = this.rows.heldBytes;
    for (let id = 0; id < this.ints[LARGE_END]!; id++)
      if (this.rows.get(id, BYTES) !== 0) bytes += this.sizeOf(id);
    return bytes;
  }

  /** What is inconsistent; calls `visit` with each block in use. O(blocks). */
  verify(visit: (place: number, slot: number, isPinned: boolean) => void): string[] {
    const { ints, rows } = this;
    const problems: string[] = [];
    let free = 0;
    for (let id = 0; id < ints[LARGE_END]!; id++) {
      if (rows.get(id, BYTES) === 0) {
        free++;
        continue;
      }
      if (rows.get(id, BYTES) !== this.buffers[id]!.length)
        problems.push(`large block ${id} has another length`);
      const slot = this.words[id]![0]!;
      visit(~id, slot, slot === SLOT_MASK);
    }
    for (let id = ints[FREE_LARGE]!; id !== -1; id = rows.get(id, NEXT_FREE))
      if (--free < 0 || rows.get(id, BYTES) !== 0)
        return [...problems, 'the list of free large blocks is wrong'];
    if (free !== 0) problems.push(`${free} free large blocks are in no list`);
    return problems;
  }
}

const NO_BYTES = Buffer.alloc(0);
const NO_WORDS = new Int32Array(0);
