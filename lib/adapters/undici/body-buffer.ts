/**
 * A body, as it arrives. Chunks are copied: they are slices of what a socket read, and would keep all of it. A declared
 * length saves the last copy, and reserves no more than twice of what has arrived.
 */

const FIRST_BYTES = 64 * 1024;
const EMPTY = Buffer.alloc(0);

export class BodyBuffer {
  readonly #declaredBytes: number;
  #buffer: Buffer = EMPTY;
  #length = 0;

  /** `declaredBytes`: what a Content-Length says; 0 for nothing. */
  constructor(declaredBytes: number) {
    this.#declaredBytes = declaredBytes;
  }

  /** Bytes that have arrived. */
  get length(): number {
    return this.#length;
  }

  /** Bytes that are reserved. */
  get capacity(): number {
    return this.#buffer.length;
  }

  /** O(length of the chunk), amortized. */
  append(chunk: Uint8Array): void {
    const needed = this.#length + chunk.length;
    if (needed > this.#buffer.length) this.#grow(needed);
    this.#buffer.set(chunk, this.#length);
    this.#length = needed;
  }

  /** The whole body, in a buffer of its size. */
  finish(): Buffer {
    return this.#length === this.#buffer.length ? this.#buffer : this.#resized(this.#length);
  }

  #grow(needed: number): void {
    const declared = this.#declaredBytes;
    const doubled = Math.max(needed, 2 * this.#buffer.length);
    this.#buffer = this.#resized(
      needed <= declared ? Math.min(declared, Math.max(doubled, FIRST_BYTES)) : doubled,
    );
  }

  #resized(bytes: number): Buffer {
    const resized = Buffer.allocUnsafeSlow(bytes);
    this.#buffer.copy(resized, 0, 0, this.#length);
    return resized;
  }
}
