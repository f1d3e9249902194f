import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../lib/index.js';
import { ManualScheduler } from '../../lib/loading/index.js';
import { Outbox } from '../../lib/tiered/outbox.js';
import type { InvalidationMessage } from '../../lib/tiered/second-tier.js';

/** An outbox, what it has sent, and how each attempt is to end. */
function create(maxQueued = 100) {
  const scheduler = new ManualScheduler(new ManualClock());
  const sent: InvalidationMessage[] = [];
  const attempts: { ok(): void; fail(): void }[] = [];
  const outbox = new Outbox(
    (message) =>
      new Promise((resolve, reject) => {
        sent.push(message);
        attempts.push({ ok: () => resolve(), fail: () => reject(new Error('cut')) });
      }),
    { maxQueued, sendTimeoutMs: 1000, retryBaseMs: 100, maxRetryMs: 1000, scheduler, random: () => 0.999 },
  );
  return { outbox, scheduler, sent, attempts };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('an outbox', () => {
  it('sends one message at a time, and what comes meanwhile as the next one', async () => {
    const { outbox, sent, attempts } = create();
    const first = outbox.add({ keys: ['a'] });
    const second = outbox.add({ keys: ['b', 'a'] });
    const third = outbox.add({ keys: ['b'], tags: ['t'] });
    expect(sent).toEqual([{ keys: ['a'] }]);
    expect(outbox.size).toBe(4);
    attempts[0]!.ok();
    expect(await first).toBe(true);
    expect(sent[1]).toEqual({ keys: ['b', 'a'], tags: ['t'] });
    attempts[1]!.ok();
    expect(await Promise.all([second, third])).toEqual([true, true]);
    expect(outbox.size).toBe(0);
    expect(outbox.counters).toEqual({ sent: 2, failures: 0, overflows: 0 });
  });

  it('tries again what it could not send, after a growing pause, and keeps nobody waiting', async () => {
    const { outbox, scheduler, sent, attempts } = create();
    const first = outbox.add({ keys: ['a'] });
    const second = outbox.add({ tags: ['t'] });
    attempts[0]!.fail();
    expect(await Promise.all([first, second])).toEqual([false, false]);
    expect(await outbox.add({ keys: ['b'] })).toBe(false);
    expect(sent.length).toBe(1);
    scheduler.advance(100);
    expect(sent[1]).toEqual({ keys: ['a', 'b'], tags: ['t'] });
    attempts[1]!.fail();
    await turn();
    scheduler.advance(100);
    expect(sent.length).toBe(2);
    scheduler.advance(100);
    expect(sent.length).toBe(3);
    attempts[2]!.ok();
    await turn();
    expect(outbox.size).toBe(0);
    expect(scheduler.pending).toBe(0);
  });

  it('tries again at once when it is told to', async () => {
    const { outbox, sent, attempts, scheduler } = create();
    const first = outbox.add({ keys: ['a'] });
    attempts[0]!.fail();
    await first;
    outbox.retryNow();
    expect(sent.length).toBe(2);
    attempts[1]!.ok();
    await turn();
    expect(scheduler.pending).toBe(0);
  });

  it('takes an attempt without an end for one that failed, and ignores how it ends then', async () => {
    const { outbox, scheduler, sent, attempts } = create();
    const first = outbox.add({ keys: ['a'] });
    scheduler.advance(1000);
    expect(await first).toBe(false);
    attempts[0]!.ok();
    await turn();
    expect(outbox.size).toBe(1);
    scheduler.advance(100);
    expect(sent[1]).toEqual({ keys: ['a'] });
  });

  it('says that everything has changed when too much waits', async () => {
    const { outbox, sent, attempts } = create(3);
    void outbox.add({ keys: ['a'] });
    void outbox.add({ keys: ['b', 'c', 'b'], tags: ['t'] });
    expect(outbox.size).toBe(4);
    void outbox.add({ keys: ['d'] });
    expect(outbox.size).toBe(2);
    attempts[0]!.ok();
    await turn();
    expect(sent[1]).toEqual({ all: true });
    expect(outbox.counters.overflows).toBe(1);
  });

  it('says it too when what failed and what came since are too much together', async () => {
    const { outbox, scheduler, sent, attempts } = create(3);
    void outbox.add({ keys: ['a', 'b'] });
    void outbox.add({ keys: ['c', 'd'] });
    attempts[0]!.fail();
    await turn();
    scheduler.advance(100);
    expect(sent[1]).toEqual({ all: true });
  });

  it('tries a last time when it is closed, and takes nothing more', async () => {
    const { outbox, scheduler, sent, attempts } = create();
    const first = outbox.add({ keys: ['a'] });
    attempts[0]!.fail();
    await first;
    const closed = outbox.close();
    expect(await outbox.add({ keys: ['b'] })).toBe(false);
    expect(sent[1]).toEqual({ keys: ['a'] });
    attempts[1]!.fail();
    await closed;
    expect(scheduler.pending).toBe(0);
  });

  it('goes on without a scheduler that works', async () => {
    const scheduler = {
      schedule: (): never => {
        throw new Error('no timers');
      },
    };
    let isCut = true;
    const sent: InvalidationMessage[] = [];
    const outbox = new Outbox(
      async (message) => {
        if (isCut) throw new Error('cut');
        sent.push(message);
      },
      { maxQueued: 10, sendTimeoutMs: 1, retryBaseMs: 1, maxRetryMs: 1, scheduler, random: Math.random },
    );
    expect(await outbox.add({ keys: ['a'] })).toBe(false);
    isCut = false;
    expect(await outbox.add({ keys: ['b'] })).toBe(true);
    expect(sent).toEqual([{ keys: ['a', 'b'] }]);
  });
});
