/**
 * Time limits of requests. A timer and an AbortSignal for each request would take as long as the rest of a read from memory does, so
 * requests that begin at about the same time share both: a round.
 *
 * - The limit of a round runs from its first request on. A later one joins for a sixteenth of that time: so much shorter its own is
 *   at most. What joins when all others have ended starts the time anew.
 * - A limit that falls due late, because this process stood still, gets that time again, once.
 * - The signal of a round aborts at its limit, or once nobody waits for any of its requests and somebody has given one up.
 *
 * Bounded: so many wait in a round, and so many use its signal in turn. All operations are O(1), and the end of a round is O(those
 * who wait).
 */

import { setMaxListeners } from 'node:events';
import type { Clock } from '../engine/clock.js';
import { type Scheduler, Timer } from '../scheduler.js';

/** Who waits for a request. */
export interface Limited {
  /** Its place among those who wait; at first any number. */
  at: number;
  /** The limit has passed. Throws nothing. */
  timedOut(): unknown;
}

const JOINING_PART = 1 / 16;
/** Clients have a listener for each request, and look through them for each. */
const MAX_WAITING = 64;
/** Whatever a client leaves behind on a signal ends with it. */
const MAX_USES = 1_000;

/** Requests that share a signal. */
export class Round {
  readonly #controller: AbortController = new AbortController();
  readonly #waiting: Limited[] = [];
  #timer: Timer | undefined;
  #beganMs = 0;
  #uses = 0;
  #isGivenUp = false;
  #reason: unknown;

  constructor() {
    setMaxListeners(0, this.#controller.signal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether one more request can be in it, with about the whole time. */
  isOpen(clock: Clock, timeoutMs: number): boolean {
    if (this.#uses >= MAX_USES || this.#isGivenUp || this.signal.aborted) return false;
    const { length } = this.#waiting;
    if (length === 0) return true;
    const agoMs = clock.now() - this.#beganMs;
    return length < MAX_WAITING && agoMs >= 0 && agoMs < timeoutMs * JOINING_PART;
  }

  /** Throws what the scheduler throws; then nobody has joined. */
  join(limited: Limited, clock: Clock, scheduler: Scheduler, timeoutMs: number): void {
    if (this.#waiting.length === 0) {
      const beganMs = clock.now();
      this.#hold(scheduler, timeoutMs, () => this.#due(clock, scheduler, timeoutMs));
      this.#beganMs = beganMs;
    }
    this.#uses++;
    limited.at = this.#waiting.push(limited) - 1;
  }

  /** Its request has ended. */
  leave(limited: Limited): void {
    if (this.#waiting[limited.at] !== limited) return;
    const last = this.#waiting.pop()!;
    if (last !== limited) {
      this.#waiting[limited.at] = last;
      last.at = limited.at;
    }
    if (this.#waiting.length === 0) this.#rest();
  }

  /** Nobody waits for it any more. */
  giveUp(limited: Limited, reason: unknown): void {
    this.#isGivenUp = true;
    this.#reason = reason;
    this.leave(limited);
  }

  #rest(): void {
    this.#timer?.cancel();
    if (this.#isGivenUp) this.#controller.abort(this.#reason);
  }

  #hold(scheduler: Scheduler, delayMs: number, task: () => void): void {
    this.#timer = new Timer(scheduler, delayMs, task);
    this.#timer.hold(true);
  }

  /** If this process has stood still, answers may be there unread, or requests unsent: as long again, once. */
  #due(clock: Clock, scheduler: Scheduler, timeoutMs: number): void {
    try {
      const lateMs = clock.now() - this.#beganMs - timeoutMs;
      this.#hold(scheduler, Math.min(Math.max(0, lateMs), timeoutMs), () => this.#end());
    } catch {
      this.#end();
    }
  }

  #end(): void {
    const late = this.#waiting.splice(0);
    let reason: unknown;
    for (const limited of late) reason = limited.timedOut();
    this.#controller.abort(reason);
  }
}
