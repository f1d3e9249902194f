/** A client that checks bytes: sends what it is told and hands back what arrives, in order. */

import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { ListenAddress } from '../../lib/tcp/index.js';

export class WireClient {
  readonly socket: Socket;
  /** Everything that has arrived so far, taken bytes included. */
  received = 0;
  /** The server has ended the connection, or it was reset. */
  ended = false;
  error: string | undefined;
  #chunks: Buffer[] = [];
  #waiting = 0;
  #wake: () => void = () => {};

  readonly #transport: Socket;

  /** `transport`: what carries TLS; otherwise the socket itself. */
  private constructor(socket: Socket, transport: Socket = socket) {
    this.socket = socket;
    this.#transport = transport;
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#waiting += chunk.length;
      this.received += chunk.length;
      this.#wake();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code;
    });
    const end = (): void => {
      this.ended = true;
      this.#wake();
    };
    socket.on('end', end);
    socket.on('close', end);
  }

  /** Connects, over TLS if told how; rejects when that fails. */
  static async open(address: ListenAddress, tls?: ConnectionOptions): Promise<WireClient> {
    const transport =
      'path' in address
        ? connect({ path: address.path, allowHalfOpen: true })
        : connect({ host: address.host ?? '127.0.0.1', port: address.port!, allowHalfOpen: true });
    const socket =
      tls === undefined ? transport : connectTls({ servername: 'localhost', ...tls, socket: transport });
    const client = new WireClient(socket, transport);
    await new Promise<void>((resolve, reject) => {
      socket.once(tls === undefined ? 'connect' : 'secureConnect', resolve);
      socket.once('error', reject);
      transport.once('error', reject);
    });
    return client;
  }

  send(data: string | Buffer): void {
    this.socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
  }

  /** The next `count` bytes; throws when the server ends first. */
  async bytes(count: number): Promise<Buffer> {
    while (this.#waiting < count) await this.#more();
    const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    const taken = all.subarray(0, count);
    this.#chunks = count === all.length ? [] : [all.subarray(count)];
    this.#waiting -= count;
    return taken;
  }

  /** As many bytes as `text` has, as latin1: what the caller compares with `text`. */
  async like(text: string): Promise<string> {
    return (await this.bytes(text.length)).toString('latin1');
  }

  /** The next line with its end. */
  async line(): Promise<string> {
    return await this.until(/^[^\n]*\n/);
  }

  /** Everything up to the end of the first match. */
  async until(pattern: RegExp): Promise<string> {
    for (;;) {
      const text = Buffer.concat(this.#chunks).toString('latin1');
      const match = pattern.exec(text);
      if (match !== null) return (await this.bytes(match.index + match[0].length)).toString('latin1');
      await this.#more();
    }
  }

  /** Everything up to `text`, which is the last thing to arrive. Cheap for long replies. */
  async untilTail(text: string): Promise<string> {
    for (;;) {
      const tail = Buffer.concat(this.#chunks.slice(-2)).toString('latin1');
      if (tail.endsWith(text)) return (await this.bytes(this.#waiting)).toString('latin1');
      await this.#more();
    }
  }

  /** Sends commands and hands back the reply up to the end of `pattern`. */
  async ask(data: string, pattern: RegExp = /\r\n$/): Promise<string> {
    this.send(data);
    return await this.until(pattern);
  }

  /** The general statistics, or those of a kind. */
  async stats(kind = ''): Promise<Record<string, string>> {
    const text = await this.ask(kind === '' ? 'stats\r\n' : `stats ${kind}\r\n`, /(^|\r\n)END\r\n/);
    const lines = text.split('\r\n').filter((line) => line.startsWith('STAT '));
    return Object.fromEntries(
      lines.map((line) => {
        const [, name, ...value] = line.split(' ');
        return [name!, value.join(' ')];
      }),
    );
  }

  /** All that arrives until the server ends the connection. */
  async rest(): Promise<string> {
    while (!this.ended) await this.#more(true);
    const text = Buffer.concat(this.#chunks).toString('latin1');
    this.#chunks = [];
    this.#waiting = 0;
    return text;
  }

  /** Sends no more, and still reads. */
  finish(data = ''): void {
    this.socket.end(Buffer.from(data, 'latin1'));
  }

  /** Ends the connection as a crash would. */
  reset(): void {
    this.#transport.resetAndDestroy();
  }

  async close(): Promise<void> {
    if (this.socket.closed) return;
    const closed = new Promise((resolve) => this.socket.once('close', resolve));
    this.socket.destroy();
    await closed;
  }

  async #more(endIsFine = false): Promise<void> {
    if (this.ended) {
      if (endIsFine) return;
      throw new Error(
        `the server ended after ${this.received} bytes (${this.error ?? 'no error'}): ${JSON.stringify(
          Buffer.concat(this.#chunks).toString('latin1').slice(0, 200),
        )}`,
      );
    }
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** Waits until `check` holds, for what can only be seen from outside; throws when it does not in time. */
export async function eventually(check: () => boolean, what: string, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!check()) {
    if (Date.now() > deadline) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
