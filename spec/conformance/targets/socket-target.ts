/** Runs a row over connected sockets, or what carries bytes as they do: the same for hotset's servers and for memcached. */

import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { OPCODE, request, response } from '../binary-packet.js';
import type { Row } from '../wire-table.js';
import type { CasIds } from './cas-ids.js';

/** How long a reply may take before it is held to be missing. */
const PATIENCE_MS = 5000;

/** Sent last: whatever a row leaves behind shows before its reply. */
const SENTINEL = { text: 'version\r\n', binary: request(OPCODE.noop, { opaque: 0x53656e74 }) };
const SENTINEL_REPLY = {
  text: /VERSION [^\r\n]*\r\n$/,
  binary: new RegExp(`${response(OPCODE.noop, { opaque: 0x53656e74 })}$`),
};

export interface SocketOutcome {
  readonly replies: string;
  readonly closed: boolean;
}

/** `open` makes a connection: a row needs one, or two. `casIds`: the server numbers otherwise than the tables. */
export async function runOnSocket(
  row: Row,
  open: () => Duplex,
  pass: (seconds: number) => Promise<void>,
  { patienceMs = PATIENCE_MS, casIds }: { patienceMs?: number; casIds?: CasIds | undefined } = {},
): Promise<SocketOutcome> {
  const main = new SubprotocolHandler(open(), patienceMs);
  let beside: SubprotocolHandler | undefined;
  let replies = '';
  let silent = false;
  for (const turn of row.turns) {
    if (main.closed) break;
    if (turn.length === 1) {
      // What has been sent without an answer must have arrived: it came before this one's question.
      if (silent) await new SubprotocolHandler(open(), patienceMs).ask();
      await pass(turn[0]);
      continue;
    }
    silent = turn[1] === '';
    if (turn[2] === 'beside') beside ??= new SubprotocolHandler(open(), patienceMs);
    const connection = turn[2] === 'beside' ? beside! : main;
    replies += await connection.say(casIds?.request(turn[0]) ?? turn[0], turn[1].length);
    casIds?.replies(replies);
  }
  // What comes beyond the expected length shows at the end.
  if (beside !== undefined) replies += await beside.rest();
  replies += row.closes === true ? await main.end() : await main.rest();
  const { closed } = main;
  await main.leave();
  await beside?.leave();
  return { replies: casIds?.replies(replies) ?? replies, closed };
}

class SubprotocolHandler {
  closed = false;
  readonly #socket: Duplex;
  readonly #patienceMs: number;
  #protocol: 'text' | 'binary' | undefined;
  #received = '';
  #arrived = (): void => {};

  constructor(socket: Duplex, patienceMs: number) {
    this.#socket = socket;
    this.#patienceMs = patienceMs;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#received += text;
      this.#arrived();
    });
    socket.on('close', () => {
      this.closed = true;
      this.#arrived();
    });
    socket.on('error', () => socket.destroy());
  }

  /** Sends, and takes as many bytes of reply as are expected. */
  async say(bytes: string, expectedLength: number): Promise<string> {
    this.#protocol ??= bytes.startsWith('\x80') ? 'binary' : 'text';
    await new Promise((resolve) => this.#socket.write(bytes, 'latin1', resolve));
    await this.#until(() => this.#received.length >= expectedLength);
    const reply = this.#received.slice(0, expectedLength);
    this.#received = this.#received.slice(expectedLength);
    return reply;
  }

  /** Asks something that has an answer, and leaves. */
  async ask(): Promise<void> {
    await this.rest();
    await this.leave();
  }

  /** What is still to come on a connection that stays open. */
  async rest(): Promise<string> {
    const protocol = this.#protocol ?? 'text';
    if (!this.closed) {
      this.#socket.write(SENTINEL[protocol], 'latin1');
      await this.#until(() => SENTINEL_REPLY[protocol].test(this.#received));
    }
    return this.#received.replace(SENTINEL_REPLY[protocol], '');
  }

  /** What is still to come on a connection that the server ends. */
  async end(): Promise<string> {
    await this.#until(() => false);
    return this.#received;
  }

  async leave(): Promise<void> {
    if (this.closed) return;
    this.#socket.destroy();
    await once(this.#socket, 'close');
  }

  async #until(done: () => boolean): Promise<void> {
    const deadline = Date.now() + this.#patienceMs;
    while (!done() && !this.closed && Date.now() < deadline) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadline - Date.now());
        this.#arrived = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}
