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

/** The code in a server's close frame, if that is what the bytes end with. */
export function closeCodeIn(bytes: Buffer): number | null {
  for (let at = 0; at + 1 < bytes.length; ) {
    const length = bytes[at + 1]!;
    const skip = length < 126 ? 2 : length === 126 ? 4 : 10;
    const size =
      length < 126
        ? length
        : length === 126
          ? bytes.readUInt16BE(at + 2)
          : Number(bytes.readBigUInt64BE(at + 2));
    if ((bytes[at]! & 0x0f) === 8 && size >= 2) return bytes.readUInt16BE(at + skip);
    at += skip + size;
  }
  return null;
}
