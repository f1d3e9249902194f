/**
 * Whether a connection is alive: it is while bytes move, either way. An unfinished request has a deadline of its own,
 * which single bytes do not extend.
 */

import type { ConnectionState } from '../transport.js';

/** Each time an unfinished request has received so many bytes, its deadline starts again: large values take long. */
export const REQUEST_PROGRESS_BYTES: number = 64 * 1024;

/**
 * What was sent last may still be in flight, which this process cannot observe: a client gets one extra second for each
 * so many bytes of it, up to a bound.
 */
const SLOWEST_BYTES_PER_SECOND: number = 64 * 1024;
const IN_FLIGHT_MAX_BYTES: number = 8 * 1024 * 1024;

export interface LivenessLimits {
  /** How long a connection may be idle while no request is unfinished. */
  readonly idleTimeoutMs: number;
  /** How long a request may take to arrive, or to bring `REQUEST_PROGRESS_BYTES` more. */
  readonly requestTimeoutMs: number;
}

export type Overdue = 'idle' | 'unfinished';

/** The fields of a socket that are sampled. */
export interface Writing {
  readonly writableLength: number;
  readonly bytesWritten?: number;
  readonly _handle?: { readonly writeQueueSize?: number } | null;
}

/** The deadline of an unfinished request. */
export class RequestWindow {
  /** NaN while no request is unfinished. */
  #sinceMs = Number.NaN;
  #bytes = 0;

  get isOpen(): boolean {
    return !Number.isNaN(this.#sinceMs);
  }

  /** `bytes` of an unfinished request have arrived; `isNew`: of another request than before. */
  extend(bytes: number, nowMs: number, isNew: boolean): void {
    if (isNew || !this.isOpen) this.#begin(nowMs);
    else {
      this.#bytes += bytes;
      if (this.#bytes >= REQUEST_PROGRESS_BYTES) this.#begin(nowMs);
    }
  }

  /** The server is not reading: the client's time does not run. */
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

/** The connection sets the public fields as bytes move; samples and timeouts come once a second. */
export class Liveness {
  /** Chunks read. */
  reads = 0;
  lastReadMs: number;
  /** Bytes sent since the client last showed that it reads: it sent something itself. */
  unconfirmedBytes = 0;
  /** Samples that found bytes taken, and the time of the last one. */
  #takes = 0;
  #lastTakenMs: number;
  /** Bytes queued, and bytes that the operating system had taken, at the last sample. */
  #queuedBytes = 0;
  #takenBytes = 0;

  constructor(nowMs: number) {
    this.lastReadMs = nowMs;
    this.#lastTakenMs = nowMs;
  }

  /** Changes whenever a byte has moved, either way. */
  get moves(): number {
    return this.reads + this.#takes;
  }

  /** When a byte last moved, either way, as far as this process can observe. */
  get lastProgressMs(): number {
    return Math.max(this.lastReadMs, this.#lastTakenMs);
  }

  /** Extra time before a timeout: what the client was sent may still be in flight. */
  get patienceMs(): number {
    return Math.floor(Math.min(this.unconfirmedBytes, IN_FLIGHT_MAX_BYTES) / SLOWEST_BYTES_PER_SECOND) * 1000;
  }

  /**
   * Samples whether the client takes its replies, and returns whether it has. Bytes that the operating system takes at once
   * prove nothing: it takes them for a client that is gone, too.
   */
  sample(socket: Writing, nowMs: number): boolean {
    const waited = this.#queuedBytes > 0;
    const { writableLength, bytesWritten = 0, _handle } = socket;
    // `writableLength` does not move before the whole of a large write is gone; Node's own timeouts look at the same field.
    const inWrite = _handle?.writeQueueSize ?? 0;
    const takenBytes = bytesWritten - writableLength - inWrite;
    const hasMoved = waited && takenBytes !== this.#takenBytes;
    if (hasMoved) {
      this.#takes++;
      this.#lastTakenMs = nowMs;
    }
    this.#queuedBytes = writableLength;
    this.#takenBytes = takenBytes;
    return hasMoved;
  }

  /** The timeout that the connection has passed; null for none. */
  overdue(
    state: ConnectionState,
    windows: readonly RequestWindow[],
    limits: LivenessLimits,
    nowMs: number,
  ): Overdue | null {
    // A watcher sends nothing.
    if (state === 'conn_watch') return null;
    // The server is not reading.
    if (state === 'conn_waiting') for (const window of windows) window.hold(nowMs);
    if (windows.some((window) => window.isOlderThan(limits.requestTimeoutMs, nowMs))) return 'unfinished';
    const isIdle = this.#queuedBytes > 0 || !windows.some(({ isOpen }) => isOpen);
    const idleTimeoutMs = limits.idleTimeoutMs + this.patienceMs;
    return isIdle && nowMs - this.lastProgressMs > idleTimeoutMs ? 'idle' : null;
  }
}
