/** getOrLoadMany: one call of the loader for all that is neither held nor in the air. */

import { getEventListeners } from 'node:events';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { BatchSource, counted, makeLoading, outcome, Source, settled } from './fixture.js';

describe('getOrLoadMany', () => {
  it('loads what is not there with one call, and answers in the order of the keys', async () => {
    const { cache, engine } = makeLoading();
    const source = new BatchSource();
    engine.set('b', 2);
    const got = cache.getOrLoadMany(['c', 'b', 'a', 'c'], source.load);
    expect(source.calls).toHaveLength(1);
    expect(source.last.asked).toEqual(['c', 'a']);
    source.last.resolve([3, 1]);
    expect([...(await got)]).toEqual([
      ['c', 3],
      ['b', 2],
      ['a', 1],
    ]);
    expect([engine.get('a'), engine.get('c')]).toEqual([1, 3]);
    expect(cache.stats()).toMatchObject({ hits: 1, loads: 2, loaded: 2 });
  });

  it('takes the answer of another realm', async () => {
    const { cache } = makeLoading();
    const map = await cache.getOrLoadMany(['a', 'b'], () => runInNewContext("new Map([['a', 1]])"));
    expect([...map]).toEqual([['a', 1]]);
    const failed = cache.getOrLoadMany(['c'], () => runInNewContext("[new TypeError('down')]"));
    await expect(failed).rejects.toMatchObject({ message: 'down' });
  });

  it('does not call the loader for nothing', async () => {
    const { cache, engine } = makeLoading();
    const source = new BatchSource();
    engine.set('a', 1);
    expect(await cache.getOrLoadMany([], source.load)).toEqual(new Map());
    expect(await cache.getOrLoadMany(new Set(['a']), source.load)).toEqual(new Map([['a', 1]]));
    expect(source.calls).toEqual([]);
  });

  it('takes a Map, in which absent keys are misses, and keys that were not requested are ignored', async () => {
    const { cache, engine } = makeLoading<string, number | null>({ missTtlMs: 100 });
    const source = new BatchSource<string, number | null>();
    const got = cache.getOrLoadMany(['a', 'b', 'c', 'd'], source.load);
    source.last.resolve(
      new Map<string, number | null | undefined>([
        ['c', undefined],
        ['x', 9],
        ['d', null],
        ['a', 0],
      ]),
    );
    expect([...(await got)]).toEqual([
      ['a', 0],
      ['d', null],
    ]);
    expect(engine.size).toBe(2);
    expect(await cache.getOrLoadMany(['a', 'b', 'c', 'd'], source.load)).toEqual(await got);
    expect(source.calls).toHaveLength(1);
    expect(cache.stats()).toMatchObject({ notFound: 2, negativeHits: 2 });
  });

  it.each([
    ['an array that is too short', [1]],
    ['an array that is too long', [1, 2, 3]],
    ['an object', { a: 1, b: 2 }],
    ['nothing', undefined],
  ])('rejects %s', async (_, answer) => {
    const { cache } = makeLoading();
    await expect(cache.getOrLoadMany(['a', 'b'], () => answer as never)).rejects.toMatchObject({
      code: 'HOTSET_INVALID_BATCH',
    });
    expect(cache.stats()).toMatchObject({ failures: 2, inFlight: 0 });
  });

  it.each([
    ['keys', [5, (): [] => []]],
    ['loader', [[], 5]],
  ])('refuses %s that are none', async (name, args) => {
    await expect(makeLoading().cache.getOrLoadMany(...(args as [never, never]))).rejects.toMatchObject({
      code: 'HOTSET_INVALID_ARGUMENT',
      message: expect.stringContaining(name),
    });
  });

  it('joins flights in progress, and others join its own', async () => {
    const { cache } = makeLoading();
    const one = new Source();
    const many = new BatchSource();
    const single = cache.getOrLoad('a', one.load);
    const first = cache.getOrLoadMany(['a', 'b', 'c'], many.load);
    const second = cache.getOrLoadMany(['c', 'd'], many.load);
    const joined = cache.getOrLoad('b', one.load);
    expect(many.calls.map(({ asked }) => asked)).toEqual([['b', 'c'], ['d']]);
    expect(one.calls).toHaveLength(1);
    one.last.resolve(1);
    many.calls[0]!.resolve([2, 3]);
    many.calls[1]!.resolve([4]);
    expect(await Promise.all([single, joined])).toEqual([1, 2]);
    expect([...(await first).values()]).toEqual([1, 2, 3]);
    expect([...(await second).values()]).toEqual([3, 4]);
    expect(cache.stats()).toMatchObject({ loads: 4, joins: 3 });
  });

  it('serves what is stale, and refreshes it with one call in the background', async () => {
    const { cache, engine, clock } = makeLoading({ ttlMs: 100, staleMs: 50 });
    const source = new BatchSource();
    cache.set('a', 1);
    cache.set('b', 2);
    clock.advance(100);
    cache.set('c', 3);
    const got = cache.getOrLoadMany(['a', 'b', 'c', 'd'], source.load);
    expect(source.calls.map(({ asked }) => asked)).toEqual([['a', 'b'], ['d']]);
    expect(source.calls[0]!.context.stale).toEqual(
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
    );
    source.calls[1]!.resolve([4]);
    expect([...(await got).values()]).toEqual([1, 2, 3, 4]);
    source.calls[0]!.resolve([10, 20]);
    await settled();
    expect([engine.get('a'), engine.get('b')]).toEqual([10, 20]);
    expect(cache.stats()).toMatchObject({ hits: 1, staleHits: 2, refreshes: 2, loads: 1 });
  });

  it('may not spoil its list of keys', async () => {
    const { cache } = makeLoading();
    const got = cache.getOrLoadMany(['a', 'b'], (keys) => {
      const answer = new Map(keys.map((key, index) => [key, index + 1]));
      (keys as string[]).reverse();
      return answer;
    });
    expect([...(await got)]).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
  });
});

describe('a failure in a batch', () => {
  it('rejects, and is reported once when a caller got the error', async () => {
    const { cache, errors } = makeLoading();
    const source = new BatchSource();
    const got = outcome(cache.getOrLoadMany(['a', 'b'], source.load));
    source.last.reject('down');
    expect(await got).toEqual(['down']);
    expect(errors).toEqual([]);
    expect(cache.stats()).toMatchObject({ failures: 2, inFlight: 0 });
  });

  it('of one key rejects, and the others are stored', async () => {
    const { cache, engine, errors } = makeLoading({ errorTtlMs: 100 });
    const source = new BatchSource();
    const got = outcome(cache.getOrLoadMany(['a', 'b', 'c'], source.load));
    const joined = cache.getOrLoad('c', () => 0);
    const [first, second] = [new Error('a'), new Error('b')];
    source.last.resolve([first, second, 3]);
    expect(await got).toEqual([first]);
    expect(await joined).toBe(3);
    expect([...engine.keys()]).toEqual(['c']);
    expect(errors).toEqual([[second, 'b']]);
    // Remembered, it rejects before anything is loaded.
    expect(await outcome(cache.getOrLoadMany(['d', 'b'], source.load))).toEqual([second]);
    expect(source.calls).toHaveLength(1);
  });

  it('of a flight that it joined does not stop what it started', async () => {
    const { cache, engine } = makeLoading();
    const one = new Source();
    const many = new BatchSource();
    const alone = outcome(cache.getOrLoad('a', one.load));
    const got = outcome(cache.getOrLoadMany(['a', 'b'], many.load));
    one.last.reject('down');
    expect(await Promise.all([alone, got])).toEqual([['down'], ['down']]);
    const caller = new AbortController();
    const later = outcome(cache.getOrLoad('b', one.load, { signal: caller.signal }));
    caller.abort('enough');
    expect(await later).toEqual(['enough']);
    expect(many.last.context.signal.aborted).toBe(false);
    many.last.resolve([2]);
    await settled();
    expect(engine.get('b')).toBe(2);
  });

  it('lets old values stand in, key by key', async () => {
    const { cache, clock } = makeLoading({ ttlMs: 10, staleOnErrorMs: 100 });
    const source = new BatchSource();
    cache.set('a', 1);
    clock.advance(10);
    const got = cache.getOrLoadMany(['a', 'b'], source.load);
    source.last.resolve([new Error('a'), 2]);
    expect([...(await got).values()]).toEqual([1, 2]);
  });
});

describe('giving up on a batch', () => {
  it('needs one listener and one timer', async () => {
    const { cache, scheduler } = makeLoading();
    const source = new BatchSource<number, number>();
    const { cache: numbers, scheduler: timers } = makeLoading<number, number>();
    const caller = new AbortController();
    const keys = Array.from({ length: 100 }, (_, n) => n);
    const got = numbers.getOrLoadMany(keys, source.load, { signal: caller.signal, timeoutMs: 10 });
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(1);
    expect(timers.pending).toBe(1);
    source.last.resolve(keys);
    expect((await got).size).toBe(100);
    expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
    expect([timers.pending, scheduler.pending, cache.stats().inFlight]).toEqual([0, 0, 0]);
  });

  it('aborts it when no caller waits for any of its keys', async () => {
    const { cache } = makeLoading();
    const source = new BatchSource();
    const [one, two] = [new AbortController(), new AbortController()];
    const batch = outcome(cache.getOrLoadMany(['a', 'b'], source.load, { signal: one.signal }));
    const single = outcome(cache.getOrLoad('b', () => 0, { signal: two.signal }));
    one.abort(1);
    expect(source.last.context.signal.aborted).toBe(false);
    two.abort(2);
    expect(source.last.context.signal.aborted).toBe(true);
    expect(await Promise.all([batch, single])).toEqual([[1], [2]]);
    expect(cache.stats()).toMatchObject({ aborts: 2, inFlight: 0 });
  });

  it('by timeout names a key that was not there, or takes the old values', async () => {
    const { cache, clock, scheduler } = makeLoading({ ttlMs: 10, staleOnErrorMs: 100, timeoutMs: 5 });
    const source = new BatchSource();
    cache.set('a', 1);
    clock.advance(10);
    const some = outcome(cache.getOrLoadMany(['a', 'b'], source.load));
    const all = cache.getOrLoadMany(['a'], source.load);
    scheduler.advance(5);
    expect(await some).toMatchObject([
      { code: 'HOTSET_LOAD_TIMEOUT', message: expect.stringContaining('"b"') },
    ]);
    expect(await all).toEqual(new Map([['a', 1]]));
    expect(cache.stats().staleFallbacks).toBe(1);
  });

  it('invalidates one key of it and not the others', async () => {
    const { cache, engine } = makeLoading();
    const source = new BatchSource();
    const got = cache.getOrLoadMany(['a', 'b'], source.load);
    cache.invalidate('a');
    source.last.resolve([1, 2]);
    expect([...(await got).values()]).toEqual([1, 2]);
    expect([...engine.keys()]).toEqual(['b']);
  });

  it('aborts a background batch when all of its keys are invalidated', async () => {
    const { cache, clock } = makeLoading({ ttlMs: 10, staleMs: 10 });
    const source = new BatchSource();
    cache.set('a', 1);
    cache.set('b', 2);
    clock.advance(10);
    await cache.getOrLoadMany(['a', 'b'], source.load);
    cache.invalidate('a');
    expect(source.last.context.signal.aborted).toBe(false);
    cache.invalidate('b');
    expect(source.last.context.signal.aborted).toBe(true);
    expect(cache.stats()).toMatchObject({ aborts: 2, inFlight: 0 });
  });
});

describe('a batch that needs more room than there is', () => {
  it('is loaded in parts, each key once', async () => {
    const { cache, engine } = makeLoading<number, number>({ maxFlights: 1000 });
    const pieces: number[] = [];
    const keys = Array.from({ length: 2500 }, (_, n) => n);
    const got = cache.getOrLoadMany(keys, async (asked) => {
      pieces.push(asked.length);
      return asked.map((key) => key * 2);
    });
    expect(cache.stats().inFlight).toBe(1000);
    expect([...(await got)]).toEqual(keys.map((key) => [key, key * 2]));
    expect(pieces).toEqual([1000, 1000, 500]);
    expect(engine.size).toBe(2500);
    expect(cache.stats()).toMatchObject({ loads: 2500, refusals: 0, inFlight: 0 });
  });

  it('waits for room, joins what is in flight, and does not load what others have loaded', async () => {
    const { cache } = makeLoading({ maxFlights: 1 });
    const one = new Source();
    const many = new BatchSource();
    const a = cache.getOrLoad('a', one.load);
    const got = cache.getOrLoadMany(['a', 'b', 'c', 'd'], many.load);
    expect(many.calls).toEqual([]);
    cache.set('b', 2);
    cache.set('c', 3);
    one.last.resolve(1);
    await settled();
    expect(many.calls.map(({ asked }) => asked)).toEqual([['d']]);
    many.last.resolve([4]);
    expect([await a, [...(await got).values()]]).toEqual([1, [1, 2, 3, 4]]);
    expect(cache.stats()).toMatchObject({ loads: 2, joins: 1, hits: 2, skips: 0, inFlight: 0 });
  });

  it('shares the room with other batches, in turn', async () => {
    const { cache } = makeLoading({ maxFlights: 1 });
    const source = new BatchSource();
    const waits = [['a', 'b', 'c'], ['d']].map((keys) => cache.getOrLoadMany(keys, source.load));
    for (let n = 0; n < 4; n++) {
      source.calls[n]!.resolve([n]);
      await settled();
    }
    expect(source.calls.map(({ asked }) => asked)).toEqual([['a'], ['b'], ['d'], ['c']]);
    expect(await Promise.all(waits)).toHaveLength(2);
  });

  it.each(['signal', 'timeout', 'failure'])(
    'ends while it waits, by %s, and leaves nothing behind',
    async (how) => {
      const { cache, scheduler } = makeLoading({ maxFlights: 1 });
      const source = new BatchSource();
      const caller = new AbortController();
      const got = outcome(
        cache.getOrLoadMany(['a', 'b', 'c'], source.load, { signal: caller.signal, timeoutMs: 10 }),
      );
      if (how === 'signal') caller.abort('enough');
      if (how === 'timeout') scheduler.advance(10);
      if (how === 'failure') source.last.reject('enough');
      expect(await got).toMatchObject([how === 'timeout' ? { code: 'HOTSET_LOAD_TIMEOUT' } : 'enough']);
      source.last.resolve([1]);
      await settled();
      expect(source.calls).toHaveLength(1);
      expect(cache.stats()).toMatchObject({ loads: 1, skips: 2, inFlight: 0 });
      expect([scheduler.pending, getEventListeners(caller.signal, 'abort')]).toEqual([0, []]);
    },
  );

  it('ends with a failure that is remembered when its turn comes', async () => {
    const { cache } = makeLoading({ maxFlights: 1, errorTtlMs: 100 });
    const source = new BatchSource();
    const waits = [
      cache.getOrLoadMany(['a', 'b'], source.load),
      cache.getOrLoadMany(['b', 'c'], source.load),
    ].map(outcome);
    source.last.resolve([1]);
    await settled();
    // Round and round: the second batch asks for b, the first finds that it has failed.
    source.last.reject('b is down');
    expect(await Promise.all(waits)).toEqual([['b is down'], ['b is down']]);
    expect(counted(cache.stats())).toBe(4);
  });

  it('takes the old values when its time has passed', async () => {
    const { cache, scheduler } = makeLoading({ maxFlights: 1, ttlMs: 10, staleOnErrorMs: 100, timeoutMs: 5 });
    cache.set('a', 1);
    cache.set('b', 2);
    scheduler.advance(10);
    const got = cache.getOrLoadMany(['a', 'b'], new BatchSource().load);
    scheduler.advance(5);
    expect([...(await got).values()]).toEqual([1, 2]);
    expect(cache.stats()).toMatchObject({ staleFallbacks: 2, loads: 1, skips: 1 });
  });

  it('is refreshed as far as there is room', async () => {
    const { cache, clock } = makeLoading({ maxFlights: 2, ttlMs: 10, staleMs: 10 });
    const source = new BatchSource();
    for (const key of ['a', 'b', 'c']) cache.set(key, 1);
    clock.advance(10);
    expect((await cache.getOrLoadMany(['a', 'b', 'c'], source.load)).size).toBe(3);
    expect(source.calls.map(({ asked }) => asked)).toEqual([['a', 'b']]);
  });
});

describe('each requested key is counted once', () => {
  it.each([
    [['a', 'bad', 'b'], { hits: 0, negativeHits: 1, skips: 2 }],
    [['held', 'bad', 'b', 'stale', 'bad', 'missing'], { hits: 1, staleHits: 1, negativeHits: 2, skips: 1 }],
    [['bad', 'worse', 'held'], { hits: 1, negativeHits: 2, skips: 0 }],
  ])('with a remembered failure: %o', async (keys, figures) => {
    const { cache, clock } = makeLoading({ ttlMs: 100, staleMs: 50, errorTtlMs: 1000, missTtlMs: 1000 });
    const fails = (): number => {
      throw new Error('down');
    };
    for (const key of ['bad', 'worse']) await outcome(cache.getOrLoad(key, fails));
    await cache.getOrLoad('missing', () => undefined);
    cache.set('stale', 1);
    clock.advance(100);
    cache.set('held', 1);
    cache.resetStats();
    const source = new BatchSource();
    expect(await outcome(cache.getOrLoadMany(keys, source.load))).toMatchObject([{ message: 'down' }]);
    expect(source.calls).toEqual([]);
    expect(cache.stats()).toMatchObject(figures);
    expect(counted(cache.stats())).toBe(new Set(keys).size);
  });
});
