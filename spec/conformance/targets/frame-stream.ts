/** The `memcached` subprotocol as a stream of bytes; what is written goes out in frames of the caller's choice. */

import { Duplex } from 'node:stream';
import { WebSocket } from 'ws';

/** Cuts what is written at once into the frames that carry it. */
export type Framing = (bytes: Buffer) => Buffer[];

export class FrameStream extends Duplex {
  readonly #ws: WebSocket;
  readonly #framing: Framing;

  constructor(port: number, framing: Framing) {
    super();
    this.#framing = framing;
    this.#ws = new WebSocket(`ws://127.0.0.1:${port}/`, 'memcached');
    this.#ws.on('message', (data) => this.push(data as Buffer));
    this.#ws.on('close', () => this.destroy());
    this.#ws.on('error', (error) => this.destroy(error));
  }

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    const send = (): void => {
      for (const frame of this.#framing(bytes)) this.#ws.send(frame);
      callback();
    };
    if (this.#ws.readyState === WebSocket.CONNECTING) this.#ws.once('open', send);
    else send();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#ws.terminate();
    callback(error);
  }
}
