/**
 * The memory of a shard that threads share: pages in one growable SharedArrayBuffer, whose address space is reserved
 * from the beginning and whose memory is taken as pages are. All that is known about them lies in the buffer too, and
 * changes under the shard's lock only.
 *
 * Pages are ranges of units. A free range goes to the next page that it fits best; neighbours are joined (boundary
 * tags). Nothing can be given back to the system, so a shard keeps what it once had, up to its limit: where no range is
 * large enough, and none can be added within the limit, there is no page.
 *
 * Taking and releasing a page: O(free ranges), of which 64 are looked at.
 */

import { type Memory, PAGE_KINDS, type PageKind } from './memory.js';

const UNIT_SHIFT = 8;
const UNIT_BYTES: number = 1 << UNIT_SHIFT;
/** The buffer grows by so much at a time, or as much as a page needs. */
const GROWTH_BYTES: number = 256 * 1024;
const LOOKS = 64;
/** Of each kind. Page stores have a few thousands at most, since pages are larger in larger stores. */
const MAX_PAGES = 2 ** 14;
/** An entry of the directory: the first unit of the page, and its bytes. */
const ENTRY_WORDS = 2;

// Words of the beginning.
/** Units used so far, free ranges among them. */
const END = 0;
const FIRST_FREE = 1;
const FREE_UNITS = 2;
const LIMIT_UNITS = 3;
/** Another number after each page taken or released. */
const GENERATION = 4;
const WORDS = 16;

// Words before a page, or in a free range. A cache line, so that pages begin with one.
/** Units, this line among them; negative where they are free. */
const LENGTH = 0;
/** The same of the range before. */
const LENGTH_BEFORE = 1;
const NEXT = 2;
const PREVIOUS = 3;
const TAG_BYTES = 64;

const WORD_SHIFT: number = UNIT_SHIFT - 2;
const PAGES_AT: number = Math.ceil((WORDS + MAX_PAGES * PAGE_KINDS * ENTRY_WORDS) / 1024) * 4096;

/** A buffer for a `SharedMemory` of up to so many bytes of pages. Only what is used of it takes memory. */
export function newSharedBuffer(maxBytes: number): SharedArrayBuffer {
  return new GrowableBuffer(PAGES_AT, { maxByteLength: PAGES_AT + maxBytes });
}

/** ES2024, and in all supported versions of Node. */
const GrowableBuffer = SharedArrayBuffer as unknown as new (
  bytes: number,
  options: { maxByteLength: number },
) => Growable;
interface Growable extends SharedArrayBuffer {
  readonly maxByteLength: number;
  grow(bytes: number): void;
}

export class SharedMemory implements Memory {
  readonly canLend = false;
  private readonly buffer: Growable;
  private readonly words: Int32Array;
  private readonly directory: Int32Array;
  /** All of the buffer behind the directory, as far as this thread knows that it has grown. */
  private ranges: Int32Array;
  /** This thread's views, as long as they lie where the directory says. */
  private readonly views: Buffer[][] = Array.from({ length: PAGE_KINDS }, () => []);

  /** `buffer` is from `newSharedBuffer`, in whichever thread. */
  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer as Growable;
    this.words = new Int32Array(buffer, 0, WORDS);
    this.directory = new Int32Array(buffer, WORDS * 4, MAX_PAGES * PAGE_KINDS * ENTRY_WORDS);
    this.ranges = this.allRanges();
  }

  /** Forgets all pages, of which there may be `maxBytes` from now on. What the buffer holds does not matter. */
  reset(maxBytes: number): void {
    const { words } = this;
    words[END] = 0;
    words[FIRST_FREE] = -1;
    words[FREE_UNITS] = 0;
    words[GENERATION]! += 1;
    this.maxBytes = maxBytes;
  }

  /** Changes with each page that any thread takes or releases. */
  get generation(): number {
    return this.words[GENERATION]!;
  }

  /** The most that pages may take, within what is reserved. What they have taken stays. */
  get maxBytes(): number {
    return this.words[LIMIT_UNITS]! * UNIT_BYTES;
  }

  set maxBytes(bytes: number) {
    const reserved = this.buffer.maxByteLength - PAGES_AT;
    this.words[LIMIT_UNITS] = Math.floor(Math.min(reserved, bytes) / UNIT_BYTES);
  }

  /** Bytes of pages that have been taken back: they serve again. */
  get freeBytes(): number {
    return this.words[FREE_UNITS]! * UNIT_BYTES;
  }

  obtain(kind: PageKind, index: number, bytes: number): Buffer | null {
    if (index >= MAX_PAGES) return null;
    this.follow();
    const units = unitsOf(bytes);
    const found = this.freeRange(units);
    const at = found < 0 ? this.added(units) : found;
    if (at < 0) return null;
    const entry = entryOf(kind, index);
    this.directory[entry] = at;
    this.directory[entry + 1] = bytes;
    this.words[GENERATION]! += 1;
    return this.at(kind, index);
  }

  at(kind: PageKind, index: number): Buffer {
    const entry = entryOf(kind, index);
    const start = PAGES_AT + this.directory[entry]! * UNIT_BYTES + TAG_BYTES;
    const bytes = this.directory[entry + 1]!;
    const views = this.views[kind]!;
    const known = views[index];
    if (known !== undefined && known.byteOffset === start && known.length === bytes) return known;
    const view = Buffer.from(this.buffer, start, bytes);
    views[index] = view;
    return view;
  }

  release(kind: PageKind, index: number): void {
    this.follow();
    const entry = entryOf(kind, index);
    this.free(this.directory[entry]!, unitsOf(this.directory[entry + 1]!));
    this.directory[entry + 1] = 0;
    this.words[GENERATION]! += 1;
  }

  /** None, since all that the store can do for less of them is to evict. */
  readonly pendingBytes = 0;

  giveBack(_bytes: number): boolean {
    return false;
  }

  giveBackWhile(): void {}

  /** Other threads may have made the buffer grow. */
  private follow(): void {
    if (this.ranges.byteLength + PAGES_AT !== this.buffer.byteLength) this.ranges = this.allRanges();
  }

  private allRanges(): Int32Array {
    return new Int32Array(this.buffer, PAGES_AT, (this.buffer.byteLength - PAGES_AT) >>> 2);
  }

  private get(at: number, word: number): number {
    return this.ranges[at * (1 << WORD_SHIFT) + word]!;
  }

  private put(at: number, word: number, value: number): void {
    this.ranges[at * (1 << WORD_SHIFT) + word] = value;
  }

  /** Takes the best of the free ranges, or some of it; -1 when none is large enough. */
  private freeRange(units: number): number {
    let best = -1;
    let bestUnits = Number.POSITIVE_INFINITY;
    let at = this.words[FIRST_FREE]!;
    for (let looks = LOOKS; at >= 0 && looks > 0; looks--) {
      const length = -this.get(at, LENGTH);
      if (length >= units && length < bestUnits) {
        best = at;
        bestUnits = length;
        if (length === units) break;
      }
      at = this.get(at, NEXT);
    }
    if (best < 0) return -1;
    this.unlink(best);
    this.mark(best, units);
    if (bestUnits > units) this.link(best + units, bestUnits - units);
    return best;
  }

  /** Units behind all others, for which the buffer may have to grow; -1 beyond the limit. */
  private added(units: number): number {
    const { words, buffer } = this;
    const at = words[END]!;
    const end = at + units;
    if (end > words[LIMIT_UNITS]!) return -1;
    const needed = PAGES_AT + end * UNIT_BYTES;
    if (needed > buffer.byteLength) {
      try {
        buffer.grow(Math.min(buffer.maxByteLength, needed + GROWTH_BYTES));
      } catch {
        return -1;
      }
      this.follow();
    }
    if (at === 0) this.put(0, LENGTH_BEFORE, 0);
    words[END] = end;
    this.mark(at, units);
    return at;
  }

  /** Joins a range with its free neighbours. */
  private free(from: number, units: number): void {
    let at = from;
    let length = units;
    const after = at + length < this.words[END]! ? this.get(at + length, LENGTH) : 0;
    if (after < 0) {
      this.unlink(at + length);
      length -= after;
    }
    const before = this.get(at, LENGTH_BEFORE);
    if (before < 0) {
      at += before;
      this.unlink(at);
      length -= before;
    }
    this.link(at, length);
  }

  private link(at: number, units: number): void {
    const { words } = this;
    const next = words[FIRST_FREE]!;
    this.mark(at, -units);
    this.put(at, NEXT, next);
    this.put(at, PREVIOUS, -1);
    if (next >= 0) this.put(next, PREVIOUS, at);
    words[FIRST_FREE] = at;
    words[FREE_UNITS]! += units;
  }

  private unlink(at: number): void {
    const { words } = this;
    const next = this.get(at, NEXT);
    const previous = this.get(at, PREVIOUS);
    if (previous >= 0) this.put(previous, NEXT, next);
    else words[FIRST_FREE] = next;
    if (next >= 0) this.put(next, PREVIOUS, previous);
    words[FREE_UNITS]! += this.get(at, LENGTH);
  }

  /** Notes a range's length in it, and in the range behind it; the next one to come is told when it comes. */
  private mark(at: number, length: number): void {
    this.put(at, LENGTH, length);
    const end = at + Math.abs(length);
    // The last unit may have no room behind it.
    if (end * UNIT_BYTES < this.ranges.byteLength) this.put(end, LENGTH_BEFORE, length);
  }
}

function unitsOf(bytes: number): number {
  return Math.ceil((bytes + TAG_BYTES) / UNIT_BYTES);
}

function entryOf(kind: PageKind, index: number): number {
  return (index * PAGE_KINDS + kind) * ENTRY_WORDS;
}
