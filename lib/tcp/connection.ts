/** One client's socket: its bytes go to a session pump, whose replies it writes. */

import type { Socket } from 'node:net';
import { endsOf } from '../transport/connection-ends.js';
import type { Connection, ConnectionRegistry } from '../transport/connection-registry.js';
import { Liveness, type Overdue, type Writing } from '../transport/liveness.js';
import { type ByteSink, type EndCause, type PumpContext, SessionPump } from '../transport/session-pump.js';
import type { CloseReason, ConnectionState, Peer } from '../transport.js';

export class TcpConnection implements Connection, ByteSink {
  readonly id: number;
  readonly peer: Peer;
  readonly address: string;
  readonly listenAddress: string;
  closeReason: CloseReason = 'normal';

  readonly #socket: Socket;
  readonly #registry: ConnectionRegistry;
  readonly #pump: SessionPump;
  readonly #liveness: Liveness;
  readonly #stopReading: () => void;

  /** `path` is that of the Unix socket, if it is one. */
  constructor(socket: Socket, context: PumpContext, path: string | null) {
    const { registry } = context;
    this.id = registry.nextId();
    const { peer, address, listenAddress } = endsOf(socket, path);
    this.peer = peer;
    this.address = address;
    this.listenAddress = listenAddress;
    this.#socket = socket;
    this.#registry = registry;
    this.#liveness = new Liveness(registry.clock.now());
    this.#pump = new SessionPump(this, context);
    socket.setNoDelay(true);
    // The kernel finds clients that are gone without closing.
    socket.setKeepAlive(true);
    this.#stopReading = readDirectly(socket, (chunk) => this.#onData(chunk));
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

  #onData(chunk: Buffer): void {
    this.#registry.bytesRead += chunk.length;
    const liveness = this.#liveness;
    liveness.reads++;
    liveness.lastReadMs = this.#registry.clock.now();
    liveness.unconfirmedBytes = 0;
    this.#pump.receive(chunk);
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
    this.#stopReading();
    socket.resume();
    socket.end(() => socket.destroySoon());
  }
}

/** Calls `onData` with each chunk; returns a function that stops it. */
export function readDirectly(socket: Socket, onData: (chunk: Buffer) => void): () => void {
  const { push } = socket;
  socket.on('data', onData);
  socket.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
    if (chunk === null || socket.readableFlowing !== true || socket.readableLength > 0)
      return push.call(socket, chunk, encoding);
    onData(chunk);
    return true;
  };
  return () => {
    socket.push = push;
    socket.off('data', onData);
  };
}
