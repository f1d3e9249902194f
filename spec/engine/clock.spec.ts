/** The clocks. */

import { describe, expect, it } from 'vitest';
import { CoarseClock, ManualClock, systemClock } from '../../lib/index.js';

describe('ManualClock', () => {
  it('stands still until it is moved, in either direction', () => {
    const clock = new ManualClock();
    expect([clock.now(), clock.now()]).toEqual([0, 0]);
    clock.advance(1.5);
    clock.advance(-3);
    expect(clock.now()).toBe(-1.5);
    clock.set(7);
    expect(clock.now()).toBe(7);
    expect(new ManualClock(42).now()).toBe(42);
  });
});

describe('systemClock', () => {
  it('tells the wall-clock time in milliseconds', () => {
    const before = Date.now();
    const now = systemClock.now();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });
});

describe('CoarseClock', () => {
  it('tells the time of its last refresh', () => {
    const source = new ManualClock(5);
    const clock = new CoarseClock(source);
    source.advance(10);
    expect(clock.now()).toBe(5);
    clock.refresh();
    expect(clock.now()).toBe(15);
  });
});
