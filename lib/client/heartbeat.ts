/**
 * Notices a connection over which nothing moves any more although it looks open. From one beat to the next, something must have
 * moved, either way, or there must be nothing to wait for; then the server is pinged.
 */

import { type ScheduledTask, type Scheduler, scheduleHeld } from '../scheduler.js';

/** Runs a task again and again between `start` and `stop`. */
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
export interface Heard {
  awaitsReplies(): boolean;
  /** Bytes that have come, also of a frame that is not whole yet; always 0 where the platform does not say. */
  bytesRead(): number;
  /** Bytes that waited to be sent at the last beat, and still do. */
  unsentBytes(): number;
  /** Begins to count anew what waits to be sent. */
  resetUnsent(): number;
  ping(): void;
  giveUp(): void;
}

export class Heartbeat {
  readonly #connection: Heard;
  readonly #beats: Repeater;
  #wasHeard = true;
  #bytesRead = 0;
  #unsentBytes = 0;

  constructor(scheduler: Scheduler, heartbeatMs: number, connection: Heard) {
    this.#connection = connection;
    this.#beats = new Repeater(scheduler, heartbeatMs, () => this.#beat());
  }

  start(): void {
    this.#remember();
    this.#wasHeard = true;
    this.#beats.start();
  }

  stop(): void {
    this.#beats.stop();
  }

  /** A frame has come. */
  heard(): void {
    this.#wasHeard = true;
  }

  #beat(): void {
    const connection = this.#connection;
    const awaitsReplies = connection.awaitsReplies();
    const moved =
      this.#wasHeard ||
      connection.bytesRead() > this.#bytesRead ||
      connection.unsentBytes() < this.#unsentBytes;
    this.#wasHeard = false;
    this.#remember();
    if (!awaitsReplies) connection.ping();
    else if (!moved) connection.giveUp();
  }

  #remember(): void {
    this.#bytesRead = this.#connection.bytesRead();
    this.#unsentBytes = this.#connection.resetUnsent();
  }
}
