/** GuardedTier: whose time limit a request meets. */

import { expect, it } from 'vitest';
import { ManualClock } from '../../lib/index.js';
import type { Scheduler } from '../../lib/scheduler.js';
import { CircuitBreaker } from '../../lib/tiered/circuit-breaker.js';
import { FAILED, GuardedTier } from '../../lib/tiered/guarded-tier.js';
import type { SecondTier } from '../../lib/tiered/second-tier.js';
import { newTierCounters } from '../../lib/tiered/stats.js';
import { gate, settled } from './fixture.js';

function create() {
  const clock = new ManualClock();
  const delays: number[] = [];
  const tasks = new Set<() => void>();
  const scheduler: Scheduler = {
    schedule: (delayMs, task) => {
      delays.push(delayMs);
      tasks.add(task);
      return () => tasks.delete(task);
    },
  };
  const breaker = new CircuitBreaker({ failures: 1, fraction: 1, openMs: 1000 }, clock);
  const counters = newTierCounters();
  const tier = { name: 'memory' } as SecondTier;
  const guarded = new GuardedTier(tier, breaker, 100, scheduler, clock, counters, () => {});
  /** One turn of the event loop: what is due in it, and not what that schedules. */
  const turn = (): void => {
    for (const task of [...tasks]) {
      tasks.delete(task);
      task();
    }
  };
  return { guarded, breaker, clock, counters, delays, tasks, turn };
}

it('takes an answer that came while this process stood still', async () => {
  const { guarded, breaker, counters, tasks, turn } = create();
  const { promise, open } = gate<number>();
  const answer = guarded.run(() => promise);
  // Timers come first in a turn, then what the sockets have.
  turn();
  open(1);
  await settled();
  expect(await answer).toBe(1);
  expect(tasks.size).toBe(0);
  expect([breaker.state, counters.timeouts]).toEqual(['closed', 0]);
});

it('gives up in the turn after the limit', async () => {
  const { guarded, breaker, counters, tasks, turn } = create();
  const answer = guarded.run(() => new Promise(() => {}));
  turn();
  turn();
  expect(await answer).toBe(FAILED);
  expect(tasks.size).toBe(0);
  expect([breaker.state, counters.timeouts]).toEqual(['open', 1]);
});

it('waits once more for as long as this process stood still, and no longer than the limit', async () => {
  for (const [stillMs, moreMs] of [
    [30, 30],
    [5000, 100],
  ] as const) {
    const { guarded, clock, delays, turn } = create();
    const answer = guarded.run(() => new Promise(() => {}));
    clock.advance(100 + stillMs);
    turn();
    expect(delays).toEqual([100, moreMs]);
    turn();
    expect(await answer).toBe(FAILED);
  }
});
