/** A time to live in whole seconds, rounded up as a clock that steps would have it; never below 0. */
export function secondsLeft(ttlMs: number): number {
  return Math.max(0, Math.ceil(ttlMs / 1000));
}
