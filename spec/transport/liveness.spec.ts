/** A connection is alive while bytes move; a request that is unfinished has a time of its own. */

import { describe, expect, it } from 'vitest';
import { Liveness, RequestWindow, type Writing } from '../../lib/transport/liveness.js';

const LIMITS = { idleTimeoutMs: 1000, requestTimeoutMs: 5000 };

describe('a connection', () => {
  it('is idle when nothing has moved for longer than the timeout', () => {
    const liveness = new Liveness(0);
    liveness.lastReadMs = 500;
    expect(liveness.overdue('conn_read', [], LIMITS, 1500)).toBeNull();
    expect(liveness.overdue('conn_read', [], LIMITS, 1501)).toBe('idle');
    expect(liveness.overdue('conn_watch', [], LIMITS, 1e9)).toBeNull();
  });

  it.each<[string, Writing, Writing]>([
    ['a whole write', { writableLength: 90, bytesWritten: 100 }, { writableLength: 80, bytesWritten: 100 }],
    [
      'a part of a large write',
      { writableLength: 90, bytesWritten: 90, _handle: { writeQueueSize: 60 } },
      { writableLength: 90, bytesWritten: 90, _handle: { writeQueueSize: 59 } },
    ],
  ])('is alive while its client takes %s', (_, before, after) => {
    const liveness = new Liveness(0);
    liveness.sample(before, 100);
    liveness.sample(before, 900);
    expect(liveness.overdue('conn_waiting', [], LIMITS, 1001)).toBe('idle');
    liveness.sample(after, 1000);
    expect(liveness.overdue('conn_waiting', [], LIMITS, 2000)).toBeNull();
    expect(liveness.moves).toBe(1);
  });

  it('is not alive because more is written to it, or the operating system takes all at once', () => {
    const liveness = new Liveness(0);
    liveness.sample({ writableLength: 0, bytesWritten: 50 }, 100);
    liveness.sample({ writableLength: 0, bytesWritten: 90 }, 200);
    liveness.sample({ writableLength: 10, bytesWritten: 100 }, 300);
    liveness.sample({ writableLength: 30, bytesWritten: 120 }, 400);
    expect(liveness.moves).toBe(0);
    expect(liveness.lastProgressMs).toBe(0);
  });
});

it('what was sent and not confirmed may take its time, up to 8 MiB of it', () => {
  const liveness = new Liveness(0);
  liveness.unconfirmedBytes = 65_535;
  expect(liveness.overdue('conn_read', [], LIMITS, 1001)).toBe('idle');
  liveness.unconfirmedBytes += 1;
  expect(liveness.overdue('conn_read', [], LIMITS, 2000)).toBeNull();
  expect(liveness.overdue('conn_read', [], LIMITS, 2001)).toBe('idle');
  liveness.unconfirmedBytes += 1e9;
  expect(liveness.patienceMs).toBe(128_000);
  liveness.unconfirmedBytes = 0;
  expect(liveness.overdue('conn_read', [], LIMITS, 1001)).toBe('idle');
});

describe('an unfinished request', () => {
  const open = (nowMs: number): RequestWindow => {
    const window = new RequestWindow();
    window.extend(1, nowMs, true);
    return window;
  };

  it('is not idle, and has its own time', () => {
    const liveness = new Liveness(0);
    const windows = [open(0), new RequestWindow()];
    expect(liveness.overdue('conn_nread', windows, LIMITS, 5000)).toBeNull();
    expect(liveness.overdue('conn_nread', windows, LIMITS, 5001)).toBe('unfinished');
  });

  it('has that time anew when the server did not read', () => {
    const liveness = new Liveness(0);
    const windows = [open(0)];
    expect(liveness.overdue('conn_waiting', windows, LIMITS, 4000)).toBeNull();
    expect(liveness.overdue('conn_nread', windows, LIMITS, 9000)).toBeNull();
    expect(liveness.overdue('conn_nread', windows, LIMITS, 9001)).toBe('unfinished');
  });
});
