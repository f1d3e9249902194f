/**
 * Collects the bytes of one line or one value that arrive in chunks. Copies them, so that no chunk is kept alive. Its memory
 * doubles, so that it takes at most twice what has arrived and appending stays linear. A large one whose end is known
 * grows 16 times at once, to 16 MiB at most, which copies a value of 1 MB once and not four times; what has not
 * arrived of it has not been written to, and takes addresses but no memory.
 */

const NOTHING = Buffer.alloc(0);
/** Returned instead of bytes that were discarded for lack of room. */
export const GIVEN_UP: Buffer = Buffer.alloc(0);
/** Smaller ones wait for the collector of garbage. */
const FREED_FROM_BYTES = 16 * 1024;
/** What is transferred through a closed port is gone. */
const { port1: NOWHERE } = new MessageChannel();
NOWHERE.close();

const FIRST_BYTES = 64;
const GROWTH = 2;
/** Memory that would have to grow by less than this once more is made whole at once. */
const LEFT_GROWTH = 1.1;
const LARGE_BYTES = 64 * 1024;
const LARGE_GROWTH = 16;
const LARGE_GROWTH_END_BYTES = 16 * 1024 * 1024;

export class ByteCollector {
  /** Bytes that have arrived, discarded ones included. */
  length = 0;
  #bytes: Buffer = NOTHING;

  /** What has arrived, and room behind it: bytes [0, length) count. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Appends `chunk[start, end)`; makes its memory `atLeast` so large, and never larger than `atMost`. */
  append(
    chunk: Buffer,
    start: number,
    end: number,
    atLeast: number = FIRST_BYTES,
    atMost: number = Number.POSITIVE_INFINITY,
  ): void {
    const needed = this.length + end - start;
    if (this.isGivenUp) {
      this.length = needed;
      return;
    }
    if (needed > this.#bytes.length) this.#grow(needed, atLeast, atMost);
    chunk.copy(this.#bytes, this.length, start, end);
    this.length = needed;
  }

  /** Memory for some of the next `awaited` bytes, `atLeast` so large when it is the first, which whoever writes them adds to `length`; null once given up. */
  room(awaited: number, atLeast: number): Buffer | null {
    if (this.isGivenUp) return null;
    const { length } = this;
    const end = length + awaited;
    if (this.#bytes.length === length) this.#grow(length + 1, atLeast, end);
    return this.#bytes.subarray(length, end);
  }

  #grow(needed: number, atLeast: number, atMost: number): void {
    const { length } = this.#bytes;
    const isLarge = length >= LARGE_BYTES && atMost !== Number.POSITIVE_INFINITY;
    const large = isLarge ? Math.min(length * LARGE_GROWTH, LARGE_GROWTH_END_BYTES) : 0;
    const size = Math.max(needed, length * GROWTH, large, atLeast);
    // Not once more for the few that would be left.
    const larger = Buffer.allocUnsafeSlow(size * LEFT_GROWTH < atMost ? size : atMost);
    this.#bytes.copy(larger, 0, 0, this.length);
    this.#free();
    this.#bytes = larger;
  }

  get isGivenUp(): boolean {
    return this.#bytes === GIVEN_UP;
  }

  /** Discards what has arrived; further bytes are only counted, until `take`. */
  giveUp(): void {
    this.#free();
    this.#bytes = GIVEN_UP;
  }

  /** Releases everything. */
  clear(): void {
    this.#free();
    this.#bytes = NOTHING;
    this.length = 0;
  }

  /** At once, and not when garbage is collected: an idle process collects none. */
  #free(): void {
    const { buffer, length } = this.#bytes;
    if (length >= FREED_FROM_BYTES) NOWHERE.postMessage(null, [buffer as ArrayBuffer]);
  }

  /** Returns the bytes, or `GIVEN_UP`, and is empty again. */
  take(): Buffer {
    const bytes = this.#bytes;
    this.#bytes = NOTHING;
    this.length = 0;
    return bytes;
  }
}
