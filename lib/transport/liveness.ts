/**
 * Whether a connection is alive: it is while bytes move, either way. An unfinished request has a deadline of its own,
 * which single bytes do not put off.
 */

import type { ConnectionState } from './transport.js';

/** An unfinished request that brings so much gets its time anew: a large value may take as long as it needs. */
export const REQUEST_PROGRESS_BYTES: number = 64 * 1024;

/**
 * What was sent last may still be on its way, where nobody sees it move: a client is given a second for each so many bytes
 * of it, up to a bound.
 */
const SLOWEST_BYTES_PER_SECOND: number = 64 * 1024;
const IN_FLIGHT_MAX_BYTES: number = 8 * 1024 * 1024;

export interface LivenessLimits {
  /** How long a connection may move no byte while no request is unfinished. */
  readonly idleTimeoutMs: number;
  /** How long a request may take to arrive, or to bring `REQUEST_PROGRESS_BYTES` more. */
  readonly requestTimeoutMs: number;
}

export type Overdue = 'idle' | 'unfinished';

/** What is looked at of a socket, or of what stands in its place. */
export interface Writing {
  readonly writableLength: number;
  readonly bytesWritten?: number;
  readonly _handle?: { readonly writeQueueSize?: number } | null;
}

/** The time that an unfinished request has. */
export class RequestWindow {
  /** NaN while no request is unfinished. */
  #sinceMs = Number.NaN;
  #bytes = 0;

  get isOpen(): boolean {
    return !Number.isNaN(this.#sinceMs);
  }

  /** `bytes` have come of a request that is still unfinished; `isNew`: of another one than before. */
  extend(bytes: number, nowMs: number, isNew: boolean): void {
    if (isNew || !this.isOpen) this.#begin(nowMs);
    else {
      this.#bytes += bytes;
      if (this.#bytes >= REQUEST_PROGRESS_BYTES) this.#begin(nowMs);
    }
  }

  /** The server has not read: no time has passed for the client. */
  hold(nowMs: number): void {
    if (this.isOpen) this.#begin(nowMs);
  }

  close(): void {
    this.#sinceMs = Number.NaN;
  }

  /** False while no request is unfinished. */
  isOlderThan(ms: number, nowMs: number): boolean {
    return nowMs - this.#sinceMs > ms;
  }

  #begin(nowMs: number): void {
    this.#sinceMs = nowMs;
    this.#bytes = 0;
  }
}

export class Liveness {
  /** Counts what shows life: it changes when a byte has moved, either way. */
  moves = 0;
  /** When a byte moved last, either way, as far as that can be seen. */
  lastProgressMs: number;
  /** Bytes sent since the client showed that it has read. */
  #unconfirmedBytes = 0;
  /** What waited for the client, and what had been taken, when it was last looked at. */
  #queuedBytes = 0;
  #takenBytes = 0;

  constructor(nowMs: number) {
    this.lastProgressMs = nowMs;
  }

  read(nowMs: number): void {
    this.moves++;
    this.lastProgressMs = nowMs;
  }

  sent(bytes: number): void {
    this.#unconfirmedBytes += bytes;
  }

  /** The client has read what it was sent before, as far as anybody knows. */
  confirmed(): void {
    this.#unconfirmedBytes = 0;
  }

  /** How long the client may be silent beyond its time: what it was sent may still be on its way. */
  get patienceMs(): number {
    return (
      Math.floor(Math.min(this.#unconfirmedBytes, IN_FLIGHT_MAX_BYTES) / SLOWEST_BYTES_PER_SECOND) * 1000
    );
  }

  /**
   * Looks whether the client takes what waits for it. What the operating system takes at once shows nothing: it does so
   * for a client that is gone, too.
   */
  sample(socket: Writing, nowMs: number): void {
    const waited = this.#queuedBytes > 0;
    const { writableLength, bytesWritten = 0, _handle } = socket;
    // `writableLength` does not move before the whole of a large write is gone; Node's own timeouts look at the same field.
    const inWrite = _handle?.writeQueueSize ?? 0;
    const takenBytes = bytesWritten - writableLength - inWrite;
    if (waited && takenBytes !== this.#takenBytes) {
      this.moves++;
      this.lastProgressMs = nowMs;
    }
    this.#queuedBytes = writableLength;
    this.#takenBytes = takenBytes;
  }

  /** Why the connection has been open for long enough; null when it has not. */
  overdue(
    state: ConnectionState,
    windows: readonly RequestWindow[],
    limits: LivenessLimits,
    nowMs: number,
  ): Overdue | null {
    // Who watches has nothing to say.
    if (state === 'conn_watch') return null;
    // The server is not reading.
    if (state === 'conn_waiting') for (const window of windows) window.hold(nowMs);
    if (windows.some((window) => window.isOlderThan(limits.requestTimeoutMs, nowMs))) return 'unfinished';
    const isIdle = this.#queuedBytes > 0 || !windows.some(({ isOpen }) => isOpen);
    const idleTimeoutMs = limits.idleTimeoutMs + this.patienceMs;
    return isIdle && nowMs - this.lastProgressMs > idleTimeoutMs ? 'idle' : null;
  }
}
