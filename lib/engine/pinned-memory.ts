/**
 * Memory that several entries keep alive together: buffers seen through slices (`isSharedView`), as a value or
 * somewhere in one. Each buffer counts once, from the first entry that pins it to the last: 80 slices of one
 * block of Node's pool count 8 KiB together, and a lone one counts them too, because it does keep them alive.
 *
 * Entries are known by their keys. What an entry pins is remembered with its bytes, so that the same leaves again even if a
 * buffer was detached or resized, or an object changed, meanwhile; pinning a buffer again weighs it again.
 * Beside weighing, all methods are O(1), or O(slices) for a value with several.
 *
 * A write: `weigh` the value, ask `wouldAdd`, make room, `pin`. A removal: `unpin`.
 */

import { bareViewBytes, bufferBytes, isSharedView, valueBytes, weighObject } from '../weigh/index.js';

/** A buffer's place in the Map below, 28 to 56, and its record, 40. */
const BLOCK_RECORD_BYTES = 80;
/** An entry's place in the other Map. */
const ENTRY_RECORD_BYTES = 40;
/** The list of buffers, for an entry with several. */
const LIST_BYTES = 48;
const WORD_BYTES = 8;

type Buffers = readonly ArrayBufferLike[];

interface Block {
  bytes: number;
  pins: number;
}

export class PinnedMemory<K> {
  /** All buffers that are pinned, and the bookkeeping. */
  bytes = 0;
  readonly #blocks: Map<ArrayBufferLike, Block> = new Map();
  readonly #entries: Map<K, ArrayBufferLike | Buffers> = new Map();
  /** Found in the value weighed last. */
  #found: ArrayBufferLike | Buffers | null = null;

  /** Entries that pin something. With 0, `unpin` has nothing to do, nor has `pin` unless `hasFound`. */
  get size(): number {
    return this.#entries.size;
  }

  /** Whether the value weighed last has slices in it. */
  get hasFound(): boolean {
    return this.#found !== null;
  }

  /** Bytes of a value, as `valueBytes`, without the buffers behind slices: these are for the methods below. */
  weigh(value: unknown): number {
    this.#found = null;
    if (typeof value !== 'object' || value === null) return valueBytes(value);
    if (!ArrayBuffer.isView(value)) {
      const { bytes, shared } = weighObject(value);
      if (shared !== null) this.#found = shared.length === 1 ? shared[0]! : shared;
      return bytes;
    }
    if (!isSharedView(value)) return valueBytes(value);
    this.#found = value.buffer;
    return bareViewBytes(value);
  }

  /** What the buffers of the value weighed last count if nothing else pins them: whether it can ever fit. */
  alone(): number {
    if (this.#found === null) return 0;
    let bytes = recordBytes(this.#found);
    for (const buffer of listed(this.#found)) bytes += blockBytes(buffer);
    return bytes;
  }

  /** By how much `bytes` would grow, or shrink, if the entry now pinned the value weighed last. Changes nothing. */
  wouldAdd(key: K): number {
    if (this.#found === null && this.#entries.size === 0) return 0;
    const before = this.#entries.get(key);
    let growth = 0;
    if (this.#found !== null) {
      growth += recordBytes(this.#found);
      for (const buffer of listed(this.#found))
        growth += blockBytes(buffer) - (this.#blocks.get(buffer)?.bytes ?? 0);
    }
    if (before === undefined) return growth;
    growth -= recordBytes(before);
    const kept = new Set(this.#found === null ? [] : listed(this.#found));
    for (const buffer of listed(before)) {
      const block = this.#blocks.get(buffer)!;
      if (block.pins === 1 && !kept.has(buffer)) growth -= block.bytes;
    }
    return growth;
  }

  /** Pins what the value weighed last needs, in place of what the entry pinned so far. Returns the growth. */
  pin(key: K): number {
    const before = this.bytes;
    const found = this.#found;
    const replaced = this.#entries.get(key);
    if (found !== null) {
      for (const buffer of listed(found)) this.#hold(buffer);
      this.#entries.set(key, found);
      this.bytes += recordBytes(found);
      this.#found = null;
    } else if (replaced !== undefined) this.#entries.delete(key);
    if (replaced !== undefined) this.#release(replaced);
    return this.bytes - before;
  }

  /** Takes note that an entry is gone. Returns the growth: 0 or less. */
  unpin(key: K): number {
    const pinned = this.#entries.get(key);
    if (pinned === undefined) return 0;
    const before = this.bytes;
    this.#entries.delete(key);
    this.#release(pinned);
    return this.bytes - before;
  }

  /** Forgets everything. */
  clear(): void {
    this.#blocks.clear();
    this.#entries.clear();
    this.#found = null;
    this.bytes = 0;
  }

  /** What is inconsistent; empty when all is well. O(n). */
  verify(): string[] {
    const problems: string[] = [];
    const pins = new Map<ArrayBufferLike, number>();
    let bytes = 0;
    for (const pinned of this.#entries.values()) {
      bytes += recordBytes(pinned);
      for (const buffer of listed(pinned)) pins.set(buffer, (pins.get(buffer) ?? 0) + 1);
    }
    for (const [buffer, block] of this.#blocks) {
      bytes += block.bytes;
      if (pins.get(buffer) !== block.pins)
        problems.push(`a buffer has ${block.pins} pins, and ${pins.get(buffer) ?? 0} entries pin it`);
    }
    if (pins.size !== this.#blocks.size)
      problems.push(`${pins.size} buffers are pinned, and ${this.#blocks.size} are known`);
    if (bytes !== this.bytes) problems.push(`pinned memory counts ${this.bytes} bytes and has ${bytes}`);
    return problems;
  }

  #hold(buffer: ArrayBufferLike): void {
    const bytes = blockBytes(buffer);
    const block = this.#blocks.get(buffer);
    if (block === undefined) {
      this.#blocks.set(buffer, { bytes, pins: 1 });
      this.bytes += bytes;
    } else {
      this.bytes += bytes - block.bytes;
      block.bytes = bytes;
      block.pins++;
    }
  }

  #release(pinned: ArrayBufferLike | Buffers): void {
    this.bytes -= recordBytes(pinned);
    for (const buffer of listed(pinned)) {
      const block = this.#blocks.get(buffer)!;
      block.pins--;
      if (block.pins > 0) continue;
      this.#blocks.delete(buffer);
      this.bytes -= block.bytes;
    }
  }
}

function blockBytes(buffer: ArrayBufferLike): number {
  return BLOCK_RECORD_BYTES + bufferBytes(buffer);
}

function recordBytes(pinned: ArrayBufferLike | Buffers): number {
  return isList(pinned) ? ENTRY_RECORD_BYTES + LIST_BYTES + pinned.length * WORD_BYTES : ENTRY_RECORD_BYTES;
}

function listed(pinned: ArrayBufferLike | Buffers): Buffers {
  return isList(pinned) ? pinned : [pinned];
}

function isList(pinned: ArrayBufferLike | Buffers): pinned is Buffers {
  return Array.isArray(pinned);
}
