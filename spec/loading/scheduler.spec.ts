/** Timeouts: the system's, which know no limit of 24.8 days, and the manual ones. */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../lib/index.js';
import { ManualScheduler, systemScheduler } from '../../lib/loading/index.js';

const DAY_MS = 86_400_000;

describe('systemScheduler', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each([1, 5000, 2 ** 31 - 1, 2 ** 31, 60 * DAY_MS])('waits %d ms and not less', (delayMs) => {
    const task = vi.fn();
    systemScheduler.schedule(delayMs, task);
    vi.advanceTimersByTime(delayMs - 1);
    expect(task).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(task).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('can be called off, also on the way', () => {
    const task = vi.fn();
    const cancel = systemScheduler.schedule(60 * DAY_MS, task);
    vi.advanceTimersByTime(50 * DAY_MS);
    cancel();
    cancel();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(50 * DAY_MS);
    expect(task).not.toHaveBeenCalled();
  });
});

it('a timeout does not keep a process alive', () => {
  const script = `
    const { CacheEngine } = await import('hotset');
    const { LoadingCache } = await import('hotset/loading');
    const cache = new LoadingCache(new CacheEngine(), { flightTimeoutMs: 1e9, timeoutMs: 1e9 });
    cache.getOrLoad('a', () => new Promise(() => {}));
    console.log('started');`;
  const node = (): string =>
    execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: join(import.meta.dirname, '../..'),
      encoding: 'utf8',
    });
  expect(node().trim()).toBe('started');
});

describe('ManualScheduler', () => {
  it('runs what falls due, each at its time', () => {
    const clock = new ManualClock(100);
    const scheduler = new ManualScheduler(clock);
    const ran: [string, number][] = [];
    const note = (what: string) => (): void => void ran.push([what, clock.now()]);
    scheduler.schedule(30, note('c'));
    scheduler.schedule(10, note('a'));
    scheduler.schedule(10, () => {
      note('b')();
      scheduler.schedule(5, note('within'));
    });
    const cancel = scheduler.schedule(20, note('never'));
    cancel();
    scheduler.schedule(31, note('later'));
    scheduler.advance(30);
    expect(ran).toEqual([
      ['a', 110],
      ['b', 110],
      ['within', 115],
      ['c', 130],
    ]);
    expect([clock.now(), scheduler.pending]).toEqual([130, 1]);
  });
});
