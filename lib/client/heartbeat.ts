/**
 * Notices a connection that nothing comes over any more although it looks open: at each beat the server must have
 * been heard since the last one, or have nothing to answer; then it is asked for a sign of life.
 */

import { type Scheduler, scheduleHeld } from '../scheduler.js';

interface HeartbeatEvents {
  awaitsReplies(): boolean;
  ping(): void;
  giveUp(): void;
}

export class Heartbeat {
  readonly #scheduler: Scheduler;
  readonly #beatMs: number;
  readonly #events: HeartbeatEvents;
  #wasHeard = true;
  #cancel: () => void = () => {};

  constructor(scheduler: Scheduler, beatMs: number, events: HeartbeatEvents) {
    this.#scheduler = scheduler;
    this.#beatMs = beatMs;
    this.#events = events;
  }

  start(): void {
    this.#wasHeard = true;
    this.#cancel = scheduleHeld(this.#scheduler, this.#beatMs, () => this.#beat());
  }

  stop(): void {
    this.#cancel();
  }

  heard(): void {
    this.#wasHeard = true;
  }

  #beat(): void {
    const awaitsReplies = this.#events.awaitsReplies();
    if (awaitsReplies && !this.#wasHeard) {
      this.#events.giveUp();
      return;
    }
    this.start();
    this.#wasHeard = false;
    if (!awaitsReplies) this.#events.ping();
  }
}
