/** dump and load: what goes out comes in again, in its order and with its times. */

import { describe, expect, it } from 'vitest';
import { CacheEngine, type CacheEngineOptions, type DumpedEntry, ManualClock } from '../../lib/index.js';
import { order, thrownBy } from './fixture.js';

type Dump = DumpedEntry<string, number>;

function make(options: CacheEngineOptions<string, number> = {}): {
  engine: CacheEngine<string, number>;
  clock: ManualClock;
} {
  const clock = new ManualClock(1000);
  return { engine: new CacheEngine({ clock, ...options }), clock };
}

function dumped(key: string, changes: Partial<Dump> = {}): Dump {
  return { key, value: 1, flags: 0, remainingTtlMs: Number.POSITIVE_INFINITY, ...changes };
}

/** Ten entries `k0` to `k9`, of every kind, the order mixed by reads. */
function filled(options: CacheEngineOptions<string, number>): ReturnType<typeof make> {
  const made = make(options);
  const { engine, clock } = made;
  for (let i = 0; i < 10; i++) {
    engine.set(`k${i}`, i, { flags: i % 3, ttlMs: i % 2 === 0 ? 1000 + i : Number.POSITIVE_INFINITY });
    clock.advance(7);
  }
  for (const i of [3, 0, 8]) {
    engine.get(`k${i}`);
    clock.advance(5);
  }
  return made;
}

describe('a dump', () => {
  it('has every live entry, oldest first, with what it takes to store it again', () => {
    const { engine, clock } = make();
    engine.set('a', 1);
    engine.set('b', 2, { ttlMs: 100, flags: 7 });
    engine.set('c', 3, { ttlMs: 10 });
    engine.set('d', 4);
    engine.set('e', 5);
    engine.get('a');
    clock.advance(10);
    const none = { ageMs: undefined, idleMs: undefined, fetched: undefined };
    expect([...engine.dump()]).toEqual([
      { key: 'b', value: 2, flags: 7, remainingTtlMs: 90, ...none },
      { key: 'd', value: 4, flags: 0, remainingTtlMs: Infinity, ...none },
      { key: 'e', value: 5, flags: 0, remainingTtlMs: Infinity, ...none },
      { key: 'a', value: 1, flags: 0, remainingTtlMs: Infinity, ...none },
    ]);
    expect(engine.size).toBe(5);
  });

  it('has ages with trackAccess', () => {
    const { engine, clock } = make({ trackAccess: true });
    for (const key of ['a', 'b', 'c', 'd', 'e']) engine.set(key, 1);
    clock.advance(30);
    engine.get('a');
    clock.advance(5);
    const [first, last] = [[...engine.dump()][0], [...engine.dump()].at(-1)];
    expect(first).toMatchObject({ key: 'b', ageMs: 35, idleMs: 35, fetched: false });
    expect(last).toMatchObject({ key: 'a', ageMs: 35, idleMs: 5, fetched: true });
  });

  it('changes neither order nor statistics', () => {
    const { engine } = filled({ trackAccess: true });
    const [before, stats] = [order(engine), engine.stats()];
    expect([...engine.dump()]).toHaveLength(10);
    expect([order(engine), engine.stats()]).toEqual([before, stats]);
  });
});

describe('a round trip', () => {
  it('keeps order, values, flags, times and ages', () => {
    const { engine, clock } = filled({ trackAccess: true });
    clock.advance(20);
    const target = make({ trackAccess: true });
    target.clock.set(5e9);
    const dump = [...engine.dump()];
    expect(target.engine.load(dump)).toBe(10);
    expect([...target.engine.dump()]).toEqual(dump);
    expect(order(target.engine)).toEqual(order(engine));
    expect(target.engine.verify()).toEqual([]);
    target.clock.advance(1000);
    clock.advance(1000);
    expect(order(target.engine)).toEqual(order(engine));
  });

  it('may stream from one engine to another', () => {
    const { engine } = filled({});
    const target = make().engine;
    expect(target.load(engine.dump())).toBe(10);
    expect(order(target)).toEqual(order(engine));
  });

  it('leaves out what has expired meanwhile', () => {
    const { engine, clock } = filled({});
    clock.advance(2000);
    const target = make().engine;
    expect(target.load(engine.dump())).toBe(5);
    expect(new Set(order(target))).toEqual(new Set(['k1', 'k3', 'k5', 'k7', 'k9']));
  });

  it('into an engine without trackAccess, or from one, does without the ages', () => {
    const { engine } = filled({ trackAccess: true });
    const plain = make().engine;
    expect(plain.load(engine.dump())).toBe(10);
    expect(plain.getEntry('k0')).toMatchObject({ ageMs: undefined, fetched: undefined });
    const tracking = make({ trackAccess: true }).engine;
    expect(tracking.load(plain.dump())).toBe(10);
    expect(tracking.getEntry('k0')).toMatchObject({ ageMs: 0, idleMs: 0, fetched: false });
  });
});

describe('load', () => {
  it('of a smaller engine keeps the newest, and counts what it stored on the way', () => {
    const { engine } = filled({});
    const { engine: smaller } = make({ maxEntries: 4 });
    expect(smaller.load(engine.dump())).toBe(10);
    expect(order(smaller)).toEqual(order(engine).slice(-4));
    expect(smaller.stats()).toMatchObject({ stores: 10, evictions: 6 });
  });

  it('of an engine that does not evict keeps the oldest', () => {
    const { engine } = filled({});
    const { engine: strict } = make({ maxEntries: 4, evict: false });
    expect(strict.load(engine.dump())).toBe(4);
    expect(order(strict)).toEqual(order(engine).slice(0, 4));
  });

  it('takes a Map, and pairs of key and value', () => {
    const { engine } = make();
    expect(engine.load(new Map([['a', 1]]))).toBe(1);
    expect(engine.load([['b', 2]])).toBe(1);
    expect(engine.load(engine)).toBe(2);
    expect([...engine.keys()].toSorted()).toEqual(['a', 'b']);
    expect([engine.peek('a'), engine.peek('b')]).toEqual([1, 2]);
  });

  it('takes a dump that has been through JSON', () => {
    const { engine } = filled({ trackAccess: true });
    const { engine: target } = make({ trackAccess: true });
    expect(target.load(JSON.parse(JSON.stringify([...engine.dump()])))).toBe(10);
    expect([...target.dump()]).toEqual([...engine.dump()]);
  });

  it.each([
    ['a text', 'ab'],
    ['null', null],
    ['a number', 5],
    ['an entry without a value', { key: 'a' }],
    ['an entry without a key', { value: 1 }],
    ['a list of one', ['a']],
    ['bits that are too many', { key: 'a', value: 1, adapterBits: 128 }],
  ])('refuses %s beside an entry, and stores neither', (_, bad) => {
    const { engine } = make({ trackAccess: true });
    expect(thrownBy(() => engine.load([dumped('good'), bad as Dump])).code).toBe('HOTSET_INVALID_ARGUMENT');
    expect(engine.size).toBe(0);
  });

  it('keeps an adapter’s bits where access is tracked', () => {
    const { engine } = make({ trackAccess: true });
    engine.load([dumped('a', { adapterBits: 127 }), dumped('b')]);
    expect([...engine.dump()].map(({ adapterBits }) => adapterBits)).toEqual([127, undefined]);
    const { engine: plain } = make();
    expect(plain.load(engine.dump())).toBe(2);
    expect([...plain.dump()].map(({ adapterBits }) => adapterBits)).toEqual([undefined, undefined]);
  });

  it('leaves out what is too large', () => {
    const { engine } = make({ maxEntryBytes: 500, sizeOf: (value) => value });
    expect(engine.load([dumped('a', { value: 1 }), dumped('b', { value: 501 }), dumped('c')])).toBe(2);
    expect(order(engine)).toEqual(['a', 'c']);
  });

  it('puts what it loads behind what is there, and replaces what has the same key', () => {
    const { engine } = make();
    for (const key of ['x', 'k', 'y', 'z', 'l']) engine.set(key, 0, { flags: 9 });
    engine.load([dumped('k', { value: 5 }), dumped('m', { value: 6 })]);
    expect(order(engine)).toEqual(['x', 'y', 'z', 'l', 'k', 'm']);
    expect(engine.getEntry('k')).toMatchObject({ value: 5, flags: 0 });
  });

  it('of its own dump, alive, keeps everything as it is', () => {
    const { engine } = filled({ trackAccess: true });
    const dump = [...engine.dump()];
    expect(engine.load(engine.dump())).toBe(10);
    expect([...engine.dump()]).toEqual(dump);
    expect(engine.verify()).toEqual([]);
  });

  it('of a generator that writes to the same engine reads it to the end first, and holds the limits', () => {
    const { engine } = make({ maxEntries: 5 });
    const feed = function* (): Generator<Dump> {
      for (let i = 0; i < 20; i++) {
        engine.set(`own ${i}`, i);
        yield dumped(`loaded ${i}`);
        engine.delete(`loaded ${i - 1}`);
      }
    };
    expect(engine.load(feed())).toBe(20);
    expect(engine.size).toBeLessThanOrEqual(5);
    expect(order(engine)).toEqual([15, 16, 17, 18, 19].map((i) => `loaded ${i}`));
    expect(engine.verify()).toEqual([]);
  });

  it('uses the times of the dump, not the engine’s own', () => {
    const { engine } = make({ ttlMs: 50 });
    engine.load([
      dumped('never'),
      dumped('soon', { remainingTtlMs: 5 }),
      dumped('past', { remainingTtlMs: 0 }),
    ]);
    expect([engine.remainingTtlMs('never'), engine.remainingTtlMs('soon')]).toEqual([Infinity, 5]);
    expect(engine.has('past')).toBe(false);
  });

  it('keeps ages: the oldest entries stay the oldest', () => {
    const { engine, clock } = make({ trackAccess: true, maxEntries: 1 });
    engine.load([dumped('old', { ageMs: 90_000, idleMs: 5000, fetched: true })]);
    expect(engine.getEntry('old')).toMatchObject({ ageMs: 90_000, idleMs: 5000, fetched: true });
    clock.advance(5);
    engine.set('new', 1);
    const { evictionsUnfetched, evictionAges, evictionIdles } = engine.stats();
    expect(evictionsUnfetched).toBe(0);
    expect(evictionAges!.find((bar) => bar.count > 0)!.toMs).toBe(6e5);
    expect(evictionIdles!.find((bar) => bar.count > 0)!.toMs).toBe(1e4);
  });

  it.each<[string, unknown, string]>([
    ['a time that is not a number', { remainingTtlMs: Number.NaN }, 'remainingTtlMs'],
    ['a time as text', { remainingTtlMs: '5' }, 'remainingTtlMs'],
    ['flags below 0', { flags: -1 }, 'flags'],
    ['flags of more than 32 bits', { flags: 2 ** 32 }, 'flags'],
    ['flags as text', { flags: 'x' }, 'flags'],
  ])('refuses %s, and stores nothing at all', (_, bad, name) => {
    const { engine } = make({ trackAccess: true });
    engine.set('bad', 7);
    const before = engine.getEntry('bad');
    const entries = [dumped('a'), dumped('bad', bad as Partial<Dump>), dumped('c')];
    const error = thrownBy(() => engine.load(entries));
    expect(error).toMatchObject({ code: 'HOTSET_INVALID_ARGUMENT', message: expect.stringContaining(name) });
    expect(order(engine)).toEqual(['bad']);
    expect(engine.getEntry('bad')).toEqual(before);
    expect(engine.verify()).toEqual([]);
  });

  it.each([
    ['an age that is not a number', { ageMs: Number.NaN }],
    ['an idle time that is not a number', { idleMs: Number.NaN }],
    ['an age as text', { ageMs: 'x' }],
  ])('refuses %s', (_, bad) => {
    const { engine } = make({ trackAccess: true });
    expect(thrownBy(() => engine.load([dumped('a', bad as Partial<Dump>)])).code).toBe(
      'HOTSET_INVALID_ARGUMENT',
    );
  });

  it('passes on what the source throws, and stores nothing', () => {
    const { engine } = make();
    const source = function* (): Generator<Dump> {
      yield dumped('a');
      throw new Error('the source');
    };
    expect(() => engine.load(source())).toThrow('the source');
    expect(order(engine)).toEqual([]);
  });

  it('ends its source when an entry is refused as bad', () => {
    const { engine } = make();
    let ended = false;
    const source = function* (): Generator<Dump> {
      try {
        yield dumped('a', { remainingTtlMs: Number.NaN });
      } finally {
        ended = true;
      }
    };
    expect(() => engine.load(source())).toThrow('remainingTtlMs');
    expect(ended).toBe(true);
  });
});
