/**
 * The `memcached` subprotocol: the byte stream of the memcached port in binary frames. Frame boundaries mean nothing.
 * All replies to one frame go out in one message.
 */

import type { RequestWindow } from '../transport/liveness.js';
import { type ByteSink, type EndCause, type PumpContext, SessionPump } from '../transport/session-pump.js';
import type { ConnectionState } from '../transport.js';
import type { FrameSink, SubprotocolHandler } from './subprotocol.js';

const UNSUPPORTED_DATA = 1003;

const CLOSE: Readonly<Record<EndCause, readonly [code: number, reason: string]>> = {
  quit: [1000, ''],
  error: [1002, 'this is not the memcached protocol'],
  drained: [1001, 'the server stops'],
  unread: [1013, 'the client does not read what it is sent'],
  fault: [1011, 'a fault of the server'],
};

export class MemcachedHandler implements SubprotocolHandler, ByteSink {
  readonly id: number;
  readonly #sink: FrameSink;
  readonly #pump: SessionPump;

  constructor(sink: FrameSink, context: PumpContext) {
    this.id = sink.id;
    this.#sink = sink;
    this.#pump = new SessionPump(this, context);
  }

  get state(): ConnectionState {
    return this.#pump.state;
  }

  get lastCommandMs(): number {
    return this.#pump.lastCommandMs;
  }

  get window(): RequestWindow {
    return this.#pump.window;
  }

  receive(frame: Buffer, isBinary: boolean): void {
    if (isBinary) this.#pump.receive(frame);
    else this.#sink.end(UNSUPPORTED_DATA, 'memcached takes binary frames');
  }

  onDrain(): void {
    this.#pump.onDrain();
  }

  onProgress(): void {
    this.#pump.onProgress();
  }

  drain(): void {
    this.#pump.drain();
  }

  onClose(): void {
    this.#pump.close();
  }

  // ByteSink

  get unsentBytes(): number {
    return this.#sink.unsentBytes;
  }

  write(bytes: Buffer): void {
    this.#sink.sendBinary([bytes]);
  }

  writeAll(chunks: readonly Buffer[]): void {
    this.#sink.sendBinary(chunks);
  }

  pause(): void {
    this.#sink.pause();
  }

  resume(): void {
    this.#sink.resume();
  }

  end(cause: EndCause): void {
    this.#sink.end(...CLOSE[cause]);
    // Unread replies would stay until the client has read them.
    if (cause === 'unread') this.#sink.cut();
  }
}
