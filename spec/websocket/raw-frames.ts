/** Frames of a client made by hand, good and bad ones (RFC 6455, 5.2). */

export interface FrameHead {
  readonly fin?: boolean;
  /** The three reserved bits, as a number. */
  readonly reserved?: number;
  /** 0 goes on, 1 is text, 2 is binary, 8 closes, 9 pings, 10 pongs. */
  readonly opcode?: number;
  readonly masked?: boolean;
  /** What the head says of the payload's length; default: the truth. */
  readonly length?: number | bigint;
}

/** The mask is zero, which leaves the payload as it is. */
const MASK = Buffer.alloc(4);

export function frame(payload: string | Buffer = '', head: FrameHead = {}): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const { fin = true, reserved = 0, opcode = 2, masked = true, length = bytes.length } = head;
  const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  const mask = masked ? 0x80 : 0;
  const size =
    length < 126
      ? Buffer.from([mask | Number(length)])
      : length < 65536
        ? Buffer.from([mask | 126, Number(length) >> 8, Number(length) & 0xff])
        : Buffer.concat([Buffer.from([mask | 127]), bigEndian(BigInt(length))]);
  return Buffer.concat([Buffer.from([first]), size, masked ? MASK : Buffer.alloc(0), bytes]);
}

function bigEndian(number: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(number);
  return bytes;
}

/** Looks for the server's close frame in what arrives, piece by piece, and keeps none of the rest. */
export class CloseCodeSearch {
  /** The code; null until the frame has come. */
  code: number | null = null;
  #rest: Buffer = Buffer.alloc(0);
  /** Bytes of a payload that are still to come. */
  #toSkip = 0;

  push(chunk: Buffer): void {
    const skipped = Math.min(this.#toSkip, chunk.length);
    this.#toSkip -= skipped;
    let bytes = Buffer.concat([this.#rest, chunk.subarray(skipped)]);
    while (bytes.length >= 2 && bytes.length >= headBytes(bytes)) {
      const head = headBytes(bytes);
      const size = payloadBytes(bytes);
      if ((bytes[0]! & 0x0f) === 8 && size >= 2) {
        if (bytes.length < head + 2) break;
        this.code = bytes.readUInt16BE(head);
        return;
      }
      this.#toSkip = Math.max(0, head + size - bytes.length);
      bytes = bytes.subarray(Math.min(head + size, bytes.length));
    }
    this.#rest = bytes;
  }
}

function headBytes(bytes: Buffer): number {
  const length = bytes[1]!;
  return length < 126 ? 2 : length === 126 ? 4 : 10;
}

function payloadBytes(bytes: Buffer): number {
  const length = bytes[1]!;
  if (length < 126) return length;
  return length === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
}
