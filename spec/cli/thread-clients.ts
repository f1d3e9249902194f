/** A command of several threads, and clients of each. */

import { connect, type Socket } from 'node:net';
import { threadsFor } from '../../lib/cli/threads.js';
import { NODES } from '../weigh/node-versions.js';
import { type Command, start } from './command.js';

export const THREADS = 3;
/** The system decides which thread a connection goes to: with so many, each has some. */
export const CLIENTS = 24;

/** Nodes that can share a port between threads. */
export const CAPABLE: typeof NODES = NODES.filter(
  ([version]) => threadsFor({ threads: 2 } as never, version.slice(1)).threads === 2,
);

/** A connection that stays. */
export class Client {
  readonly socket: Socket;
  #text = '';

  constructor(port: number, socket: Socket = connect(port, '127.0.0.1')) {
    this.socket = socket;
    this.socket.setEncoding('latin1').on('data', (text: string) => {
      this.#text += text;
    });
  }

  /** Sends a request; returns all that has come when `end` is there. */
  async ask(request: string, end: RegExp): Promise<string> {
    this.#text = '';
    this.socket.write(request);
    return await this.until(end);
  }

  async until(end: RegExp): Promise<string> {
    const deadline = Date.now() + 20_000;
    while (!end.test(this.#text)) {
      if (Date.now() > deadline) throw new Error(`no ${end} in ${JSON.stringify(this.#text)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return this.#text;
  }
}

export function startThreads(node: string, flags: readonly string[] = []): Command {
  return start(['-t', `${THREADS}`, ...flags], {}, node);
}

export async function clients(command: Command): Promise<Client[]> {
  const port = await command.port();
  return Array.from({ length: CLIENTS }, () => new Client(port));
}
