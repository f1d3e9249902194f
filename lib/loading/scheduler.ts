/** Where timeouts come from. Durations in milliseconds. */

import type { ManualClock } from '../engine/clock.js';

export interface Scheduler {
  /** Runs `task` once, in `delayMs`. Returns a function that calls it off, and does nothing later on. */
  schedule(delayMs: number, task: () => void): () => void;
}

/** What `setTimeout` can wait for; with more it would fire at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** `setTimeout`, without its limit of 24.8 days, and without holding the process open. */
export const systemScheduler: Scheduler = {
  schedule(delayMs, task) {
    let leftMs = delayMs;
    let timer: NodeJS.Timeout;
    const wait = (): void => {
      const stepMs = Math.min(leftMs, LONGEST_DELAY_MS);
      leftMs -= stepMs;
      timer = setTimeout(leftMs > 0 ? wait : task, stepMs).unref();
    };
    wait();
    return () => clearTimeout(timer);
  },
};

/** Runs its tasks when told to, and moves a clock along: for tests. */
export class ManualScheduler implements Scheduler {
  readonly clock: ManualClock;
  readonly #tasks = new Set<{ readonly dueMs: number; readonly run: () => void }>();

  constructor(clock: ManualClock) {
    this.clock = clock;
  }

  /** Tasks that are still to run. */
  get pending(): number {
    return this.#tasks.size;
  }

  schedule(delayMs: number, task: () => void): () => void {
    const entry = { dueMs: this.clock.now() + delayMs, run: task };
    this.#tasks.add(entry);
    return () => this.#tasks.delete(entry);
  }

  /** Moves the clock on by `ms`, and runs what falls due on the way, each task at its time. O(n) for each task. */
  advance(ms: number): void {
    const endMs = this.clock.now() + ms;
    for (let next = this.#nextDue(endMs); next !== undefined; next = this.#nextDue(endMs)) {
      this.#tasks.delete(next);
      if (next.dueMs > this.clock.now()) this.clock.set(next.dueMs);
      next.run();
    }
    this.clock.set(endMs);
  }

  #nextDue(endMs: number): { readonly dueMs: number; readonly run: () => void } | undefined {
    let earliest: { readonly dueMs: number; readonly run: () => void } | undefined;
    for (const task of this.#tasks)
      if (task.dueMs <= endMs && (earliest === undefined || task.dueMs < earliest.dueMs)) earliest = task;
    return earliest;
  }
}
