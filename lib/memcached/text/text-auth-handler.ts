/**
 * A text client that has not authenticated: memcached's `-Y`. A `set` of any key whose data is `user password`
 * authenticates it and stores nothing; everything else is refused.
 */

import { AUTH_CMDS, AUTH_ERRORS } from '../counters.js';
import { AUTH_DATA_MAX_BYTES, LINE_MAX_BYTES } from '../limits.js';
import type { ProtocolHandler, SessionIo } from '../session-io.js';
import { parseUint32 } from '../wire-number.js';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;

/** No `set` is shorter, its end without the LF included; what is ends the connection. */
const LINE_MIN_BYTES = 6;

export class TextAuthHandler implements ProtocolHandler {
  readonly hasWork = false;
  readonly watching = false;
  readonly #io: SessionIo;
  readonly #onSignedIn: () => void;
  /** Bytes of data awaited, their CRLF included; 0 while a line is. */
  #dataBytes = 0;

  constructor(io: SessionIo, onSignedIn: () => void) {
    this.#io = io;
    this.#onSignedIn = onSignedIn;
  }

  get idle(): boolean {
    return this.#dataBytes === 0 && this.#io.incomplete.length === 0;
  }

  get receivingData(): boolean {
    return this.#dataBytes > 0;
  }

  step(): void {
    if (this.#dataBytes === 0) this.#readLine();
    else this.#readData();
  }

  close(): void {}

  #readLine(): void {
    const io = this.#io;
    const { chunk, position, incomplete } = io;
    const lineFeed = chunk.indexOf(LF, position);
    const end = lineFeed === -1 ? chunk.length : lineFeed;
    incomplete.append(chunk, position, end);
    io.position = lineFeed === -1 ? end : end + 1;
    if (lineFeed === -1) {
      if (incomplete.length > LINE_MAX_BYTES) io.fail();
      return;
    }
    io.requestsLeft--;
    const { length } = incomplete;
    this.#onLine(incomplete.take().toString('latin1', 0, length));
  }

  #onLine(line: string): void {
    const { out } = this.#io;
    if (line.length < LINE_MIN_BYTES) {
      this.#io.closed = true;
      return;
    }
    const [, , , , length] = line.replace(/\r$/, '').split(/ +/, 5);
    const bytes =
      length === undefined ? undefined : parseUint32(Buffer.from(length, 'latin1'), 0, length.length);
    // As in memcached, the first three bytes decide.
    if (!line.startsWith('set') || bytes === undefined) out.text('CLIENT_ERROR unauthenticated\r\n');
    else if (bytes > AUTH_DATA_MAX_BYTES) out.text('CLIENT_ERROR auth token too long\r\n');
    else this.#dataBytes = bytes + 2;
  }

  #readData(): void {
    const io = this.#io;
    const data = io.collect(this.#dataBytes, this.#dataBytes);
    if (data === null) return;
    const end = this.#dataBytes - 2;
    this.#dataBytes = 0;
    io.out.text(`${this.#authenticate(data, end)}\r\n`);
  }

  /** The answer to `user password` in `data[0, end)`, and the two bytes behind it. The first space ends the user. */
  #authenticate(data: Buffer, end: number): string {
    const { items, credentials, onAuthFailure } = this.#io;
    if (data[end] !== CR || data[end + 1] !== LF) return 'CLIENT_ERROR bad command line termination';
    const space = data.subarray(0, end).indexOf(SPACE);
    if (space === -1) return 'CLIENT_ERROR bad authentication token format';
    items.count(AUTH_CMDS);
    if (credentials?.allow(data.subarray(0, space), data.subarray(space + 1, end)) === true) {
      this.#onSignedIn();
      return 'STORED';
    }
    items.count(AUTH_ERRORS);
    onAuthFailure();
    return 'CLIENT_ERROR authentication failure';
  }
}
