/**
 * Keeps what a server pushes coming: opens connections, asks them for a sign of life, and begins again when one of them is lost.
 * It is all of them or none, so that there is one state: up, or not.
 *
 * Each attempt has connections of its own, and is over once: what an older one still reports is ignored.
 */

import { HotsetError } from '../../errors.js';
import type { ScheduledTask, Scheduler } from '../../scheduler.js';
import type { PushConnection } from './push-connection.js';

const OPEN_TIMEOUT_MS = 10_000;
const RETRY_BASE_MS = 50;
const MAX_RETRY_MS = 5_000;

/** What the connections are for. Nothing is called after `stop`. */
export interface PushPlan {
  /** Makes connections by `join`, and asks each for what it shall push. Rejects where it is no use to go on. */
  open(join: (connection: PushConnection) => Promise<void>): Promise<void>;
  /** Rejects when other servers have to be asked by now. */
  verify(): Promise<unknown>;
  up(): void;
  /** It is not up any more, or could not be brought up; once until it is. */
  down(error: unknown): void;
  /** Whatever was pushed before `sentAtMs` of `performance.now()` has come. */
  alive(sentAtMs: number): void;
}

class Attempt {
  readonly connections: PushConnection[] = [];
  isUp = false;
  isOver = false;
  /** The next thing to happen if nothing else does. */
  timer: ScheduledTask | undefined;

  end(): void {
    this.isOver = true;
    this.timer?.();
    for (const connection of this.connections) quietly(connection);
  }
}

export class PushLoop {
  readonly #plan: PushPlan;
  readonly #scheduler: Scheduler;
  readonly #pingIntervalMs: number;
  #attempt: Attempt | undefined;
  #retryTimer: ScheduledTask | undefined;
  #failures = 0;

  constructor(plan: PushPlan, scheduler: Scheduler, pingIntervalMs: number) {
    this.#plan = plan;
    this.#scheduler = scheduler;
    this.#pingIntervalMs = pingIntervalMs;
  }

  /** Whether what is pushed now counts: before that, it may be incomplete. */
  get isUp(): boolean {
    return this.#attempt?.isUp === true && !this.#attempt.isOver;
  }

  start(): void {
    const attempt = new Attempt();
    this.#attempt = attempt;
    this.#endAfter(attempt, OPEN_TIMEOUT_MS);
    this.#open(attempt).catch((error: unknown) => this.#lost(attempt, error));
  }

  stop(): void {
    this.#retryTimer?.();
    const attempt = this.#attempt;
    this.#attempt = undefined;
    attempt?.end();
  }

  async #open(attempt: Attempt): Promise<void> {
    await this.#plan.open(async (connection) => {
      attempt.connections.push(connection);
      if (attempt.isOver) quietly(connection);
      else await connection.open((error) => this.#lost(attempt, error));
    });
    const sentAtMs = performance.now();
    await this.#ping(attempt);
    if (attempt.isOver) return;
    attempt.isUp = true;
    this.#failures = 0;
    this.#plan.up();
    this.#heard(attempt, sentAtMs);
  }

  #heard(attempt: Attempt, sentAtMs: number): void {
    // `up` may have stopped it.
    if (attempt.isOver) return;
    attempt.timer?.();
    attempt.timer = this.#scheduler.schedule(this.#pingIntervalMs, () => this.#ask(attempt));
    this.#plan.alive(sentAtMs);
  }

  #ask(attempt: Attempt): void {
    const sentAtMs = performance.now();
    this.#endAfter(attempt, this.#pingIntervalMs);
    Promise.all([this.#ping(attempt), this.#plan.verify()]).then(
      () => this.#heard(attempt, sentAtMs),
      (error: unknown) => this.#lost(attempt, error),
    );
  }

  #ping({ connections }: Attempt): Promise<unknown> {
    return Promise.all(connections.map((connection) => connection.ping()));
  }

  #endAfter(attempt: Attempt, delayMs: number): void {
    attempt.timer = this.#scheduler.schedule(delayMs, () =>
      this.#lost(attempt, new HotsetError('HOTSET_TIMEOUT', `Redis did not answer within ${delayMs} ms`)),
    );
  }

  #lost(attempt: Attempt, error: unknown): void {
    if (attempt.isOver) return;
    attempt.end();
    const delayMs = Math.min(RETRY_BASE_MS * 2 ** this.#failures, MAX_RETRY_MS);
    const isNews = attempt.isUp || this.#failures === 0;
    this.#failures++;
    this.#retryTimer = this.#scheduler.schedule(delayMs * (0.5 + Math.random() / 2), () => this.start());
    if (isNews) this.#plan.down(error);
  }
}

/** A connection that is closed already may say so. */
function quietly(connection: PushConnection): void {
  try {
    connection.close();
  } catch {}
}
