/**
 * Keeps one connection to the server: connects, detects when it is lost, and reconnects after a random and growing
 * wait, so that the clients of a restarted server do not all connect at once.
 *
 * At most one socket is current. Events of earlier ones are ignored.
 */

import { HotsetError } from '../errors.js';
import { CLOSE_CODES, SUBPROTOCOL } from '../rpc-protocol.js';
import { scheduleHeld } from '../scheduler.js';
import type { ClientState, ResolvedClient } from './options.js';
import { type ClientSocket, subprotocolsFor } from './socket.js';

/** None of these may throw. */
export interface ConnectionEvents {
  /** Connected: `send` may be called. */
  onUp(): void;
  onFrame(data: unknown): void;
  /** A connection, or an attempt to connect, has ended. */
  onDown(error: HotsetError): void;
  onState(state: ClientState, error?: HotsetError): void;
}

export class ConnectionManager {
  readonly #url: string;
  readonly #options: ResolvedClient;
  readonly #events: ConnectionEvents;
  #state: ClientState = 'connecting';
  #socket: ClientSocket | null = null;
  /** The number of the current attempt: events of earlier ones are ignored. */
  #attempt = 0;
  /** Attempts and connections that have failed since the last useful one. */
  #failures = 0;
  #cancel: () => void = () => {};
  /** By how much sending has raised the socket's `bufferedAmount` since `resetUnsent`. */
  #addedBytes = 0;

  constructor(url: string, options: ResolvedClient, events: ConnectionEvents) {
    this.#url = url;
    this.#options = options;
    this.#events = events;
  }

  get state(): ClientState {
    return this.#state;
  }

  connect(): void {
    if (this.#state === 'closed') return;
    const attempt = ++this.#attempt;
    const { connectTimeoutMs, scheduler } = this.#options;
    this.#cancel = scheduleHeld(scheduler, connectTimeoutMs, () =>
      this.cut(disconnected(`no connection within connectTimeoutMs: ${connectTimeoutMs}`)),
    );
    this.#enter('connecting');
    void this.#open(attempt);
  }

  /** Bytes received, for the heartbeat: one frame may take long. 0 where the platform does not report it. */
  get bytesRead(): number {
    return this.#socket?.bytesRead ?? 0;
  }

  /** Bytes sent before the last `resetUnsent` that still wait; 0 where the platform does not report it. */
  get unsentBytes(): number {
    return Math.max(0, (this.#socket?.bufferedAmount ?? 0) - this.#addedBytes);
  }

  /** Makes `unsentBytes` count what waits now. Returns how much that is. */
  resetUnsent(): number {
    this.#addedBytes = 0;
    return this.unsentBytes;
  }

  send(text: string): void {
    const before = this.#socket?.bufferedAmount ?? 0;
    try {
      this.#socket?.send(text);
      this.#addedBytes += (this.#socket?.bufferedAmount ?? 0) - before;
    } catch (cause) {
      this.cut(disconnected('the socket does not take what is sent', cause));
    }
  }

  /** The connection works: after its loss, waits start from the shortest again. */
  markUseful(): void {
    this.#failures = 0;
  }

  /** Drops the connection in any state, and reconnects after a wait. */
  cut(error: HotsetError): void {
    if (this.#state === 'closed') return;
    this.#release(end);
    const { backoffBaseMs, maxBackoffMs, random, scheduler } = this.#options;
    const longestMs = Math.min(maxBackoffMs, backoffBaseMs * 2 ** this.#failures++);
    this.#cancel = scheduleHeld(scheduler, random() * longestMs, () => this.connect());
    this.#events.onDown(error);
    this.#enter('disconnected', error);
  }

  /** Ends the connection for good. `error` is for what waits; `reason` for whoever watches the state. */
  close(error: HotsetError, reason?: HotsetError): void {
    if (this.#state === 'closed') return;
    this.#release((socket) => socket.close(CLOSE_CODES.normal, 'the client is done'));
    this.#events.onDown(error);
    this.#enter('closed', reason);
  }

  async #open(attempt: number): Promise<void> {
    const { socket: makeSocket, token } = this.#options;
    let socket: ClientSocket;
    try {
      socket = await makeSocket(this.#url, subprotocolsFor(token));
    } catch (cause) {
      if (attempt !== this.#attempt) return;
      if (cause instanceof HotsetError && cause.code === 'HOTSET_MISSING_PACKAGE') this.close(cause, cause);
      else this.cut(disconnected('no WebSocket could be made', cause));
      return;
    }
    const onCurrent =
      <E>(listener: (event: E) => void): ((event: E) => void) =>
      (event) => {
        if (attempt === this.#attempt) listener(event);
      };
    socket.onopen = onCurrent(() => this.#up(socket, attempt));
    socket.onmessage = onCurrent(({ data }: { data: unknown }) => this.#events.onFrame(data));
    // Node's own WebSocket emits nothing more after a failed handshake; a browser gives no reason.
    socket.onerror = onCurrent(({ message }: { message?: unknown }) =>
      this.cut(
        disconnected(typeof message === 'string' && message !== '' ? message : 'the connection failed'),
      ),
    );
    socket.onclose = onCurrent(({ code, reason }: { code: number; reason: string }) =>
      this.cut(disconnected(`the connection was closed with ${code}${reason && `: ${reason}`}`)),
    );
    if (attempt === this.#attempt) this.#socket = socket;
    else end(socket);
  }

  #up(socket: ClientSocket, attempt: number): void {
    if (socket.protocol !== SUBPROTOCOL) {
      this.cut(new HotsetError('HOTSET_PROTOCOL', `the server does not speak ${SUBPROTOCOL}`));
      return;
    }
    this.#cancel();
    this.#state = 'connected';
    this.#events.onUp();
    if (attempt === this.#attempt) this.#events.onState('connected');
  }

  #release(endSocket: (socket: ClientSocket) => void): void {
    this.#attempt++;
    this.#cancel();
    const socket = this.#socket;
    this.#socket = null;
    try {
      if (socket !== null) endSocket(socket);
    } catch {
      // It is gone already.
    }
  }

  #enter(state: ClientState, error?: HotsetError): void {
    this.#state = state;
    this.#events.onState(state, error);
  }
}

function disconnected(message: string, cause?: unknown): HotsetError {
  return new HotsetError('HOTSET_DISCONNECTED', message, cause === undefined ? undefined : { cause });
}

/** Without waiting for the other side, where the platform can. */
function end(socket: ClientSocket): void {
  if (socket.terminate === undefined) socket.close();
  else socket.terminate();
}
