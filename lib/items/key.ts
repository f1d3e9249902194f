/**
 * Keys of requests. One object serves many requests, because most need neither a copy of the key's bytes nor a text of
 * them.
 *
 * Hashes are FNV-1a, of 32 bits, begun with the store's seed and computed byte by byte where the key is read.
 */

import type { KeyBytes } from '../items.js';

/** protocol.txt, "Keys": at most 250 bytes. */
export const KEY_MAX_BYTES = 250;

export const HASH_FACTOR = 0x01000193;

const NOTHING = Buffer.alloc(0);

/** What Buffer's `toString` ends up in: without the detour over the encoding's name a `set` takes 7 % less time. */
type Latin1Slicer = Buffer & { latin1Slice(start: number, end: number): string };

/** Node does not document it. */
const hasLatin1Slice = 'latin1Slice' in Buffer.prototype;

/** The text in `bytes[start, end)`. */
export function latin1Text(bytes: Buffer, start: number, end: number): string {
  return hasLatin1Slice
    ? (bytes as Latin1Slicer).latin1Slice(start, end)
    : bytes.toString('latin1', start, end);
}

/** The hash of bytes [start, end). O(bytes). */
export function hashOf(seed: number, bytes: Uint8Array, start: number, end: number): number {
  let hash = seed;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, HASH_FACTOR);
  return hash;
}

export class Key implements KeyBytes {
  bytes: Buffer = NOTHING;
  start = 0;
  end = 0;
  hash = 0;
  /** The text, if it is known: null for whoever sets the four above, which the fast path does by itself. */
  knownText: string | null = '';
  readonly #seed: number;
  /** Memory of its own, once it needs some. */
  #kept: Buffer | null = null;

  /** `seed` is `Items.hashSeed`. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  get length(): number {
    return this.end - this.start;
  }

  /** A latin1 character for each byte: made when it is first asked for. */
  get text(): string {
    this.knownText ??= latin1Text(this.bytes, this.start, this.end);
    return this.knownText;
  }

  /** Takes bytes [start, end), which the caller leaves as they are as long as the key is in use, and their hash. */
  set(bytes: Buffer, start: number, end: number, hash: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.hash = hash;
    this.knownText = null;
  }

  /** Takes bytes whose hash is not known. O(bytes). */
  setBytes(bytes: Buffer, start: number, end: number): void {
    this.set(bytes, start, end, hashOf(this.#seed, bytes, start, end));
  }

  /** Takes a text with a latin1 character for each byte. O(characters). */
  setText(text: string): this {
    const own = this.#memory(text.length);
    for (let i = 0; i < text.length; i++) own[i] = text.charCodeAt(i);
    this.setBytes(own, 0, text.length);
    this.knownText = text;
    return this;
  }

  /** Copies its bytes: the memory that they are in is going to be used for something else. */
  keep(): void {
    const { bytes, start, end } = this;
    if (bytes === this.#kept) return;
    const own = this.#memory(end - start);
    bytes.copy(own, 0, start, end);
    this.bytes = own;
    this.start = 0;
    this.end = end - start;
  }

  #memory(bytes: number): Buffer {
    if (this.#kept === null || this.#kept.length < bytes)
      this.#kept = Buffer.allocUnsafeSlow(Math.max(bytes, KEY_MAX_BYTES));
    return this.#kept;
  }
}
