/**
 * Latin1 text in Buffers, by the methods that Buffer's `toString` and `write` end up in: without the detour over
 * the encoding's name a short text takes a fifth less time. Node does not document them: where they are
 * missing, the documented ones serve.
 */

type Latin1Buffer = Buffer & {
  latin1Slice(start: number, end: number): string;
  latin1Write(text: string, at: number, length: number): number;
};

const hasLatin1Methods = 'latin1Slice' in Buffer.prototype && 'latin1Write' in Buffer.prototype;

/** Longer texts are written by Buffer's own method, which costs more to call and less for each byte. */
const LOOP_MAX_LENGTH = 24;

/** The text in `bytes[start, end)`. */
export function latin1Text(bytes: Buffer, start: number, end: number): string {
  return hasLatin1Methods
    ? (bytes as Latin1Buffer).latin1Slice(start, end)
    : bytes.toString('latin1', start, end);
}

/** Writes a text where there is room for it; returns where it ends. */
export function writeLatin1(memory: Buffer, at: number, text: string): number {
  const { length } = text;
  if (length <= LOOP_MAX_LENGTH) {
    for (let i = 0; i < length; i++) memory[at + i] = text.charCodeAt(i);
  } else if (hasLatin1Methods) {
    (memory as Latin1Buffer).latin1Write(text, at, length);
  } else {
    memory.write(text, at, 'latin1');
  }
  return at + length;
}
