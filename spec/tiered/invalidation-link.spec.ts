import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../lib/index.js';
import { ManualScheduler } from '../../lib/loading/index.js';
import {
  InvalidationLink,
  type InvalidationOptions,
  resolveInvalidation,
} from '../../lib/tiered/invalidation-link.js';
import type {
  InvalidationListener,
  InvalidationMessage,
  InvalidationSource,
} from '../../lib/tiered/second-tier.js';

/** A link on a manual clock, what it has passed on, and the listener that plays its source. */
function create(options: InvalidationOptions = {}, publish?: InvalidationSource['publish']) {
  const clock = new ManualClock(1000);
  const scheduler = new ManualScheduler(clock);
  const calls: unknown[][] = [];
  let listener!: InvalidationListener;
  const source: InvalidationSource = {
    name: 'model',
    start: (prefix, given) => {
      calls.push(['start', prefix]);
      listener = given;
    },
    stop: async () => void calls.push(['stop']),
    ...(publish && { publish }),
  };
  const link = new InvalidationLink(
    source,
    'p:',
    resolveInvalidation({ clock, scheduler, random: () => 0.999, ...options }),
    {
      keysChanged: (keys) => void calls.push(['keys', ...keys]),
      tagsInvalidated: (tags) => void calls.push(['tags', ...tags]),
      allChanged: () => void calls.push(['all', link.isTrusted]),
    },
  );
  link.start();
  return { clock, scheduler, calls, link, listener };
}

describe('a link', () => {
  it('without a source is always trusted, and has nobody to tell', async () => {
    const link = new InvalidationLink(null, '', resolveInvalidation(), {
      keysChanged: () => {},
      tagsInvalidated: () => {},
      allChanged: () => {},
    });
    link.start();
    expect(link.isTrusted).toBe(true);
    expect(link.state).toBe('none');
    expect(await link.publish({ keys: ['a'] })).toBe(true);
    await link.stop();
    expect(link.isTrusted).toBe(true);
    expect(link.stats()).toMatchObject({ source: null, state: 'none', isTrusted: true });
  });

  it('takes no source that another one uses', async () => {
    const target = { keysChanged: () => {}, tagsInvalidated: () => {}, allChanged: () => {} };
    const source: InvalidationSource = { name: 'model', start: () => {}, stop: async () => {} };
    const one = new InvalidationLink(source, 'p:', resolveInvalidation(), target);
    const other = new InvalidationLink(source, 'q:', resolveInvalidation(), target);
    one.start();
    expect(() => other.start()).toThrow(expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' }));
    await other.stop();
    await one.stop();
    other.start();
    expect(other.state).toBe('connecting');
  });

  it('is trusted once it has connected, and empties the first tier before', () => {
    const { link, calls, listener } = create();
    expect(link.isTrusted).toBe(false);
    expect(link.state).toBe('connecting');
    listener.connected();
    expect(link.isTrusted).toBe(true);
    expect(calls).toEqual([
      ['start', 'p:'],
      ['all', false],
    ]);
  });

  it('goes out of use at once when it is lost, and is emptied when it comes back', () => {
    const { link, calls, listener, clock } = create();
    listener.connected();
    clock.advance(10);
    listener.disconnected(new Error('cut'));
    expect(link.isTrusted).toBe(false);
    expect(link.state).toBe('lost');
    calls.length = 0;
    listener.connected();
    expect(calls).toEqual([['all', false]]);
    expect(link.isTrusted).toBe(true);
    expect(link.stats()).toMatchObject({ connects: 2, disconnects: 1, allChanged: 0 });
  });

  it('is trusted for maxStaleMs more where that is wanted', () => {
    const { link, listener, clock } = create({ maxStaleMs: 100 });
    listener.connected();
    clock.advance(5000);
    listener.disconnected();
    clock.advance(99);
    expect(link.isTrusted).toBe(true);
    // Attempts that fail extend nothing.
    listener.disconnected();
    clock.advance(1);
    expect(link.isTrusted).toBe(false);
  });

  it('counts as lost when a source that gives signs of life is silent', () => {
    const { link, listener, clock } = create({ maxSilentMs: 300, maxStaleMs: 100 });
    listener.connected();
    listener.alive!(1000);
    clock.advance(200);
    listener.alive!(1100.7);
    clock.advance(200);
    expect(link.state).toBe('silent');
    expect(link.isTrusted).toBe(true);
    clock.advance(99);
    expect(link.isTrusted).toBe(true);
    clock.advance(1);
    expect(link.isTrusted).toBe(false);
    // Heard again: nothing is missing, so nothing is emptied.
    listener.alive!(1500);
    expect(link.isTrusted).toBe(true);
    expect(link.stats().connects).toBe(1);
  });

  it('knows how long it was silent when it is lost', () => {
    const { link, listener, clock } = create({ maxSilentMs: 300, maxStaleMs: 100 });
    listener.connected();
    listener.alive!(1000);
    clock.advance(350);
    listener.disconnected();
    clock.advance(49);
    expect(link.isTrusted).toBe(true);
    clock.advance(1);
    expect(link.isTrusted).toBe(false);
  });

  it('expects signs of life from the next connection on as well', () => {
    const { link, listener, clock } = create({ maxSilentMs: 300 });
    listener.connected();
    listener.alive!(1000);
    listener.disconnected();
    clock.advance(1000);
    listener.connected();
    clock.advance(299);
    expect(link.isTrusted).toBe(true);
    clock.advance(1);
    expect(link.isTrusted).toBe(false);
  });

  it('is never trusted by a sign of life alone, one of the past, or a clock that went back', () => {
    const { link, listener, clock } = create({ maxSilentMs: 300 });
    listener.alive!(1000);
    expect(link.isTrusted).toBe(false);
    listener.connected();
    listener.alive!(900);
    clock.advance(299);
    expect(link.isTrusted).toBe(true);
    clock.set(999);
    expect(link.isTrusted).toBe(false);
    clock.set(1100);
    listener.disconnected();
    listener.alive!(1100);
    expect(link.isTrusted).toBe(false);
  });

  it('passes on what is reported, and counts it', () => {
    const { link, calls, listener } = create();
    listener.connected();
    calls.length = 0;
    listener.keysChanged(['a', 'b']);
    listener.tagsInvalidated!(['t']);
    listener.allChanged();
    expect(calls).toEqual([
      ['keys', 'a', 'b'],
      ['tags', 't'],
      ['all', true],
    ]);
    expect(link.stats()).toMatchObject({ keysChanged: 2, tagsInvalidated: 1, allChanged: 1 });
  });

  it('passes on nothing once it is stopped', async () => {
    const { link, calls, listener } = create();
    listener.connected();
    await link.stop();
    expect(link.isTrusted).toBe(false);
    calls.length = 0;
    listener.connected();
    listener.keysChanged(['a']);
    listener.tagsInvalidated!(['t']);
    listener.allChanged();
    listener.disconnected();
    expect(calls).toEqual([]);
    expect(link.isTrusted).toBe(false);
  });

  it('keeps what it cannot tell, and tells it when it has connected again', async () => {
    const sent: InvalidationMessage[] = [];
    let isCut = true;
    const { link, listener, scheduler } = create({}, async (message) => {
      if (isCut) throw new Error('cut');
      sent.push(message);
    });
    expect(await link.publish({ keys: ['a'] })).toBe(false);
    expect(link.stats()).toMatchObject({ queued: 1, sendFailures: 1 });
    isCut = false;
    listener.connected();
    expect(await link.publish({ keys: ['b'] })).toBe(true);
    expect(sent).toEqual([{ keys: ['a'] }, { keys: ['b'] }]);
    expect(scheduler.pending).toBe(0);
  });

  it('refuses bad options', () => {
    for (const bad of [
      { maxStaleMs: -1 },
      { maxStaleMs: Number.NaN },
      { maxSilentMs: 0 },
      { maxQueued: 0 },
      { maxQueued: 1.5 },
      { retryBaseMs: 0 },
      { clock: {} },
      { maxStale: 1 },
    ])
      expect(() => resolveInvalidation(bad as InvalidationOptions), JSON.stringify(bad)).toThrow(
        expect.objectContaining({ code: 'HOTSET_INVALID_OPTION' }),
      );
  });
});
