/**
 * Frames as a server sends them: unmasked, and one for each message (RFC 6455, 5.2). ws would send a message of several
 * chunks in fragments, which every client must understand and some by hand do not, and head and payload apart.
 */

import type { Duplex } from 'node:stream';

/** The first byte of a message that is one frame. */
export const TEXT_FRAME = 0x81;
export const BINARY_FRAME = 0x82;
export const PONG_FRAME = 0x8a;

/** Up to here it is cheaper to copy a payload than to have it written beside its head. */
const JOINED_MAX_BYTES = 2048;

/**
 * Writes a frame whose payload is made of these chunks; `onTaken` is called when the operating system has it.
 * Returns the payload's length in bytes.
 */
export function writeFrame(
  socket: Duplex,
  firstByte: number,
  chunks: readonly Buffer[],
  onTaken: () => void,
): number {
  let bytes = 0;
  for (const chunk of chunks) bytes += chunk.length;
  if (bytes > JOINED_MAX_BYTES) {
    socket.cork();
    socket.write(head(firstByte, bytes, 0, true));
    const last = chunks.length - 1;
    for (let i = 0; i < last; i++) socket.write(chunks[i]!);
    socket.write(chunks[last]!, onTaken);
    socket.uncork();
    return bytes;
  }
  // What has to wait must not hold a block of Node's pool.
  const frame = head(firstByte, bytes, bytes, socket.writableLength > 0);
  let end = headLength(bytes);
  for (const chunk of chunks) {
    frame.set(chunk, end);
    end += chunk.length;
  }
  socket.write(frame, onTaken);
  return bytes;
}

/** The head of a frame, with room for so many bytes behind it. */
function head(firstByte: number, payloadBytes: number, room: number, isAlone: boolean): Buffer {
  const length = headLength(payloadBytes);
  const bytes = isAlone ? Buffer.allocUnsafeSlow(length + room) : Buffer.allocUnsafe(length + room);
  bytes[0] = firstByte;
  if (length === 2) bytes[1] = payloadBytes;
  else if (length === 4) {
    bytes[1] = 126;
    bytes.writeUInt16BE(payloadBytes, 2);
  } else {
    bytes[1] = 127;
    bytes.writeUInt16BE(0, 2);
    bytes.writeUIntBE(payloadBytes, 4, 6);
  }
  return bytes;
}

function headLength(payloadBytes: number): number {
  if (payloadBytes < 126) return 2;
  return payloadBytes < 65536 ? 4 : 10;
}
