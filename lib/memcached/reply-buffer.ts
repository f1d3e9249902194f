/**
 * Builds replies: bytes are written into a block, large values are added by reference.
 * One buffer serves all connections of a server, because each drains it before the next one writes.
 *
 * Ownership: what `take` returned belongs to the transport, which then says either `release` (it has been
 * written out, its place in the block is free again) or `keep` (it has not; writing goes on behind it).
 */

import type { Items } from '../items.js';

const BLOCK_BYTES = 64 * 1024;

/** Longer values go out by reference, where the store has bytes that do not change. */
const REFERENCED_OVER_BYTES = 4096;
/** Where it has not, longer ones are copied to memory of their own: the block has room for one such item with its line. */
const COPIED_VALUE_MAX_BYTES = BLOCK_BYTES - 1024;

/** Whether a value of so many bytes is copied into the block. */
export function isCopied(items: Items, valueBytes: number): boolean {
  return valueBytes <= (items.copiesValues ? COPIED_VALUE_MAX_BYTES : REFERENCED_OVER_BYTES);
}

/** Larger chunks make up a good part of the block that they hold. */
const DETACHED_MAX_BYTES = 16 * 1024;

/** A Buffer over so few bytes costs more to make than to fill. */
const BEGINNING_MAX_BYTES = 1024;

/** Larger numbers do not divide in 32 bits. */
export const NUMBER_LOOP_END = 1e9;
const NUMBER_LOOP_DIGITS = 9;

/** Longer texts are written by Buffer's own method, which costs more to call and less for each byte. */
const LOOP_MAX_LENGTH = 24;

const END_CR = 0x0d444e45;
const STOR = 0x524f5453;
const ED_CRLF = 0x0a0d4445;

export class ReplyBuffer {
  /** Bytes that wait, values by reference included. */
  length = 0;
  #block: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  /** The same as `memory`, for whoever writes several bytes at once. */
  words: DataView = new DataView(this.#block.buffer);
  /** Bytes of the block before this one have been taken or stand in `#chunks`. */
  #start = 0;
  #end = 0;
  /** Bytes of the block before this one belong to a transport that has not written them out. */
  #kept = 0;
  #chunks: Buffer[] = [];
  /** The block's first n bytes as a Buffer, made once for each small n: a reply is one of few lengths. */
  #beginnings: (Buffer | undefined)[] = new Array(BEGINNING_MAX_BYTES + 1).fill(undefined);

  /** Appends latin1 text. */
  text(text: string): void {
    const { length } = text;
    if (length > BLOCK_BYTES) {
      this.reference(Buffer.from(text, 'latin1'));
      return;
    }
    if (BLOCK_BYTES - this.#end < length) this.#beginBlock();
    this.#end = writeLatin1(this.#block, this.#end, text);
    this.length += length;
  }

  /** Appends a whole number, 0 or more, in decimal. */
  number(number: number | bigint): void {
    if (number >= NUMBER_LOOP_END || typeof number === 'bigint') {
      this.text(String(number));
      return;
    }
    const at = this.prepare(NUMBER_LOOP_DIGITS);
    this.commit(writeDigits(this.#block, at, number));
  }

  /**
   * Reserves a few contiguous bytes and counts them as appended. The caller writes them to `memory`, from the position
   * returned.
   */
  reserve(bytes: number): number {
    if (BLOCK_BYTES - this.#end < bytes) this.#beginBlock();
    const at = this.#end;
    this.#end += bytes;
    this.length += bytes;
    return at;
  }

  /**
   * Makes room for up to `bytes` contiguous bytes, a block at most. The caller writes to `memory` from the position
   * returned, and calls `commit` with the end.
   */
  prepare(bytes: number): number {
    if (BLOCK_BYTES - this.#end < bytes) this.#beginBlock();
    return this.#end;
  }

  commit(end: number): void {
    this.length += end - this.#end;
    this.#end = end;
  }

  /** Where `reserve` and `prepare` have made room. */
  get memory(): Buffer {
    return this.#block;
  }

  /** Appends what ends the items of a retrieval command: `END` and CRLF. */
  end(): void {
    const at = this.reserve(5);
    this.words.setInt32(at, END_CR, true);
    this.words.setUint8(at + 4, 0x0a);
  }

  /** Appends `STORED` and CRLF. */
  stored(): void {
    const at = this.reserve(8);
    this.words.setInt32(at, STOR, true);
    this.words.setInt32(at + 4, ED_CRLF, true);
  }

  /** Appends bytes without copying them; they must not change afterwards. */
  reference(bytes: Buffer): void {
    this.#closeChunk();
    this.#chunks.push(bytes);
    this.length += bytes.length;
  }

  /** Appends the value of an item, which has so many bytes. */
  value(items: Items, slot: number, bytes: number): void {
    if (!isCopied(items, bytes)) {
      this.reference(items.valueAt(slot));
      return;
    }
    const at = this.reserve(bytes);
    items.copyValueAt(slot, this.#block, at);
  }

  /** All that waits, if it is one chunk; null when there are several, or none. */
  takeSingle(): Buffer | null {
    const chunks = this.#chunks;
    const ofBlock = this.#end - this.#start;
    if (chunks.length > 1 || (chunks.length === 1) === ofBlock > 0) return null;
    this.length = 0;
    if (ofBlock === 0) return chunks.pop()!;
    const single = this.#view(this.#start, this.#end);
    this.#start = this.#end;
    return single;
  }

  #view(start: number, end: number): Buffer {
    if (start > 0 || end > BEGINNING_MAX_BYTES) return this.#block.subarray(start, end);
    let view = this.#beginnings[end];
    if (view === undefined) {
      view = this.#block.subarray(0, end);
      this.#beginnings[end] = view;
    }
    return view;
  }

  /** All that waits, in order; nothing waits afterwards. */
  take(): Buffer[] {
    this.#closeChunk();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.length = 0;
    return chunks;
  }

  /** The same, small chunks in memory of their own: what has to wait must not hold a whole block. */
  takeDetached(): Buffer[] {
    return this.take().map(detached);
  }

  /** Says that what was taken last has been written out. */
  release(): void {
    this.#start = this.#kept;
    this.#end = this.#kept;
  }

  /** Says that what was taken last must stay as it is. */
  keep(): void {
    this.#kept = this.#end;
  }

  #closeChunk(): void {
    if (this.#end > this.#start) this.#chunks.push(this.#block.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }

  #beginBlock(): void {
    this.#closeChunk();
    this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.words = new DataView(this.#block.buffer);
    this.#beginnings.fill(undefined);
    this.#start = 0;
    this.#end = 0;
    this.#kept = 0;
  }
}

function detached(chunk: Buffer): Buffer {
  if (chunk.length > DETACHED_MAX_BYTES) return chunk;
  const copy = Buffer.allocUnsafeSlow(chunk.length);
  chunk.copy(copy);
  return copy;
}

/** Writes a whole number from 0 to below `NUMBER_LOOP_END` in decimal; returns where it ends. */
export function writeDigits(memory: Buffer, at: number, number: number): number {
  let end = at + 1;
  for (let power = 10; power <= number; power *= 10) end++;
  let rest = number;
  for (let i = end - 1; i >= at; i--) {
    const tens = (rest / 10) | 0;
    memory[i] = 0x30 + rest - tens * 10;
    rest = tens;
  }
  return end;
}

/** Writes a text where there is room for it; returns where it ends. */
export function writeLatin1(memory: Buffer, at: number, text: string): number {
  const { length } = text;
  if (length <= LOOP_MAX_LENGTH) {
    for (let i = 0; i < length; i++) memory[at + i] = text.charCodeAt(i);
  } else {
    memory.write(text, at, 'latin1');
  }
  return at + length;
}
