/** Timeouts: the system's, which know no limit of 24.8 days, and the manual ones. */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../lib/index.js';
import { ManualScheduler, systemScheduler } from '../lib/loading/index.js';

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

describe('a process', () => {
  /** Runs a script with a `cache` and a loader that `hangs`; what it prints, if it ends within 10 seconds. */
  const run = (options: string, script: string): string =>
    execFileSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `const { CacheEngine } = await import('hotset');
        const { LoadingCache } = await import('hotset/loading');
        const cache = new LoadingCache(new CacheEngine(), ${options});
        const hangs = () => new Promise(() => {});
        ${script}`,
      ],
      { cwd: join(import.meta.dirname, '..'), encoding: 'utf8', timeout: 10_000 },
    ).trim();

  it.each(['timeoutMs', 'flightTimeoutMs'])('stays open for a caller until %s has passed', (name) => {
    const awaiting = "console.log(await cache.getOrLoad('a', hangs).catch(({ code }) => code));";
    expect(run(`{ ${name}: 100 }`, awaiting)).toBe('HOTSET_LOAD_TIMEOUT');
    const many = "console.log(await cache.getOrLoadMany(['a', 'b'], hangs).catch(({ code }) => code));";
    expect(run(`{ ${name}: 100 }`, many)).toBe('HOTSET_LOAD_TIMEOUT');
  });

  it('stays open for a caller who joins a refresh', () => {
    const script = `
      cache.set('a', 1);
      await new Promise((resolve) => setTimeout(resolve, 30));
      console.log(await cache.getOrLoad('a', hangs));
      console.log(await cache.getOrLoad('a', hangs, { forceRefresh: true }).catch(({ code }) => code));`;
    expect(run('{ ttlMs: 10, staleMs: 1e6, flightTimeoutMs: 200 }', script)).toBe('1\nHOTSET_LOAD_TIMEOUT');
  });

  it('is not kept open by a flight without waiters', () => {
    const abandoned =
      "console.log(await cache.getOrLoad('a', hangs, { timeoutMs: 50 }).catch(({ code }) => code));";
    expect(run('{ flightTimeoutMs: 1e9 }', abandoned)).toBe('HOTSET_LOAD_TIMEOUT');
    const refreshing = `
      cache.set('a', 1);
      await new Promise((resolve) => setTimeout(resolve, 30));
      console.log(await cache.getOrLoad('a', hangs));`;
    expect(run('{ ttlMs: 10, staleMs: 1e6, flightTimeoutMs: 1e9, timeoutMs: 1e9 }', refreshing)).toBe('1');
  });

  it('may have timers that are numbers, as in a browser', () => {
    const script = `
      const timers = new Map();
      const { setTimeout: start, clearTimeout: stop } = globalThis;
      globalThis.setTimeout = (task, ms) => (timers.set(timers.size + 1, start(task, ms)), timers.size);
      globalThis.clearTimeout = (id) => stop(timers.get(id));
      console.log(await cache.getOrLoad('a', () => 1));
      console.log(await cache.getOrLoad('b', hangs).catch(({ code }) => code), cache.stats().inFlight);`;
    expect(run('{ flightTimeoutMs: 50, timeoutMs: 1000 }', script)).toBe('1\nHOTSET_LOAD_TIMEOUT 0');
  });
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
