/**
 * The `memcached` subprotocol: the byte stream of the memcached port in binary frames, whose borders mean nothing.
 * What one frame of the client brings out is answered in one message.
 */

import type { RequestWindow } from '../transport/liveness.js';
import { type ByteSink, type EndCause, type PumpContext, SessionPump } from '../transport/session-pump.js';
import type { ConnectionState } from '../transport/transport.js';
import type { FrameSink, SubprotocolHandler } from './subprotocol.js';

const UNSUPPORTED_DATA = 1003;

const CLOSE: Readonly<Record<EndCause, readonly [code: number, reason: string]>> = {
  quit: [1000, ''],
  error: [1002, 'this is not the memcached protocol'],
  drained: [1001, 'the server stops'],
  fault: [1011, 'a fault of the server'],
};

export class MemcachedHandler implements SubprotocolHandler, ByteSink {
  readonly id: number;
  readonly #outlet: FrameSink;
  readonly #pump: SessionPump;

  constructor(outlet: FrameSink, context: PumpContext) {
    this.id = outlet.id;
    this.#outlet = outlet;
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
    else this.#outlet.end(UNSUPPORTED_DATA, 'memcached is spoken in binary frames');
  }

  onDrain(): void {
    this.#pump.onDrain();
  }

  drain(): void {
    this.#pump.drain();
  }

  onClose(): void {
    this.#pump.close();
  }

  // The way to the client

  get unsentBytes(): number {
    return this.#outlet.unsentBytes;
  }

  write(bytes: Buffer): void {
    this.#outlet.sendBinary([bytes]);
  }

  writeAll(chunks: readonly Buffer[]): void {
    this.#outlet.sendBinary(chunks);
  }

  pause(): void {
    this.#outlet.pause();
  }

  resume(): void {
    this.#outlet.resume();
  }

  end(cause: EndCause): void {
    this.#outlet.end(...CLOSE[cause]);
  }
}
