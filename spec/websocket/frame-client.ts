/** A WebSocket client that hands back what arrives, message by message or as one stream of bytes. */

import type { WebSocket } from 'ws';

export interface Farewell {
  readonly code: number;
  readonly reason: string;
}

export class FrameClient {
  readonly ws: WebSocket;
  readonly opened: Promise<void>;
  /** How it was closed. */
  readonly closed: Promise<Farewell>;
  /** Messages that have arrived and have not been taken. */
  readonly messages: Buffer[] = [];
  /** Bytes of messages that have arrived, taken ones included. */
  received = 0;
  pings = 0;
  isClosed = false;
  #wake: () => void = () => {};

  constructor(ws: WebSocket) {
    this.ws = ws;
    this.opened = new Promise((resolve, reject) => {
      ws.once('open', resolve);
      ws.once('error', reject);
    });
    this.closed = new Promise((resolve) => {
      ws.once('close', (code, reason) => {
        this.isClosed = true;
        resolve({ code, reason: reason.toString() });
        this.#wake();
      });
    });
    ws.on('error', () => {});
    ws.on('message', (data) => {
      this.messages.push(data as Buffer);
      this.received += (data as Buffer).length;
      this.#wake();
    });
    ws.on('ping', () => {
      this.pings++;
      this.#wake();
    });
  }

  /** Sends bytes in one binary message. */
  send(bytes: string | Buffer): void {
    this.ws.send(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Sends text in one text message. */
  sendText(text: string): void {
    this.ws.send(text);
  }

  /** The next message, as latin1. */
  async message(): Promise<string> {
    await this.until(() => this.messages.length > 0, 'a message');
    return this.messages.shift()!.toString('latin1');
  }

  /** Everything up to `end`, which is where a message ends. */
  async bytesTo(end: string): Promise<string> {
    const last = (): string => Buffer.concat(this.messages.slice(-2)).toString('latin1');
    await this.until(() => last().endsWith(end), JSON.stringify(end));
    return Buffer.concat(this.messages.splice(0)).toString('latin1');
  }

  /** Sends a command and hands back the reply up to `end`. */
  async ask(command: string, end = '\r\n'): Promise<string> {
    this.send(command);
    return await this.bytesTo(end);
  }

  /** The general statistics, or those of a kind. */
  async stats(kind = ''): Promise<Record<string, string>> {
    const text = await this.ask(kind === '' ? 'stats\r\n' : `stats ${kind}\r\n`, 'END\r\n');
    const lines = text.split('\r\n').filter((line) => line.startsWith('STAT '));
    return Object.fromEntries(
      lines.map((line) => {
        const [, name, ...value] = line.split(' ');
        return [name!, value.join(' ')];
      }),
    );
  }

  /** Waits until something that arrives makes it true; throws when the connection closes first. */
  async until(isTrue: () => boolean, what: string): Promise<void> {
    while (!isTrue()) {
      if (this.isClosed) throw new Error(`the connection was closed, and there was no ${what}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Stops and goes on with reading. */
  pause(): void {
    this.ws.pause();
  }

  resume(): void {
    this.ws.resume();
  }

  /** Closes the connection in due form, and hands back how that ended. */
  async leave(code = 1000): Promise<Farewell> {
    this.ws.close(code);
    return await this.closed;
  }

  /** Ends the connection as a crash would. */
  cut(): void {
    this.ws.terminate();
  }
}
