/**
 * What stands in the second tier under a key: a value or a remembered miss, with what a reader must know of it. Never empty.
 *
 *     0  'h'                       8  f64  how long it was fresh when it was written, ms
 *     1  format, 1                16  f64  how long it is kept after that, ms
 *     2  flags                    24  u32  bytes of the value, not compressed
 *     3  number of tags           28  tags: u16 and UTF-8, u8 and the version that it had
 *     4  u32  CRC-32 of the rest      the value
 *
 * Flags: 1 a miss, 6 the compression, 24 the serializer, 32 the serializer's mark. Numbers are little-endian.
 *
 * Bytes that are damaged, of another format or of another serializer are no value, and no error. No length in them is believed
 * before it is compared with what is there and with `maxValueBytes`, nothing is done with more bytes than that, and a decompression ends at the length that was promised.
 */

import { Buffer } from 'node:buffer';
import { promisify } from 'node:util';
import { brotliCompress, brotliDecompress, constants, crc32, deflateRaw, inflateRaw } from 'node:zlib';
import { MAX_TAG_CHARACTERS, MAX_TAGS } from '../engine/tags.js';
import { HotsetError } from '../errors.js';
import type { Codec } from './serializers.js';

/** How values are compressed. */
export type CompressionFormat = 'deflate' | 'brotli';

/** Which values are compressed, and how. */
export interface CompressionOptions {
  /** Default: `deflate`. */
  readonly format?: CompressionFormat | undefined;
  /** Values from so many bytes on. Default: 4,096. */
  readonly minBytes?: number | undefined;
}

/** What stands beside a value. */
export interface EnvelopeFacts {
  /** How long it was fresh when it was written. */
  readonly freshMs: number;
  /** How long after that it is kept. */
  readonly keptMs: number;
  /** The tags, with the version that each had. */
  readonly versions: ReadonlyMap<string, string>;
}

/** A value as bytes, perhaps compressed. */
export interface Content {
  readonly flags: number;
  /** Before the compression. */
  readonly valueBytes: number;
  readonly bytes: Uint8Array;
}

/** `value` is undefined for a miss. */
export interface Opened<V> extends EnvelopeFacts {
  readonly value: V | undefined;
}

const FIRST = 0x68;
const FORMAT = 1;
const HEADER_BYTES = 28;
/** Two lengths, a tag and its version. */
const TAG_MAX_BYTES: number = 3 + 3 * MAX_TAG_CHARACTERS + 255;
const MISS = 1;
const COMPRESSIONS = ['none', 'deflate', 'brotli'] as const;
const SERIALIZER_SHIFT = 3;
const MARK = 32;

const NONE: Map<string, string> = new Map();

const deflated = promisify(deflateRaw);
const inflated = promisify(inflateRaw);
const toBrotli = promisify(brotliCompress);
const fromBrotli = promisify(brotliDecompress);

export class Envelopes<V> {
  readonly #codec: Codec<V>;
  readonly #compression: { readonly format: CompressionFormat; readonly minBytes: number } | null;
  readonly #maxValueBytes: number;

  constructor(
    codec: Codec<V>,
    compression: { readonly format: CompressionFormat; readonly minBytes: number } | null,
    maxValueBytes: number,
  ) {
    this.#codec = codec;
    this.#compression = compression;
    this.#maxValueBytes = maxValueBytes;
  }

  /**
   * What is sealed for a value, or for a miss. Rejects with `HOTSET_UNSERIALIZABLE_VALUE`, and with `HOTSET_TOO_LARGE` for a
   * value above `maxValueBytes`. Linear in the size of the value.
   */
  async contentOf(value: V | undefined): Promise<Content> {
    let flags = this.#codec.number << SERIALIZER_SHIFT;
    let content: Uint8Array = new Uint8Array();
    if (value === undefined) flags |= MISS;
    else {
      const { bytes, mark } = this.#codec.encode(value);
      if (mark) flags |= MARK;
      content = bytes;
    }
    const valueBytes = content.length;
    if (valueBytes > this.#maxValueBytes) {
      const message = `a value has ${valueBytes} bytes, and maxValueBytes is ${this.#maxValueBytes}`;
      throw new HotsetError('HOTSET_TOO_LARGE', message);
    }
    if (this.#compression !== null && valueBytes >= this.#compression.minBytes) {
      const { format } = this.#compression;
      const smaller = format === 'brotli' ? await toBrotli(content, BROTLI) : await deflated(content);
      if (smaller.length < valueBytes) {
        flags |= COMPRESSIONS.indexOf(format) << 1;
        content = smaller;
      }
    }
    return { flags, valueBytes, bytes: content };
  }

  /** The envelope. Linear in the size of the content. */
  seal({ flags, valueBytes, bytes }: Content, { freshMs, keptMs, versions }: EnvelopeFacts): Uint8Array {
    const tags = Array.from(versions, ([tag, version]) => [Buffer.from(tag), Buffer.from(version)] as const);
    const tagBytes = tags.reduce((sum, [tag, version]) => sum + 3 + tag.length + version.length, 0);
    const sealed = Buffer.allocUnsafeSlow(HEADER_BYTES + tagBytes + bytes.length);
    sealed[0] = FIRST;
    sealed[1] = FORMAT;
    sealed[2] = flags;
    sealed[3] = tags.length;
    sealed.writeDoubleLE(freshMs, 8);
    sealed.writeDoubleLE(keptMs, 16);
    sealed.writeUInt32LE(valueBytes, 24);
    let at = HEADER_BYTES;
    for (const [tag, version] of tags) {
      at = sealed.writeUInt16LE(tag.length, at);
      at += tag.copy(sealed, at);
      at = sealed.writeUInt8(version.length, at);
      at += version.copy(sealed, at);
    }
    sealed.set(bytes, at);
    sealed.writeUInt32LE(checksumOf(sealed), 4);
    return sealed;
  }

  /**
   * Undefined for what is no envelope, or cannot be read. Never throws, nor rejects; a promise only where something is to be
   * decompressed. Linear in the size of the value.
   */
  open(bytes: Uint8Array): Opened<V> | undefined | Promise<Opened<V> | undefined> {
    try {
      const opened = this.#open(
        Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      );
      return opened instanceof Promise ? opened.catch(() => undefined) : opened;
    } catch {
      return undefined;
    }
  }

  #open(sealed: Buffer): Opened<V> | undefined | Promise<Opened<V> | undefined> {
    if (sealed.length < HEADER_BYTES || sealed[0] !== FIRST || sealed[1] !== FORMAT) return undefined;
    // Before anything is done with so many bytes. A compressed value is no longer than before.
    const valueBytes = sealed.readUInt32LE(24);
    const tagBytes = sealed.length - HEADER_BYTES - valueBytes;
    if (valueBytes > this.#maxValueBytes || tagBytes > sealed[3]! * TAG_MAX_BYTES) return undefined;
    if (sealed.readUInt32LE(4) !== checksumOf(sealed)) return undefined;
    const flags = sealed[2]!;
    const freshMs = sealed.readDoubleLE(8);
    const keptMs = sealed.readDoubleLE(16);
    if (!(freshMs > 0) || !(keptMs >= 0)) return undefined;
    let at = HEADER_BYTES;
    if (sealed[3]! > MAX_TAGS + 1) return undefined;
    const versions = sealed[3] === 0 ? NONE : new Map<string, string>();
    for (let left = sealed[3]!; left > 0; left--) {
      const tagEnd = at + 2 + sealed.readUInt16LE(at);
      const versionEnd = tagEnd + 1 + sealed.readUInt8(tagEnd);
      if (versionEnd > sealed.length) return undefined;
      versions.set(sealed.toString('utf8', at + 2, tagEnd), sealed.toString('utf8', tagEnd + 1, versionEnd));
      at = versionEnd;
    }
    if ((flags & MISS) !== 0) return { value: undefined, freshMs, keptMs, versions };
    if (((flags >> SERIALIZER_SHIFT) & 3) !== this.#codec.number) return undefined;
    const stored = sealed.subarray(at);
    const compression = COMPRESSIONS[(flags >> 1) & 3];
    if (compression === undefined) return undefined;
    const decoded = (content: Buffer): Opened<V> | undefined => {
      if (content.length !== valueBytes) return undefined;
      const value = this.#codec.decode(content, (flags & MARK) !== 0);
      return value === undefined ? undefined : { value, freshMs, keptMs, versions };
    };
    if (compression === 'none') return decoded(stored);
    const limit = { maxOutputLength: Math.max(1, valueBytes) };
    return (compression === 'deflate' ? inflated(stored, limit) : fromBrotli(stored, limit)).then(decoded);
  }
}

/** Quality 5 takes about the time of deflate. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };

let lastHead = -1;
let lastHeadChecksum = 0;

function checksumOf(sealed: Buffer): number {
  // The first four bytes are nearly always the same.
  const head = sealed.readUInt32LE(0);
  if (head !== lastHead) {
    lastHead = head;
    lastHeadChecksum = crc32(sealed.subarray(0, 4));
  }
  return crc32(sealed.subarray(8), lastHeadChecksum);
}
