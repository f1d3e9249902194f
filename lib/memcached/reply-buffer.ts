/**
 * Where replies are put together: bytes are written into a block, large values are added by reference.
 * One buffer serves all connections of a server, because each drains it before the next one writes.
 *
 * Ownership: what `take` returned belongs to the transport, which then says either `release` (it has been
 * written out, its place in the block is free again) or `keep` (it has not; writing goes on behind it).
 */

const BLOCK_BYTES = 64 * 1024;

/** Longer strings are copied by Buffer's own method, which costs more to call and less for each byte. */
const LOOP_MAX_LENGTH = 24;

/** Larger numbers do not divide in 32 bits. */
const NUMBER_LOOP_END = 1e9;

export class ReplyBuffer {
  /** Bytes that wait, values by reference included. */
  length = 0;

  #block: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  /** Bytes of the block before this one have been taken or stand in `#pieces`. */
  #start = 0;
  #end = 0;
  /** Bytes of the block before this one belong to a transport that has not written them out. */
  #kept = 0;
  #pieces: Buffer[] = [];

  /** Appends latin1 text. */
  text(text: string): void {
    const { length } = text;
    if (length > BLOCK_BYTES) {
      this.reference(Buffer.from(text, 'latin1'));
      return;
    }
    if (BLOCK_BYTES - this.#end < length) this.#beginBlock();
    if (length <= LOOP_MAX_LENGTH) {
      const block = this.#block;
      let at = this.#end;
      for (let i = 0; i < length; i++) block[at++] = text.charCodeAt(i);
    } else {
      this.#block.write(text, this.#end, 'latin1');
    }
    this.#end += length;
    this.length += length;
  }

  /** Appends a whole number, 0 or more, in decimal. */
  number(number: number | bigint): void {
    if (number >= NUMBER_LOOP_END || typeof number === 'bigint') {
      this.text(String(number));
      return;
    }
    let digits = 1;
    for (let power = 10; power <= number; power *= 10) digits++;
    if (BLOCK_BYTES - this.#end < digits) this.#beginBlock();
    let rest = number;
    for (let at = this.#end + digits - 1; at >= this.#end; at--) {
      const tens = (rest / 10) | 0;
      this.#block[at] = 0x30 + rest - tens * 10;
      rest = tens;
    }
    this.#end += digits;
    this.length += digits;
  }

  /**
   * Makes room for `bytes` in one piece, a few at most, and counts them as appended: they are to be written to
   * `memory`, from the position returned on.
   */
  reserve(bytes: number): number {
    if (BLOCK_BYTES - this.#end < bytes) this.#beginBlock();
    const at = this.#end;
    this.#end += bytes;
    this.length += bytes;
    return at;
  }

  /** Where `reserve` has made room. */
  get memory(): Buffer {
    return this.#block;
  }

  /** Appends bytes without copying them; nobody may change them any more. */
  reference(bytes: Buffer): void {
    this.#closePiece();
    this.#pieces.push(bytes);
    this.length += bytes.length;
  }

  /** All that waits, in order; nothing waits afterwards. */
  take(): Buffer[] {
    this.#closePiece();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.length = 0;
    return pieces;
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

  #closePiece(): void {
    if (this.#end > this.#start) this.#pieces.push(this.#block.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }

  #beginBlock(): void {
    this.#closePiece();
    this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#start = 0;
    this.#end = 0;
    this.#kept = 0;
  }
}
