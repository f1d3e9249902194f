/**
 * The one block in the making: records are put into its payload, then it is sealed and handed to the writer. Blocks are
 * made in three memories by turns: one is written while the next one is handed over, and a record may be put behind that.
 */

import { crc32 } from 'node:zlib';
import {
  BLOCK_HEADER_BYTES,
  BLOCK_MAX_BYTES,
  END_MARK,
  FOOTER_BYTES,
  FORMAT_VERSION,
  HEADER_BYTES,
  HEADER_CODEC,
  MAGIC,
} from './format.js';

export class BlockBuffer {
  memory: Buffer = Buffer.allocUnsafeSlow(BLOCK_HEADER_BYTES + BLOCK_MAX_BYTES);
  view: DataView = new DataView(this.memory.buffer);
  /** Where the next byte goes. */
  end: number = BLOCK_HEADER_BYTES;
  #blocks = 0;
  #chain = 0;
  readonly #memories: Buffer[] = [
    this.memory,
    Buffer.allocUnsafeSlow(this.memory.length),
    Buffer.allocUnsafeSlow(this.memory.length),
  ];

  /** Bytes of payload that still fit. */
  get room(): number {
    return this.memory.length - this.end;
  }

  get isEmpty(): boolean {
    return this.end === BLOCK_HEADER_BYTES;
  }

  /** The file's header. */
  header(savedAtMs: number, byCodec: boolean): Buffer {
    const bytes = Buffer.alloc(HEADER_BYTES);
    MAGIC.copy(bytes);
    bytes.writeUInt32LE(FORMAT_VERSION, 8);
    bytes.writeUInt32LE(byCodec ? HEADER_CODEC : 0, 12);
    bytes.writeDoubleLE(savedAtMs, 16);
    this.#chain = crc32(bytes.subarray(0, 24));
    bytes.writeUInt32LE(this.#chain, 24);
    return bytes;
  }

  /** The finished block, good until the next but one is sealed; the next one begins. */
  seal(): Buffer {
    const { memory, view, end } = this;
    view.setUint32(0, this.#blocks++, true);
    view.setUint32(4, end - BLOCK_HEADER_BYTES, true);
    const crc = crc32(memory.subarray(BLOCK_HEADER_BYTES, end), crc32(memory.subarray(0, 8)));
    view.setUint32(8, crc, true);
    this.#chain = crc32(memory.subarray(0, BLOCK_HEADER_BYTES), this.#chain);
    this.end = BLOCK_HEADER_BYTES;
    this.memory = this.#memories[this.#blocks % this.#memories.length]!;
    this.view = new DataView(this.memory.buffer);
    return memory.subarray(0, end);
  }

  footer(entries: number): Buffer {
    const bytes = Buffer.alloc(FOOTER_BYTES);
    bytes.writeUInt32LE(this.#blocks, 0);
    bytes.writeDoubleLE(entries, 8);
    bytes.writeUInt32LE(this.#chain, 16);
    END_MARK.copy(bytes, 20);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28);
    return bytes;
  }
}
