/** subscribe: every change to an entry is told once, in order, to those whose prefix its key has. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { storeOf } from '../../lib/engine/cache-engine.js';
import { CacheEngine, type Change, ManualClock } from '../../lib/index.js';
import { makeFixture, thrownBy } from './fixture.js';

type Told = [key: unknown, cause: string];

function record<K>(told: Told[]): (change: Change<K>) => void {
  return ({ key, cause }) => told.push([key, cause]);
}

describe('a subscriber', () => {
  it('gets each kind of change', () => {
    const { engine, clock } = makeFixture<string, number>({ maxEntries: 2 });
    const told: Told[] = [];
    engine.subscribe('', record(told));
    engine.set('a', 1);
    engine.set('a', 2);
    engine.update('a', 3);
    engine.touch('a', 100);
    engine.touch('a', 200);
    engine.set('b', 1, { ttlMs: 10 });
    engine.set('c', 1);
    clock.advance(10);
    engine.get('b');
    engine.delete('c');
    engine.delete('c');
    engine.set('d', 1);
    engine.clear();
    expect(told).toEqual([
      ['a', 'stored'],
      ['a', 'stored'],
      ['a', 'stored'],
      ['a', 'touched'],
      // A longer life makes nobody's copy wrong.
      ['b', 'stored'],
      ['a', 'evicted'],
      ['c', 'stored'],
      ['b', 'expired'],
      ['c', 'deleted'],
      ['d', 'stored'],
      [undefined, 'cleared'],
    ]);
  });

  it('gets the removal of an old value by one refused as too large', () => {
    const { engine } = makeFixture<string, number>({ maxBytes: 1000, sizeOf: (value) => value });
    engine.set('a', 1);
    const told: Told[] = [];
    engine.subscribe('', record(told));
    expect(engine.set('a', 5000, { keepRefused: true })).toBe('too-large');
    expect(told).toEqual([]);
    expect(engine.set('a', 5000)).toBe('too-large');
    expect(told).toEqual([['a', 'deleted']]);
  });

  it('hears only of keys with its prefix, and of clear', () => {
    const { engine } = makeFixture<string | number, number>();
    const told: Told[] = [];
    const toldOfAll: Told[] = [];
    engine.subscribe('user:', record(told));
    engine.subscribe('', record(toldOfAll));
    for (const key of ['user:1', 'user', 'other:user:', 7]) engine.set(key, 1);
    engine.clear();
    expect(told).toEqual([
      ['user:1', 'stored'],
      [undefined, 'cleared'],
    ]);
    expect(toldOfAll.map(([key]) => key)).toEqual(['user:1', 'user', 'other:user:', 7, undefined]);
  });

  it('gets versions once they have begun', () => {
    const { engine } = makeFixture();
    const versions: unknown[] = [];
    engine.subscribe('', ({ version }) => versions.push(version));
    engine.set('a', 1);
    const { version } = engine.getEntry('a')!;
    engine.touch('a', 5);
    engine.set('a', 2);
    engine.delete('a');
    expect(versions).toEqual([undefined, version, Number(version) + 1, undefined]);
  });

  it('gets a version with a touch of an entry that was written before versions began', () => {
    const { engine } = makeFixture();
    engine.set('a', 1);
    engine.set('b', 1);
    engine.getEntry('b');
    const versions: unknown[] = [];
    engine.subscribe('', ({ version }) => versions.push(version));
    engine.touch('a', 5);
    expect(versions).toEqual([engine.getEntry('a')!.version]);
    expect(versions[0]).not.toBe(engine.getEntry('b')!.version);
  });

  it('gets a write once more when an adapter gives it another version', () => {
    const engine = new CacheEngine<string, number>();
    const store = storeOf(engine);
    store.beginVersions();
    const told: unknown[] = [];
    engine.subscribe('', ({ key, cause, version }) => told.push([key, cause, version]));
    engine.set('a', 1);
    store.setVersionAt(store.peekSlot('a'), 100, true);
    engine.set('b', 1);
    expect(told).toEqual([
      ['a', 'stored', 1],
      ['a', 'stored', 100],
      ['b', 'stored', 1],
    ]);
  });

  it('may call the engine, and what it causes is reported after what waits', () => {
    const { engine } = makeFixture<string, number>({ maxEntries: 2 });
    const told: Told[] = [];
    engine.subscribe('', (change) => {
      record<string>(told)(change);
      if (change.cause === 'evicted') engine.delete('b');
    });
    for (const key of ['a', 'b', 'c']) engine.set(key, 1);
    expect(told).toEqual([
      ['a', 'stored'],
      ['b', 'stored'],
      ['a', 'evicted'],
      ['c', 'stored'],
      ['b', 'deleted'],
    ]);
    expect(engine.verify()).toEqual([]);
  });

  it('that throws reaches the caller, with the cache intact and the others called', () => {
    const { engine } = makeFixture();
    const told: Told[] = [];
    engine.subscribe('', () => {
      throw new Error('no');
    });
    engine.subscribe('', record(told));
    expect(thrownBy(() => engine.set('a', 1)).message).toBe('no');
    expect(engine.get('a')).toBe(1);
    expect(told).toEqual([['a', 'stored']]);
  });

  it('hears nothing after unsubscribing, also in the middle of a delivery', () => {
    const { engine } = makeFixture();
    const told: Told[] = [];
    const first = engine.subscribe('', () => second());
    const second = engine.subscribe('', record(told));
    engine.set('a', 1);
    first();
    first();
    engine.set('b', 1);
    expect(told).toEqual([]);
  });

  it('that unsubscribes and resubscribes in its own callback gets each change once', () => {
    const { engine } = makeFixture();
    const told: Told[] = [];
    const subscribe = (): void => {
      const end = engine.subscribe('', (change) => {
        record<string>(told)(change);
        end();
        subscribe();
      });
    };
    subscribe();
    engine.set('a', 1);
    engine.set('b', 1);
    engine.delete('a');
    expect(told).toEqual([
      ['a', 'stored'],
      ['b', 'stored'],
      ['a', 'deleted'],
    ]);
  });

  it('that comes in the middle of a delivery hears of what happens from then on', () => {
    const { engine } = makeFixture({ maxEntries: 1 });
    const told: Told[] = [];
    const end = engine.subscribe('', () => {
      end();
      engine.subscribe('', record(told));
      engine.delete('b');
    });
    engine.set('a', 1);
    engine.set('b', 1);
    expect(told).toEqual([
      ['a', 'evicted'],
      ['b', 'stored'],
    ]);
  });

  it('has no `this`', () => {
    const { engine } = makeFixture();
    const seen: unknown[] = [];
    engine.subscribe('', function (this: unknown) {
      seen.push(this);
    });
    engine.set('a', 1);
    expect(seen).toEqual([undefined]);
  });

  it('hears of a value that had expired before it was stored, and of the one that it took away, once', () => {
    const { engine } = makeFixture();
    engine.set('a', 1);
    const told: Told[] = [];
    engine.subscribe('', record(told));
    engine.set('a', 2, { ttlMs: 0 });
    expect(told).toEqual([['a', 'expired']]);
  });

  it('may come back after the last one has gone, beside a removal listener or without', () => {
    for (const onRemoval of [undefined, () => {}]) {
      const engine = new CacheEngine<string, number>(onRemoval === undefined ? {} : { onRemoval });
      const told: Told[] = [];
      engine.subscribe('', record(told))();
      engine.set('a', 1);
      const end = engine.subscribe('', record(told));
      engine.set('b', 1);
      end();
      expect(told).toEqual([['b', 'stored']]);
    }
  });

  it.each([
    ['a prefix that is no text', 7, () => {}, /prefix takes a text; got 7/],
    ['a listener that is no function', '', 'listener', /listener takes a function/],
  ])('%s is refused', (_, prefix, listener, message) => {
    const { engine } = makeFixture();
    const error = thrownBy(() => engine.subscribe(prefix as string, listener as () => void));
    expect(error.code).toBe('HOTSET_INVALID_ARGUMENT');
    expect(error.message).toMatch(message);
  });
});

it('a copy kept by changes alone has every live entry and no wrong value', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
  const act = fc.oneof(
    fc.tuple(fc.constant('set' as const), key, fc.integer({ min: 0, max: 3000 })),
    fc.tuple(fc.constant('mortal' as const), key, fc.integer({ min: 1, max: 50 })),
    fc.tuple(fc.constant('touch' as const), key, fc.integer({ min: 0, max: 50 })),
    fc.tuple(fc.constant('delete' as const), key, fc.constant(0)),
    fc.tuple(fc.constant('get' as const), key, fc.constant(0)),
    fc.tuple(fc.constant('pass' as const), key, fc.integer({ min: 1, max: 40 })),
    fc.tuple(fc.constant('clear' as const), key, fc.constant(0)),
    fc.tuple(fc.constant('resize' as const), key, fc.integer({ min: 600, max: 3000 })),
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
      const clock = new ManualClock(0);
      const engine = new CacheEngine<string, number>({ clock, maxBytes: 2000, sizeOf: (value) => value });
      const copy = new Map<string, number>();
      engine.subscribe('', ({ key, cause }) => {
        if (cause === 'cleared') copy.clear();
        else if (cause === 'stored') copy.set(key!, engine.peek(key!) ?? Number.NaN);
        else if (cause !== 'touched') copy.delete(key!);
      });
      for (const [name, key, number] of acts) {
        if (name === 'set') engine.set(key, number);
        else if (name === 'mortal') engine.set(key, number, { ttlMs: number });
        else if (name === 'touch') engine.touch(key, number);
        else if (name === 'delete') engine.delete(key);
        else if (name === 'get') engine.get(key);
        else if (name === 'pass') clock.advance(number);
        else if (name === 'clear') engine.clear();
        else engine.resize({ maxBytes: number });
        for (const [live, value] of engine.entries()) expect(copy.get(live)).toBe(value);
        engine.sweepExpired();
        expect([...copy.keys()].sort()).toEqual([...engine.keys()].sort());
      }
    }),
    { numRuns: 300 },
  );
});
