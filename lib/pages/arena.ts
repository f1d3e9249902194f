/**
 * Where keys and values lie: blocks in segments, measured in units. A block never crosses a segment, and one that would take
 * more than an eighth of a segment is a page of its own (large-blocks.ts). Free blocks are merged with their
 * neighbours at once (boundary tags) and found by size: a list for each size below 64 units, above that eight lists
 * for each power of two. O(1), but for the copying of bytes.
 *
 * A place is a block's unit, counted over all segments from segment 1, or `~n` for large block n.
 *
 * | words of a block | in use                                                              | free              |
 * |------------------|---------------------------------------------------------------------|-------------------|
 * | 0                | slot, and whether the block before is free                          | units, and whether it is listed; below 0 |
 * | 1                | length of the key 8 bits, wide 1, extra 1, length of the value 22    | next in its list  |
 * | 2, 3 (extra)     | flags, upper 32 bits of the version                                 | previous in its list |
 * | 4, 5 (wide)      | length of the value                                                 |                   |
 * | last             |                                                                     | units             |
 *
 * Key and value follow. A wide block has all six words, and room for the longest key, so that the value can be written before
 * the key is known: it is reserved then, and never moves.
 */

import type { KeyBytes } from '../items.js';
import type { Budget } from './budget.js';
import {
  CURRENT,
  CURSOR,
  GAP,
  HELD,
  type Header,
  LAST_PACKED,
  MODE,
  PACKED,
  PINNED_SEGMENTS,
  SEGMENTS,
  SEGMENTS_END,
  wordsOf,
} from './header.js';
import { LargeBlocks } from './large-blocks.js';
import { type Memory, SEGMENT } from './memory.js';
import { SLOT_MASK } from './records.js';
import { Rows } from './rows.js';

export const MAX_KEY_BYTES = 255;
// How a segment is packed.
/** To make a hole: its other holes stay in the free lists. */
export const FOR_HOLE = 0;
/** To become empty: its holes leave the free lists first, */
export const CLOSING = 1;
/** and have left them. */
export const CLOSED = 2;

/** The slot of a block that is reserved. */
export const RESERVED_SLOT: number = SLOT_MASK;

// Word 0.
const PREVIOUS_IS_FREE = 0x40000000;
const FREE = -0x80000000;
const LISTED = 0x40000000;
const UNITS_MASK = 0x00ffffff;

// Word 1.
export const KEY_MASK = 0xff;
export const WIDE = 0x100;
export const EXTRA = 0x200;
export const VALUE_SHIFT = 10;

const KEY_AT = 8;
const EXTRA_KEY_AT = 16;
const WIDE_KEY_AT = 24;
const WIDE_VALUE_AT = WIDE_KEY_AT + 256;
/** Room behind the value of a wide block for what ends it on the wire, which is read with it, and for one byte more. */
const WIDE_END_BYTES = 3;

/** Shorter ranges are copied by a loop: a call takes as long as 40 bytes. */
const LOOP_BYTES = 40;
/** Shorter ones of the store go out word by word: a call makes an object, and takes as long as 200 bytes. */
const WORD_LOOP_BYTES = 200;
const IS_LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
/** A large block takes more than this share of a segment: an eighth. */
const LARGE_SHIFT = 3;
/** Below so many units there is a list for each size. */
const EXACT_UNITS = 64;
/** Blocks of a list that are tried where not all are large enough, or where not all will do. */
const LOOKS = 6;

// Rows about segments.
const END = 0;
const TOUCHED = 1;
const FREE_UNITS = 2;
const PINS = 3;
const PRESENT = 4;
const ROW_WORDS = 8;

export interface ArenaSizes {
  readonly unitShift: number;
  readonly segmentBytes: number;
}

export class Arena {
  readonly large: LargeBlocks;
  readonly words: Int32Array[] = [];
  readonly buffers: Buffer[] = [];
  readonly unitShift: number;
  /** Units of a segment: their power of two. */
  readonly segmentShift: number;
  readonly segmentUnits: number;
  readonly largeFromBytes: number;
  private readonly unitMask: number;
  private readonly wordShift: number;
  private readonly minUnits: number;
  private readonly maxSegments: number;
  private readonly ints: Int32Array;
  private readonly nums: Float64Array;
  private readonly bins: Int32Array;
  private readonly bitmap: Int32Array;
  private readonly memory: Memory;
  private readonly budget: Budget;
  readonly rows: Rows;
  /** Where the last value was copied to: the next one mostly goes there as well. */
  private target: Buffer = NO_BYTES;
  private source: Uint8Array = NO_BYTES;
  private sourceView: DataView = new DataView(NO_BYTES.buffer, NO_BYTES.byteOffset, 0);
  private targetView: DataView = new DataView(NO_BYTES.buffer, NO_BYTES.byteOffset, 0);

  constructor(header: Header, memory: Memory, budget: Budget, sizes: ArenaSizes) {
    this.ints = header.ints;
    this.nums = header.nums;
    this.bins = header.bins;
    this.bitmap = header.bitmap;
    this.memory = memory;
    this.budget = budget;
    this.unitShift = sizes.unitShift;
    this.segmentUnits = sizes.segmentBytes >>> this.unitShift;
    this.segmentShift = 31 - Math.clz32(this.segmentUnits);
    this.unitMask = this.segmentUnits - 1;
    this.wordShift = this.unitShift - 2;
    this.minUnits = Math.max(1, 16 >>> this.unitShift);
    this.maxSegments = Math.min(2 ** 31 / this.segmentUnits, 65536) - 1;
    this.largeFromBytes = (sizes.segmentBytes >>> LARGE_SHIFT) + 1;
    this.rows = new Rows(header, memory, 0, ROW_WORDS);
    this.large = new LargeBlocks(header, memory);
  }

  begin(): void {
    const { ints } = this;
    ints[SEGMENTS_END] = 1;
    ints[SEGMENTS] = 0;
    ints[CURRENT] = 0;
    ints[PACKED] = 0;
    ints[PINNED_SEGMENTS] = 0;
    this.large.begin();
  }

  /** Another thread may have added memory, and taken some away. */
  refresh(): void {
    this.rows.refresh();
    this.words.length = 0;
    this.buffers.length = 0;
    for (let id = 1; id < this.ints[SEGMENTS_END]!; id++) {
      const buffer = this.isPresent(id) ? this.memory.at(SEGMENT, id) : NO_BYTES;
      this.buffers[id] = buffer;
      this.words[id] = wordsOf(buffer);
    }
    this.large.refresh();
  }

  // What is in a block

  wordsOf(place: number): Int32Array {
    return place < 0 ? this.large.words[~place]! : this.words[place >>> this.segmentShift]!;
  }

  bytesOf(place: number): Buffer {
    return place < 0 ? this.large.buffers[~place]! : this.buffers[place >>> this.segmentShift]!;
  }

  /** The block's first word. */
  private baseOf(place: number): number {
    return place < 0 ? 0 : (place & this.unitMask) << this.wordShift;
  }

  private shapeOf(place: number): number {
    return this.wordsOf(place)[this.baseOf(place) + 1]!;
  }

  keyBytes(place: number): number {
    return this.shapeOf(place) & KEY_MASK;
  }

  keyStart(place: number): number {
    return (this.baseOf(place) << 2) + keyAt(this.shapeOf(place));
  }

  valueBytes(place: number): number {
    const words = this.wordsOf(place);
    const base = this.baseOf(place);
    const shape = words[base + 1]!;
    return (shape & WIDE) === 0 ? shape >>> VALUE_SHIFT : words[base + 4]!;
  }

  valueStart(place: number): number {
    const shape = this.shapeOf(place);
    return (
      (this.baseOf(place) << 2) + ((shape & WIDE) === 0 ? keyAt(shape) + (shape & KEY_MASK) : WIDE_VALUE_AT)
    );
  }

  /** Copies the value to `target`, from `at` on. O(bytes). */
  copyValue(place: number, target: Buffer, at: number): void {
    const words = this.wordsOf(place);
    const base = this.baseOf(place);
    const shape = words[base + 1]!;
    const isWide = (shape & WIDE) !== 0;
    const start = (base << 2) + (isWide ? WIDE_VALUE_AT : keyAt(shape) + (shape & KEY_MASK));
    const length = isWide ? words[base + 4]! : shape >>> VALUE_SHIFT;
    this.copyOut(place, start, length, target, at);
  }

  /** Copies the key to `target`, from `at` on, and the value behind it where `withValue`. O(bytes). */
  copyItem(place: number, withValue: boolean, target: Buffer, at: number): void {
    const shape = this.shapeOf(place);
    const isOnePiece = withValue && (shape & WIDE) === 0;
    const keyBytes = shape & KEY_MASK;
    const length = keyBytes + (isOnePiece ? shape >>> VALUE_SHIFT : 0);
    this.copyOut(place, (this.baseOf(place) << 2) + keyAt(shape), length, target, at);
    if (withValue && !isOnePiece) this.copyValue(place, target, at + keyBytes);
  }

  private copyOut(place: number, start: number, length: number, target: Buffer, at: number): void {
    if (length > WORD_LOOP_BYTES || !IS_LITTLE_ENDIAN) {
      copyBytes(this.bytesOf(place), start, start + length, target, at);
      return;
    }
    if (target !== this.target) {
      this.target = target;
      this.targetView = new DataView(target.buffer, target.byteOffset, target.length);
    }
    copyWords(this.wordsOf(place), start, length, this.targetView, at);
  }

  hasExtra(place: number): boolean {
    return (this.shapeOf(place) & (EXTRA | WIDE)) !== 0;
  }

  flags(place: number): number {
    const words = this.wordsOf(place);
    const base = this.baseOf(place);
    return (words[base + 1]! & (EXTRA | WIDE)) === 0 ? 0 : words[base + 2]! >>> 0;
  }

  versionHigh(place: number): number {
    return this.wordsOf(place)[this.baseOf(place) + 3]! >>> 0;
  }

  setVersionHigh(place: number, high: number): void {
    this.wordsOf(place)[this.baseOf(place) + 3] = high;
  }

  hasKey(place: number, key: KeyBytes): boolean {
    const words = this.wordsOf(place);
    const base = this.baseOf(place);
    const shape = words[base + 1]!;
    const { bytes, start, end } = key;
    if ((shape & KEY_MASK) !== end - start) return false;
    const view = this.viewOf(bytes);
    let word = base + (keyAt(shape) >>> 2);
    let i = start;
    for (const last = end - 3; i < last; i += 4)
      if (words[word++] !== view.getInt32(i, IS_LITTLE_ENDIAN)) return false;
    if (i === end) return true;
    const own = this.bytesOf(place);
    for (let at = word << 2; i < end; i++) if (own[at++] !== bytes[i]) return false;
    return true;
  }

  keyBegins(place: number, prefix: Uint8Array): boolean {
    if (prefix.length > this.keyBytes(place)) return false;
    const own = this.bytesOf(place);
    let at = this.keyStart(place);
    for (let i = 0; i < prefix.length; i++) if (own[at++] !== prefix[i]) return false;
    return true;
  }

  haveSameKey(place: number, other: number): boolean {
    const length = this.keyBytes(place);
    if (length !== this.keyBytes(other)) return false;
    const start = this.keyStart(place);
    const otherStart = this.keyStart(other);
    return (
      this.bytesOf(place).compare(
        this.bytesOf(other),
        otherStart,
        otherStart + length,
        start,
        start + length,
      ) === 0
    );
  }

  // Writing a block

  /** Bytes that a block takes; more than `largeFromBytes` makes it a large one. */
  blockBytes(keyBytes: number, valueBytes: number, isWide: boolean, hasExtra: boolean): number {
    if (isWide) return WIDE_VALUE_AT + valueBytes + WIDE_END_BYTES;
    return (hasExtra ? EXTRA_KEY_AT : KEY_AT) + keyBytes + valueBytes;
  }

  unitsOf(bytes: number): number {
    return Math.max(this.minUnits, (bytes + (1 << this.unitShift) - 1) >>> this.unitShift);
  }

  /** Bytes that a block takes from the budget. */
  sizeAt(place: number): number {
    return place < 0 ? this.large.sizeOf(~place) : this.unitsAt(place) << this.unitShift;
  }

  /** Units of a block in a segment that is in use. */
  unitsAt(place: number): number {
    return this.unitsIn(this.wordsOf(place), this.baseOf(place));
  }

  private unitsIn(words: Int32Array, base: number): number {
    const shape = words[base + 1]!;
    if ((shape & WIDE) !== 0) return this.unitsOf(WIDE_VALUE_AT + words[base + 4]! + WIDE_END_BYTES);
    return this.unitsOf(keyAt(shape) + (shape & KEY_MASK) + (shape >>> VALUE_SHIFT));
  }

  /** Gives a block, new or not, its owner and shape. */
  describe(
    place: number,
    slot: number,
    keyBytes: number,
    valueBytes: number,
    isWide: boolean,
    hasExtra: boolean,
  ): void {
    const words = this.wordsOf(place);
    const base = this.baseOf(place);
    words[base] = (words[base]! & PREVIOUS_IS_FREE) | slot;
    if (!isWide) {
      words[base + 1] = keyBytes | (hasExtra ? EXTRA : 0) | (valueBytes << VALUE_SHIFT);
      return;
    }
    words[base + 1] = keyBytes | WIDE;
    words[base + 4] = valueBytes;
  }

  /** Copies `from[start, end)` into a block, to the byte `to` of its segment or page. */
  write(place: number, to: number, from: Uint8Array, start: number, end: number): void {
    const bytes = this.bytesOf(place);
    if (end - start > WORD_LOOP_BYTES) {
      (from as Buffer).copy(bytes, to, start, end);
      return;
    }
    const words = this.wordsOf(place);
    const view = this.viewOf(from);
    let at = to;
    let i = start;
    for (; (at & 3) !== 0 && i < end; i++) bytes[at++] = from[i]!;
    let word = at >>> 2;
    for (const last = end - 3; i < last; i += 4) words[word++] = view.getInt32(i, IS_LITTLE_ENDIAN);
    for (at = i === end ? 0 : at + ((word - (at >>> 2)) << 2); i < end; i++) bytes[at++] = from[i]!;
  }

  /** The bytes that a request lies in come again for each key and value in them. */
  private viewOf(bytes: Uint8Array): DataView {
    if (bytes !== this.source) {
      this.source = bytes;
      this.sourceView = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    return this.sourceView;
  }

  /** Gives a block a value of another length, where it has just the room. Returns where the value goes; 0 where it has not. */
  reshape(place: number, valueBytes: number, hasExtra: boolean): number {
    const words = this.wordsOf(place);
    if (place < 0) {
      if (!this.large.mayHold(~place, this.blockBytes(0, valueBytes, true, true))) return 0;
      words[4] = valueBytes;
      return WIDE_VALUE_AT;
    }
    const base = this.baseOf(place);
    const shape = words[base + 1]!;
    if ((shape & (WIDE | EXTRA)) !== (hasExtra ? EXTRA : 0)) return 0;
    const valueAt = keyAt(shape) + (shape & KEY_MASK);
    if (this.unitsOf(valueAt + (shape >>> VALUE_SHIFT)) !== this.unitsOf(valueAt + valueBytes)) return 0;
    words[base + 1] = (shape & ((1 << VALUE_SHIFT) - 1)) | (valueBytes << VALUE_SHIFT);
    return (base << 2) + valueAt;
  }

  setFlags(place: number, flags: number): void {
    this.wordsOf(place)[this.baseOf(place) + 2] = flags;
  }

  setSlot(place: number, slot: number): void {
    const words = this.wordsOf(place);
    const base = this.baseOf(place);
    words[base] = (words[base]! & PREVIOUS_IS_FREE) | slot;
  }

  slotOf(place: number): number {
    return this.wordsOf(place)[this.baseOf(place)]! & SLOT_MASK;
  }

  /** Pins a block in a segment, or lets it move again. */
  pin(place: number, by: 1 | -1): void {
    const id = place >>> this.segmentShift;
    const before = this.rows.get(id, PINS);
    this.rows.put(id, PINS, before + by);
    if (before === 0) this.ints[PINNED_SEGMENTS]!++;
    if (before + by === 0) this.ints[PINNED_SEGMENTS]!--;
  }

  // Taking and giving back

  /** A block of so many units, whose first word only is set; 0 when there is none without packing. */
  take(units: number): number {
    let place = this.takeListed(units);
    if (place === 0 && this.ints[PACKED] !== 0) place = this.takeGap(units);
    return place !== 0 ? place : this.takeFresh(units, true);
  }

  /** From the free lists. */
  takeListed(units: number): number {
    const { bins, bitmap } = this;
    const bin = binOf(units);
    let found = 0;
    if (bins[bin] !== 0) found = units < EXACT_UNITS ? bins[bin]! : this.largeEnough(bins[bin]!, units);
    if (found === 0) {
      // A block that is one unit larger leaves a sliver: it comes last.
      const from = units < EXACT_UNITS - 1 ? bin + 2 : bin + 1;
      let word = from >>> 5;
      let bits = word < bitmap.length ? bitmap[word]! & (-1 << (from & 31)) : 0;
      while (bits === 0 && ++word < bitmap.length) bits = bitmap[word]!;
      if (bits !== 0) found = bins[(word << 5) + 31 - Math.clz32(bits & -bits)]!;
      else if (from === bin + 2) found = bins[bin + 1]!;
    }
    if (found === 0) return 0;
    const id = found >>> this.segmentShift;
    const words = this.words[id]!;
    const unit = found & this.unitMask;
    const has = words[unit << this.wordShift]! & UNITS_MASK;
    this.unlist(words, unit, has);
    this.carve(id, words, unit, has, units);
    return found;
  }

  private largeEnough(first: number, units: number): number {
    let place = first;
    for (let looks = 0; place !== 0 && looks < LOOKS; looks++) {
      const words = this.words[place >>> this.segmentShift]!;
      const base = (place & this.unitMask) << this.wordShift;
      if ((words[base]! & UNITS_MASK) >= units) return place;
      place = words[base + 1]!;
    }
    return 0;
  }

  /** Takes `units` from the beginning of a free block that is in no list; the rest is a free block. */
  private carve(id: number, words: Int32Array, unit: number, has: number, units: number): void {
    this.rows.add(id, FREE_UNITS, -units);
    words[unit << this.wordShift] = 0;
    if (has > units) this.putFree(id, words, unit + units, has - units);
    else this.markAfter(id, words, unit + units, false);
  }

  /** From the hole that packing has made so far. */
  private takeGap(units: number): number {
    const { ints } = this;
    const id = ints[PACKED]!;
    const gap = ints[GAP]!;
    if (gap < units) return 0;
    const unit = ints[CURSOR]! - gap;
    ints[GAP] = gap - units;
    this.carve(id, this.words[id]!, unit, gap, units);
    return (id << this.segmentShift) | unit;
  }

  /** From memory that has not been used yet. `isStrict`: only while there are few holes. */
  takeFresh(units: number, isStrict: boolean): number {
    const { ints, rows, budget } = this;
    let id = ints[CURRENT]!;
    if (id !== 0) {
      const end = rows.get(id, END);
      if (end + units <= this.segmentUnits) {
        const touched = rows.get(id, TOUCHED);
        const grows = Math.max(0, end + units - touched);
        if (grows > 0 && !budget.allowsForItems(grows << this.unitShift, isStrict)) return 0;
        this.touch(id, end + units);
        rows.put(id, END, end + units);
        this.words[id]![end << this.wordShift] = 0;
        return (id << this.segmentShift) | end;
      }
    }
    const left = id === 0 ? 0 : this.segmentUnits - rows.get(id, END);
    const untouched = id === 0 ? 0 : this.segmentUnits - rows.get(id, TOUCHED);
    if (!budget.allowsForItems((units + untouched) << this.unitShift, isStrict)) return 0;
    const before = id;
    id = this.addSegment();
    if (id === 0) return 0;
    if (left > 0) {
      const words = this.words[before]!;
      const end = this.segmentUnits - left;
      this.touch(before, this.segmentUnits);
      rows.put(before, END, this.segmentUnits);
      words[end << this.wordShift] = 0;
      ints[CURRENT] = id;
      this.release(before, end, left);
    }
    ints[CURRENT] = id;
    this.touch(id, units);
    rows.put(id, END, units);
    this.words[id]![0] = 0;
    return id << this.segmentShift;
  }

  private touch(id: number, units: number): void {
    const grows = units - this.rows.get(id, TOUCHED);
    if (grows <= 0) return;
    this.rows.put(id, TOUCHED, units);
    this.nums[HELD]! += grows << this.unitShift;
  }

  private addSegment(): number {
    const { ints, rows } = this;
    let id = 1;
    if (ints[SEGMENTS] === ints[SEGMENTS_END]! - 1) id = ints[SEGMENTS_END]!;
    else while (this.isPresent(id)) id++;
    if (id > this.maxSegments) return 0;
    if (!rows.ensure(id)) return 0;
    const memory = this.memory.obtain(SEGMENT, id, this.segmentUnits << this.unitShift);
    if (memory === null) return 0;
    for (let word = 0; word < ROW_WORDS; word++) rows.put(id, word, 0);
    rows.put(id, PRESENT, 1);
    ints[SEGMENTS]!++;
    if (id === ints[SEGMENTS_END]) ints[SEGMENTS_END] = id + 1;
    this.buffers[id] = memory;
    this.words[id] = wordsOf(memory);
    return id;
  }

  isPresent(id: number): boolean {
    return this.rows.get(id, PRESENT) !== 0;
  }

  /** Gives a segment without blocks in use back; none of its free blocks may be listed. */
  private dropSegment(id: number): void {
    const { ints, rows } = this;
    this.nums[HELD]! -= rows.get(id, TOUCHED) << this.unitShift;
    rows.put(id, PRESENT, 0);
    ints[SEGMENTS]!--;
    if (ints[CURRENT] === id) ints[CURRENT] = 0;
    if (ints[LAST_PACKED] === id) ints[LAST_PACKED] = 0;
    this.buffers[id] = NO_BYTES;
    this.words[id] = NO_WORDS;
    this.memory.release(SEGMENT, id, false);
    while (ints[SEGMENTS_END]! > 1 && !this.isPresent(ints[SEGMENTS_END]! - 1)) ints[SEGMENTS_END]!--;
  }

  /** Gives a block in a segment back. */
  free(place: number, units: number): void {
    this.release(place >>> this.segmentShift, place & this.unitMask, units);
  }

  private release(id: number, unit: number, units: number): void {
    const { ints, rows } = this;
    const words = this.words[id]!;
    let start = unit;
    let end = unit + units;
    rows.add(id, FREE_UNITS, units);
    if ((words[start << this.wordShift]! & PREVIOUS_IS_FREE) !== 0) {
      const before = words[(start << this.wordShift) - 1]!;
      start -= before;
      this.unlist(words, start, before);
    }
    const segmentEnd = rows.get(id, END);
    if (end < segmentEnd) {
      const after = words[end << this.wordShift]!;
      if (after < 0) {
        this.unlist(words, end, after & UNITS_MASK);
        end += after & UNITS_MASK;
      }
    }
    if (end - start === segmentEnd && this.budget.isLoose && id !== ints[PACKED]) {
      this.dropSegment(id);
      return;
    }
    const isPacked = id === ints[PACKED];
    if (isPacked && start < ints[CURSOR]! && ints[CURSOR]! <= end) {
      ints[CURSOR] = end;
      if (ints[MODE] !== CLOSING) ints[GAP] = end - start;
    }
    if (end === segmentEnd && id === ints[CURRENT]) {
      rows.add(id, FREE_UNITS, start - end);
      rows.put(id, END, start);
      if (isPacked && ints[CURSOR]! > start) {
        ints[CURSOR] = start;
        ints[GAP] = 0;
      }
      return;
    }
    this.putFree(id, words, start, end - start);
  }

  /** Writes the tags of a free block and lists it, except for what packing uses itself. */
  private putFree(id: number, words: Int32Array, unit: number, units: number): void {
    const base = unit << this.wordShift;
    words[base] = FREE | units;
    words[((unit + units) << this.wordShift) - 1] = units;
    this.markAfter(id, words, unit + units, true);
    if (units < this.minUnits) return;
    const { ints } = this;
    if (id !== ints[PACKED] || (ints[MODE] === FOR_HOLE && unit + units !== ints[CURSOR]))
      this.list(id, words, unit, units);
  }

  private markAfter(id: number, words: Int32Array, unit: number, isFree: boolean): void {
    if (unit >= this.rows.get(id, END)) return;
    const base = unit << this.wordShift;
    // No two free blocks are neighbours.
    words[base] = isFree ? words[base]! | PREVIOUS_IS_FREE : words[base]! & ~PREVIOUS_IS_FREE;
  }

  private list(id: number, words: Int32Array, unit: number, units: number): void {
    const { bins } = this;
    const bin = binOf(units);
    const base = unit << this.wordShift;
    const place = (id << this.segmentShift) | unit;
    const first = bins[bin]!;
    words[base] = FREE | LISTED | units;
    words[base + 1] = first;
    words[base + 2] = 0;
    if (first === 0) this.bitmap[bin >>> 5]! |= 1 << (bin & 31);
    else this.words[first >>> this.segmentShift]![((first & this.unitMask) << this.wordShift) + 2] = place;
    bins[bin] = place;
  }

  /** Takes a free block out of its list, if it is in one. */
  private unlist(words: Int32Array, unit: number, units: number): void {
    const base = unit << this.wordShift;
    if ((words[base]! & LISTED) === 0) return;
    words[base]! &= ~LISTED;
    const next = words[base + 1]!;
    const previous = words[base + 2]!;
    if (next !== 0)
      this.words[next >>> this.segmentShift]![((next & this.unitMask) << this.wordShift) + 2] = previous;
    if (previous !== 0) {
      this.words[previous >>> this.segmentShift]![((previous & this.unitMask) << this.wordShift) + 1] = next;
      return;
    }
    const bin = binOf(units);
    this.bins[bin] = next;
    if (next === 0) this.bitmap[bin >>> 5]! &= ~(1 << (bin & 31));
  }

  // For the packer

  /**
   * The segment with the most free units that has no reserved block and was not packed last; 0 where none has `least`.
   * `toEmpty`: the others must have room for its blocks. O(segments).
   */
  emptiest(least: number, toEmpty: boolean): number {
    const { ints, rows } = this;
    const last = ints[LAST_PACKED]!;
    let best = 0;
    let most = least - 1;
    let all = 0;
    for (let id = 1; id < ints[SEGMENTS_END]!; id++) {
      if (!this.isPresent(id)) continue;
      const free = this.unusedIn(id);
      all += free;
      if (free <= most || id === last || this.isPinned(id)) continue;
      best = id;
      most = free;
    }
    if (best !== 0) return toEmpty && all - most < rows.get(best, TOUCHED) - most ? 0 : best;
    return toEmpty || last === 0 || this.isPinned(last) || this.unusedIn(last) < least ? 0 : last;
  }

  /** Units of a segment that have been touched and hold nothing. */
  private unusedIn(id: number): number {
    const { rows } = this;
    return rows.get(id, FREE_UNITS) + rows.get(id, TOUCHED) - rows.get(id, END);
  }

  /** A block elsewhere than in the segment that is being emptied, without more memory; 0 when there is none. */
  takeElsewhere(units: number): number {
    const place = this.takeListed(units);
    const { ints, rows } = this;
    const id = ints[CURRENT]!;
    if (place !== 0 || id === 0 || id === ints[PACKED]) return place;
    return rows.get(id, END) + units <= rows.get(id, TOUCHED) ? this.takeFresh(units, false) : 0;
  }

  isPinned(id: number): boolean {
    return this.rows.get(id, PINS) > 0;
  }

  endOf(id: number): number {
    return this.rows.get(id, END);
  }

  /** Takes free blocks of the segment that is being packed out of the lists, from the cursor on. Returns blocks visited. */
  close(limit: number): number {
    const { ints } = this;
    const id = ints[PACKED]!;
    const words = this.words[id]!;
    const end = this.rows.get(id, END);
    let visited = 0;
    let unit = ints[CURSOR]!;
    for (; unit < end && visited < limit; visited++) {
      const head = words[unit << this.wordShift]!;
      if (head < 0) {
        this.unlist(words, unit, head & UNITS_MASK);
        unit += head & UNITS_MASK;
      } else unit += this.unitsIn(words, unit << this.wordShift);
    }
    ints[CURSOR] = unit;
    if (unit < end) return visited;
    ints[MODE] = CLOSED;
    ints[CURSOR] = 0;
    return visited;
  }

  /** The slot of the block at the cursor; -1 for a free block, 0 at the end. */
  slotAtCursor(): number {
    const { ints } = this;
    const id = ints[PACKED]!;
    if (ints[CURSOR]! >= this.rows.get(id, END)) return 0;
    const head = this.words[id]![ints[CURSOR]! << this.wordShift]!;
    return head < 0 ? -1 : head & SLOT_MASK;
  }

  /** Steps over the free block at the cursor, which is the gap now. */
  passFree(): void {
    const { ints } = this;
    const words = this.words[ints[PACKED]!]!;
    const units = words[ints[CURSOR]! << this.wordShift]! & UNITS_MASK;
    this.unlist(words, ints[CURSOR]!, units);
    ints[CURSOR]! += units;
    ints[GAP] = units;
  }

  /** A free block of just so many units; 0 when there is none that is found at once. */
  takeExact(units: number): number {
    const place = units < EXACT_UNITS ? this.bins[units]! : 0;
    if (place === 0) return 0;
    const id = place >>> this.segmentShift;
    const words = this.words[id]!;
    this.unlist(words, place & this.unitMask, units);
    this.carve(id, words, place & this.unitMask, units, units);
    return place;
  }

  /** Steps over a block that must not move. */
  passReserved(units: number): void {
    const { ints } = this;
    const gap = ints[GAP]!;
    const unit = ints[CURSOR]!;
    ints[CURSOR] = unit + units;
    ints[GAP] = 0;
    if (gap > 0) this.putFree(ints[PACKED]!, this.words[ints[PACKED]!]!, unit - gap, gap);
  }

  unitsAtCursor(): number {
    const { ints } = this;
    return this.unitsIn(this.words[ints[PACKED]!]!, ints[CURSOR]! << this.wordShift);
  }

  /** Moves the block at the cursor to the free block at `place`, or down into the gap for 0; returns its new place. */
  moveAtCursor(units: number, place: number): number {
    const { ints, rows } = this;
    const id = ints[PACKED]!;
    const words = this.words[id]!;
    const unit = ints[CURSOR]!;
    const from = unit << this.wordShift;
    const gap = ints[GAP]!;
    if (place === 0 && gap === 0) {
      ints[CURSOR] = unit + units;
      return (id << this.segmentShift) | unit;
    }
    const target = place === 0 ? words : this.words[place >>> this.segmentShift]!;
    const to = place === 0 ? (unit - gap) << this.wordShift : (place & this.unitMask) << this.wordShift;
    const length = units << this.wordShift;
    if (length <= 48) for (let i = 0; i < length; i++) target[to + i] = words[from + i]!;
    else if (target === words) words.copyWithin(to, from, from + length);
    else target.set(words.subarray(from, from + length), to);
    target[to]! &= ~PREVIOUS_IS_FREE;
    // The gap follows the block, or has grown by it; a free block behind it belongs to it now.
    let end = unit + units;
    if (place !== 0) rows.add(id, FREE_UNITS, units);
    const start = place === 0 ? unit - gap + units : unit - gap;
    if (end < rows.get(id, END)) {
      const after = words[end << this.wordShift]!;
      if (after < 0) {
        this.unlist(words, end, after & UNITS_MASK);
        end += after & UNITS_MASK;
      }
    }
    ints[CURSOR] = end;
    ints[GAP] = end - start;
    this.putFree(id, words, start, end - start);
    return place === 0 ? (id << this.segmentShift) | (unit - gap) : place;
  }

  /** Ends packing: lists the gap and whatever else is free, or gives the segment back. */
  reopen(): void {
    const { ints, rows } = this;
    const id = ints[PACKED]!;
    const words = this.words[id]!;
    const gap = ints[GAP]!;
    ints[PACKED] = 0;
    ints[LAST_PACKED] = id;
    const end = rows.get(id, END);
    if (rows.get(id, FREE_UNITS) === end) {
      this.dropSegment(id);
      return;
    }
    // What has been reserved in the meantime did not move: there may be holes before it.
    if (this.isPinned(id))
      for (let unit = 0; unit < end - gap; ) {
        const head = words[unit << this.wordShift]!;
        const units = head < 0 ? head & UNITS_MASK : this.unitsIn(words, unit << this.wordShift);
        if (head < 0 && (head & LISTED) === 0 && units >= this.minUnits) this.list(id, words, unit, units);
        unit += units;
      }
    if (gap === 0) return;
    if (id === ints[CURRENT]) {
      rows.put(id, END, end - gap);
      rows.add(id, FREE_UNITS, -gap);
    } else if (gap >= this.minUnits) this.list(id, words, end - gap, gap);
  }

  // All of it

  /** Frees all blocks that are not reserved. O(pages), and O(blocks) of segments that have reserved ones. */
  clear(): void {
    const { ints } = this;
    ints[PACKED] = 0;
    ints[LAST_PACKED] = 0;
    this.bins.fill(0);
    this.bitmap.fill(0);
    for (let id = ints[SEGMENTS_END]! - 1; id > 0; id--) {
      if (!this.isPresent(id)) continue;
      if (this.isPinned(id)) this.freeOthers(id);
      else this.dropSegment(id);
    }
    this.large.clear();
  }

  /** Frees what is not reserved in a segment none of whose free blocks is listed. */
  private freeOthers(id: number): void {
    const { rows } = this;
    const words = this.words[id]!;
    const end = rows.get(id, END);
    let start = 0;
    let free = 0;
    const list = (until: number): void => {
      if (until > start) this.putFree(id, words, start, until - start);
      free += until - start;
    };
    for (let unit = 0; unit < end; ) {
      const base = unit << this.wordShift;
      const head = words[base]!;
      const units = head < 0 ? head & UNITS_MASK : this.unitsIn(words, base);
      if (head >= 0 && (head & SLOT_MASK) === RESERVED_SLOT) {
        words[base] = RESERVED_SLOT;
        list(unit);
        start = unit + units;
      }
      unit += units;
    }
    if (id !== this.ints[CURRENT]) list(end);
    else rows.put(id, END, start);
    rows.put(id, FREE_UNITS, free);
  }

  /** What is inconsistent; calls `visit` with the place of each block in use. O(n). */
  verify(visit: (place: number, slot: number, isPinned: boolean) => void): string[] {
    const { ints, rows } = this;
    const problems: string[] = [];
    const listed = new Set<number>();
    for (let bin = 0; bin < this.bins.length; bin++) {
      const first = this.bins[bin]!;
      if ((first !== 0) !== ((this.bitmap[bin >>> 5]! & (1 << (bin & 31))) !== 0))
        problems.push(`free list ${bin} and its bit disagree`);
      let previous = 0;
      for (let place = first; place !== 0; ) {
        const words = this.words[place >>> this.segmentShift];
        const base = (place & this.unitMask) << this.wordShift;
        const head = words?.[base] ?? 0;
        if (words === undefined || head >= 0 || (head & LISTED) === 0 || listed.has(place))
          return [...problems, `free list ${bin} leads to place ${place}, which is not in it`];
        if (binOf(head & UNITS_MASK) !== bin)
          problems.push(`place ${place} is in free list ${bin}, not its own`);
        if (words[base + 2] !== previous) problems.push(`the free blocks around place ${place} disagree`);
        listed.add(place);
        previous = place;
        place = words[base + 1]!;
      }
    }
    let segments = 0;
    let pinned = 0;
    for (let id = 1; id < ints[SEGMENTS_END]!; id++) {
      if (!this.isPresent(id)) continue;
      segments++;
      if (this.isPinned(id)) pinned++;
      problems.push(...this.verifySegment(id, listed, visit));
      if (rows.get(id, TOUCHED) < rows.get(id, END))
        problems.push(`segment ${id} is used beyond what was touched`);
    }
    if (segments !== ints[SEGMENTS])
      problems.push(`there are ${segments} segments, ${ints[SEGMENTS]} are counted`);
    if (pinned !== ints[PINNED_SEGMENTS])
      problems.push(`${pinned} segments have pins, not ${ints[PINNED_SEGMENTS]}`);
    if (listed.size > 0) problems.push(`${listed.size} listed blocks are in no segment`);
    problems.push(...this.large.verify(visit));
    return problems;
  }

  private verifySegment(
    id: number,
    listed: Set<number>,
    visit: (place: number, slot: number, isPinned: boolean) => void,
  ): string[] {
    const { ints, rows } = this;
    const problems: string[] = [];
    const words = this.words[id]!;
    const end = rows.get(id, END);
    let free = 0;
    let pins = 0;
    let wasFree = false;
    let gap = 0;
    let sawCursor = ints[PACKED] !== id || ints[CURSOR]! >= end;
    let unit = 0;
    while (unit < end) {
      const base = unit << this.wordShift;
      const head = words[base]!;
      const place = (id << this.segmentShift) | unit;
      if (ints[CURSOR] === unit) sawCursor = true;
      const units = head < 0 ? head & UNITS_MASK : this.unitsIn(words, base);
      if (units < 1) return [...problems, `the block at place ${place} has no length`];
      if (head < 0) {
        free += units;
        if (unit + units === ints[CURSOR]) gap = units;
        if (wasFree && unit !== ints[CURSOR]) problems.push(`two free blocks meet at place ${place}`);
        if (words[base + (units << this.wordShift) - 1] !== units)
          problems.push(`the tags of place ${place} disagree`);
        const isListed = listed.delete(place);
        const isOurs = id === ints[PACKED] && (ints[MODE] !== FOR_HOLE || unit + units === ints[CURSOR]);
        const isOpen = !isOurs && units >= this.minUnits;
        if (isListed !== ((head & LISTED) !== 0) || (isOpen && !isListed))
          problems.push(`the free block at place ${place} is not listed`);
      } else {
        if (((head & PREVIOUS_IS_FREE) !== 0) !== wasFree)
          problems.push(`place ${place} is wrong about its neighbour`);
        const slot = head & SLOT_MASK;
        if (slot === RESERVED_SLOT) pins++;
        visit(place, slot, slot === RESERVED_SLOT);
      }
      wasFree = head < 0;
      unit += units;
    }
    if (unit !== end) problems.push(`the last block of segment ${id} ends behind it`);
    if (!sawCursor) problems.push(`packing continues inside a block of segment ${id}`);
    if (ints[PACKED] === id && ints[MODE] !== CLOSING && gap !== ints[GAP])
      problems.push(`the hole before the cursor has ${gap} units, ${ints[GAP]} are counted`);
    if (free !== rows.get(id, FREE_UNITS))
      problems.push(`${free} units of segment ${id} are free, ${rows.get(id, FREE_UNITS)} are counted`);
    if (pins !== rows.get(id, PINS))
      problems.push(`segment ${id} has ${pins} pins, not ${rows.get(id, PINS)}`);
    return problems;
  }

  /** Bytes of segments that count as touched, for `verify`. */
  get touchedBytes(): number {
    let units = 0;
    for (let id = 1; id < this.ints[SEGMENTS_END]!; id++)
      if (this.isPresent(id)) units += this.rows.get(id, TOUCHED);
    return units * 2 ** this.unitShift + this.rows.heldBytes + this.large.heldBytes;
  }
}

const NO_BYTES = Buffer.alloc(0);
const NO_WORDS = new Int32Array(0);

function keyAt(shape: number): number {
  if ((shape & (EXTRA | WIDE)) === 0) return KEY_AT;
  return (shape & WIDE) === 0 ? EXTRA_KEY_AT : WIDE_KEY_AT;
}

/** Copies `length` bytes of `from`, from byte `start` on: two words make one where that is not a word's beginning. */
function copyWords(from: Int32Array, start: number, length: number, to: DataView, at: number): void {
  const end = at + length;
  const wordsEnd = at + (length & ~3);
  const shift = (start & 3) << 3;
  let word = start >>> 2;
  let i = at;
  if (shift === 0) for (; i < wordsEnd; i += 4) to.setInt32(i, from[word++]!, true);
  else {
    let low = from[word]!;
    for (; i < wordsEnd; i += 4) {
      const high = from[++word]!;
      to.setInt32(i, (low >>> shift) | (high << (32 - shift)), true);
      low = high;
    }
  }
  for (let byte = start + i - at; i < end; i++, byte++)
    to.setUint8(i, from[byte >>> 2]! >>> ((byte & 3) << 3));
}

export function copyBytes(from: Buffer, start: number, end: number, to: Buffer, at: number): void {
  const length = end - start;
  if (length > LOOP_BYTES) from.copy(to, at, start, end);
  else for (let i = 0; i < length; i++) to[at + i] = from[start + i]!;
}

/** The free list of blocks of so many units. */
function binOf(units: number): number {
  if (units < EXACT_UNITS) return units;
  const power = 31 - Math.clz32(units);
  return EXACT_UNITS + (power - 6) * 8 + ((units >>> (power - 3)) & 7);
}
