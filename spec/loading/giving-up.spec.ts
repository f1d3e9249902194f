/** Callers who give up, callers who have waited long enough, loaders that take too long. */

import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { DEFAULT_MAX_FLIGHTS } from '../../lib/loading/index.js';
import { makeLoading, outcome, Source, settled } from './fixture.js';

describe('a caller whose signal is aborted', () => {
  it('is rejected with its reason, and the others are not', async () => {
    const { cache, engine } = makeLoading();
    const source = new Source();
    const mine = new AbortController();
    const gone = outcome(cache.getOrLoad('a', source.load, { signal: mine.signal }));
    const others = cache.getOrLoad('a', source.load);
    mine.abort('enough');
    expect(await gone).toEqual(['enough']);
    expect(source.last.context.signal.aborted).toBe(false);
    source.last.resolve(1);
    expect(await others).toBe(1);
    expect(engine.get('a')).toBe(1);
    expect(cache.stats()).toMatchObject({ callerAborts: 1, aborts: 0, loaded: 1 });
  });

  it('takes the flight with it when it was the last', async () => {
    const { cache, engine } = makeLoading();
    const source = new Source();
    const callers = [new AbortController(), new AbortController()];
    const waits = callers.map(({ signal }) => outcome(cache.getOrLoad('a', source.load, { signal })));
    callers[0]!.abort(0);
    expect(source.last.context.signal.aborted).toBe(false);
    callers[1]!.abort(1);
    expect(source.last.context.signal.aborted).toBe(true);
    expect(await Promise.all(waits)).toEqual([[0], [1]]);
    expect(cache.stats()).toMatchObject({ aborts: 1, inFlight: 0, failures: 0 });
    // Nobody joins a flight that was called off, and what it still brings is nobody's.
    const next = cache.getOrLoad('a', source.load);
    expect(source.calls).toHaveLength(2);
    source.calls[0]!.resolve(1);
    await settled();
    expect(engine.has('a')).toBe(false);
    source.last.resolve(2);
    expect(await next).toBe(2);
  });

  it('does not take a background refresh with it', async () => {
    const { cache, engine, clock } = makeLoading({ ttlMs: 10, staleMs: 10 });
    const source = new Source();
    cache.set('a', 1);
    clock.advance(10);
    await cache.getOrLoad('a', source.load);
    clock.advance(10);
    const caller = new AbortController();
    const joined = outcome(cache.getOrLoad('a', source.load, { signal: caller.signal }));
    caller.abort('enough');
    expect(await joined).toEqual(['enough']);
    expect(source.last.context.signal.aborted).toBe(false);
    source.last.resolve(2);
    await settled();
    expect(engine.get('a')).toBe(2);
  });

  it('starts nothing when it was aborted before, even over a fresh value', async () => {
    const { cache, engine } = makeLoading();
    const source = new Source();
    engine.set('a', 1);
    for (const key of ['a', 'b']) {
      const signal = AbortSignal.abort('early');
      expect(await outcome(cache.getOrLoad(key, source.load, { signal }))).toEqual(['early']);
    }
    expect(source.calls).toEqual([]);
  });

  it('may be aborted by the loader itself', async () => {
    const { cache } = makeLoading();
    const caller = new AbortController();
    const aborting = (): number => {
      caller.abort('from within');
      return 1;
    };
    const got = cache.getOrLoad('a', aborting, { signal: caller.signal });
    expect(await outcome(got)).toEqual(['from within']);
    expect(cache.stats()).toMatchObject({ aborts: 1, inFlight: 0 });
  });

  it('leaves no listener behind, whatever the end', async () => {
    const { cache, scheduler } = makeLoading({ timeoutMs: 10 });
    const source = new Source();
    const { signal } = new AbortController();
    const waits = ['a', 'b', 'c'].map((key) => outcome(cache.getOrLoad(key, source.load, { signal })));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    source.calls[0]!.resolve(1);
    source.calls[1]!.reject('down');
    await settled();
    scheduler.advance(10);
    await Promise.all(waits);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(scheduler.pending).toBe(0);
  });
});

describe('timeoutMs', () => {
  it('rejects its caller alone; the flight goes on and is stored', async () => {
    const { cache, engine, scheduler } = makeLoading();
    const source = new Source();
    const got = outcome(cache.getOrLoad('a', source.load, { timeoutMs: 100 }));
    scheduler.advance(99);
    expect(cache.stats().callerTimeouts).toBe(0);
    scheduler.advance(1);
    expect(await got).toMatchObject([
      { code: 'HOTSET_LOAD_TIMEOUT', message: expect.stringContaining('"a"') },
    ]);
    expect(source.last.context.signal.aborted).toBe(false);
    const next = cache.getOrLoad('a', source.load);
    expect(source.calls).toHaveLength(1);
    source.last.resolve(1);
    expect(await next).toBe(1);
    expect(engine.get('a')).toBe(1);
  });

  it('lets the flight continue also when the other callers cancel', async () => {
    const { cache, engine, scheduler } = makeLoading();
    const source = new Source();
    const caller = new AbortController();
    const waits = [
      outcome(cache.getOrLoad('a', source.load, { timeoutMs: 10 })),
      outcome(cache.getOrLoad('a', source.load, { signal: caller.signal })),
    ];
    scheduler.advance(10);
    caller.abort();
    await Promise.all(waits);
    source.last.resolve(1);
    await settled();
    expect(engine.get('a')).toBe(1);
  });

  it('gives an old value that may stand in', async () => {
    const { cache, engine, scheduler } = makeLoading({ ttlMs: 10, staleOnErrorMs: 100, timeoutMs: 20 });
    const source = new Source();
    cache.set('a', 1);
    scheduler.advance(10);
    const got = cache.getOrLoad('a', source.load);
    scheduler.advance(20);
    expect(await got).toBe(1);
    expect(cache.stats()).toMatchObject({ staleFallbacks: 1, callerTimeouts: 1 });
    source.last.resolve(2);
    await settled();
    expect(engine.get('a')).toBe(2);
  });

  it('reports a failure that comes after the last caller has cancelled', async () => {
    const { cache, scheduler, errors } = makeLoading({ timeoutMs: 10 });
    const source = new Source();
    const got = outcome(cache.getOrLoad('a', source.load));
    scheduler.advance(10);
    await got;
    source.last.reject('late');
    await settled();
    expect(errors).toEqual([['late', 'a']]);
  });
});

describe('flightTimeoutMs', () => {
  it('aborts the loader and rejects all who wait', async () => {
    const { cache, engine, scheduler } = makeLoading({ flightTimeoutMs: 100 });
    const source = new Source();
    const waits = [cache.getOrLoad('a', source.load), cache.getOrLoad('a', source.load)].map(outcome);
    scheduler.advance(100);
    const timeout = [{ code: 'HOTSET_LOAD_TIMEOUT' }];
    expect(await Promise.all(waits)).toMatchObject([timeout, timeout]);
    expect(source.last.context.signal).toMatchObject({
      aborted: true,
      reason: { code: 'HOTSET_LOAD_TIMEOUT' },
    });
    expect(cache.stats()).toMatchObject({ timeouts: 1, failures: 0, inFlight: 0 });
    const next = cache.getOrLoad('a', source.load);
    expect(source.calls).toHaveLength(2);
    source.calls[0]!.resolve(1);
    await settled();
    expect(engine.has('a')).toBe(false);
    source.last.resolve(2);
    expect(await next).toBe(2);
    expect(scheduler.pending).toBe(0);
  });

  it('ends a background refresh as well, is reported and may be remembered', async () => {
    const { cache, scheduler, errors } = makeLoading({
      ttlMs: 10,
      staleMs: 1000,
      flightTimeoutMs: 100,
      errorTtlMs: 50,
    });
    const source = new Source();
    cache.set('a', 1);
    scheduler.advance(10);
    await cache.getOrLoad('a', source.load);
    scheduler.advance(100);
    expect(errors).toMatchObject([[{ code: 'HOTSET_LOAD_TIMEOUT' }, 'a']]);
    await cache.getOrLoad('a', source.load);
    expect(source.calls).toHaveLength(1);
    scheduler.advance(50);
    await cache.getOrLoad('a', source.load);
    expect(source.calls).toHaveLength(2);
  });

  it('lets an old value stand in', async () => {
    const { cache, scheduler } = makeLoading({ ttlMs: 10, staleOnErrorMs: 1000, flightTimeoutMs: 100 });
    const source = new Source();
    cache.set('a', 1);
    scheduler.advance(10);
    const got = cache.getOrLoad('a', source.load);
    scheduler.advance(100);
    expect(await got).toBe(1);
  });
});

describe('maxFlights', () => {
  it('refuses to start one more, until one has ended; joining is free', async () => {
    const { cache } = makeLoading({ maxFlights: 2 });
    const source = new Source();
    const waits = ['a', 'b', 'a'].map((key) => cache.getOrLoad(key, source.load));
    await expect(cache.getOrLoad('c', source.load)).rejects.toMatchObject({
      code: 'HOTSET_TOO_MANY_FLIGHTS',
      message: expect.stringContaining('maxFlights: 2'),
    });
    expect(source.calls).toHaveLength(2);
    source.calls[0]!.resolve(1);
    await waits[0];
    const next = cache.getOrLoad('c', source.load);
    source.calls[1]!.resolve(2);
    source.calls[2]!.resolve(3);
    expect(await Promise.all([...waits, next])).toEqual([1, 2, 1, 3]);
    expect(cache.stats()).toMatchObject({ refusals: 1, loads: 3, joins: 1 });
  });

  it('is 10,000 by default: 12,000 loads at once are 2,000 refusals, and one batch of them is none', async () => {
    const { cache } = makeLoading<number, number>();
    const source = new Source<number, number>();
    const keys = Array.from({ length: 12_000 }, (_, n) => n);
    const waits = keys.map((key) => outcome(cache.getOrLoad(key, source.load)));
    expect(cache.stats()).toMatchObject({ inFlight: DEFAULT_MAX_FLIGHTS, refusals: 2000 });
    expect(await waits.at(-1)).toMatchObject([{ code: 'HOTSET_TOO_MANY_FLIGHTS' }]);
    for (const call of source.calls) call.resolve(call.asked);
    await Promise.all(waits);
    const many = await cache.getOrLoadMany(keys, async (missing) => missing, { forceRefresh: true });
    expect(many.size).toBe(12_000);
    const unbounded = makeLoading<number, number>({ maxFlights: Number.POSITIVE_INFINITY }).cache;
    const all = await Promise.all(keys.map((key) => unbounded.getOrLoad(key, async () => key)));
    expect(all).toEqual(keys);
  });

  it('lets old values stand in, and refreshes wait', async () => {
    const { cache, clock } = makeLoading({ maxFlights: 1, ttlMs: 10, staleMs: 10, staleOnErrorMs: 20 });
    const source = new Source();
    cache.set('a', 1);
    clock.advance(10);
    void cache.getOrLoad('x', source.load);
    expect(await cache.getOrLoad('a', source.load)).toBe(1);
    clock.advance(10);
    expect(await cache.getOrLoad('a', source.load)).toBe(1);
    expect(await outcome(cache.getOrLoad('a', source.load, { forceRefresh: true }))).toMatchObject([
      { code: 'HOTSET_TOO_MANY_FLIGHTS' },
    ]);
    expect(source.calls).toHaveLength(1);
    expect(cache.stats()).toMatchObject({ staleHits: 1, staleFallbacks: 1, refusals: 2, refreshes: 0 });
  });

  it('counts detached flights', async () => {
    const { cache } = makeLoading({ maxFlights: 1 });
    const source = new Source();
    const early = cache.getOrLoad('a', source.load);
    cache.invalidate('a');
    expect(await outcome(cache.getOrLoad('a', source.load))).toMatchObject([
      { code: 'HOTSET_TOO_MANY_FLIGHTS' },
    ]);
    source.last.resolve(1);
    expect(await early).toBe(1);
    expect(cache.stats().inFlight).toBe(0);
  });
});
