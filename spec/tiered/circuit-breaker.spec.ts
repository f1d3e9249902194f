/** CircuitBreaker: when it opens, and how it closes. */

import { expect, it } from 'vitest';
import { ManualClock } from '../../lib/index.js';
import { CircuitBreaker } from '../../lib/tiered/circuit-breaker.js';

function make(options = {}): { breaker: CircuitBreaker; clock: ManualClock; run(...ends: boolean[]): void } {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker({ failures: 3, fraction: 0.5, openMs: 1000, ...options }, clock);
  const run = (...ends: boolean[]): void => {
    for (const end of ends) breaker.ended(breaker.admit()!, end);
  };
  return { breaker, clock, run };
}

it('opens after so many failures in a row', () => {
  const { breaker, run } = make();
  run(false, false, true, false, false);
  expect(breaker.state).toBe('closed');
  run(false);
  expect([breaker.state, breaker.admit(), breaker.opens]).toEqual(['open', null, 1]);
});

it('opens at a fraction of the last 32', () => {
  const { breaker, run } = make({ failures: Infinity });
  run(...Array<boolean>(16).fill(true), ...Array<boolean>(15).fill(false));
  expect(breaker.state).toBe('closed');
  run(false);
  expect(breaker.state).toBe('open');
});

it('lets one request try at a time, and closes when it succeeds', () => {
  const { breaker, clock, run } = make();
  run(false, false, false);
  clock.advance(1000);
  expect(breaker.state).toBe('half-open');
  expect([breaker.admit(), breaker.admit()]).toEqual(['probe', null]);
  breaker.ended('probe', undefined);
  expect(breaker.admit()).toBe('probe');
  breaker.ended('probe', false);
  expect([breaker.state, breaker.admit()]).toEqual(['open', null]);
  clock.advance(1000);
  run(true);
  expect([breaker.state, breaker.opens]).toEqual(['closed', 2]);
  run(false, false);
  expect(breaker.state).toBe('closed');
});

it('is not moved by what ends late, or was given up', () => {
  const { breaker, clock, run } = make();
  const late = breaker.admit()!;
  run(false, false, false);
  breaker.ended(late, true);
  expect(breaker.state).toBe('open');
  clock.advance(1000);
  run(true);
  for (let request = 0; request < 9; request++) breaker.ended(breaker.admit()!, undefined);
  expect(breaker.state).toBe('closed');
});
