/** Where timeouts come from. Durations in milliseconds. */

import type { ManualClock } from './engine/clock.js';
import { invalidOption } from './errors.js';

/** A source of timeouts, as `setTimeout` is one. */
export interface Scheduler {
  /** Runs `task` once, in `delayMs`, and never before it returns. Returns what cancels it. */
  schedule(delayMs: number, task: () => void): ScheduledTask;
}

/** Cancels a task; does nothing once the task has run. */
export interface ScheduledTask {
  (): void;
  /** Keeps the process open until the task has run: a caller waits for it. */
  ref?(): void;
  /** No longer keeps the process open, as at the start. */
  unref?(): void;
}

/** The longest delay of `setTimeout`, 24.8 days; with a longer one it would fire at once. */
export const TIMER_MAX_MS: number = 2 ** 31 - 1;

/** `setTimeout`, without its limit of 24.8 days. Keeps the process open only between `ref()` and `unref()`. */
export const systemScheduler: Scheduler = {
  schedule(delayMs, task) {
    let leftMs = delayMs;
    let isHeld = false;
    // A browser's timer is a number, and has neither method.
    let timer: { ref?(): unknown; unref?(): unknown };
    const wait = (): void => {
      const stepMs = Math.min(leftMs, TIMER_MAX_MS);
      leftMs -= stepMs;
      timer = setTimeout(leftMs > 0 ? wait : task, stepMs);
      if (!isHeld) timer.unref?.();
    };
    wait();
    const cancel: ScheduledTask = () => clearTimeout(timer as NodeJS.Timeout);
    cancel.ref = () => {
      isHeld = true;
      timer.ref?.();
    };
    cancel.unref = () => {
      isHeld = false;
      timer.unref?.();
    };
    return cancel;
  },
};

/** Schedules a task that a caller waits for. It keeps the process open, where the scheduler can do that. */
export function scheduleHeld(scheduler: Scheduler, delayMs: number, task: () => void): ScheduledTask {
  const scheduled = scheduler.schedule(delayMs, task);
  scheduled.ref?.();
  return scheduled;
}

/** A timer of a user's scheduler. Only the constructor throws; `Infinity` is no timer. */
export class Timer {
  readonly #task: ScheduledTask | undefined;

  /** Throws what the scheduler throws, and `HOTSET_INVALID_OPTION` for one that returns no function. */
  constructor(scheduler: Scheduler, delayMs: number, task: () => void) {
    if (delayMs === Number.POSITIVE_INFINITY) return;
    this.#task = scheduler.schedule(delayMs, task);
    if (typeof this.#task !== 'function')
      throw invalidOption(
        'scheduler',
        'an object whose schedule() returns a function that cancels',
        this.#task,
      );
  }

  cancel(): void {
    quietly(this.#task);
  }

  /** Whether it keeps the process open, where the scheduler can do that. */
  hold(isHeld: boolean): void {
    const task = this.#task;
    if (task === undefined) return;
    try {
      if (isHeld) task.ref?.();
      else task.unref?.();
    } catch {}
  }
}

/** Callers get their answer even if a timer cannot be stopped: its task then does nothing. */
function quietly(action: (() => void) | undefined): void {
  try {
    action?.();
  } catch {}
}

/** Runs its tasks when `advance` moves its clock: for tests. */
export class ManualScheduler implements Scheduler {
  /** The clock that `advance` moves. */
  readonly clock: ManualClock;
  readonly #tasks = new Set<{ readonly dueMs: number; readonly run: () => void }>();

  /** Default clock: a `ManualClock` at 0. */
  /** Moves `clock`. */
  constructor(clock: ManualClock) {
    this.clock = clock;
  }

  /** Tasks that are still to run. */
  get pending(): number {
    return this.#tasks.size;
  }

  /** Runs `task` when `advance` has moved the clock by `delayMs`. */
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
