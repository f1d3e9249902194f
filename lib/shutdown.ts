/** Shared by every server's `close({ forceAfterMs })`: how long requests in flight may take. */

import { invalidArgument } from './errors.js';
import { scheduleHeld, systemScheduler } from './scheduler.js';

/** Throws `HOTSET_INVALID_ARGUMENT`. */
export function checkForceAfter(forceAfterMs: number): void {
  if (typeof forceAfterMs !== 'number' || !(forceAfterMs >= 0))
    throw invalidArgument('forceAfterMs', 'milliseconds, 0 or more', forceAfterMs);
}

/** Calls `cut` after `forceAfterMs`, never for `Infinity`. Returns what cancels that. */
export function forceAfter(forceAfterMs: number, cut: () => void): () => void {
  if (forceAfterMs === Number.POSITIVE_INFINITY) return () => {};
  return scheduleHeld(systemScheduler, forceAfterMs, cut);
}
