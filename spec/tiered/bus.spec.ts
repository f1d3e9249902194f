import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../lib/index.js';
import { ManualScheduler } from '../../lib/loading/index.js';
import { type BusOptions, InvalidationBus } from '../../lib/tiered/bus.js';
import { InvalidationLink, resolveInvalidation } from '../../lib/tiered/invalidation-link.js';
import { MemoryHub, MemoryTransport } from './memory-bus.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Processes on one hub: each with its link to it, its bus, and what the bus has reported. */
function create() {
  const clock = new ManualClock(1000);
  const scheduler = new ManualScheduler(clock);
  const hub = new MemoryHub();
  let ids = 0;
  const join = (options: BusOptions = {}, prefix = 'p:') => {
    const transport = new MemoryTransport(hub);
    const bus = new InvalidationBus(transport, { id: `process ${++ids}`, clock, scheduler, ...options });
    const reports: unknown[][] = [];
    bus.start(prefix, {
      connected: () => void reports.push(['connected']),
      disconnected: () => void reports.push(['disconnected']),
      alive: (sentAtMs) => void reports.push(['alive', sentAtMs]),
      keysChanged: (keys) => void reports.push(['keys', ...keys]),
      tagsInvalidated: (tags) => void reports.push(['tags', ...tags]),
      allChanged: () => void reports.push(['all']),
    });
    reports.length = 0;
    return { transport, bus, reports };
  };
  return { clock, scheduler, hub, join };
}

describe('a bus', () => {
  it('tells the others, and ignores its own messages', async () => {
    const { join } = create();
    const [a, b, c] = [join(), join(), join()];
    await a.bus.publish({ keys: ['p:1', 'p:2'], tags: ['t'] });
    await b.bus.publish({ all: true });
    expect(a.reports).toEqual([['all']]);
    expect(b.reports).toEqual([
      ['keys', 'p:1', 'p:2'],
      ['tags', 't'],
    ]);
    expect(c.reports).toEqual([['keys', 'p:1', 'p:2'], ['tags', 't'], ['all']]);
    expect(c.bus.stats()).toMatchObject({ received: 2, gaps: 0, ignored: 0, senders: 2 });
  });

  it('says nothing where nothing has changed', async () => {
    const { join } = create();
    const [a, b] = [join(), join()];
    await a.bus.publish({ keys: [], tags: [] });
    expect(b.bus.stats().received).toBe(0);
  });

  it('keeps prefixes apart, on one channel too', async () => {
    const { join } = create();
    const [a, b, c] = [join(), join({}, 'q:'), join({ channel: 'hotset:bus:p:' }, 'q:')];
    await a.bus.publish({ keys: ['p:1', 'q:1'] });
    expect(b.reports).toEqual([]);
    expect(c.reports).toEqual([['keys', 'q:1']]);
  });

  it('notices that a message was lost, by the next one', async () => {
    const { join } = create();
    const [a, b] = [join(), join()];
    await a.bus.publish({ keys: ['p:1'] });
    b.transport.isDeaf = true;
    await a.bus.publish({ keys: ['p:2'] });
    b.transport.isDeaf = false;
    await a.bus.publish({ keys: ['p:3'] });
    await a.bus.publish({ keys: ['p:4'] });
    expect(b.reports).toEqual([['keys', 'p:1'], ['all'], ['keys', 'p:4']]);
    expect(b.bus.stats().gaps).toBe(1);
  });

  it('notices it by the next heartbeat where no message follows', async () => {
    const { join, scheduler } = create();
    const [a, b] = [join(), join()];
    b.transport.isDeaf = true;
    await a.bus.publish({ keys: ['p:1'] });
    b.transport.isDeaf = false;
    scheduler.advance(3000);
    expect(b.reports).toContainEqual(['all']);
    expect(b.bus.stats().gaps).toBe(1);
  });

  it('takes it that all has changed when it first hears of one who has sent before', async () => {
    const { join } = create();
    const a = join();
    await a.bus.publish({ keys: ['p:1'] });
    const b = join();
    await a.bus.publish({ keys: ['p:2'] });
    expect(b.reports).toEqual([['all']]);
  });

  it('misses nothing where a message failed, and was sent again with the next one', async () => {
    const { join } = create();
    const [a, b] = [join(), join()];
    await a.bus.publish({ keys: ['p:1'] });
    const { publish } = a.transport;
    // Delivered, and taken for lost.
    a.transport.publish = async function (this: MemoryTransport, channel, text) {
      await publish.call(this, channel, text);
      throw new Error('cut');
    };
    await expect(a.bus.publish({ keys: ['p:2'] })).rejects.toThrow('cut');
    // Lost.
    a.transport.publish = () => Promise.reject(new Error('cut'));
    await expect(a.bus.publish({ keys: ['p:2', 'p:3'] })).rejects.toThrow('cut');
    a.transport.publish = publish;
    await a.bus.publish({ keys: ['p:2', 'p:3'] });
    expect(b.reports).toEqual([
      ['keys', 'p:1'],
      ['keys', 'p:2'],
      ['keys', 'p:2', 'p:3'],
    ]);
    b.transport.isDeaf = true;
    await a.bus.publish({ keys: ['p:4'] });
    b.transport.isDeaf = false;
    await a.bus.publish({ keys: ['p:5'] });
    expect(b.reports.at(-1)).toEqual(['all']);
  });

  it('takes its own heartbeat, come back, for a sign of life', async () => {
    const { join, scheduler, clock } = create();
    const a = join();
    scheduler.advance(3000);
    expect(a.reports).toEqual([['alive', 4000]]);
    a.transport.isDeaf = true;
    scheduler.advance(6000);
    a.transport.isDeaf = false;
    expect(a.reports.length).toBe(1);
    scheduler.advance(3000);
    expect(a.reports[1]).toEqual(['alive', clock.now()]);
  });

  it('says when its link comes and goes, with a sign of life, and beats only meanwhile', () => {
    const { join, scheduler } = create();
    const a = join();
    a.transport.isCut = true;
    expect(scheduler.pending).toBe(0);
    a.transport.isCut = false;
    expect(a.reports).toEqual([['disconnected'], ['connected'], ['alive', 1000], ['alive', 1000]]);
    expect(scheduler.pending).toBe(1);
  });

  it('counts heartbeats that it cannot send', async () => {
    const { join, scheduler } = create();
    const a = join();
    a.transport.publish = () => {
      throw new Error('cut');
    };
    scheduler.advance(3000);
    await turn();
    expect(a.bus.stats().heartbeatFailures).toBe(1);
  });

  it('calls nothing once it is stopped', async () => {
    const { join, hub, scheduler } = create();
    const [a, b] = [join(), join()];
    await b.bus.stop();
    await a.bus.publish({ keys: ['p:1'] });
    expect(b.reports).toEqual([]);
    expect(hub.subscribers.size).toBe(1);
    await a.bus.stop();
    expect(scheduler.pending).toBe(0);
  });

  it('makes several messages of many keys, and everything of a key that is too long', async () => {
    const { join } = create();
    const options = { maxMessageLength: 1024 };
    const [a, b] = [join(options), join(options)];
    const keys = Array.from({ length: 100 }, (_, at) => `p:${at}`.padEnd(20, '"'));
    await a.bus.publish({ keys, tags: ['t'] });
    expect(b.bus.stats()).toMatchObject({ ignored: 0, gaps: 0 });
    expect(b.bus.stats().received).toBeGreaterThan(5);
    expect(b.reports.flatMap(([kind, ...names]) => (kind === 'keys' ? names : []))).toEqual(keys);
    expect(b.reports.at(-1)).toEqual(['tags', 't']);
    b.reports.length = 0;
    await a.bus.publish({ keys: ['p:1', 'k'.repeat(1000)] });
    expect(b.reports).toEqual([['all']]);
  });

  it('ignores what is no message, and counts it', () => {
    const { join, hub } = create();
    const { bus, reports } = join({ maxMessageLength: 1024 });
    const good = { v: 1, from: 'other', n: 1, after: 0, keys: ['p:1'] };
    const bad: unknown[] = [
      null,
      1,
      [],
      {},
      { ...good, v: 0 },
      { ...good, v: '1' },
      { ...good, v: 1.5 },
      { ...good, from: '' },
      { ...good, from: 'x'.repeat(65) },
      { ...good, from: 1 },
      { ...good, n: 0 },
      { ...good, n: 1.5 },
      { ...good, n: 2 ** 53 },
      { ...good, n: '1' },
      { ...good, after: -1 },
      { ...good, after: 1 },
      { ...good, after: null },
      { ...good, n: undefined },
      { ...good, n: undefined, at: '1' },
      { ...good, at: 1 },
      { ...good, keys: 'p:1' },
      { ...good, keys: [1] },
      { ...good, tags: {} },
      { ...good, all: false },
      { ...good, keys: ['k'.repeat(1024)] },
    ];
    for (const message of bad) hub.publish('hotset:bus:p:', JSON.stringify(message));
    hub.publish('hotset:bus:p:', '{"v":1');
    hub.publish('hotset:bus:p:', undefined as never);
    expect(reports).toEqual([]);
    expect(bus.stats()).toMatchObject({ ignored: bad.length + 2, senders: 0, unreadable: 0 });
    hub.publish('hotset:bus:p:', JSON.stringify({ ...good, more: 'than this version knows' }));
    expect(reports).toEqual([['keys', 'p:1']]);
  });

  it('takes it that all has changed when it cannot read a later version', () => {
    const { join, hub } = create();
    const { bus, reports } = join();
    hub.publish('hotset:bus:p:', JSON.stringify({ v: 2, what: 'ever' }));
    expect(reports).toEqual([['all']]);
    expect(bus.stats().unreadable).toBe(1);
  });

  it('follows a bounded number of senders', () => {
    const { join, hub } = create();
    const { bus } = join({ maxSenders: 3 });
    for (let at = 0; at < 10; at++)
      hub.publish('hotset:bus:p:', JSON.stringify({ v: 1, from: `${at}`, n: 1, after: 0, all: true }));
    expect(bus.stats().senders).toBe(3);
  });

  it('refuses bad options', () => {
    const transport = new MemoryTransport(new MemoryHub());
    expect(() => new InvalidationBus({} as never)).toThrow(
      expect.objectContaining({ code: 'HOTSET_INVALID_ARGUMENT' }),
    );
    for (const bad of [
      { channel: '' },
      { channel: 1 },
      { id: '' },
      { heartbeatMs: 0 },
      { maxMessageLength: 100 },
      { maxSenders: 0 },
      { heartbeat: 1 },
    ])
      expect(() => new InvalidationBus(transport, bad as BusOptions), JSON.stringify(bad)).toThrow(
        expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' }),
      );
  });

  it('behind a link tells later what it cannot tell now, and empties the first tier after a cut', async () => {
    const { clock, scheduler, hub } = create();
    const processes = ['a', 'b'].map((id) => {
      const transport = new MemoryTransport(hub);
      const calls: unknown[][] = [];
      const bus = new InvalidationBus(transport, { id, clock, scheduler });
      const link = new InvalidationLink(bus, 'p:', resolveInvalidation({ clock, scheduler }), {
        keysChanged: (keys) => void calls.push(['keys', ...keys]),
        tagsInvalidated: (tags) => void calls.push(['tags', ...tags]),
        allChanged: () => void calls.push(['all']),
      });
      link.start();
      calls.length = 0;
      return { transport, calls, link };
    });
    const [a, b] = processes as [(typeof processes)[0], (typeof processes)[0]];
    a.transport.isCut = true;
    expect(a.link.isTrusted).toBe(false);
    expect(await a.link.publish({ keys: ['p:1'] })).toBe(false);
    expect(await a.link.publish({ keys: ['p:2'] })).toBe(false);
    expect(await b.link.publish({ keys: ['p:3'] })).toBe(true);
    a.transport.isCut = false;
    await turn();
    expect(a.link.isTrusted).toBe(true);
    expect(a.calls).toEqual([['all']]);
    expect(b.calls).toEqual([['keys', 'p:1', 'p:2']]);
    // B's next message tells A that it has missed one. It was emptied since, and is emptied again.
    expect(await b.link.publish({ keys: ['p:4'] })).toBe(true);
    expect(a.calls).toEqual([['all'], ['all']]);
  });
});
