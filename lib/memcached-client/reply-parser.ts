/**
 * Bytes of a server to replies: a line each, with the data behind it where the line announces some (`VA`, `VALUE`). Knows no socket.
 * A reply may come in any pieces.
 *
 * A server is trusted with nothing: a line is bounded, memory for a value is taken only where its announced size is within
 * `maxValueBytes`, and data above that is passed over. O(bytes).
 */

import { HotsetError, shown } from '../errors.js';

/** More than the longest line of a reply: a key of 250 bytes, numbers and flags. */
export const LINE_MAX_BYTES = 2048;
/** A server that announces more speaks another protocol. */
const DATA_MAX_BYTES: number = 1024 * 1024 * 1024;

const CR = 0x0d;
const LF = 0x0a;
const NOTHING: Buffer = Buffer.alloc(0);

const META_DATA = /^VA (\d{1,10})(?: |$)/;
const CLASSIC_DATA = /^VALUE [^ ]+ \d{1,20} (\d{1,10})(?: |$)/;

/** `data` is null where none was announced, and where it was too long: `hasData` of the line says which. */
export type ReplyListener = (line: string, data: Buffer | null) => void;

export class ReplyParser {
  readonly #maxValueBytes: number;
  readonly #onReply: ReplyListener;
  #isStopped = false;
  /** The beginning of a line, a latin1 character for each byte. */
  #partial = '';
  /** The line whose data is arriving; null between replies. */
  #line: string | null = null;
  /** Bytes that are missing of its data, and of the line end behind it: 2 bytes. */
  #missing = 0;
  /** Where the data goes; null for data that is passed over. */
  #data: Buffer | null = null;

  constructor(maxValueBytes: number, onReply: ReplyListener) {
    this.#maxValueBytes = maxValueBytes;
    this.#onReply = onReply;
  }

  /** No reply is reported any more. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Reports the replies that are whole now. Throws `HOTSET_PROTOCOL` for what is none; nothing may follow then. */
  feed(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.#isStopped)
      at = this.#line === null ? this.#readLine(chunk, at) : this.#readData(chunk, at, this.#line);
  }

  #readLine(chunk: Buffer, start: number): number {
    const end = chunk.indexOf(LF, start);
    const stop = end < 0 ? chunk.length : end;
    if (this.#partial.length + stop - start > LINE_MAX_BYTES) throw broken('a line without an end');
    const text = chunk.toString('latin1', start, stop);
    const whole = this.#partial === '' ? text : this.#partial + text;
    if (end < 0) {
      this.#partial = whole;
      return stop;
    }
    this.#partial = '';
    if (whole.charCodeAt(whole.length - 1) !== CR) throw broken('a line that does not end in CRLF');
    const line = whole.slice(0, -1);
    const size = dataSizeOf(line);
    if (size < 0) this.#onReply(line, null);
    else return this.#beginData(chunk, end + 1, line, size);
    return end + 1;
  }

  #beginData(chunk: Buffer, start: number, line: string, size: number): number {
    const fits = size <= this.#maxValueBytes;
    const end = start + size;
    if (fits && end + 2 <= chunk.length) {
      if (chunk[end] !== CR || chunk[end + 1] !== LF) throw broken('data of another length');
      // A copy: the value would keep the whole chunk.
      this.#onReply(line, size === 0 ? NOTHING : Buffer.from(chunk.subarray(start, end)));
      return end + 2;
    }
    this.#line = line;
    this.#missing = size + 2;
    this.#data = fits ? Buffer.allocUnsafe(size) : null;
    return start;
  }

  #readData(chunk: Buffer, start: number, line: string): number {
    let at = start;
    const inValue = Math.min(this.#missing - 2, chunk.length - at);
    if (inValue > 0) {
      const data = this.#data;
      if (data !== null) chunk.copy(data, data.length - (this.#missing - 2), at, at + inValue);
      this.#missing -= inValue;
      at += inValue;
    }
    for (; this.#missing <= 2 && this.#missing > 0 && at < chunk.length; at++)
      if (chunk[at] !== (this.#missing-- === 2 ? CR : LF)) throw broken('data of another length');
    if (this.#missing > 0) return at;
    const data = this.#data;
    this.#line = null;
    this.#data = null;
    this.#onReply(line, data);
    return at;
  }
}

/** Whether data follows the line of a reply. */
export function hasData(line: string): boolean {
  return line.startsWith('VA ') || line.startsWith('VALUE ');
}

/** -1 for a line without data. */
function dataSizeOf(line: string): number {
  if (!hasData(line)) return -1;
  const [, digits] = (line.startsWith('VA ') ? META_DATA : CLASSIC_DATA).exec(line) ?? [];
  const size = Number(digits);
  if (!(size <= DATA_MAX_BYTES)) throw broken(shown(line));
  return size;
}

/** An error that says what the server should not have sent. */
export function broken(what: string): HotsetError {
  return new HotsetError('HOTSET_PROTOCOL', `the memcached server sent ${what}`);
}
