/**
 * Detects a dead connection that still looks open. Between two beats some byte must have moved, either way, or no reply
 * may be due; in that case the server is pinged.
 */

import { type ScheduledTask, type Scheduler, scheduleHeld } from '../scheduler.js';

/** Runs a task periodically between `start` and `stop`. */
export class Repeater {
  readonly #scheduler: Scheduler;
  readonly #intervalMs: number;
  readonly #task: () => void;
  #cancel: ScheduledTask = () => {};

  constructor(scheduler: Scheduler, intervalMs: number, task: () => void) {
    this.#scheduler = scheduler;
    this.#intervalMs = intervalMs;
    this.#task = task;
  }

  start(): void {
    this.#cancel = scheduleHeld(this.#scheduler, this.#intervalMs, () => {
      this.start();
      this.#task();
    });
  }

  stop(): void {
    this.#cancel();
  }
}

/** What a heartbeat sees of a connection. */
export interface Monitored {
  awaitsReplies(): boolean;
  /** Bytes received, incomplete frames included; always 0 where the platform does not report it. */
  bytesRead(): number;
  /** Bytes that waited to be sent at the last beat, and still do. */
  unsentBytes(): number;
  /** Starts counting unsent bytes again. */
  resetUnsent(): number;
  ping(): void;
  giveUp(): void;
}

export class Heartbeat {
  readonly #connection: Monitored;
  readonly #beats: Repeater;
  #wasMonitored = true;
  #bytesRead = 0;
  #unsentBytes = 0;

  constructor(scheduler: Scheduler, heartbeatMs: number, connection: Monitored) {
    this.#connection = connection;
    this.#beats = new Repeater(scheduler, heartbeatMs, () => this.#beat());
  }

  start(): void {
    this.#remember();
    this.#wasMonitored = true;
    this.#beats.start();
  }

  stop(): void {
    this.#beats.stop();
  }

  /** A frame has come. */
  onFrame(): void {
    this.#wasMonitored = true;
  }

  #beat(): void {
    const connection = this.#connection;
    const awaitsReplies = connection.awaitsReplies();
    const moved =
      this.#wasMonitored ||
      connection.bytesRead() > this.#bytesRead ||
      connection.unsentBytes() < this.#unsentBytes;
    this.#wasMonitored = false;
    this.#remember();
    if (!awaitsReplies) connection.ping();
    else if (!moved) connection.giveUp();
  }

  #remember(): void {
    this.#bytesRead = this.#connection.bytesRead();
    this.#unsentBytes = this.#connection.resetUnsent();
  }
}
