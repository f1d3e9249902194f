/**
 * Where the client's timeouts come from. They hold a Node process open, unlike the engine's: somebody waits for
 * what they end, and a client that waits to connect again is still at work.
 */

/** A source of timeouts, as `setTimeout` is one. */
export interface Scheduler {
  /** Runs `task` once, in `delayMs`. Returns a function that calls it off, and does nothing later on. */
  schedule(delayMs: number, task: () => void): () => void;
}

/** What `setTimeout` can wait for; with more it would fire at once. */
export const LONGEST_DELAY_MS: number = 2 ** 31 - 1;

export const systemScheduler: Scheduler = {
  schedule(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};
