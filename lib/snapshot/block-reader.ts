/**
 * A file to blocks whose checksums and order are right. Reads ahead into one buffer of a fixed size,
 * whatever lengths the file claims. At the footer it checks that nothing is missing or behind it.
 */

import type { FileHandle } from 'node:fs/promises';
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
  RECORD_HEAD_BYTES,
} from './format.js';
import { damaged, unreadable } from './refusal.js';

export interface SnapshotHeader {
  readonly savedAtMs: number;
  /** Whether a user's codec has written the values. */
  readonly byCodec: boolean;
}

/** Room for a block, and for what is read along with it. */
const MEMORY_BYTES: number = BLOCK_HEADER_BYTES + BLOCK_MAX_BYTES + FOOTER_BYTES;

export class BlockReader {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #memory: Buffer = Buffer.allocUnsafeSlow(MEMORY_BYTES);
  /** What has been read and not yet used: `memory[start, end)`. */
  #start = 0;
  #end = 0;
  /** Where `memory[end]` would be in the file. */
  #position = 0;
  #blocks = 0;
  #chain = 0;
  #payloadOffset = 0;
  #entries = 0;

  constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  /** The file offset of the payload that `next` returned; after the last block, that of the footer. */
  get payloadOffset(): number {
    return this.#payloadOffset;
  }

  /** The footer's number of entries: once `next` has returned null. */
  get entries(): number {
    return this.#entries;
  }

  /** The entries that the file may have, by its footer: known before its blocks have been checked. */
  async claimedEntries(): Promise<number> {
    const { size } = await this.#file.stat();
    const footer = Buffer.alloc(FOOTER_BYTES);
    await this.#file.read(footer, 0, FOOTER_BYTES, Math.max(0, size - FOOTER_BYTES));
    const entries = footer.readDoubleLE(8);
    return entries >= 0 ? Math.min(Math.floor(entries), Math.floor(size / RECORD_HEAD_BYTES)) : 0;
  }

  /** The file's header, to be read first. */
  async header(): Promise<SnapshotHeader> {
    await this.#fill(HEADER_BYTES);
    const bytes = this.#memory.subarray(0, Math.min(this.#end, HEADER_BYTES));
    const begins = bytes.subarray(0, MAGIC.length);
    if (!begins.equals(MAGIC.subarray(0, begins.length)))
      throw unreadable(this.#path, 0, 'it is no snapshot of hotset');
    if (bytes.length < HEADER_BYTES) throw this.#cutShort();
    if (crc32(bytes.subarray(0, 24)) !== bytes.readUInt32LE(24))
      throw damaged(this.#path, 0, 'the checksum of its header is wrong');
    const version = bytes.readUInt32LE(8);
    if (version !== FORMAT_VERSION)
      throw unreadable(
        this.#path,
        8,
        `it has format version ${version}, and this hotset reads ${FORMAT_VERSION}`,
      );
    const bits = bytes.readUInt32LE(12);
    const savedAtMs = bytes.readDoubleLE(16);
    if ((bits & ~HEADER_CODEC) !== 0 || !Number.isFinite(savedAtMs))
      throw damaged(this.#path, 12, 'its header makes no sense');
    this.#chain = bytes.readUInt32LE(24);
    this.#start = HEADER_BYTES;
    return { savedAtMs, byCodec: (bits & HEADER_CODEC) !== 0 };
  }

  /** The next block's payload, good until the next call; null after the last one. */
  async next(): Promise<Buffer | null> {
    const offset = this.#offset;
    await this.#need(BLOCK_HEADER_BYTES);
    const header = this.#memory.subarray(this.#start, this.#start + BLOCK_HEADER_BYTES);
    const index = header.readUInt32LE(0);
    const length = header.readUInt32LE(4);
    const crc = header.readUInt32LE(8);
    this.#payloadOffset = offset;
    if (length === 0) {
      await this.#finish(offset);
      return null;
    }
    if (length > BLOCK_MAX_BYTES)
      throw damaged(
        this.#path,
        offset + 4,
        `a block claims ${length} bytes, and none has more than ${BLOCK_MAX_BYTES}`,
      );
    const chain = crc32(header, this.#chain);
    const seed = crc32(header.subarray(0, 8));
    await this.#need(BLOCK_HEADER_BYTES + length);
    const begin = this.#start + BLOCK_HEADER_BYTES;
    const payload = this.#memory.subarray(begin, begin + length);
    if (crc32(payload, seed) !== crc)
      throw damaged(this.#path, offset, `the checksum of block ${this.#blocks} is wrong`);
    if (index !== this.#blocks)
      throw damaged(this.#path, offset, `block ${index} is where block ${this.#blocks} should be`);
    this.#chain = chain;
    this.#blocks++;
    this.#start = begin + length;
    this.#payloadOffset = offset + BLOCK_HEADER_BYTES;
    return payload;
  }

  /** Checks the footer, and that it is the end. */
  async #finish(offset: number): Promise<void> {
    await this.#need(FOOTER_BYTES);
    const footer = this.#memory.subarray(this.#start, this.#start + FOOTER_BYTES);
    if (crc32(footer.subarray(0, 28)) !== footer.readUInt32LE(28))
      throw damaged(this.#path, offset, 'the checksum of its footer is wrong');
    if (!footer.subarray(20, 28).equals(END_MARK))
      throw damaged(this.#path, offset + 20, 'its footer has no end mark');
    const blocks = footer.readUInt32LE(0);
    if (blocks !== this.#blocks)
      throw damaged(this.#path, offset, `it has ${this.#blocks} blocks, and its footer says ${blocks}`);
    if (footer.readUInt32LE(16) !== this.#chain)
      throw damaged(this.#path, offset + 16, 'its blocks are not those that its footer was written for');
    this.#entries = footer.readDoubleLE(8);
    this.#start += FOOTER_BYTES;
    await this.#fill(1);
    if (this.#start < this.#end) throw damaged(this.#path, this.#offset, 'something is behind its end');
  }

  /** Where `memory[start]` stands in the file. */
  get #offset(): number {
    return this.#position - (this.#end - this.#start);
  }

  /** Reads until `bytes` or more are ready from `start` on, or throws. */
  async #need(bytes: number): Promise<void> {
    if (this.#end - this.#start >= bytes) return;
    await this.#fill(bytes);
    if (this.#end - this.#start < bytes) throw this.#cutShort();
  }

  /** Reads until `bytes` are ready or the file ends. `bytes` is at most what the memory holds. */
  async #fill(bytes: number): Promise<void> {
    if (this.#start > 0) {
      this.#memory.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    while (this.#end < bytes) {
      const room = this.#memory.length - this.#end;
      const { bytesRead } = await this.#file.read(this.#memory, this.#end, room, this.#position);
      if (bytesRead === 0) return;
      this.#end += bytesRead;
      this.#position += bytesRead;
    }
  }

  #cutShort(): Error {
    return damaged(this.#path, this.#position, 'the file ends here, and something is missing');
  }
}
