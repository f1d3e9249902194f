/**
 * Follows the boundaries of a client's frames (RFC 6455, 5.2), to know how many bytes of an incomplete message have
 * arrived: ws buffers them and does not report it.
 */

const FIN = 0x80;
const CONTROL = 0x08;
const LENGTH = 0x7f;
const MASK_BYTES = 4;
/** A head without its mask: two bytes, and the longest length. */
const HEAD_MAX_BYTES = 10;

export class FrameMeter {
  readonly #head: Buffer = Buffer.alloc(HEAD_MAX_BYTES);
  #headBytes = 0;
  /** Bytes of the current frame, mask and payload, that have not arrived. */
  #missing = 0;
  #inPayload = false;
  /** Bytes of the current message in earlier frames, and in this frame. */
  #messageBytes = 0;
  #frameBytes = 0;

  /** Bytes of an incomplete frame or message. */
  get unfinishedBytes(): number {
    return this.#messageBytes + this.#frameBytes;
  }

  /** Takes the bytes that ws gets. Bytes that are no frames do no harm: ws ends the connection. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#inPayload) {
        const taken = Math.min(this.#missing, chunk.length - at);
        at += taken;
        this.#frameBytes += taken;
        this.#missing -= taken;
        if (this.#missing === 0) this.#endFrame();
      } else {
        this.#head[this.#headBytes++] = chunk[at++]!;
        this.#frameBytes++;
        if (this.#headBytes === this.#headLength) this.#beginPayload();
      }
    }
  }

  get #headLength(): number {
    if (this.#headBytes < 2) return 2;
    const length = this.#head[1]! & LENGTH;
    if (length < 126) return 2;
    return length === 126 ? 4 : HEAD_MAX_BYTES;
  }

  #beginPayload(): void {
    const length = this.#head[1]! & LENGTH;
    const payload =
      length < 126
        ? length
        : length === 126
          ? this.#head.readUInt16BE(2)
          : Number(this.#head.readBigUInt64BE(2));
    this.#missing = MASK_BYTES + payload;
    this.#inPayload = true;
  }

  #endFrame(): void {
    const first = this.#head[0]!;
    // A control frame may come between the frames of a message.
    if ((first & CONTROL) === 0) this.#messageBytes = (first & FIN) === 0 ? this.unfinishedBytes : 0;
    this.#frameBytes = 0;
    this.#headBytes = 0;
    this.#inPayload = false;
  }
}
