/**
 * Memory for the columns of many tables, cut from slabs. Tables of equal size grow at about the same time, and
 * each leaves columns behind that are too small for all others: the collector finds them late, and the
 * allocator keeps the holes. Here a column's place is free at once, joined with the free places beside it.
 *
 * Taking looks through the free places in the order of their addresses; so does giving back. Both happen only when
 * a table grows.
 */

import type { ColumnSource } from './columns.js';

const SLAB_MIN_BYTES = 512 * 1024;
/** A further slab has this share of all before it: what its end leaves unused stays small. */
const SLAB_SHARE = 1 / 16;
/** Places begin and end at multiples of what the widest number takes. */
const ALIGNMENT_BYTES = 8;

/** A free place, from one byte of its slab to before another. */
interface Gap {
  start: number;
  end: number;
}

class Slab {
  readonly buffer: ArrayBuffer;
  /** In the order of their addresses, no two of them adjacent. */
  readonly gaps: Gap[];
  freeBytes: number;
  /** From here on nothing has been used, and all is 0. */
  freshFrom = 0;

  constructor(bytes: number) {
    this.buffer = new ArrayBuffer(bytes);
    this.gaps = [{ start: 0, end: bytes }];
    this.freeBytes = bytes;
  }

  /** Where so many bytes of zeros are, taken from the first gap that has them; -1 for nowhere. */
  take(bytes: number): number {
    const index = this.gaps.findIndex(({ start, end }) => end - start >= bytes);
    if (index === -1) return -1;
    const gap = this.gaps[index]!;
    const { start } = gap;
    const end = start + bytes;
    gap.start = end;
    if (gap.start === gap.end) this.gaps.splice(index, 1);
    this.freeBytes -= bytes;
    if (start < this.freshFrom)
      new Uint8Array(this.buffer, start, Math.min(end, this.freshFrom) - start).fill(0);
    this.freshFrom = Math.max(this.freshFrom, end);
    return start;
  }

  giveBack(start: number, end: number): void {
    const { gaps } = this;
    this.freeBytes += end - start;
    const found = gaps.findIndex((gap) => gap.start >= end);
    const index = found === -1 ? gaps.length : found;
    const before = gaps[index - 1];
    const after = gaps[index];
    const joinsBefore = before !== undefined && before.end === start;
    const joinsAfter = after !== undefined && after.start === end;
    if (joinsBefore && joinsAfter) {
      before.end = after.end;
      gaps.splice(index, 1);
    } else if (joinsBefore) before.end = end;
    else if (joinsAfter) after.start = start;
    else gaps.splice(index, 0, { start, end });
  }
}

export class ColumnPool implements ColumnSource {
  readonly #slabs: Slab[] = [];
  readonly #slabOf: Map<ArrayBufferLike, Slab> = new Map();
  /** Bytes of all slabs. */
  bytes = 0;

  uint8(length: number): Uint8Array {
    return this.#place(length, (buffer, start) => new Uint8Array(buffer, start, length));
  }

  uint32(length: number): Uint32Array {
    return this.#place(length * 4, (buffer, start) => new Uint32Array(buffer, start, length));
  }

  float64(length: number): Float64Array {
    return this.#place(length * 8, (buffer, start) => new Float64Array(buffer, start, length));
  }

  /** Anything may be given back: what did not come from here is left alone. */
  free(column: ArrayBufferView): void {
    const slab = this.#slabOf.get(column.buffer);
    slab?.giveBack(column.byteOffset, column.byteOffset + aligned(column.byteLength));
  }

  #place<T>(bytes: number, view: (buffer: ArrayBuffer, start: number) => T): T {
    const needed = aligned(bytes);
    for (const slab of this.#slabs) {
      if (slab.freeBytes < needed) continue;
      const start = slab.take(needed);
      if (start !== -1) return view(slab.buffer, start);
    }
    const slab = new Slab(Math.max(SLAB_MIN_BYTES, aligned(this.bytes * SLAB_SHARE), needed));
    this.#slabs.push(slab);
    this.#slabOf.set(slab.buffer, slab);
    this.bytes += slab.buffer.byteLength;
    return view(slab.buffer, slab.take(needed));
  }

  /** Bytes in no column. */
  get freeBytes(): number {
    return this.#slabs.reduce((sum, slab) => sum + slab.freeBytes, 0);
  }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}
