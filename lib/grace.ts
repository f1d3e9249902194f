/** What is common to every server's `close({ graceMs })`: how long requests under way may take. */

import { invalidArgument } from './errors.js';

/** What Node's timers can hold: 24.8 days. */
export const TIMER_MAX_MS: number = 2 ** 31 - 1;

/** Throws `HOTSET_INVALID_ARGUMENT`. */
export function checkGrace(graceMs: number): void {
  if (typeof graceMs !== 'number' || !(graceMs >= 0))
    throw invalidArgument('graceMs', 'milliseconds, 0 or more', graceMs);
}

/** Calls `cut` after `graceMs`, never for `Infinity`. Returns what calls that off. */
export function cutAfter(graceMs: number, cut: () => void): () => void {
  if (graceMs === Number.POSITIVE_INFINITY) return () => {};
  const timer = setTimeout(cut, Math.min(graceMs, TIMER_MAX_MS));
  return () => clearTimeout(timer);
}
