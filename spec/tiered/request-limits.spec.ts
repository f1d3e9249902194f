import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../lib/index.js';
import { CallAbort } from '../../lib/loading/call-abort.js';
import { ManualScheduler } from '../../lib/loading/index.js';
import { CircuitBreaker } from '../../lib/tiered/circuit-breaker.js';
import { FAILED, GuardedTier } from '../../lib/tiered/guarded-tier.js';
import { newTierCounters } from '../../lib/tiered/stats.js';
import { settled } from './fixture.js';
import { MemoryStore, MemoryTier } from './memory-tier.js';

const LIMIT_MS = 160;

function guarded() {
  const clock = new ManualClock();
  const scheduler = new ManualScheduler(clock);
  const breaker = new CircuitBreaker({ failures: 1_000, fraction: 1, openMs: 1 }, clock);
  const tier = new GuardedTier(
    new MemoryTier(new MemoryStore(clock)),
    breaker,
    LIMIT_MS,
    scheduler,
    clock,
    newTierCounters(),
    () => {},
  );
  const signals: AbortSignal[] = [];
  const ends: (() => void)[] = [];
  const answers: unknown[] = [];
  /** A request that ends when it is told to. */
  const begin = (abort?: CallAbort): void => {
    const at = answers.push('under way') - 1;
    const request = (_: unknown, signal: AbortSignal): Promise<string> => {
      signals.push(signal);
      return new Promise((resolve) => ends.push(() => resolve('answer')));
    };
    void tier.run(request, abort).then((answer) => {
      answers[at] = answer === FAILED ? 'failed' : answer;
    });
  };
  return { scheduler, signals, ends, answers, begin };
}

describe('limits of requests', () => {
  it('are one timer and one signal for those that begin together', async () => {
    const { scheduler, signals, ends, answers, begin } = guarded();
    begin();
    scheduler.advance(9);
    begin();
    scheduler.advance(1);
    begin();
    expect([scheduler.pending, new Set(signals).size]).toEqual([2, 2]);
    scheduler.advance(LIMIT_MS - 10);
    await settled();
    expect(answers).toEqual(['failed', 'failed', 'under way']);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, false]);
    ends[2]!();
    await settled();
    expect([answers[2], scheduler.pending, signals[2]!.aborted]).toEqual(['answer', 0, false]);
  });

  it('begin anew where nobody waits, with the same signal', async () => {
    const { scheduler, signals, ends, answers, begin } = guarded();
    begin();
    ends[0]!();
    await settled();
    scheduler.advance(LIMIT_MS * 10);
    begin();
    scheduler.advance(LIMIT_MS - 1);
    await settled();
    expect([answers, signals[0] === signals[1]]).toEqual([['answer', 'under way'], true]);
    scheduler.advance(1);
    await settled();
    expect(answers[1]).toBe('failed');
  });

  it('abort the signal once nobody waits and one has given up', async () => {
    const { signals, ends, answers, begin } = guarded();
    const abort = new CallAbort();
    begin(abort);
    begin();
    abort.abort(new Error('given up'));
    await settled();
    expect([answers, signals[0]!.aborted]).toEqual([['failed', 'under way'], false]);
    // Who begins after that has a signal that will not abort.
    begin();
    ends[1]!();
    await settled();
    expect([answers[1], signals[0]!.aborted, signals[2]!.aborted]).toEqual(['answer', true, false]);
    expect(signals[0]!.reason).toEqual(new Error('given up'));
  });

  it('are shared by 64 at once, and their signal by 1,000 in turn', async () => {
    const { signals, ends, begin } = guarded();
    for (let i = 0; i < 65; i++) begin();
    expect(new Set(signals.slice(0, 64)).size).toBe(1);
    expect(signals[64]).not.toBe(signals[0]);
    for (const end of ends.splice(0)) end();
    await settled();
    signals.length = 0;
    for (let i = 0; i < 1_000; i++) {
      begin();
      ends.pop()!();
      await settled();
    }
    expect(new Set(signals).size).toBe(2);
  });
});
