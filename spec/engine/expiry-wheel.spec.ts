/** The expiry wheel on its own: exact against a plain Map of times, bounded by its limit. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExpiryWheel } from '../../lib/engine/expiry.js';

const SLOTS = 40;
const YEAR_MS = 365.25 * 86_400_000;

/** Sweeps, cancels what is due, and returns it in ascending order. */
function sweep(wheel: ExpiryWheel, nowMs: number, limit = Number.POSITIVE_INFINITY): number[] {
  const due: number[] = [];
  const told = wheel.sweep(nowMs, limit, (slot) => {
    wheel.cancel(slot);
    due.push(slot);
  });
  expect(told).toBe(due.length);
  return due.toSorted((a, b) => a - b);
}

/** Sweeps with a limit until nothing may be due; fails when that does not come to an end. */
function sweepInSteps(wheel: ExpiryWheel, nowMs: number, limit: number): number[] {
  const due: number[] = [];
  for (let calls = 0; wheel.mayHaveDue(nowMs); calls++) {
    if (calls > 1000 + (20 * wheel.count) / limit) throw new Error('the sweep does not end');
    due.push(...sweep(wheel, nowMs, limit));
  }
  return due.toSorted((a, b) => a - b);
}

const ms = fc.oneof(
  fc.integer({ min: -10, max: 300 }),
  fc.integer({ min: 0, max: 20_000 }),
  fc.integer({ min: 0, max: 2e9 }),
  fc.double({ min: 0, max: 1e6, noNaN: true }),
  fc.constantFrom(63, 64, 65, 4095, 4096, 262_144, 2 ** 31, 2 ** 42, 9000 * YEAR_MS, 1e17, 1e300),
);

const operation = fc.record({
  what: fc.constantFrom(
    'schedule',
    'schedule',
    'schedule',
    'cancel',
    'advance',
    'advance',
    'sweep',
    'limited',
  ),
  slot: fc.integer({ min: 1, max: SLOTS }),
  ms,
  back: fc.boolean(),
  limit: fc.integer({ min: 0, max: 8 }),
});

describe('a sweep', () => {
  it.each([
    ['on a clock that only goes on', false],
    ['on a clock that also jumps back', true],
  ])('takes exactly what is due (%s)', (_, mayGoBack) => {
    fc.assert(
      fc.property(
        fc.constantFrom<number>(0, -1e6, -0.5, 63, 1.7e12, 1.7e18),
        fc.array(operation, { maxLength: 120, size: 'max' }),
        (start, operations) => {
          const wheel = new ExpiryWheel(SLOTS + 1, start);
          const times = new Map<number, number>();
          let now = start;
          const due = (): number[] =>
            [...times]
              .filter(([, expiresAt]) => expiresAt <= now)
              .map(([slot]) => slot)
              .toSorted((a, b) => a - b);
          const take = (slots: number[]): void => {
            for (const slot of slots) times.delete(slot);
          };
          for (const { what, slot, ms, back, limit } of operations) {
            if (what === 'schedule') {
              wheel.schedule(slot, now + ms);
              times.set(slot, now + ms);
            } else if (what === 'cancel') {
              wheel.cancel(slot);
              times.delete(slot);
            } else if (what === 'advance') {
              if (ms < 1e15) now += back && mayGoBack ? -ms : ms;
            } else if (what === 'sweep') {
              const expected = due();
              expect(sweep(wheel, now)).toEqual(expected);
              expect(wheel.mayHaveDue(now)).toBe(false);
              take(expected);
            } else {
              const expected = new Set(due());
              const swept = sweep(wheel, now, limit);
              expect(swept.length).toBeLessThanOrEqual(limit);
              expect(swept.filter((each) => !expected.has(each))).toEqual([]);
              take(swept);
              if (expected.size > swept.length) expect(wheel.mayHaveDue(now)).toBe(true);
            }
            expect(wheel.count).toBe(times.size);
            expect(wheel.verify(new Set(times.keys()))).toEqual([]);
          }
          const expected = due();
          expect(sweepInSteps(wheel, now, 3)).toEqual(expected);
          take(expected);
          now = Number.MAX_VALUE;
          expect(sweep(wheel, now)).toEqual([...times.keys()].toSorted((a, b) => a - b));
          expect(wheel.count).toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('takes an entry at its very time and not a moment before', () => {
    const wheel = new ExpiryWheel(16, 0);
    for (const [slot, time] of [100, 100.5, 128, 4096, 262_144, 1e9].entries()) {
      wheel.schedule(slot + 1, time);
      expect(sweep(wheel, time - 2 ** -10)).toEqual([]);
      expect(sweep(wheel, time)).toEqual([slot + 1]);
    }
  });

  it('keeps its times when the wheel grows', () => {
    const wheel = new ExpiryWheel(4, 0);
    wheel.schedule(1, 100);
    wheel.schedule(2, 1e9);
    wheel.grow(100);
    wheel.schedule(99, 50);
    expect(wheel.expiresAt[50]).toBe(Number.POSITIVE_INFINITY);
    expect(sweep(wheel, 100)).toEqual([1, 99]);
    expect(sweep(wheel, 1e9)).toEqual([2]);
  });

  it('grows in the middle of a bounded sweep', () => {
    const wheel = new ExpiryWheel(11, 0);
    for (let slot = 1; slot <= 10; slot++) wheel.schedule(slot, 50);
    expect(sweep(wheel, 50, 4)).toHaveLength(4);
    wheel.grow(30);
    wheel.schedule(20, 50);
    expect(sweep(wheel, 50)).toHaveLength(7);
  });

  it('knows when nothing is due, for certain', () => {
    const wheel = new ExpiryWheel(16, 0);
    expect(wheel.nextDueMs).toBe(Number.POSITIVE_INFINITY);
    expect(wheel.mayHaveDue(1e15)).toBe(false);
    wheel.schedule(1, 2000);
    wheel.schedule(2, 3000);
    expect(wheel.nextDueMs).toBe(2000);
    expect([wheel.mayHaveDue(1999), wheel.mayHaveDue(2000)]).toEqual([false, true]);
    sweep(wheel, 2000);
    expect(wheel.nextDueMs).toBeGreaterThan(2000);
    expect(wheel.nextDueMs).toBeLessThanOrEqual(3000);
    sweep(wheel, 3000);
    expect(wheel.nextDueMs).toBe(Number.POSITIVE_INFINITY);
  });

  it('tells how far it has swept, give or take a tick', () => {
    const wheel = new ExpiryWheel(16, 1000);
    expect(Math.abs(wheel.sweptUntilMs - 1000)).toBeLessThan(64);
    wheel.schedule(1, 1e6);
    sweep(wheel, 1e6);
    expect(Math.abs(wheel.sweptUntilMs - 1e6)).toBeLessThan(64);
    sweep(wheel, 1000);
    expect(Math.abs(wheel.sweptUntilMs - 1e6)).toBeLessThan(64);
  });
});

describe('a time that is put off', () => {
  it('costs a look of the sweep that enters the old place, and nothing before', () => {
    const wheel = new ExpiryWheel(16, 0);
    wheel.schedule(1, 1000);
    for (let time = 2000; time <= 100_000; time += 1000) wheel.schedule(1, time);
    expect(wheel.expiresAt[1]).toBe(100_000);
    expect(wheel.count).toBe(1);
    expect(wheel.verify(new Set([1]))).toEqual([]);
    expect(sweep(wheel, 1000)).toEqual([]);
    expect(wheel.lookedAt).toBe(1);
    expect(wheel.mayHaveDue(1000)).toBe(false);
    expect(sweep(wheel, 99_999)).toEqual([]);
    expect(sweep(wheel, 100_000)).toEqual([1]);
  });

  it.each<[string, number, number]>([
    ['before the old place', 500, 500],
    ['between the old place and the new', 5000, 5000],
    ['to the same time', 9000, 9000],
  ])('may be moved back again: %s', (_, ms, due) => {
    const wheel = new ExpiryWheel(16, 0);
    wheel.schedule(1, 1000);
    wheel.schedule(1, 9000);
    wheel.schedule(1, ms);
    expect(wheel.nextDueMs).toBeLessThanOrEqual(due);
    expect(sweep(wheel, due - 1)).toEqual([]);
    expect(sweep(wheel, due)).toEqual([1]);
  });

  it('may be cancelled, and set anew', () => {
    const wheel = new ExpiryWheel(16, 0);
    wheel.schedule(1, 1000);
    wheel.schedule(1, 9000);
    wheel.cancel(1);
    expect(wheel).toMatchObject({ count: 0 });
    expect(sweep(wheel, 1e6)).toEqual([]);
    wheel.schedule(1, 2e6);
    expect(sweep(wheel, 2e6)).toEqual([1]);
  });

  it('while a bounded sweep has the slot at hand, goes to its new place', () => {
    const wheel = new ExpiryWheel(31, 0);
    for (let slot = 1; slot <= 20; slot++) wheel.schedule(slot, 1000);
    const first = sweep(wheel, 1000, 10);
    const left = Array.from({ length: 20 }, (_, i) => i + 1).filter((slot) => !first.includes(slot));
    for (const slot of left) wheel.schedule(slot, 50_000);
    expect(sweep(wheel, 1000)).toEqual([]);
    expect(wheel.lookedAt).toBe(10);
    expect(sweep(wheel, 50_000)).toEqual(left);
  });

  it('looks at no more than the limit, also when all were put off', () => {
    const wheel = new ExpiryWheel(1001, 0);
    for (let slot = 1; slot <= 1000; slot++) wheel.schedule(slot, 1000);
    for (let slot = 1; slot <= 1000; slot++) wheel.schedule(slot, 1e6 + slot);
    let looks = 0;
    for (let calls = 0; wheel.mayHaveDue(2000); calls++) {
      expect(sweep(wheel, 2000, 64)).toEqual([]);
      expect(wheel.lookedAt).toBeLessThanOrEqual(64);
      looks += wheel.lookedAt;
      if (calls > 20) throw new Error('the sweep does not end');
    }
    expect(looks).toBe(1000);
  });
});

describe('a bounded sweep', () => {
  it('gets past any number of entries that are due a little later', () => {
    const wheel = new ExpiryWheel(2001, 0);
    for (let slot = 1; slot <= 2000; slot++) wheel.schedule(slot, slot === 7 ? 5 : 10);
    expect(sweepInSteps(wheel, 5, 64)).toEqual([7]);
    expect(sweepInSteps(wheel, 9, 64)).toEqual([]);
    expect(sweepInSteps(wheel, 10, 64)).toHaveLength(1999);
  });

  it('reaches what is due behind many that are not, after a long time without a sweep', () => {
    const wheel = new ExpiryWheel(3001, 0);
    const now = 61_000;
    for (let slot = 1; slot <= 3000; slot++) wheel.schedule(slot, slot % 100 === 0 ? 59_000 : now + 1 + slot);
    expect(sweepInSteps(wheel, now, 10)).toHaveLength(30);
  });

  it('goes on to its end when the clock jumps back in the middle', () => {
    const wheel = new ExpiryWheel(16, 640 * 64);
    wheel.schedule(1, 8832 * 64);
    wheel.schedule(2, 8840 * 64);
    wheel.schedule(3, 8000 * 64);
    sweep(wheel, 8320 * 64, 2);
    wheel.cancel(2);
    sweep(wheel, 640 * 64);
    expect(wheel.verify(new Set([1]))).toEqual([]);
    expect(sweep(wheel, 8832 * 64)).toEqual([1]);
  });

  it('notices what is scheduled or cancelled between its steps', () => {
    const wheel = new ExpiryWheel(31, 0);
    for (let slot = 1; slot <= 20; slot++) wheel.schedule(slot, 1000);
    const first = sweep(wheel, 5000, 5);
    const left = Array.from({ length: 20 }, (_, i) => i + 1).filter((slot) => !first.includes(slot));
    wheel.cancel(left[0]!);
    wheel.schedule(left[1]!, 9000);
    wheel.schedule(25, 3000);
    wheel.schedule(26, 5000.5);
    expect(sweepInSteps(wheel, 5000, 5)).toEqual([...left.slice(2), 25]);
    expect(sweep(wheel, 9000)).toEqual([left[1], 26]);
  });

  it('of a million entries does no more than its limit in each call', () => {
    const count = 1_000_000;
    const wheel = new ExpiryWheel(count + 1, 0);
    for (let slot = 1; slot <= count; slot++) wheel.schedule(slot, (slot % 1000) * 100);
    let calls = 0;
    let expired = 0;
    const expire = (slot: number): void => {
      calls++;
      wheel.cancel(slot);
    };
    for (let steps = 0; wheel.mayHaveDue(1e6); steps++) {
      calls = 0;
      expired += wheel.sweep(1e6, 5000, expire);
      if (calls > 5000 || steps > 300) throw new Error(`${calls} calls in step ${steps}`);
    }
    expect(expired).toBe(count);
    expect(wheel.count).toBe(0);
  });
});
