/** The bytes of a key or value back to what they were. */

import { FIXED_BYTES, TAG } from './format.js';
import { deserialize } from './serialization.js';

/** Whether content with this tag can only be known to be readable by reading it. */
export function needsTrial(tag: number): boolean {
  return tag === TAG.SERIALIZED_LE || tag === TAG.SERIALIZED_BE || tag === TAG.CODEC;
}

/** Whether content may have this tag and be as long as this. */
export function isPossible(tag: number, bytes: number): boolean {
  const fixed = FIXED_BYTES[tag];
  if (fixed === undefined) return false;
  if (fixed >= 0) return bytes === fixed;
  return tag !== TAG.UTF16 || bytes % 2 === 0;
}

/**
 * The content in `memory[start, start + bytes)`, of any tag but a codec's. What it returns holds on to no
 * memory but its own, which is `memory` itself only where that is `owned`: of exactly this length, and not shared.
 */
export function readContent(
  tag: number,
  memory: Buffer,
  start: number,
  bytes: number,
  owned: boolean,
): unknown {
  const end = start + bytes;
  switch (tag) {
    case TAG.UNDEFINED:
      return undefined;
    case TAG.NULL:
      return null;
    case TAG.FALSE:
      return false;
    case TAG.TRUE:
      return true;
    case TAG.INT32:
      return memory.readInt32LE(start);
    case TAG.FLOAT64:
      return memory.readDoubleLE(start);
    case TAG.LATIN1:
      return memory.toString('latin1', start, end);
    case TAG.UTF16:
      return memory.toString('utf16le', start, end);
    case TAG.BUFFER:
      return ownBytes(memory, start, bytes, owned);
    case TAG.UINT8ARRAY:
      return new Uint8Array(ownBytes(memory, start, bytes, owned).buffer);
    default:
      return deserialize(memory.subarray(start, end));
  }
}

/** These bytes in memory of their own. */
export function ownBytes(memory: Buffer, start: number, bytes: number, owned: boolean): Buffer {
  if (owned) return memory;
  const own = Buffer.allocUnsafeSlow(bytes);
  memory.copy(own, 0, start, start + bytes);
  return own;
}
