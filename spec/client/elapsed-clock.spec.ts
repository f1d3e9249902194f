/** The client's default clock, whatever happens to the clocks below it. */

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ElapsedClock } from '../../lib/client/options.js';

let monotonicMs = 5000;
let systemMs = 1_700_000_000_000;

beforeEach(() => {
  vi.spyOn(performance, 'now').mockImplementation(() => monotonicMs);
  vi.spyOn(Date, 'now').mockImplementation(() => systemMs);
});
afterEach(() => void vi.restoreAllMocks());

/** How much it advances while the clocks below do so by so much. */
function advance(clock: ElapsedClock, byMonotonicMs: number, bySystemMs: number): number {
  const before = clock.now();
  monotonicMs += byMonotonicMs;
  systemMs += bySystemMs;
  return clock.now() - before;
}

it.each([
  ['time passes', 100, 100, 100],
  ['the machine sleeps, and the monotonic clock with it', 0, 60_000, 60_000],
  ["the system's clock is set back", 100, -7_200_000, 100],
  ["the system's clock is set forward", 100, 3_600_000, 3_600_000],
  ['nothing passes', 0, 0, 0],
])('when %s', (_what, byMonotonicMs, bySystemMs, elapsedMs) => {
  const clock = new ElapsedClock();
  expect(advance(clock, byMonotonicMs, bySystemMs)).toBe(elapsedMs);
  expect(advance(clock, 10, 10)).toBe(10);
});
