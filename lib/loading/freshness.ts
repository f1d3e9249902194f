/**
 * How fresh an entry is. It is computed from the time to live that the engine has left for it, so that the engine
 * keeps the only state.
 *
 * A value is stored for its ttl and, after that, for the longer of the two windows. The remaining part of that window
 * gives its age past the ttl. The windows are therefore fixed for one LoadingCache; the ttl is free for each load.
 */

/** The windows around the end of a value's ttl, in milliseconds. */
export interface Windows {
  /** Before the end: a read also starts a refresh. */
  readonly refreshAheadMs: number;
  /** After it: a read is still answered at once, and starts a refresh. */
  readonly staleMs: number;
  /** After it: the value is the answer when its loader fails. */
  readonly staleOnErrorMs: number;
}

/**
 * - `fresh`: answer.
 * - `ahead`: still fresh; answer and refresh.
 * - `stale`: answer and refresh.
 * - `held`: load; the old value is there only for the case that this fails.
 */
export type Freshness = 'fresh' | 'ahead' | 'stale' | 'held';

/** How much longer than its ttl a value stays in the engine. */
export function keptMs({ staleMs, staleOnErrorMs }: Windows): number {
  return Math.max(staleMs, staleOnErrorMs);
}

export function freshnessOf(remainingTtlMs: number, windows: Windows): Freshness {
  const freshMs = remainingTtlMs - keptMs(windows);
  if (freshMs > 0) return freshMs > windows.refreshAheadMs ? 'fresh' : 'ahead';
  return -freshMs < windows.staleMs ? 'stale' : 'held';
}
