/**
 * Memory that several entries keep alive together: buffers seen through slices (`isSharedView`), as a value or
 * somewhere in one. Each buffer counts once, from the first entry that holds it to the last: 80 slices of one block
 * of Node's pool count 8 KiB together, and a lone one counts them too, because it does keep them alive.
 *
 * The record of an entry keeps the bytes that it counted, so that the same bytes leave with it even if a buffer was
 * detached or resized meanwhile; holding a buffer again weighs it again. All methods are O(slices).
 */

import { bufferBytes } from '../weigh/index.js';

/** A buffer's place in the Map below, 28 to 56, and its record, 40. */
const BLOCK_RECORD_BYTES = 80;
/** A slot's place in the other Map, and the list of its buffers. */
const SLOT_RECORD_BYTES = 88;
const WORD_BYTES = 8;

export type Buffers = readonly ArrayBufferLike[];

interface Block {
  bytes: number;
  holders: number;
}

export class SharedBuffers {
  /** All buffers that are held, and the bookkeeping. */
  bytes = 0;
  readonly #blocks: Map<ArrayBufferLike, Block> = new Map();
  readonly #slots: Map<number, Buffers> = new Map();

  /** What buffers count if nothing else holds them: whether their entry can ever fit. */
  static alone(buffers: Buffers): number {
    return buffers.reduce((bytes, buffer) => bytes + blockBytes(buffer), recordBytes(buffers));
  }

  /** The same for what a slot holds. */
  aloneAt(slot: number): number {
    const buffers = this.#slots.get(slot);
    return buffers === undefined ? 0 : SharedBuffers.alone(buffers);
  }

  /** By how much `bytes` would grow, or shrink, if a slot (0 for a new one) held these buffers instead. */
  wouldAdd(slot: number, buffers: Buffers | null): number {
    let growth = 0;
    if (buffers !== null) {
      growth += recordBytes(buffers);
      for (const buffer of buffers) growth += blockBytes(buffer) - (this.#blocks.get(buffer)?.bytes ?? 0);
    }
    const before = this.#slots.get(slot);
    if (before === undefined) return growth;
    growth -= recordBytes(before);
    for (const buffer of before) {
      const block = this.#blocks.get(buffer)!;
      if (block.holders === 1 && buffers?.includes(buffer) !== true) growth -= block.bytes;
    }
    return growth;
  }

  /** Makes a slot hold these buffers, and no others. */
  hold(slot: number, buffers: Buffers | null): void {
    const before = this.#slots.get(slot);
    if (buffers !== null) {
      for (const buffer of buffers) this.#add(buffer);
      this.#slots.set(slot, buffers);
      this.bytes += recordBytes(buffers);
    } else if (before !== undefined) this.#slots.delete(slot);
    if (before !== undefined) this.#release(before);
  }

  /** An entry has another slot now. */
  move(from: number, to: number): void {
    const buffers = this.#slots.get(from);
    if (buffers === undefined) return;
    this.#slots.delete(from);
    this.#slots.set(to, buffers);
  }

  clear(): void {
    this.#blocks.clear();
    this.#slots.clear();
    this.bytes = 0;
  }

  /** What is inconsistent; empty when all is well. O(n). */
  verify(): string[] {
    const problems: string[] = [];
    const holders = new Map<ArrayBufferLike, number>();
    let bytes = 0;
    for (const buffers of this.#slots.values()) {
      bytes += recordBytes(buffers);
      for (const buffer of buffers) holders.set(buffer, (holders.get(buffer) ?? 0) + 1);
    }
    for (const [buffer, block] of this.#blocks) {
      bytes += block.bytes;
      if (holders.get(buffer) !== block.holders)
        problems.push(`a buffer counts ${block.holders} holders and has ${holders.get(buffer) ?? 0}`);
    }
    if (holders.size !== this.#blocks.size)
      problems.push(`${holders.size} buffers are held, and ${this.#blocks.size} are known`);
    if (bytes !== this.bytes) problems.push(`shared buffers count ${this.bytes} bytes and have ${bytes}`);
    return problems;
  }

  #add(buffer: ArrayBufferLike): void {
    const bytes = blockBytes(buffer);
    const block = this.#blocks.get(buffer);
    if (block === undefined) {
      this.#blocks.set(buffer, { bytes, holders: 1 });
      this.bytes += bytes;
    } else {
      this.bytes += bytes - block.bytes;
      block.bytes = bytes;
      block.holders++;
    }
  }

  #release(buffers: Buffers): void {
    this.bytes -= recordBytes(buffers);
    for (const buffer of buffers) {
      const block = this.#blocks.get(buffer)!;
      block.holders--;
      if (block.holders > 0) continue;
      this.#blocks.delete(buffer);
      this.bytes -= block.bytes;
    }
  }
}

function blockBytes(buffer: ArrayBufferLike): number {
  return BLOCK_RECORD_BYTES + bufferBytes(buffer);
}

function recordBytes(buffers: Buffers): number {
  return SLOT_RECORD_BYTES + buffers.length * WORD_BYTES;
}
