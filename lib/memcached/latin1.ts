/** Latin1 text in Buffers. */

/** What Buffer's `toString` ends up in: without the detour over the encoding's name a `set` takes 7 % less time. */
type Latin1Slicer = Buffer & { latin1Slice(start: number, end: number): string };

/** Node does not document it. */
const hasLatin1Slice = 'latin1Slice' in Buffer.prototype;

/** Longer texts are written by Buffer's own method, which costs more to call and less for each byte. */
const LOOP_MAX_LENGTH = 24;

/** The text in `bytes[start, end)`. */
export function latin1Text(bytes: Buffer, start: number, end: number): string {
  return hasLatin1Slice
    ? (bytes as Latin1Slicer).latin1Slice(start, end)
    : bytes.toString('latin1', start, end);
}

/** Writes a text where there is room for it; returns where it ends. */
export function writeLatin1(memory: Buffer, at: number, text: string): number {
  const { length } = text;
  if (length <= LOOP_MAX_LENGTH) {
    for (let i = 0; i < length; i++) memory[at + i] = text.charCodeAt(i);
  } else {
    memory.write(text, at, 'latin1');
  }
  return at + length;
}
