/**
 * The memory of a shard that threads share: pages in one growable SharedArrayBuffer, whose address space is reserved
 * from the beginning and whose memory is taken as pages are. All that is known about them lies in the buffer too, and
 * changes under the shard's lock only.
 *
 * Pages are made of units of 4 KiB. A free range goes to the next page that it fits best; neighbours are joined. Nothing
 * can be given back to the system, so a shard keeps what it once had, up to its limit: where no range is large
 * enough, and none can be added within the limit, there is no page.
 *
 * Taking and releasing a page: O(free ranges), of which 64 are looked at.
 */

import { type Memory, PAGE_KINDS, type PageKind } from './memory.js';

const UNIT_SHIFT = 12;
const UNIT_BYTES: number = 1 << UNIT_SHIFT;
/** The buffer grows by so much at a time, or as much as a page needs. */
const GROWTH_BYTES: number = 256 * 1024;
const LOOKS = 64;
/** Of each kind. Page stores have a few thousands at most, since pages are larger in larger stores. */
const MAX_PAGES = 2 ** 14;

// Words that say how things stand.
/** Units used so far, free ranges among them. */
const END = 0;
const FIRST_FREE = 1;
const FREE_UNITS = 2;
const LIMIT_UNITS = 3;
/** Another number after each page taken or released. */
const GENERATION = 4;
const WORDS = 16;

/** Where everything lies, in bytes, for a buffer of pages of `units`. Unused parts of it take no memory. */
interface Layout {
  readonly units: number;
  /** Directory entries of each kind: the first unit of the page, and its bytes. */
  readonly entries: number;
  readonly directory: number;
  /** For each unit that begins or ends a range its units, negative where it is free; and the free list's links. */
  readonly ranges: number;
  readonly pages: number;
  readonly bytes: number;
}

function layoutOf(maxBytes: number): Layout {
  const units = Math.floor(maxBytes / UNIT_BYTES);
  const entries = Math.min(units, MAX_PAGES);
  const directory = WORDS * 4;
  const ranges = directory + entries * PAGE_KINDS * 2 * 4;
  const pages = Math.ceil((ranges + units * RANGE_WORDS * 4) / UNIT_BYTES) * UNIT_BYTES;
  return { units, entries, directory, ranges, pages, bytes: pages + units * UNIT_BYTES };
}

// Words of a unit.
const LENGTH = 0;
const NEXT = 1;
const PREVIOUS = 2;
const RANGE_WORDS = 3;

/** A buffer for a `SharedMemory` of up to so many bytes of pages. */
export function newSharedBuffer(maxBytes: number): SharedArrayBuffer {
  const { pages, bytes } = layoutOf(maxBytes);
  return new GrowableBuffer(pages, { maxByteLength: bytes });
}

/** ES2024, and in all supported versions of Node. */
const GrowableBuffer = SharedArrayBuffer as unknown as new (
  bytes: number,
  options: { maxByteLength: number },
) => SharedArrayBuffer;
type Growable = SharedArrayBuffer & { grow(bytes: number): void };

export class SharedMemory implements Memory {
  readonly canLend = false;
  private readonly buffer: SharedArrayBuffer;
  private readonly layout: Layout;
  private readonly words: Int32Array;
  private readonly directory: Int32Array;
  private readonly ranges: Int32Array;
  /** This thread's views, as long as they lie where the directory says. */
  private readonly views: Buffer[][] = Array.from({ length: PAGE_KINDS }, () => []);

  /** `buffer` is from `newSharedBuffer(maxBytes)`, in whichever thread. */
  constructor(buffer: SharedArrayBuffer, maxBytes: number) {
    this.buffer = buffer;
    this.layout = layoutOf(maxBytes);
    const { units, entries, directory, ranges } = this.layout;
    this.words = new Int32Array(buffer, 0, WORDS);
    this.directory = new Int32Array(buffer, directory, entries * PAGE_KINDS * 2);
    this.ranges = new Int32Array(buffer, ranges, units * RANGE_WORDS);
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
    this.words[LIMIT_UNITS] = Math.min(this.layout.units, Math.floor(bytes / UNIT_BYTES));
  }

  /** Bytes of pages that have been taken back: they serve again. */
  get freeBytes(): number {
    return this.words[FREE_UNITS]! * UNIT_BYTES;
  }

  obtain(kind: PageKind, index: number, bytes: number): Buffer | null {
    if (index >= this.layout.entries) return null;
    const units = Math.ceil(bytes / UNIT_BYTES);
    const found = this.freeRange(units);
    const at = found < 0 ? this.added(units) : found;
    if (at < 0) return null;
    const entry = this.entryOf(kind, index);
    this.directory[entry] = at;
    this.directory[entry + 1] = bytes;
    this.words[GENERATION]! += 1;
    return this.at(kind, index);
  }

  at(kind: PageKind, index: number): Buffer {
    const entry = this.entryOf(kind, index);
    const start = this.layout.pages + this.directory[entry]! * UNIT_BYTES;
    const bytes = this.directory[entry + 1]!;
    const views = this.views[kind]!;
    const known = views[index];
    if (known !== undefined && known.byteOffset === start && known.length === bytes) return known;
    const view = Buffer.from(this.buffer, start, bytes);
    views[index] = view;
    return view;
  }

  release(kind: PageKind, index: number): void {
    const entry = this.entryOf(kind, index);
    const at = this.directory[entry]!;
    this.free(at, Math.ceil(this.directory[entry + 1]! / UNIT_BYTES));
    this.directory[entry + 1] = 0;
    this.words[GENERATION]! += 1;
  }

  /** None, since all that the store can do for less of them is to evict. */
  readonly pendingBytes = 0;

  giveBack(_bytes: number): boolean {
    return false;
  }

  private entryOf(kind: PageKind, index: number): number {
    return (index * PAGE_KINDS + kind) * 2;
  }

  /** Takes the best of the free ranges, or some of it; -1 when none is large enough. */
  private freeRange(units: number): number {
    const { ranges, words } = this;
    let best = -1;
    let bestUnits = Number.POSITIVE_INFINITY;
    let at = words[FIRST_FREE]!;
    for (let looks = LOOKS; at >= 0 && looks > 0; looks--) {
      const length = -ranges[at * RANGE_WORDS + LENGTH]!;
      if (length >= units && length < bestUnits) {
        best = at;
        bestUnits = length;
        if (length === units) break;
      }
      at = ranges[at * RANGE_WORDS + NEXT]!;
    }
    if (best < 0) return -1;
    this.unlink(best);
    this.mark(best, units);
    if (bestUnits > units) this.link(best + units, bestUnits - units);
    return best;
  }

  /** Units behind all others, for which the buffer may have to grow; -1 beyond the limit. */
  private added(units: number): number {
    const { words, layout } = this;
    const at = words[END]!;
    const end = at + units;
    if (end > words[LIMIT_UNITS]!) return -1;
    const needed = layout.pages + end * UNIT_BYTES;
    if (needed > this.buffer.byteLength) {
      try {
        (this.buffer as Growable).grow(Math.min(layout.bytes, needed + GROWTH_BYTES));
      } catch {
        return -1;
      }
    }
    words[END] = end;
    this.mark(at, units);
    return at;
  }

  /** Joins a range with its free neighbours. What ends the used part leaves it. */
  private free(from: number, units: number): void {
    const { ranges, words } = this;
    let at = from;
    let length = units;
    const after = at + length < words[END]! ? ranges[(at + length) * RANGE_WORDS + LENGTH]! : 0;
    if (after < 0) {
      this.unlink(at + length);
      length -= after;
    }
    const before = at > 0 ? ranges[(at - 1) * RANGE_WORDS + LENGTH]! : 0;
    if (before < 0) {
      at += before;
      this.unlink(at);
      length -= before;
    }
    this.link(at, length);
  }

  private link(at: number, units: number): void {
    const { ranges, words } = this;
    const next = words[FIRST_FREE]!;
    this.mark(at, -units);
    ranges[at * RANGE_WORDS + NEXT] = next;
    ranges[at * RANGE_WORDS + PREVIOUS] = -1;
    if (next >= 0) ranges[next * RANGE_WORDS + PREVIOUS] = at;
    words[FIRST_FREE] = at;
    words[FREE_UNITS]! += units;
  }

  private unlink(at: number): void {
    const { ranges, words } = this;
    const next = ranges[at * RANGE_WORDS + NEXT]!;
    const previous = ranges[at * RANGE_WORDS + PREVIOUS]!;
    if (previous >= 0) ranges[previous * RANGE_WORDS + NEXT] = next;
    else words[FIRST_FREE] = next;
    if (next >= 0) ranges[next * RANGE_WORDS + PREVIOUS] = previous;
    words[FREE_UNITS]! += ranges[at * RANGE_WORDS + LENGTH]!;
  }

  /** Notes a range's length at both of its ends. */
  private mark(at: number, length: number): void {
    this.ranges[at * RANGE_WORDS + LENGTH] = length;
    this.ranges[(at + Math.abs(length) - 1) * RANGE_WORDS + LENGTH] = length;
  }
}
