/**
 * A text client that has yet to say who it is: memcached's `-Y`. A `set` of any key whose data is
 * `user password` does that, and stores nothing; everything else is refused.
 */

import { AUTH_CMDS, AUTH_ERRORS } from '../counters.js';
import { AUTH_DATA_MAX_BYTES, LINE_MAX_BYTES } from '../limits.js';
import type { ProtocolHandler, SessionIo } from '../session-io.js';

const LF = 0x0a;
const CR = 0x0d;

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
    const taken = lineFeed === -1 ? chunk.length : lineFeed + 1;
    incomplete.append(chunk, position, taken);
    io.position = taken;
    if (lineFeed === -1) {
      if (incomplete.length > LINE_MAX_BYTES) io.fail();
      return;
    }
    io.requestsLeft--;
    const { length } = incomplete;
    this.#onLine(
      incomplete
        .take()
        .toString('latin1', 0, length)
        .replace(/\r?\n$/, ''),
    );
  }

  #onLine(line: string): void {
    const { out } = this.#io;
    const [verb, , , , bytes = ''] = line.split(' ').filter((word) => word !== '');
    if (verb === 'quit') this.#io.closed = true;
    else if (verb !== 'set' || !/^\d{1,10}$/.test(bytes)) out.text('CLIENT_ERROR unauthenticated\r\n');
    else if (Number(bytes) > AUTH_DATA_MAX_BYTES) out.text('CLIENT_ERROR auth token too long\r\n');
    else this.#dataBytes = Number(bytes) + 2;
  }

  #readData(): void {
    const io = this.#io;
    const data = io.collect(this.#dataBytes, this.#dataBytes);
    if (data === null) return;
    const end = this.#dataBytes - 2;
    this.#dataBytes = 0;
    io.out.text(`${this.#verdict(data, end)}\r\n`);
  }

  /** What `user password` in `data[0, end)`, and the two bytes behind it, are answered with. */
  #verdict(data: Buffer, end: number): string {
    const { items, credentials, onAuthFailure } = this.#io;
    if (data[end] !== CR || data[end + 1] !== LF) return 'CLIENT_ERROR bad command line termination';
    const words = data.toString('latin1', 0, end).split(' ');
    const [user, password] = words.filter((word) => word !== '');
    if (user === undefined || password === undefined) return 'CLIENT_ERROR bad authentication token format';
    items.count(AUTH_CMDS);
    if (credentials?.allow(Buffer.from(user, 'latin1'), Buffer.from(password, 'latin1')) === true) {
      this.#onSignedIn();
      return 'STORED';
    }
    items.count(AUTH_ERRORS);
    onAuthFailure();
    return 'CLIENT_ERROR authentication failure';
  }
}
