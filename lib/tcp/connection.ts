/** One client's socket, as the way to and from its session. */

import type { Socket } from 'node:net';
import { shownEnd } from '../memcached/admin/shown-end.js';
import type { Connection, ConnectionRegistry } from '../transport/connection-registry.js';
import { Liveness, type Overdue, type Writing } from '../transport/liveness.js';
import { type ByteSink, type EndCause, type PumpContext, SessionPump } from '../transport/session-pump.js';
import type { CloseReason, ConnectionState, Peer } from '../transport/transport.js';
import { readDirectly } from './direct-reads.js';

export class TcpConnection implements Connection, ByteSink {
  readonly id: number;
  /** Kept: a socket that is closed no longer knows. */
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
    this.peer =
      socket.remotePort === undefined
        ? { address: 'unix', port: 0, transport: 'local' }
        : { address: socket.remoteAddress ?? '', port: socket.remotePort, transport: 'tcp' };
    this.address = shownEnd(socket.remoteAddress, socket.remotePort, path);
    this.listenAddress = shownEnd(socket.localAddress, socket.localPort, path);
    this.#socket = socket;
    this.#registry = registry;
    this.#liveness = new Liveness(registry.clock.now());
    this.#pump = new SessionPump(this, context);
    socket.setNoDelay(true);
    // A client that vanished without a word does not hold its place for ever.
    socket.setKeepAlive(true);
    this.#stopReading = readDirectly(socket, (chunk) => this.#onData(chunk));
    socket.on('drain', () => this.#pump.onDrain());
    socket.on('end', () => this.#pump.onInputEnd());
    // A reset is followed by `close`; there is nobody left to answer.
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
    this.#liveness.sample(this.#socket as Writing, nowMs);
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
    this.#liveness.read(this.#registry.clock.now());
    this.#liveness.confirmed();
    this.#pump.receive(chunk);
  }

  // The way to the client

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Buffer): void {
    this.#registry.bytesWritten += bytes.length;
    this.#liveness.sent(bytes.length);
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
    if (cause === 'error' || cause === 'fault') this.closeReason = 'error';
    if (cause === 'fault') {
      socket.destroy();
      return;
    }
    // Whatever else the client sends is of no interest, and must not keep the socket open.
    this.#stopReading();
    socket.resume();
    socket.end(() => socket.destroySoon());
  }
}
