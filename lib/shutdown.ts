/** What is common to every server's `close({ forceAfterMs })`: how long requests under way may take. */

import { invalidArgument } from './errors.js';

/** What Node's timers can hold: 24.8 days. */
export const TIMER_MAX_MS: number = 2 ** 31 - 1;

/** Throws `HOTSET_INVALID_ARGUMENT`. */
export function checkForceAfter(forceAfterMs: number): void {
  if (typeof forceAfterMs !== 'number' || !(forceAfterMs >= 0))
    throw invalidArgument('forceAfterMs', 'milliseconds, 0 or more', forceAfterMs);
}

/** Calls `cut` after `forceAfterMs`, never for `Infinity`. Returns what calls that off. */
export function forceAfter(forceAfterMs: number, cut: () => void): () => void {
  if (forceAfterMs === Number.POSITIVE_INFINITY) return () => {};
  const timer = setTimeout(cut, Math.min(forceAfterMs, TIMER_MAX_MS));
  return () => clearTimeout(timer);
}
