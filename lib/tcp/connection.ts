/** One client's socket: its bytes go to a session pump, whose replies it writes. */

import type { Socket } from 'node:net';
import { endsOf } from '../transport/connection-ends.js';
import type { Connection, ConnectionRegistry } from '../transport/connection-registry.js';
import { Liveness, type Overdue, type Writing } from '../transport/liveness.js';
import { type ByteSink, type EndCause, type PumpContext, SessionPump } from '../transport/session-pump.js';
import type { CloseReason, ConnectionState, Peer } from '../transport.js';
import type { Input, Reader } from './input.js';

export class TcpConnection implements Connection, ByteSink, Reader {
  readonly id: number;
  readonly peer: Peer;
  readonly address: string;
  readonly listenAddress: string;
  closeReason: CloseReason = 'normal';

  readonly #input: Input;
  readonly #socket: Socket;
  readonly #registry: ConnectionRegistry;
  readonly #pump: SessionPump;
  readonly #liveness: Liveness;

  /** `path` is that of the Unix socket, if it is one. */
  constructor(input: Input, context: PumpContext, path: string | null) {
    const { registry } = context;
    const { socket } = input;
    this.id = registry.nextId();
    const { peer, address, listenAddress } = endsOf(socket, path);
    this.peer = peer;
    this.address = address;
    this.listenAddress = listenAddress;
    this.#input = input;
    this.#socket = socket;
    this.#registry = registry;
    this.#liveness = new Liveness(registry.clock.now());
    this.#pump = new SessionPump(this, context);
    socket.setNoDelay(true);
    // The kernel finds clients that are gone without closing.
    socket.setKeepAlive(true);
    input.begin(this);
    socket.on('drain', () => this.#pump.onDrain());
    socket.on('end', () => this.#pump.onInputEnd());
    // `close` follows a reset.
    socket.on('error', () => {
      this.closeReason = 'error';
      socket.destroy();
    });
    socket.on('close', () => {
      this.#pump.close();
      registry.closed(this);
    });
  }

  get state(): ConnectionState {
    return this.#pump.state;
  }

  get lastCommandMs(): number {
    return this.#pump.lastCommandMs;
  }

  overdue(nowMs: number): Overdue | null {
    if (this.#liveness.sample(this.#socket as Writing, nowMs)) this.#pump.onProgress();
    return this.#liveness.overdue(this.state, [this.#pump.window], this.#registry.limits, nowMs);
  }

  drain(): void {
    this.closeReason = 'shutdown';
    this.#pump.drain();
  }

  cut(): void {
    this.#socket.destroy();
  }

  // Reader

  onData(chunk: Buffer): void {
    this.#onRead(chunk.length);
    this.#pump.receive(chunk);
  }

  get place(): Buffer | null {
    return this.#pump.place;
  }

  onPlaced(bytes: number): void {
    this.#onRead(bytes);
    this.#pump.receivePlaced(bytes);
  }

  #onRead(bytes: number): void {
    this.#registry.bytesRead += bytes;
    const liveness = this.#liveness;
    liveness.reads++;
    liveness.lastReadMs = this.#registry.clock.now();
    liveness.unconfirmedBytes = 0;
  }

  // ByteSink

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Buffer): void {
    this.#registry.bytesWritten += bytes.length;
    this.#liveness.unconfirmedBytes += bytes.length;
    this.#socket.write(bytes);
  }

  writeAll(chunks: readonly Buffer[]): void {
    const socket = this.#socket;
    if (chunks.length > 1) socket.cork();
    for (const chunk of chunks) this.write(chunk);
    if (chunks.length > 1) socket.uncork();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  leavePlace(): void {
    this.#input.leavePlace();
  }

  onAuthFailure(): void {
    this.#registry.log.write(
      'authentication-failed',
      `connection ${this.id} failed to authenticate`,
      this.peer,
    );
  }

  end(cause: EndCause): void {
    const socket = this.#socket;
    const isLost = cause === 'unread' || cause === 'fault';
    if (isLost || cause === 'error') this.closeReason = 'error';
    if (isLost) {
      socket.destroy();
      return;
    }
    // The client's further input is ignored, and must not keep the socket open.
    this.#input.stop();
    socket.resume();
    socket.end(() => socket.destroySoon());
  }
}
